"""Cells of a sweep and the order in which their sessions are played.

A cell is one audio configuration on one network at one pace. Every cell plays the same utterances, so that any two
can be compared pairwise; sessions of all cells are interleaved in an order drawn from the seed, so that a slow spell
of the machine or the service falls on all of them alike.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import numpy as np

from workbench.audio.config import AudioConfig, audio_config
from workbench.errors import InputError
from workbench.network import find_profile

__all__ = ["Cell", "Sweep", "cell_from", "grid", "load_sweep", "play_order", "vary_from_flags"]

_AUDIO_KEYS = tuple(field.name for field in fields(AudioConfig) if field.name != "name")
_MAX_CELLS = 1_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One configuration of a run.

    Attributes:
        name: unique within the run.
        audio: what the service hears.
        network: name of the network profile.
        pace: 1.0 real time, 2.0 twice as fast, ``inf`` a burst.
    """

    name: str
    audio: AudioConfig
    network: str = "none"
    pace: float = 1.0

    def settings(self) -> dict[str, str | int | float | None]:
        """What differs from the default; infinite values as the text ``inf``, because JSON has none."""
        found = dict(self.audio.differing())
        if self.network != "none":
            found["network"] = self.network
        if self.pace != 1.0:
            found["pace"] = self.pace
        return {key: "inf" if value == math.inf else value for key, value in found.items()}


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep file asks for.

    Attributes:
        cells: in the order of the file or of the grid.
        corpus: name or path.
        concurrency, repeats, seed: of the run.
        limit: number of utterances, None for all.
        normaliser: of the scores.
    """

    cells: tuple[Cell, ...]
    corpus: str = "clinic"
    concurrency: int = 4
    repeats: int = 1
    seed: int = 0
    limit: int | None = None
    normaliser: str = "basic"


def cell_from(settings: Mapping[str, object], *, item: str, from_text: bool = False) -> Cell:
    """One cell from ``key = value`` settings: those of an audio configuration, ``network``, ``pace`` and ``name``.

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
    for key in rest:
        if key != "name" and key not in _AUDIO_KEYS:
            expected = ", ".join((*_AUDIO_KEYS, "network", "pace"))
            raise InputError("unknown setting", item=f"{item}.{key}", expected=f"one of {expected}")
    audio = audio_config(rest, item=item, from_text=from_text)
    extra = [f"network={network}"] * (network != "none") + [f"pace={pace:g}"] * (pace != 1.0)
    name = audio.name or " ".join(([] if extra and audio.label() == "clean" else [audio.label()]) + extra)
    return Cell(name, audio, network, pace)


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
        raise InputError("too many cells", item=item, got=count, expected=f"at most {_MAX_CELLS}")
    cells = []
    for values in itertools.product(*vary.values()):
        chosen = dict(zip(vary, values, strict=True))
        cell = cell_from({**base, **chosen}, item=item, from_text=from_text)
        name = " ".join(f"{key}={value}" for key, value in chosen.items()) or cell.name
        cells.append(Cell(name, cell.audio, cell.network, cell.pace))
    return cells


def vary_from_flags(flags: Sequence[str]) -> dict[str, list[str]]:
    """``snr_db=inf,30,20`` as key and values.

    >>> vary_from_flags(["snr_db=inf,20", "chunk_ms=50"])
    {'snr_db': ['inf', '20'], 'chunk_ms': ['50']}

    Raises:
        InputError: no ``=``, or a key given twice.
    """
    found: dict[str, list[str]] = {}
    for flag in flags:
        key, equals, values = flag.partition("=")
        key = key.strip()
        if not equals or not key:
            raise InputError("not a setting to vary", item="--vary", got=flag, expected="key=value,value,…")
        if key in found:
            raise InputError("varied twice", item=f"--vary {key}", action="Put all values behind one flag")
        found[key] = [value.strip() for value in values.split(",") if value.strip()]
    return found


class _File(msgspec.Struct, forbid_unknown_fields=True):
    corpus: str = "clinic"
    concurrency: int = 4
    repeats: int = 1
    seed: int = 0
    limit: int | None = None
    normaliser: str = "basic"
    base: dict[str, object] = {}
    vary: dict[str, list[object]] = {}
    cells: list[dict[str, object]] = []


def load_sweep(path: Path) -> Sweep:
    """Read a sweep file: top-level settings, ``[base]``, then either ``[vary]`` or ``[[cells]]``.

    Raises:
        InputError: with the path of the key and the allowed values, before anything is played.
    """
    try:
        file = msgspec.toml.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise InputError(
            "sweep file cannot be read",
            item=str(path),
            got=error.strerror,
            expected="a TOML file, see examples/sweep.toml",
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            "sweep file cannot be understood",
            item=str(path),
            got=str(error),
            expected=", ".join(_File.__struct_fields__),
        ) from None
    if file.vary and file.cells:
        raise InputError("both [vary] and [[cells]]", item=str(path), expected="one of them")
    for key in ("concurrency", "repeats", "limit"):
        value = getattr(file, key)
        if value is not None and value < 1:
            raise InputError("must be positive", item=f"{path}: {key}", got=value, expected="1 or more")
    if file.vary:
        cells = grid(file.vary, file.base, item=f"{path}: vary", from_text=False)
    else:
        cells = [
            cell_from({**file.base, **settings}, item=f"{path}: cells[{number}]")
            for number, settings in enumerate(file.cells or [{}])
        ]
    return Sweep(unique(cells), file.corpus, file.concurrency, file.repeats, file.seed, file.limit, file.normaliser)


def unique(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, or an InputError that names the two that share a name."""
    seen: set[str] = set()
    for cell in cells:
        if cell.name in seen:
            raise InputError("two cells have one name", item=cell.name, action="Give each its own name")
        seen.add(cell.name)
    return tuple(cells)


def play_order(utterances: Sequence[str], cells: Sequence[str], repeats: int, seed: int) -> list[tuple[str, str, int]]:
    """Every (utterance, cell, repeat) once: utterances shuffled, and within each the cells shuffled.

    The same utterance is played under all cells close in time, which is what pairs them.

    >>> sorted(play_order(["a"], ["x", "y"], 1, 7))
    [('a', 'x', 0), ('a', 'y', 0)]
    """
    digest = hashlib.sha256(f"order {seed}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    order = []
    for repeat in range(repeats):
        for u in draw.permutation(len(utterances)):
            order += [(utterances[u], cells[c], repeat) for c in draw.permutation(len(cells))]
    return order
