"""The machine a run was played on, and the versions of all that can move a number."""

from __future__ import annotations

import os
import platform
import sys
import time
from pathlib import Path

import msgspec

__all__ = ["Host", "host_facts", "library_versions"]

_LIBRARIES = (
    "duckdb", "jiwer", "msgspec", "numpy", "pandas", "picows", "pocketsphinx", "pyarrow", "rapidfuzz", "scipy",
    "soundfile", "soxr", "uvloop", "websockets",
)  # fmt: skip


class Host(msgspec.Struct, kw_only=True):
    """The machine that paced and stamped."""

    cpu: str
    cores: int
    kernel: str
    clock_resolution_ns: int


def library_versions() -> dict[str, str]:
    """Versions of workbench, Python and every library that can move a number; absent ones are left out."""
    from importlib import metadata  # slow, and not needed to read a run

    versions = {"python": platform.python_version(), "implementation": sys.implementation.name}
    for name in ("suki-workbench", *_LIBRARIES):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def host_facts() -> Host:
    """Facts about this machine that bear on timing."""
    resolution_s = time.get_clock_info("perf_counter").resolution
    return Host(
        cpu=_cpu_model(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        clock_resolution_ns=max(1, round(resolution_s * 1e9)),
    )


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
