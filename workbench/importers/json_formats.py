"""Formats written as JSON: NeMo manifests, Lhotse cuts, SegLST."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.importers.items import Found, Item, ItemTurn, json_lines, number, require_file, text_of

__all__ = ["read_lhotse", "read_nemo", "read_seglst"]

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
        plain = Path(folder) / source.stem
        with gzip.open(source) as packed, plain.open("wb") as unpacked:
            while block := packed.read(1 << 20):
                unpacked.write(block)
        yield from _lhotse_lines(plain, source)


def _lhotse_lines(plain: Path, source: Path) -> Found:
    for entry in json_lines(plain):
        if isinstance(entry, Problem):
            yield Problem(str(source), entry.line, entry.item, entry.what)
            continue
        line, cut = entry
        try:
            yield _lhotse_cut(source, line, cut)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            what = f"not a mono cut with supervisions and a file (at {error})"
            yield Problem(str(source), line, text_of(cut, "id"), what)


def _lhotse_cut(source: Path, line: int, cut: dict[str, Any]) -> Item:
    origin = cut["recording"]["sources"][0]
    if origin["type"] != "file":
        raise ValueError(f"source type {origin['type']}")
    supervisions = sorted(cut["supervisions"], key=lambda s: float(s["start"]))
    turns = tuple(
        ItemTurn(
            str(s.get("speaker") or "unknown"),
            max(0.0, float(s["start"])),
            float(s["start"]) + float(s["duration"]),
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
        start_s=float(cut["start"]),
        duration_s=float(cut["duration"]),
        turns=turns if len(turns) > 1 else (),
    )


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
        except ValueError as error:
            yield Problem(str(source), line, None, f"not JSON: {error}")
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
