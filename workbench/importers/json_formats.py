"""Formats written as JSON: NeMo manifests, Lhotse cuts, SegLST."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.errors import CorpusError
from workbench.importers.items import Found, Item, ItemTurn, json_lines, number, require_file, text_of

__all__ = ["read_lhotse", "read_nemo", "read_seglst"]

_MAX_UNPACKED = 4 * 1024**3
_YEAR_S = 366 * 86_400.0

_AUDIO_ENDINGS = (".wav", ".flac", ".mp3", ".ogg", ".opus")


def read_nemo(source: Path) -> Found:
    """NeMo manifest: JSONL of ``audio_filepath``, ``text``, ``duration``, ``offset``, ``speaker``.

    Relative paths are relative to the manifest, as NeMo has it.
    """
    require_file(source, "a NeMo manifest (.json or .jsonl)")
    for entry in json_lines(source):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        audio, text = text_of(row, "audio_filepath"), text_of(row, "text")
        wrong = _missing(audio_filepath=audio, text=text) or _bad_numbers(row, "duration", "offset")
        if wrong or audio is None or text is None:
            yield Problem(str(source), line, audio, wrong)
            continue
        offset = number(row.get("offset"))
        stem = Path(audio).stem
        yield Item(
            id=text_of(row, "id", "utt_id") or (stem if not offset else f"{stem}-{round(offset * 1000)}ms"),
            audio=source.parent / audio,
            reference=text,
            origin=source,
            line=line,
            speaker=text_of(row, "speaker", "speaker_id"),
            start_s=offset or 0.0,
            duration_s=number(row.get("duration")),
        )


def read_lhotse(source: Path) -> Found:
    """Lhotse cuts: JSONL, gzipped or not, of mono cuts with supervisions over one recording of type ``file``."""
    require_file(source, "Lhotse cuts (.jsonl or .jsonl.gz)")
    if source.suffix != ".gz":
        yield from _lhotse_lines(source, source)
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "cuts.jsonl"
        _unpack(source, plain)
        yield from _lhotse_lines(plain, source)


def _unpack(source: Path, plain: Path) -> None:
    """Decompress, but not without bound: a thousand bytes can hold a gigabyte of blanks. Raises CorpusError."""
    size = 0
    try:
        with gzip.open(source) as packed, plain.open("wb") as unpacked:
            while block := packed.read(1 << 20):
                size += len(block)
                if size > _MAX_UNPACKED:
                    raise CorpusError("file is too large", item=str(source), expected=f"{_MAX_UNPACKED} bytes unpacked")
                unpacked.write(block)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CorpusError(
            "file is not gzipped, or damaged", item=str(source), got=type(error).__name__, expected="a .jsonl.gz"
        ) from None


def _lhotse_lines(plain: Path, source: Path) -> Found:
    for entry in json_lines(plain):
        if isinstance(entry, Problem):
            yield Problem(str(source), entry.line, entry.item, entry.what)
            continue
        line, cut = entry
        try:
            yield _lhotse_cut(source, line, cut)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            what = f"not a mono cut with supervisions and a file (at {error})"
            yield Problem(str(source), line, text_of(cut, "id"), what)


def _lhotse_cut(source: Path, line: int, cut: dict[str, Any]) -> Item:
    origin = cut["recording"]["sources"][0]
    if origin["type"] != "file":
        raise ValueError(f"source type {origin['type']}")
    supervisions = sorted(cut["supervisions"], key=lambda s: _seconds(s["start"]))
    turns = tuple(
        ItemTurn(
            str(s.get("speaker") or "unknown"),
            max(0.0, _seconds(s["start"])),
            _seconds(s["start"]) + _seconds(s["duration"]),
            str(s["text"]).strip(),
        )
        for s in supervisions
        if s.get("text")
    )
    speakers = list(dict.fromkeys(turn.speaker for turn in turns if turn.speaker != "unknown"))
    return Item(
        id=str(cut["id"]),
        audio=source.parent / str(origin["source"]),
        reference=" ".join(turn.text for turn in turns),
        origin=source,
        line=line,
        speaker="+".join(speakers) or None,
        start_s=max(0.0, _seconds(cut["start"])),
        duration_s=max(0.0, _seconds(cut["duration"])),
        turns=turns if len(turns) > 1 else (),
    )


def _seconds(value: Any) -> float:  # noqa: ANN401  JSON
    found = float(value)
    if not -_YEAR_S < found < _YEAR_S:
        raise ValueError(f"a time of {found:g} s")
    return found


def read_seglst(source: Path) -> Found:
    """SegLST: a JSON array of ``session_id``, ``speaker``, ``words``, ``start_time``, ``end_time``.

    It names no audio: each session is the file of that name beside it. One session becomes one utterance, its
    segments become turns.
    """
    require_file(source, "a SegLST file (.json)")
    sessions: dict[str, tuple[int, list[ItemTurn]]] = {}
    for entry in _array_lines(source):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        session, words = text_of(row, "session_id"), text_of(row, "words")
        wrong = _missing(session_id=session) or _bad_numbers(row, "start_time", "end_time", needed=True)
        start, end = number(row.get("start_time")), number(row.get("end_time"))
        if wrong or session is None or start is None or end is None or end < start:
            yield Problem(str(source), line, session, wrong or f"end_time before start_time (got {end}; {start})")
            continue
        turns = sessions.setdefault(session, (line, []))[1]
        if words:  # a segment without words is legal, and nothing was said in it
            turns.append(ItemTurn(text_of(row, "speaker") or "unknown", start, end, words))
    for session, (line, turns) in sessions.items():
        turns.sort(key=lambda turn: turn.start_s)
        yield Item(
            id=session,
            audio=_beside(source.parent, session),
            reference=" ".join(turn.text for turn in turns),
            origin=source,
            line=line,
            speaker="+".join(dict.fromkeys(turn.speaker for turn in turns)) or None,
            turns=tuple(turns),
        )


def _beside(folder: Path, stem: str) -> Path:
    candidates = [folder / f"{stem}{ending}" for ending in _AUDIO_ENDINGS]
    return next((path for path in candidates if path.is_file()), candidates[0])


def _array_lines(source: Path) -> Iterator[tuple[int, dict[str, Any]] | Problem]:
    """Objects of a JSON array with the line each begins on."""
    if source.stat().st_size > _MAX_UNPACKED:
        raise CorpusError("file is too large", item=str(source), expected=f"at most {_MAX_UNPACKED} bytes")
    text = source.read_text(encoding="utf-8", errors="replace")
    decoder = json.JSONDecoder()
    position = text.find("[") + 1
    if not position or text[: position - 1].strip():
        yield Problem(str(source), 1, None, "not a JSON array")
        return
    while True:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position < len(text) and text[position] == "]":
            return
        line = text.count("\n", 0, position) + 1
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            yield Problem(str(source), line, None, f"not JSON: {why}")
            return
        if isinstance(value, dict):
            yield line, value
        else:
            yield Problem(str(source), line, None, f"not a JSON object (got {type(value).__name__})")


def _missing(**values: str | None) -> str:
    absent = [key for key, value in values.items() if value is None]
    return f"no {' and no '.join(absent)} in this row" if absent else ""


def _bad_numbers(row: dict[str, Any], *keys: str, needed: bool = False) -> str:
    for key in keys:
        value = row.get(key)
        if (value is not None or needed) and number(value) is None:
            return f"{key} is no time in seconds (got {value!r})"
    return ""
