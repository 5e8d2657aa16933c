"""Formats written as JSON: NeMo manifests, SegLST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.importers.items import (
    Found,
    Item,
    ItemTurn,
    audio_beside,
    channel_of,
    number,
    require_file,
    skipped,
    tags_of,
    text_of,
)
from workbench.corpus.importers.json_rows import array_rows, is_array, json_lines, unpacked

__all__ = ["read_nemo", "read_seglst"]

_NEMO_KEYS = (
    "audio_filepath", "text", "duration", "offset", "speaker", "speaker_id", "id", "utt_id", "channel",
    "channel_selector", "pred_text", "shard_id", "_skipme", "num_speakers", "rttm_filepath", "ctm_filepath", "label",
    "uniq_id", "text_filepath",
)  # fmt: skip


def read_nemo(source: Path) -> Found:
    """NeMo manifest: JSONL of ``audio_filepath``, ``text``, ``duration``, ``offset``, ``speaker``, ``channel``.

    Relative paths are relative to the manifest, as NeMo has it. Rows with ``_skipme`` are left out, further keys
    become tags.
    """
    require_file(source, "a NeMo manifest (.json or .jsonl)")
    with unpacked(source) as plain:
        rows = array_rows(plain) if is_array(plain) else json_lines(plain)
        for entry in rows:
            if isinstance(entry, Problem):
                yield Problem(str(source), entry.line, entry.item, entry.what, entry.cause)
                continue
            yield _nemo_item(source, *entry)


def _nemo_item(source: Path, line: int, row: dict[str, Any]) -> Item | Problem:
    audio, text = text_of(row, "audio_filepath"), text_of(row, "text")
    if row.get("_skipme"):
        return skipped(source, line, audio, "left out: the row says _skipme")
    wrong = _missing(audio_filepath=audio, text=text) or _bad_numbers(row, "duration", "offset")
    try:
        selector = row.get("channel_selector")
        channel = channel_of(row.get("channel") if selector in (None, "average") else selector)
    except ValueError as error:
        channel, wrong = None, wrong or str(error)
    if wrong or audio is None or text is None:
        return Problem(str(source), line, audio, wrong)
    used = [*_NEMO_KEYS, *(key for key in row if key.startswith("pred_text"))]
    return Item(
        id=text_of(row, "id", "utt_id"),
        audio=audio,
        base=source.parent,
        reference=text,
        origin=source,
        line=line,
        speaker=text_of(row, "speaker", "speaker_id"),
        start_s=number(row.get("offset")) or 0.0,
        duration_s=number(row.get("duration")),
        channel=channel,
        tags=tags_of(row, used),
    )


def read_seglst(source: Path) -> Found:
    """SegLST: a JSON array of ``session_id``, ``speaker``, ``words``, ``start_time``, ``end_time``.

    Each session is the file of that name beside it, or the ``audio`` that its segments name. One session becomes one
    utterance, its segments become turns; ``channel`` says on which channel a segment is heard.
    """
    require_file(source, "a SegLST file (.json)")
    sessions: dict[str, tuple[int, dict[str, Any], list[ItemTurn]]] = {}
    for entry in array_rows(source):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        session, words = text_of(row, "session_id"), text_of(row, "words")
        wrong = _missing(session_id=session) or _bad_numbers(row, "start_time", "end_time", needed=True)
        start, end = number(row.get("start_time")), number(row.get("end_time"))
        try:
            channel = channel_of(row.get("channel"))
        except ValueError as error:
            channel, wrong = None, wrong or str(error)
        if wrong or session is None or start is None or end is None or end < start:
            yield Problem(str(source), line, session, wrong or f"end_time before start_time (got {end}; {start})")
            continue
        turns = sessions.setdefault(session, (line, row, []))[2]
        if words:  # a segment without words is legal, and nothing was said in it
            turns.append(ItemTurn(text_of(row, "speaker") or "unknown", start, end, words, channel))
    for session, (line, row, turns) in sessions.items():
        turns.sort(key=lambda turn: turn.start_s)
        yield Item(
            id=session,
            audio=text_of(row, "audio") or audio_beside(source.parent, session),
            base=source.parent,
            start_s=number(row.get("audio_start")) or 0.0,
            duration_s=number(row.get("audio_duration")),
            channel=channel_of(row.get("audio_channel")) if isinstance(row.get("audio_channel"), int) else None,
            reference=" ".join(turn.text for turn in turns),
            origin=source,
            line=line,
            speaker="+".join(dict.fromkeys(turn.speaker for turn in turns)) or None,
            turns=tuple(turns),
        )


def _missing(**values: str | None) -> str:
    absent = [key for key, value in values.items() if value is None]
    return f"no {' and no '.join(absent)} in this row" if absent else ""


def _bad_numbers(row: dict[str, Any], *keys: str, needed: bool = False) -> str:
    for key in keys:
        value = row.get(key)
        if (value is not None or needed) and number(value) is None:
            return f"{key} is no time in seconds (got {value!r})"
    return ""
