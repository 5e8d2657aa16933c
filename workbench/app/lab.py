"""What the Audio lab shows: one sound before and after a configuration."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.app.live.asking import Clip, Lane, question_of
from workbench.question import prepare_jobs
from workbench.tables import Column, Table

__all__ = ["AFTER", "BEFORE", "Heard", "facts_table", "hear", "settings_of"]

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
class Heard:
    """One side.

    Attributes:
        name: of the side.
        pcm: int16, mono, shape (n,): what the service would hear.
        rate_hz: its rate.
        facts: measured on it.
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
        import soundfile

        file = io.BytesIO()
        soundfile.write(file, self.pcm, self.rate_hz, format="WAV", subtype="PCM_16")
        return file.getvalue()


def hear(clip: Clip) -> list[Heard]:
    """Every lane of a clip, prepared as a run would.

    Raises:
        WorkbenchError: a setting that is not allowed, or audio that cannot be used.
    """
    jobs = {job.key.cell: job.plan for job in prepare_jobs(question_of(clip))}
    found = []
    for lane in clip.lanes:
        plan = jobs[lane.name]
        full = int(np.count_nonzero((plan.pcm == 32767) | (plan.pcm == -32768)))
        found.append(Heard(lane.name, plan.pcm, plan.sample_rate_hz, {**plan.facts, "clipped_samples": full}))
    return found


def settings_of(lane: Lane) -> str:
    """The settings of a lane in one line; ``unchanged`` where there are none."""
    return ", ".join(f"{key} = {value}" for key, value in lane.settings.items()) or "unchanged"


def facts_table(sides: list[Heard]) -> Table:
    """Measured facts, one row each, one column a side; facts that no side has are left out."""
    columns: tuple[Column[Any], ...] = (
        Column("fact", "measured", str),
        *(Column(f"side{place}", side.name, str) for place, side in enumerate(sides)),
    )
    rows: list[dict[str, str | int | float | bool | None]] = []
    for key, label, unit, decimals in _FACTS:
        values = [side.facts.get(key) for side in sides]
        if all(value is None for value in values):
            continue
        told: dict[str, str | int | float | bool | None] = {"fact": label}
        told |= {f"side{place}": _text(value, unit, decimals) for place, value in enumerate(values)}
        rows.append(told)
    return Table(columns, tuple(rows))


def _text(value: float | int | str | None, unit: str, decimals: int) -> str | None:
    if not isinstance(value, int | float):
        return value
    shown = 100 * value if unit == "%" else value
    return f"{shown:,.{decimals}f} {unit}".strip()
