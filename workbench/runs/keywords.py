"""Keywords of ``workbench.run`` and ``workbench.sweep``, for type checkers.

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


class RunKeywords(TypedDict, total=False):
    """Settings of a run, and those of its audio, network, pace and service.

    >>> keywords: wb.RunKeywords = {"limit": 2, "gain_db": -6}
    >>> len(wb.run("my-corpus", **keywords).scores)
    2
    """

    utterances: Sequence[str]
    tags: Sequence[str]
    limit: int | None
    skip_bad: bool
    base: Mapping[str, object]
    repeats: int
    noise_floor: bool
    seed: int
    concurrency: int
    normaliser: str
    product: Literal["dictation", "ambient", "form-filling"]
    form_templates: Sequence[str]
    context: str | Path | Mapping[str, object] | None
    push_to_talk: bool
    dialect: Literal["live", "asyncapi"]
    endpoint: str | None
    model: str | None
    recogniser: Literal["live", "replay"]
    partials: Literal["all", "settled", "agreed"]
    partial_every: float
    offline_baseline: bool
    scenario: str | Path | None
    provider_id: str | None
    webhook_port: int | None
    ca_file: str | Path | None
    transport: Literal["auto", "websockets", "picows"]
    realtime: bool
    kernel_stamps: bool
    audio: AudioConfig | None
    name: str
    sample_rate_hz: int
    chunk_ms: int
    speed: float
    lead_ms: int
    trail_ms: int
    rt60_s: float
    noise: str | None
    snr_db: float | None
    gain_db: float
    dc_offset: float
    clip_db: float
    stereo_fault: str | None
    band: str | None
    codec: str | None
    codec_rate_hz: int | None
    codec_kbps: float | None
    loss_percent: float
    loss_ms: int
    loss_concealment: str
    network: str
    pace: float
    service: str | None


class SweepKeywords(RunKeywords, total=False):
    """Settings of a sweep: those of a run, what varies, and a file.

    >>> keywords: wb.SweepKeywords = {"limit": 1, "vary": {"chunk_ms": [50, 100]}}
    >>> len(wb.sweep("my-corpus", **keywords).cells)
    2
    """

    vary: Mapping[str, Sequence[object]] | None
    cells: Sequence[Cell | Mapping[str, object]] | None
    file: Path | str | None
