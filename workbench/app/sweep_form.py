"""The form of the page New run: fields of a run on one side, a sweep file for ``workbench sweep`` on the other."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from workbench.audio.config import CHOICES, RANGES, SNR_RANGE_DB
from workbench.playing.network import PROFILES
from workbench.reporting.setting_axis import NAMES, setting_label, value_text
from workbench.reporting.tables.table import Column, Table
from workbench.runs.spec import RunSpec, Setting
from workbench.runs.spec_fields import SpecField, make_spec, spec_fields
from workbench.runs.sweep import SETTINGS as CONFIGURATION
from workbench.runs.sweep import Cell, cells_of, setting_from_text, values_from_text
from workbench.trust.authority import foreign

__all__ = [
    "DEFAULTS",
    "FIRST",
    "LABELS",
    "SETTINGS",
    "Control",
    "command",
    "control",
    "form_fields",
    "form_spec",
    "matrix_table",
    "spaced",
    "title",
]

SETTINGS = tuple(key for key in CONFIGURATION if key != "name")
"""What can be changed."""

FIRST = ("limit", "repeats", "concurrency", "model")
"""Fields that are seen at once; the rest is folded away."""

LABELS = {
    "limit": "Number of recordings (empty: all)",
    "repeats": "Times each",
    "concurrency": "At the same time",
    "model": "Model of the simulator",
    "utterances": "Recordings (empty: all)",
    "tags": "Only recordings with a tag",
}
"""Names of fields that people would not guess."""

DEFAULTS = {"concurrency": 3}
"""Where the form begins with something else than a run does."""

_SNR_DB = 20

_OWN_WIDGETS = ("corpus", "endpoint", "vary", "base")
_NO_WIDGET = ("cells",)

_SUGGESTED = {
    "sample_rate_hz": "16000,8000",
    "chunk_ms": "50,100,200",
    "speed": "0.9,1.0,1.2",
    "lead_ms": "0,500,2000",
    "trail_ms": "0,500,2000",
    "rt60_s": "0,0.3,0.8",
    "noise": "white,babble",
    "snr_db": "inf,30,20,10",
    "gain_db": "0,-20,-40",
    "dc_offset": "0,0.1",
    "clip_db": "0,6,12",
    "codec": "none,opus",
    "codec_kbps": "6,12,32",
    "loss_percent": "0,2,5",
    "loss_ms": "20,60",
    "pace": "1,2",
    "service": "simulator,staging,production",
}
"""Values that are offered where others may be typed."""


@dataclass(frozen=True, slots=True)
class Control:
    """How a setting is asked for.

    Attributes:
        label: name and unit.
        unit: unit of its values; empty if they have none.
        options: values that are offered, as texts.
        first: values that are chosen at first.
        free: whether others may be typed.
        range: allowed values in words; empty if the options say it.
    """

    label: str
    unit: str
    options: tuple[str, ...]
    first: tuple[str, ...]
    free: bool
    range: str = ""


def control(key: str) -> Control:
    """The control of a setting."""
    label, unit = setting_label(key), NAMES.get(key, ("", ""))[1]
    options = tuple(part for part in _SUGGESTED.get(key, "").split(",") if part)
    allowed: tuple[object, ...] = tuple(PROFILES) if key == "network" else CHOICES.get(key, ())
    if allowed:
        texts = tuple("none" if value is None else str(value) for value in allowed)
        return Control(label, unit, texts, options[:2] or texts[:2], free=False)
    low, high = SNR_RANGE_DB if key == "snr_db" else RANGES.get(key, (-math.inf, math.inf))
    bounds = f"{low:,g} to {high:,g} {unit}".strip() if math.isfinite(low) else ""
    more = ", inf is no noise" if key == "snr_db" else ""
    return Control(label, unit, options, options[:2], free=True, range=bounds + more)


def spaced(low: float, high: float, step: float, count: int) -> list[str]:
    """Values from one end to the other, as even as the step of their slider allows, each once.

    >>> spaced(10, 50, 10, 3), spaced(0.0, 1.0, 0.1, 4), spaced(5, 5, 1, 3)
    (['10', '30', '50'], ['0', '0.3', '0.7', '1'], ['5'])
    """
    ideal = (low + (high - low) * place / (count - 1) for place in range(count))
    return list(dict.fromkeys(f"{low + step * round((value - low) / step):.6g}" for value in ideal))


def form_fields() -> tuple[SpecField, ...]:
    """Fields of a run that the form asks for by a widget made from the field."""
    return tuple(field for field in spec_fields() if field.name not in (*_OWN_WIDGETS, *_NO_WIDGET))


def form_spec(vary: Mapping[str, str], values: Mapping[str, Any]) -> RunSpec:
    """The specification that the widgets show: a run if every setting has one value, else all combinations.

    Args:
        vary: setting to values with commas.
        values: field to what its widget holds; an empty text is none given.

    Raises:
        InputError: a value that is not allowed.
    """
    given = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    base = _base(str(given.pop("base", "")))
    grid = {key: values_from_text(key, text) for key, text in vary.items()}
    if "noise" in grid and not {"snr_db"} & {*grid, *base}:
        base["snr_db"] = _SNR_DB  # a kind of noise alone says nothing
    if all(len(options) == 1 for options in grid.values()):
        base |= {key: options[0] for key, options in grid.items()}
        grid = {}
    return make_spec(given | ({"base": base} if base else {}) | {"vary": grid})


def _base(text: str) -> dict[str, Setting]:
    """``trail_ms=300, codec=ulaw`` as settings."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return {key.strip(): setting_from_text(key.strip(), value.strip()) for key, _, value in pairs}


def title(spec: RunSpec) -> str:
    """What a job of it is called."""
    varied = ", ".join(NAMES.get(key, (key,))[0].lower() for key in spec.vary)
    return f"Sweep of {spec.corpus}: {varied}" if varied else f"Run of {spec.corpus}"


def command(spec: RunSpec) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Arguments of ``workbench`` that play a specification, and the file that they name; the same for the same one."""
    import tomli_w

    plain = msgspec.to_builtins(spec)
    defaults = msgspec.to_builtins(RunSpec())
    changed = {name: value for name, value in plain.items() if value != defaults[name]}
    # A file is not trusted to say where credentials go; who fills in the form is.
    places = foreign({name: changed.get(name) for name in ("endpoint", "ca_file")})
    flags = [f"--{name.replace('_', '-')}={changed.pop(name)}" for name in places]
    return ("sweep", "{folder}/sweep.toml", *flags, "--json"), {"sweep.toml": tomli_w.dumps(changed).encode()}


def matrix_table(spec: RunSpec) -> Table:
    """One row a configuration, one column a varied setting.

    Raises:
        InputError: a value that is not allowed, too many or equal configurations.
    """
    cells = cells_of(spec)

    def text(key: str, cell: Cell) -> str:
        value = getattr(cell if key in ("network", "pace", "service") else cell.audio, key)
        return value_text(key, math.inf if key == "snr_db" and value is None else value)

    names: tuple[Column[Cell], ...] = (Column("audio", "configuration", lambda c: c.name),)
    columns = (*names, *(Column(key, setting_label(key), lambda c, key=key: text(key, c)) for key in spec.vary))  # type: ignore[misc]  # fmt: skip
    return Table(columns, tuple({column.key: column.value(cell) for column in columns} for cell in cells))
