"""The settings of a run as axes: what differs between its configurations, in words and units that people know."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.runs.result import RunResult
from workbench.runs.sweep import DEFAULTS
from workbench.scoring.cells import CellScore, latest_attempts, score_run

__all__ = [
    "NAMES",
    "Axis",
    "axes_of",
    "lines_over",
    "on_grid",
    "only_shared",
    "setting_label",
    "settings_of",
    "settings_text",
    "value_text",
]

NAMES: dict[str, tuple[str, str]] = {
    "sample_rate_hz": ("Sample rate", "Hz"),
    "chunk_ms": ("Chunk length", "ms"),
    "speed": ("Speed", "×"),
    "lead_ms": ("Silence before", "ms"),
    "trail_ms": ("Silence after", "ms"),
    "rt60_s": ("Reverberation time", "s"),
    "noise": ("Kind of noise", ""),
    "snr_db": ("Speech over noise", "dB"),
    "gain_db": ("Gain of the microphone", "dB"),
    "dc_offset": ("DC offset", "of full scale"),
    "clip_db": ("Clipped peaks", "dB"),
    "stereo_fault": ("Fault of a stereo downmix", ""),
    "band": ("Band", ""),
    "codec": ("Codec", ""),
    "codec_rate_hz": ("Rate of the codec", "Hz"),
    "codec_kbps": ("Bit rate of the codec", "kbit/s"),
    "loss_percent": ("Lost packets", "%"),
    "loss_ms": ("Length of a packet", "ms"),
    "loss_concealment": ("Concealment of losses", ""),
    "network": ("Network", ""),
    "pace": ("Pace", "× real time"),
    "service": ("Service", ""),
}
"""Name and unit of every setting."""


def setting_label(key: str) -> str:
    """Name and unit of a setting.

    >>> setting_label("chunk_ms"), setting_label("codec")
    ('Chunk length (ms)', 'Codec')
    """
    name, unit = NAMES.get(key, (key, ""))
    return f"{name} ({unit})" if unit else name


def value_text(key: str, value: object) -> str:
    """A value of a setting with its unit; no noise is ``clean``.

    >>> value_text("chunk_ms", 100), value_text("snr_db", math.inf), value_text("codec", None)
    ('100 ms', 'clean', 'none')
    """
    if value is None:
        return "none"
    if key == "snr_db" and value in ("inf", math.inf):
        return "clean"
    if not _number(value):
        return str(value)
    return f"{float(str(value)):g} {NAMES.get(key, ('', ''))[1]}".strip()


def settings_text(settings: Mapping[str, object]) -> str:
    """Changed settings in one line.

    >>> settings_text({"chunk_ms": 200, "codec": "opus"}), settings_text({})
    ('chunk length 200 ms, codec opus', 'as recorded')
    """
    parts = [f"{NAMES.get(key, (key, ''))[0].lower()} {value_text(key, value)}" for key, value in settings.items()]
    return ", ".join(parts) or "as recorded"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Axis:
    """A setting that differs between configurations.

    Attributes:
        key: its key.
        values: configuration to value, in the order of the run; no noise is an infinite ratio.
    """

    key: str
    values: Mapping[str, object]

    @property
    def label(self) -> str:
        """Name and unit."""
        return setting_label(self.key)

    @property
    def numeric(self) -> bool:
        """Whether every value is a number, so that there is something between two of them."""
        return all(_number(value) for value in self.values.values())

    @property
    def scaled(self) -> bool:
        """Whether every value has its place on a scale of numbers: no noise has none, but one at the end."""
        return self.numeric and not any(math.isinf(float(str(value))) for value in self.values.values())

    def places(self) -> list[object]:
        """Values once each: numbers by size, words in the order of the run."""
        once = list(dict.fromkeys(self.values.values()))
        return sorted(once, key=lambda value: float(str(value))) if self.numeric else once

    def text(self, cell: str) -> str:
        """The value of a configuration with its unit."""
        return value_text(self.key, self.values[cell])


def settings_of(result: RunResult) -> dict[str, dict[str, object]]:
    """Configurations of a run in their order, each with what differs from the default."""
    cells = result.run.manifest.cells
    return {cell.name: {key: value for key, value in cell.config.items() if key != "name"} for cell in cells}


def axes_of(settings: Mapping[str, Mapping[str, object]]) -> dict[str, Axis]:
    """Settings that differ between configurations, those that are numbers first.

    A single kind of noise is no setting of its own beside its level.

    Args:
        settings: configuration to the settings that differ from the default; no noise is the text ``inf``.
    """
    found = []
    for key in dict.fromkeys(key for values in settings.values() for key in values):
        values = {cell: _value(key, given.get(key, DEFAULTS.get(key))) for cell, given in settings.items()}
        if len(set(values.values())) > 1:
            found.append(Axis(key, values))
    axes = {axis.key: axis for axis in sorted(found, key=lambda axis: not axis.numeric)}
    if "snr_db" in axes and len(_kinds(axes)) == 1:
        del axes["noise"]  # that there is noise at all is what its level says
    return axes


def _value(key: str, value: object) -> object:
    return math.inf if value == "inf" or (key == "snr_db" and value is None) else value


def lines_over(cells: Sequence[CellScore], axes: Mapping[str, Axis], key: str) -> dict[str, list[CellScore]]:
    """Configurations by what else differs between them, each line in the order of the axis.

    A configuration without noise has no kind of noise: it begins the line of every kind.

    Args:
        cells: configurations in the order of the run.
        axes: what :func:`axes_of` says of the run.
        key: the setting along the line.
    """
    order = axes[key].places()
    rest = [axis for axis in axes.values() if axis.key != key]
    kinds = _kinds(axes) if key == "snr_db" else []
    lines: dict[str, list[CellScore]] = {}
    for cell in sorted(cells, key=lambda cell: order.index(axes[key].values[cell.cell])):
        for kind in kinds if kinds and axes["noise"].values[cell.cell] is None else [None]:
            parts = [_told(axis, cell.cell, kind) for axis in rest]
            lines.setdefault(", ".join(parts), []).append(cell)
    return lines


def _told(axis: Axis, cell: str, kind: object) -> str:
    text = value_text(axis.key, kind) if axis.key == "noise" and kind is not None else axis.text(cell)
    return f"{NAMES.get(axis.key, (axis.key, ''))[0].lower()} {text}"


def _kinds(axes: Mapping[str, Axis]) -> list[object]:
    """Kinds of noise that were played."""
    return [value for value in axes["noise"].places() if value is not None] if "noise" in axes else []


def on_grid(cells: Sequence[CellScore], x: Axis, y: Axis) -> dict[tuple[object, object], CellScore] | None:
    """Configurations by two settings; None where two configurations have the same place, because more differs."""
    placed = {(x.values[cell.cell], y.values[cell.cell]): cell for cell in cells}
    return placed if len(placed) == len(cells) else None


def only_shared(result: RunResult) -> tuple[RunResult, int]:
    """A run with those recordings alone that every configuration has, none of them failed.

    Returns:
        The run, and how many recordings that are.
    """
    cells = [cell.name for cell in result.run.manifest.cells]
    latest = latest_attempts(result.scores)
    done = {(score.cell, score.utterance, score.repeat) for score in latest if not score.failed}
    played = {(score.utterance, score.repeat) for score in latest}
    kept = {one for one in played if all((cell, *one) in done for cell in cells)}
    scores = [score for score in latest if (score.utterance, score.repeat) in kept]
    rank = {name: place for place, name in enumerate(cells)}
    scored = sorted(score_run(scores, seed=result.run.manifest.seed), key=lambda cell: rank[cell.cell])
    return replace(result, scores=scores, cells=scored), len({utterance for utterance, _ in kept})
