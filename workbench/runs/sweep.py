"""Configurations of a run: one, a list or a grid.

A cell is one audio configuration on one network at one pace, and may have a service of its own. Every cell plays the
same utterances, so that any two can be compared pairwise; sessions of all cells are interleaved in an order drawn from
the seed, so that a slow spell of the machine or the service falls on all of them alike.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import msgspec

from workbench.audio.config import AudioConfig, audio_config
from workbench.errors import ConfigurationError, InputError
from workbench.playing.network import find_profile
from workbench.runs.spec import RunSpec, Setting
from workbench.runs.spec_fields import make_spec
from workbench.settings import resolve_endpoint
from workbench.trust.authority import check_authority, services_named

__all__ = [
    "DEFAULTS",
    "SETTINGS",
    "Cell",
    "cell_from",
    "cells_of",
    "check_sweep_authority",
    "grid",
    "load_sweep",
    "setting_from_text",
    "spec_from_file",
    "sweep_values",
    "unique",
    "values_from_text",
]

_AUDIO_KEYS = tuple(field.name for field in fields(AudioConfig) if field.name != "name")
SETTINGS = ("name", *_AUDIO_KEYS, "network", "pace", "service")
"""What a configuration consists of."""

_MAX_CELLS = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One configuration of a run.

    Attributes:
        name: unique within the run.
        audio: settings of the audio.
        network: name of the network profile.
        pace: playback pace; 1.0 is real time, 2.0 twice as fast, ``inf`` as fast as possible.
        service: endpoint that it is played against; None for that of the run.

    >>> Cell("8 kHz", AudioConfig(sample_rate_hz=8_000)).settings()
    {'sample_rate_hz': 8000}
    """

    name: str
    audio: AudioConfig
    network: str = "none"
    pace: float = 1.0
    service: str | None = None

    def settings(self) -> dict[str, str | int | float | None]:
        """What differs from the default; infinite values as the text ``inf``, because JSON has none."""
        changed = dict(self.audio.differing())
        if self.network != "none":
            changed["network"] = self.network
        if self.pace != 1.0:
            changed["pace"] = self.pace
        if self.service is not None:
            changed["service"] = self.service
        return {key: "inf" if value == math.inf else value for key, value in changed.items()}

    def all_settings(self) -> dict[str, Setting]:
        """Every setting, changed or not, and the name: what :func:`cell_from` makes this configuration from."""
        own = {"name": self.name, "network": self.network, "pace": self.pace, "service": self.service}
        return {**asdict(self.audio), **own}


DEFAULTS: dict[str, Setting] = {k: v for k, v in Cell("", AudioConfig()).all_settings().items() if k != "name"}
"""What every setting is where a configuration does not say."""


def cells_of(spec: RunSpec) -> tuple[Cell, ...]:
    """Configurations of a specification: the grid of ``vary``, ``cells``, or one; all of them over ``base``.

    Raises:
        InputError: a value that is not allowed, too many configurations, or two of one name.
    """
    if spec.vary and spec.cells:
        raise InputError("vary and cells are both given", item="cells", expected="one of them")
    if spec.vary:
        return unique(grid(spec.vary, spec.base, item="vary", from_text=False))
    items = [f"cells[{number}]" for number in range(len(spec.cells))] or ["base"]
    return unique(
        [
            cell_from({**spec.base, **settings}, item=item)
            for item, settings in zip(items, spec.cells or [{}], strict=True)
        ]
    )


def cell_from(settings: Mapping[str, object], *, item: str, from_text: bool = False) -> Cell:
    """One cell from ``key = value`` settings: of an audio configuration, ``network``, ``pace``, ``service``, ``name``.

    Args:
        settings: as decoded from TOML, or text from flags.
        item: path of the table; errors name the key under it.
        from_text: values are text.

    Raises:
        InputError: naming the key, the value and what is allowed.
    """
    rest = dict(settings)
    network = str(rest.pop("network", "none"))
    try:
        find_profile(network)
    except InputError as error:
        raise InputError(error.problem, item=f"{item}.network", got=network, expected=error.expected) from None
    pace = _pace(rest.pop("pace", 1.0), item)
    service = _service(rest.pop("service", None), item)
    for key in rest:
        if key != "name" and key not in _AUDIO_KEYS:
            expected = ", ".join((*_AUDIO_KEYS, "network", "pace", "service"))
            raise InputError("unknown setting", item=f"{item}.{key}", expected=f"one of {expected}")
    audio = audio_config(rest, item=item, from_text=from_text)
    extra = [f"network={network}"] * (network != "none") + [f"pace={pace:g}"] * (pace != 1.0)
    extra += [] if service is None else [f"service={service}"]
    name = audio.name or " ".join(([] if extra and audio.label() == "clean" else [audio.label()]) + extra)
    return Cell(name, audio, network, pace, service)


