"""Checks of this machine that need neither time nor a network."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np
from packaging.requirements import Requirement

from workbench.audio.codecs import round_trip
from workbench.audio.config import CODECS
from workbench.errors import ConfigurationError, MeasurementError, StoreError
from workbench.instrument.doctor.check import Check, failed, good, warning
from workbench.store.remote import local_folder, remote_store
from workbench.units import NS_PER_MS

__all__ = ["chromium", "clock", "codecs", "libraries", "python", "storage"]

_DISTRIBUTION = "suki-workbench"
_NATIVE = ("duckdb", "numpy", "pocketsphinx", "pyarrow", "scipy.stats", "soundfile", "soxr")
"""Packages with a binary part: they may be installed and still not load."""

_EXTRAS = {"app": "streamlit", "load": "picows", "notebooks": "nbclient", "cluster": "distributed"}
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_LEAST_FREE_MB = 200


def python() -> Check:
    """Python is new enough."""
    facts = f"{platform.python_version()}, {sys.implementation.name}, {platform.machine()} {platform.system()}"
    wanted = metadata.metadata(_DISTRIBUTION)["Requires-Python"]
    if Requirement(f"python{wanted}").specifier.contains(platform.python_version(), prereleases=True):
        return good("Python", facts)
    return failed("Python", facts, f"Install Python {wanted} and set up again", ConfigurationError.exit_code)


def libraries(distribution: str = _DISTRIBUTION) -> Check:
    """Every library is there in a version that was asked for, and those with a binary part load."""
    wrong = []
    wanted = [Requirement(line) for line in metadata.requires(distribution) or ()]
    needed = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, not {requirement.specifier}")
    for name in _NATIVE:
        try:
            importlib.import_module(name)
        except (ImportError, OSError) as error:  # OSError: a shared library that the system lacks
            wrong.append(f"{name} does not load: {error}")
    if wrong:
        action = f"Install again: python -m pip install --force-reinstall {distribution}"
        return failed("libraries", "; ".join(wrong), action, ConfigurationError.exit_code)
    extras = [extra for extra, name in _EXTRAS.items() if importlib.util.find_spec(name)]
    return good("libraries", f"{len(needed)} dependencies OK; extras: {', '.join(extras) or 'none'}")


def codecs() -> Check:
    """Every codec of an audio configuration encodes and decodes."""
    tone = 0.1 * np.sin(np.arange(1_600) * 0.3)
    missing = []
    for codec in CODECS:
        try:
            round_trip(tone, 16_000, codec, 16_000, None)
        except (RuntimeError, ValueError, TypeError, OSError) as error:  # what soundfile raises, by version
            missing.append(f"{codec} ({error})")
    if missing:
        action = "Install a libsndfile of 1.2 or newer: python -m pip install --force-reinstall soundfile"
        return failed("codecs", f"not usable: {', '.join(missing)}", action, ConfigurationError.exit_code)
    import soundfile

    return good("codecs", f"{', '.join(CODECS)}; {soundfile.__libsndfile_version__}")


def clock() -> Check:
    """The monotonic clock is fine enough to tell a late chunk from one on time."""
    readings = [time.perf_counter_ns() for _ in range(20_000)]
    step_ns = min(b - a for a, b in itertools.pairwise(readings) if b > a)
    kind = time.get_clock_info("perf_counter").implementation
    facts = f"{kind}, smallest step {step_ns} ns"
    if step_ns < NS_PER_MS // 10:
        return good("clock", facts)
    action = "Latencies cannot be measured with this clock; use another machine, not an emulated one"
    return failed("clock", facts, action, MeasurementError.exit_code)


def storage(store: Path) -> Check:
    """Runs can be written, others cannot read them, and there is room. Leaves nothing behind."""
    try:
        remote = remote_store(store)
    except StoreError as error:
        return failed("storage", str(error), "Install the driver of this kind of store", StoreError.exit_code)
    # A remote store is written from a local folder, so that is what has to be writable.
    folder = remote.spool if remote is not None else local_folder(store)
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"x")
            probe.flush()
            os.fsync(probe.fileno())
        free_mb = shutil.disk_usage(existing).free // 1_000_000
    except OSError as error:
        action = "Choose a folder that you may write with `store` or WORKBENCH_STORE"
        return failed("storage", f"{existing}: {error.strerror}", action, StoreError.exit_code)
    facts = f"{store}, {free_mb / 1000:.1f} GB free"
    if free_mb < _LEAST_FREE_MB:
        return failed("storage", facts, "Free some space: a minute of speech takes about 0.2 MB", StoreError.exit_code)
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return warning("storage", f"{facts}; others on this machine can list its runs", f"Run: chmod 700 {folder}")
    return good("storage", facts)


def chromium() -> Check:
    """A browser that can draw figures as PNG; optional."""
    path = next((executable for name in _BROWSERS if (executable := shutil.which(name))), None)
    if path is None:
        return warning(
            "Chromium",
            "not found; figures cannot be exported as PNG",
            "Install chromium if you need PNG; reports, SVG and the app work without it",
        )
    try:
        version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return warning("Chromium", f"{path} does not start: {type(error).__name__}", "Install it again")
    return good("Chromium", version.strip() or path)
