"""What the Audio lab shows: one sound before and after a configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import streamlit as st
from numpy.typing import NDArray

from workbench.app.live.request import Clip, run_of_clip
from workbench.audio.files import encode_audio
from workbench.reporting.figures.sound import spectrogram_figure, waveform_figure
from workbench.reporting.tables.table import Column, Table
from workbench.runs.prepare import prepare_jobs
from workbench.scoring.measures import METRICS

__all__ = ["AFTER", "BEFORE", "Hypothesis", "facts_table", "hear", "sides"]

BEFORE, AFTER = "As recorded", "Changed"

_FACTS: tuple[tuple[str, str, str, int], ...] = (
    ("rms_dbfs", "level (RMS)", "dBFS", 1),
    ("active_dbfs", "level of speech", "dBFS", 1),
    ("peak_dbfs", "peak", "dBFS", 1),
    ("bandwidth_hz", "bandwidth (99.9 % of the energy)", "Hz", 0),
    ("clipped_samples", "samples at full scale", "", 0),
    ("clip_share", "samples cut by clipping", "%", 2),
    ("snr_db", "signal to noise", "dB", 1),
    ("rt60_s", "reverberation time", "s", 2),
    ("loss_share", "packets lost", "%", 1),
    ("codec_kbps", "bit rate of the codec", "kbit/s", 1),
    ("duration_s", "length", "s", 2),
)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One side.

    Attributes:
        name: name of the side.
        pcm: int16, mono, shape (n,): what the service would hear.
        rate_hz: its rate.
        facts: figures measured on it.
    """

    name: str
    pcm: NDArray[np.int16] = field(repr=False)
    rate_hz: int
    facts: dict[str, float | int | str | None]

    @property
    def seconds(self) -> float:
        """Length."""
        return self.pcm.size / self.rate_hz

    def wav(self) -> bytes:
        """As a WAV file."""
        return encode_audio(self.pcm, self.rate_hz, "WAV")


def hear(clip: Clip) -> list[Hypothesis]:
    """Every lane of a clip, prepared as a run would.

    Raises:
        WorkbenchError: a setting that is not allowed, or audio that cannot be used.
    """
    jobs = {job.key.cell: job.plan for job in prepare_jobs(run_of_clip(clip))}
    hypotheses = []
    for lane in clip.lanes:
        plan = jobs[lane.name]
        full = int(np.count_nonzero((plan.pcm == 32767) | (plan.pcm == -32768)))
        hypotheses.append(Hypothesis(lane.name, plan.pcm, plan.sample_rate_hz, {**plan.facts, "clipped_samples": full}))
    return hypotheses


@st.cache_resource(max_entries=8, show_spinner="Preparing the sound …")
def sides(clip: str, content: str, view: str = "sides") -> list[tuple[Hypothesis, Any, Any]]:
    """Every lane of a clip as a service would hear it, with the figures of its waveform and its spectrogram.

    Args:
        clip: a :class:`workbench.app.live.Clip` as JSON.
        content: hash of the sound where the clip is a file; the name of its corpus otherwise.
        view: always ``sides``.

    Raises:
        WorkbenchError: a setting that is not allowed, or audio that cannot be used.
    """
    hypotheses = hear(msgspec.json.decode(clip, type=Clip))
    seconds = max(side.seconds for side in hypotheses)
    return [
        (
            side,
            waveform_figure(side.pcm, side.rate_hz, seconds),
            spectrogram_figure(side.pcm, side.rate_hz, seconds),
        )
        for side in hypotheses
    ]


_MADE: tuple[tuple[str, str, str, int], ...] = (
    ("errors", "words wrong", "", 0),
    ("wer", METRICS["wer"].title, "%", 1),
    ("first_word_ms", "first word shown after", "ms", 0),
    ("final_lag_ms", "last final after the last word", "ms", 0),
)
"""What the recogniser made of it."""


def facts_table(sides: list[Hypothesis], made: Sequence[Mapping[str, Any]] = ()) -> Table:
    """Measured facts, one row each, one column a side; facts that no side has are left out.

    Args:
        sides: both sides.
        made: what the recogniser made of each, as a live lane counts it; empty before it was asked.
    """
    columns: tuple[Column[Any], ...] = (
        Column("fact", "measured", str),
        *(Column(f"side{place}", side.name, str) for place, side in enumerate(sides)),
    )
    rows: list[dict[str, str | int | float | bool | None]] = []
    asked = [
        *((made, fact) for fact in (_MADE if made else ())),
        *(([side.facts for side in sides], fact) for fact in _FACTS),
    ]
    for measured, (key, label, unit, decimals) in asked:
        values = [of.get(key) for of in measured]
        if all(value is None for value in values):
            continue
        row: dict[str, str | int | float | bool | None] = {"fact": label}
        row |= {f"side{place}": _text(value, unit, decimals) for place, value in enumerate(values)}
        rows.append(row)
    return Table(columns, tuple(rows))


def _text(value: float | int | str | None, unit: str, decimals: int) -> str | None:
    if not isinstance(value, int | float):
        return value
    shown = 100 * value if unit == "%" else value
    return f"{shown:,.{decimals}f} {unit}".strip()
