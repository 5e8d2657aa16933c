"""Lhotse cuts: one recording, its channel and its supervisions; what changes the sound is refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.importers.items import Found, Item, ItemTurn, require_file, text_of
from workbench.corpus.importers.json_rows import array_rows, is_array, json_lines, unpacked

__all__ = ["read_lhotse"]

_YEAR_S = 366 * 86_400.0
_SAME_SOUND = ("Resample",)
"""Transforms that change the rate alone: the sound is resampled for the stream in any case."""


def read_lhotse(source: Path) -> Found:
    """Lhotse cuts: JSONL or a JSON array, gzipped or not, of cuts with supervisions over a recording of type ``file``.

    A cut's channel is the one that is played. Cuts that are mixed or padded, and transforms that change the sound
    (speed, tempo, volume …), are refused by name.
    """
    require_file(source, "Lhotse cuts (.jsonl, .json or .jsonl.gz)")
    with unpacked(source) as plain:
        for entry in array_rows(plain) if is_array(plain) else json_lines(plain):
            if isinstance(entry, Problem):
                yield Problem(str(source), entry.line, entry.item, entry.what, entry.cause)
                continue
            line, cut = entry
            try:
                yield _item(source, line, cut)
            except _RefusedError as error:
                yield Problem(str(source), line, text_of(cut, "id"), str(error))
            except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
                what = f"not a mono cut with supervisions and a file (at {error})"
                yield Problem(str(source), line, text_of(cut, "id"), what)


class _RefusedError(Exception):
    """A cut that is understood and cannot be played as it is meant."""


def _item(source: Path, line: int, cut: dict[str, Any]) -> Item:
    kind = cut.get("type", "MonoCut")
    if kind not in ("MonoCut", "MultiCut"):
        raise _RefusedError(f"a cut of several sounds (got {kind}; expected MonoCut or MultiCut, saved to one file)")
    recording = cut["recording"]
    for transform in [*(recording.get("transforms") or ()), *(cut.get("transforms") or ())]:
        _refuse_transform(transform)
    origin, channel = _origin(recording["sources"], cut.get("channel"))
    if origin["type"] != "file":
        raise ValueError(f"source type {origin['type']}")
    supervisions = sorted(cut["supervisions"], key=lambda s: _seconds(s["start"]))
    turns = tuple(_turn(s, origin, channel) for s in supervisions if s.get("text"))
    speakers = list(dict.fromkeys(turn.speaker for turn in turns if turn.speaker != "unknown"))
    return Item(
        id=str(cut["id"]),
        audio=str(origin["source"]),
        base=source.parent,
        reference=" ".join(turn.text for turn in turns),
        origin=source,
        line=line,
        speaker="+".join(speakers) or None,
        start_s=max(0.0, _seconds(cut["start"])),
        duration_s=max(0.0, _seconds(cut["duration"])),
        channel=channel,
        turns=turns if len(turns) > 1 else (),
    )


def _turn(supervision: dict[str, Any], origin: dict[str, Any], channel: int | None) -> ItemTurn:
    start_s = _seconds(supervision["start"])
    on = supervision.get("channel")
    places = origin.get("channels") or []
    return ItemTurn(
        str(supervision.get("speaker") or "unknown"),
        max(0.0, start_s),
        start_s + _seconds(supervision["duration"]),
        str(supervision["text"]).strip(),
        places.index(on) if channel is None and len(places) > 1 and on in places else None,
    )


def _origin(sources: list[dict[str, Any]], wanted: object) -> tuple[dict[str, Any], int | None]:
    """The source that a cut is heard from, and the channel of its file; None if all of them are meant."""
    channels = wanted if isinstance(wanted, list) else [wanted] if wanted is not None else None
    if channels is None:
        if len(sources) > 1:
            raise _RefusedError(f"several files and no channel (got {len(sources)} sources; expected a channel)")
        return sources[0], None
    for origin in sources:
        places = origin.get("channels") or [0]
        if not set(channels) <= set(places):
            continue
        if len(places) == 1 or set(channels) == set(places):
            return origin, None
        if len(channels) == 1:
            return origin, places.index(channels[0])
    if len(channels) > 1:
        raise _RefusedError(f"a selection of several channels (got {channels}; expected one, or all of one file)")
    stated = [place for origin in sources for place in origin.get("channels") or [0]]
    raise _RefusedError(f"no such channel in its recording (got {channels[0]}; expected one of {stated})")


def _refuse_transform(transform: object) -> None:
    name, details = str(transform), ""
    if isinstance(transform, dict):
        name = str(transform.get("name") or transform.get("type") or "unnamed")
        values = transform.get("kwargs") or {k: v for k, v in transform.items() if k not in ("name", "type")}
        details = ", ".join(f"{key} {value}" for key, value in values.items())
    if name not in _SAME_SOUND:
        got = f"{name} ({details})" if details else name
        raise _RefusedError(f"a transform that changes the sound: {got}. Save the changed sound and name its file")


def _seconds(value: Any) -> float:  # noqa: ANN401  JSON
    seconds = float(value)
    if not -_YEAR_S < seconds < _YEAR_S:
        raise ValueError(f"a time of {seconds:g} s")
    return seconds
