"""The typed keywords of ``workbench.run`` and ``workbench.sweep``, made from the fields of a run and of its audio."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from workbench.audio.config import AudioConfig
from workbench.runs.spec_fields import SpecField, spec_fields

FILE = Path(__file__).parents[2] / "workbench" / "runs" / "keywords.py"
HEAD = '''"""Keywords of ``workbench.run`` and ``workbench.sweep``, for type checkers.

Made from the fields of :class:`workbench.runs.spec.RunSpec` and :class:`workbench.audio.config.AudioConfig`:
``python -m tests.documentation.generated`` writes this file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict

from workbench.audio.config import AudioConfig
from workbench.runs.sweep import Cell

__all__ = ["RunKeywords", "SweepKeywords"]
'''
SWEEP_ONLY = ("vary", "cells")


def keywords_module() -> str:
    """The whole module."""
    run = [_line(field) for field in spec_fields() if field.name not in ("corpus", *SWEEP_ONLY)]
    audio = [f"    {field.name}: {field.type}" for field in fields(AudioConfig)]
    sweep = [_line(field) for field in spec_fields() if field.name in SWEEP_ONLY]
    return "\n".join(
        [
            HEAD,
            "",
            "class RunKeywords(TypedDict, total=False):",
            '    """Settings of a run, and those of its audio, network, pace and service.',
            "",
            '    >>> keywords: wb.RunKeywords = {"limit": 2, "gain_db": -6}',
            '    >>> len(wb.run("my-corpus", **keywords).scores)',
            "    2",
            '    """',
            "",
            *run,
            "    audio: AudioConfig | None",
            *audio,
            "    network: str",
            "    pace: float",
            "    service: str | None",
            "",
            "",
            "class SweepKeywords(RunKeywords, total=False):",
            '    """Settings of a sweep: those of a run, what varies, and a file.',
            "",
            '    >>> keywords: wb.SweepKeywords = {"limit": 1, "vary": {"chunk_ms": [50, 100]}}',
            '    >>> len(wb.sweep("my-corpus", **keywords).cells)',
            "    2",
            '    """',
            "",
            *sweep,
            "    file: Path | str | None",
            "",
        ]
    )


def _line(field: SpecField) -> str:
    none = "" if field.optional or field.name not in SWEEP_ONLY else " | None"
    return f"    {field.name}: {field.annotation.replace(chr(39), chr(34))}{none}"