def _service(value: object, item: str) -> str | None:
    if value is None or value == "simulator":
        return value
    try:
        resolve_endpoint(value if isinstance(value, str) else "")
    except ConfigurationError as error:
        got = value if isinstance(value, int | float) else error.got
        raise InputError(error.problem, item=f"{item}.service", got=got, expected=error.expected) from None
    return str(value)


def _pace(value: object, item: str) -> float:
    try:
        pace = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        pace = math.nan
    if not pace > 0:
        raise InputError("pace is not usable", item=f"{item}.pace", got=value, expected="a factor above 0, or inf")
    return pace


def grid(vary: Mapping[str, Sequence[object]], base: Mapping[str, object], *, item: str, from_text: bool) -> list[Cell]:
    """Every combination of the varied settings, the last one changing fastest.

    Raises:
        InputError: a setting without values, too many cells, or a value that is not allowed.
    """
    for key, values in vary.items():
        if not values:
            raise InputError("no values to vary", item=f"{item}.{key}", expected="at least one")
    count = math.prod(len(values) for values in vary.values())
    if count > _MAX_CELLS:
        raise InputError("too many configurations", item=item, got=count, expected=f"at most {_MAX_CELLS}")
    cells = []
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        cell = cell_from({**base, **chosen}, item=item, from_text=from_text)
        name = " ".join(f"{key}={value}" for key, value in chosen.items()) or cell.name
        cells.append(replace(cell, name=name))
    return cells


_NUMBERS = ("pace", *(f.name for f in fields(AudioConfig) if any(kind in str(f.type) for kind in ("int", "float"))))


def setting_from_text(key: str, text: str) -> Setting:
    """A setting as typed: a number where the setting is one, else the text.

    >>> setting_from_text("snr_db", "20"), setting_from_text("snr_db", "inf"), setting_from_text("noise", "pink")
    (20, inf, 'pink')
    """
    for kind in (int, float) if key in _NUMBERS else ():
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def values_from_text(key: str, text: str) -> list[Setting]:
    """Values of a setting to vary, separated by commas.

    >>> values_from_text("snr_db", "inf, 30,20")
    [inf, 30, 20]
    """
    return [setting_from_text(key, value.strip()) for value in text.split(",") if value.strip()]


def load_sweep(path: Path) -> RunSpec:
    """Read a sweep file: TOML with a key for each field of a run, ``[base]``, and either ``[vary]`` or ``[[cells]]``.

    Raises:
        InputError: with the file, the key, what was found and what is allowed.
    """
    return spec_from_file(sweep_values(path), path)


def sweep_values(path: Path) -> dict[str, object]:
    """Tables and keys of a sweep file, unchecked.

    Raises:
        InputError: it cannot be read, or is not TOML.
    """
    try:
        values: dict[str, object] = msgspec.toml.decode(path.read_bytes())
    except OSError as error:
        raise InputError(
            "sweep file cannot be read",
            item=str(path),
            got=error.strerror,
            expected="a TOML file, see examples/sweep.toml",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            "sweep file is not TOML", item=str(path), got=str(error), action="Compare it with examples/sweep.toml"
        ) from None
    return values


def spec_from_file(values: Mapping[str, object], path: Path) -> RunSpec:
    """Specification of a run from the keys of a file.

    Raises:
        InputError: with the file, the key, what was found and what is allowed.
    """
    spec = make_spec(values, item=str(path))
    try:
        cells_of(spec)
    except InputError as error:
        raise InputError(
            error.problem, item=f"{path}: {error.item}", got=error.got, expected=error.expected, action=error.action
        ) from None
    return spec


def check_sweep_authority(
    path: Path,
    spec: RunSpec,
    named_by_user: Collection[str],
    environment: Mapping[str, str],
    webhook: str | None = None,
) -> None:
    """Refuse a sweep file that says where credentials and speech go, unless the user trusts it.

    Args:
        path: sweep file.
        spec: what :func:`load_sweep` read from it.
        named_by_user: fields that flags or keywords give instead.
        environment: environment of the process.
        webhook: address that the file wants to be told of what comes out.

    Raises:
        ConfigurationError: with what it names.
    """
    named: dict[str, str | None] = {
        name: getattr(spec, name) for name in ("endpoint", "ca_file") if name not in named_by_user
    }
    if named.get("endpoint") == RunSpec().endpoint:
        named["endpoint"] = None  # not in the file
    named["webhook"] = webhook
    named |= services_named(spec.base, spec.vary, spec.cells)
    check_authority(path, path.read_bytes(), named, Path(spec.ca_file) if spec.ca_file else None, environment)


def unique(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, or an InputError that names the two that share a name."""
    seen: set[str] = set()
    for cell in cells:
        if cell.name in seen:
            raise InputError("two configurations have the same name", item=cell.name, action="Give each its own name")
        seen.add(cell.name)
    return tuple(cells)
