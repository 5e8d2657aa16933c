"""The first page of a case: what is wrong in plain English, ids, words and settings; no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from workbench.reporting.html_page import facts_html, page_html, table_html
from workbench.reporting.markup import escape
from workbench.reporting.tables.table import Column, Table
from workbench.units import NS_PER_MS, NS_PER_S, counted

__all__ = ["case_page"]

_COLUMNS: tuple[Column[Any], ...] = (
    Column("word", "word", lambda row: row["word"], whole=True),
    Column("said", "said", lambda row: row["said"]),
    Column("error", "error", lambda row: row["error"] or ""),
    Column("heard_as", "heard as", lambda row: row["heard_as"] or ""),
    Column("said_at", "said at", lambda row: row["said_at_ns"] / NS_PER_S, "s", 2),
    Column("utc", "UTC", lambda row: row["said_at_utc"] or ""),
    Column("shown", "shown after it was due", lambda row: _ms(row["latency_ns"]), "ms", 0),
    Column("final", "final", lambda row: _ms(row["final_ns"]), "ms", 0, "from the beginning of the audio"),
)
_TEXTS = ("said", "heard_as")
_READ = (
    "<h2>How to read it</h2><p>Links open once the ZIP file is unpacked. Times are counted from the beginning of "
    "the audio: the moment the first sample would have been spoken. A word is due when "
    "the chunk with its end is. In frames.jsonl they are whole nanoseconds, with "
    "UTC to the millisecond. case.json has everything on this page for a program.</p>"
)


def case_page(case: Mapping[str, Any]) -> str:
    """The page.

    Args:
        case: as ``case.json`` has it.
    """
    title = f"Case: {case['endpoint']}, run {case['run']}"
    held = (
        "Redacted: no sound and nothing that was said; words have their number."
        if case["redacted"]
        else "This file holds what was said: treat it as patient data."
    )
    sections = [f"<h1>{escape(title)}</h1>", f'<p class="lead">{escape(_lead(case))}</p>', f"<p>{held}</p>"]
    for entry in case["recordings"]:
        sections += _recording(entry, case)
    sections += [facts_html("How it was played", _played(case)), _READ]
    return page_html(title, sections)


def _lead(case: Mapping[str, Any]) -> str:
    recordings: Sequence[Mapping[str, Any]] = case["recordings"]
    failed = sum(entry["outcome"] != "completed" for entry in recordings)
    errors = sum(entry["word_errors"] for entry in recordings)
    words = sum(entry["spoken_words"] for entry in recordings)
    text = (
        f"{counted(len(recordings), 'recording')} sent to {case['endpoint']}: "
        f"{counted(errors, 'word error')} in {words} spoken words"
    )
    return f"{text}, {counted(failed, 'session')} failed." if failed else f"{text}."


def _recording(entry: Mapping[str, Any], case: Mapping[str, Any]) -> list[str]:
    name = f"{entry['recording']}, {entry['configuration']}"
    ids = ", ".join(entry["remote_ids"]) or "the service gave none"
    parts = [
        f"<h2>{escape(name)}</h2>",
        f"<p>{escape(entry['what_is_wrong'])}</p>",
        f"<p>Ids at the service: {escape(ids)}. Session from {escape(entry['began_utc'] or 'unknown')} to "
        f"{escape(entry['ended_utc'] or 'unknown')}.</p>",
    ]
    if entry["recording"] in case["without_sound"]:
        parts.append(f"<p>Without its sound: {escape(case['without_sound'][entry['recording']])}.</p>")
    parts.append(f"<p>{_links(entry, case)}</p>")
    if entry["words"]:
        columns = tuple(column for column in _COLUMNS if not (case["redacted"] and column.key in _TEXTS))
        rows = tuple({column.key: column.value(row) for column in columns} for row in entry["words"])
        parts.append(f"<details><summary>Each word</summary>{table_html(Table(columns, rows))}</details>")
    else:
        parts.append("<p>The reference has no word times, so no word has a latency.</p>")
    return parts


def _links(entry: Mapping[str, Any], case: Mapping[str, Any]) -> str:
    names = {"frames.jsonl": "every frame"}
    if not case["redacted"]:
        sound = {} if entry["recording"] in case["without_sound"] else {"audio-as-sent.wav": "sound as it was sent"}
        names = {
            "timeline.html": "timeline",
            **sound,
            "reference.txt": "reference",
            "transcript.txt": "transcript",
            **names,
        }
    folder = quote(entry["folder"])
    return " · ".join(f'<a href="{folder}/{name}">{text}</a>' for name, text in names.items())


def _played(case: Mapping[str, Any]) -> dict[str, str]:
    facts = {name: case[name] for name in ("endpoint", "product", "dialect", "recogniser", "created") if case[name]}
    settings = ", ".join(f"{key} {value}" for key, value in case["settings"].items()) or "audio unchanged"
    versions = ", ".join(f"{name} {version}" for name, version in case["versions"].items())
    machine = case["machine"]
    return {
        **{name: str(value) for name, value in facts.items()},
        "settings": settings,
        "client": versions,
        "machine": f"{machine.cpu}, {counted(machine.cores, 'core')}, {machine.kernel}",
    }


def _ms(ns: int | None) -> float | None:
    return None if ns is None else ns / NS_PER_MS
