"""A run as one HTML file that opens anywhere: no network, no server, no other file.

Everything that came from a run is escaped; the page forbids itself every connection; tables are cut with
a word on how many rows are hidden; the summary is inside as JSON, so that a reader's script needs no second file.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from workbench.comparing.runs import RunComparison, compare_runs
from workbench.errors import InputError
from workbench.recording.record import SessionKey, SessionRecord
from workbench.reporting.figures.picture import picture
from workbench.reporting.figures.run import metric_svg
from workbench.reporting.html_appendix import appendix_html, waiting_html
from workbench.reporting.html_page import (
    SCROLL,
    facts_html,
    figures_html,
    fitted,
    marks_html,
    page_html,
    summary_html,
    table_html,
    write_page,
)
from workbench.reporting.markup import escape
from workbench.reporting.run_figures import sweep_figures
from workbench.reporting.sentence import sentence
from workbench.reporting.session import Session, diff_html
from workbench.reporting.tables.cells import accuracy_table, cell_json, stability_table, summary_table
from workbench.reporting.tables.comparison import display_table, settings_table
from workbench.reporting.tables.sessions import sessions_table
from workbench.reporting.tables.table import Table, without_results
from workbench.runs.result import RunResult
from workbench.runs.throughput import throughput
from workbench.scoring.curves import Curves, curves
from workbench.scoring.measures import METRICS
from workbench.scoring.session import SessionScore
from workbench.store.labels import run_labels

__all__ = ["played_html", "render_report", "write_report"]

_ROWS = 500
_TRANSCRIPTS = 40
_LIGHT_TEXT = 1_000

_FIGURES = ("wer", "word_latency_p95")
_SENTENCES = 3
_MARKED = 10


def write_report(
    path: Path,
    result: RunResult,
    *,
    redact: bool = False,
    light: bool = False,
    audio: bool = False,
    resolution_ms: float | None = None,
) -> int:
    """Write the report of a run; only the owner may read the file, it holds transcripts unless redacted.

    Returns:
        Its size in bytes.

    Raises:
        InputError: the file cannot be written, or what is asked for excludes each other.
        CorpusError: the corpus, which the sound is made from, is gone or changed.
    """
    page = render_report(result, redact=redact, light=light, audio=audio, resolution_ms=resolution_ms)
    return write_page(path, page)


def render_report(
    result: RunResult,
    *,
    redact: bool = False,
    light: bool = False,
    audio: bool = False,
    resolution_ms: float | None = None,
) -> str:
    """The page.

    Args:
        result: a stored run.
        redact: numbers of words instead of transcripts.
        light: no scripts, and under :data:`LIGHT_BYTES`: as many rows as fit.
        audio: the sound of the sessions whose transcripts are shown, as it was streamed.
        resolution_ms: resolution of the instrument; measured times show no finer digits.

    Raises:
        InputError: sound in a report that is redacted or light.
        CorpusError: the corpus, which the sound is made from, is gone or changed.
    """
    if audio and (redact or light):
        raise InputError(
            "there is no room for sound",
            item="audio",
            got="redact" if redact else "light",
            expected="one of both",
        )
    worst = _worst(result)
    compared = compare_runs([result]) if len(result.cells) > 1 else None
    found = curves(result.iter_records(), result.scores, result.run.manifest.seed)
    if not light:
        sounds = _sounds(result, worst) if audio else {}
        return _page(result, worst, compared, found, _ROWS, redact, resolution_ms, light=False, sounds=sounds)
    return fitted(lambda rows: _page(result, worst, compared, found, rows, redact, resolution_ms, light=True))


def _page(
    result: RunResult,
    worst: Sequence[tuple[SessionScore, SessionRecord]],
    compared: RunComparison | None,
    found: Curves,
    rows: int,
    redact: bool,
    resolution_ms: float | None,
    *,
    light: bool,
    sounds: Mapping[SessionKey, str] = MappingProxyType({}),
) -> str:
    title = _title(result)
    few = worst[: max(1, rows // 10)] if light else worst

    def table(content: Table) -> str:
        return table_html(content, rows, resolution_ms)

    sections = [
        f"<h1>{escape(title)}</h1>",
        _answer(result, compared, redact),
        _figures(result),
        "" if redact else _marked(result, few[:_MARKED]),
        "<h2>Summary</h2>",
        table(summary_table(result.cells)),
        _comparisons(compared, rows, resolution_ms) if compared else "",
        "<h2>Accuracy</h2>",
        table(accuracy_table(result.cells)),
        "<h2>Stability of partials</h2>",
        table(stability_table(result.cells)),
        waiting_html(found, [cell.cell for cell in result.cells]),
        "<h2>Sessions</h2>",
        table(without_results(sessions_table(result.scores))),
        _transcripts(few, redact, _LIGHT_TEXT if light else None, sounds),
        appendix_html(result, found, rows, resolution_ms),
        _method(result),
        played_html(result, "What was played"),
        _summary(result, rows),
    ]
    return page_html(title, sections)


def _title(result: RunResult) -> str:
    """Name that somebody gave the run, or what was played."""
    label = run_labels(result.run.path.parent).get(result.run.run_id)
    return label.name if label is not None and label.name else f"Run of {result.run.manifest.corpus.name}"


def _answer(result: RunResult, compared: RunComparison | None, redact: bool) -> str:
    """The verdict, what the first configuration came to, and what a reader must know of both."""
    # Reading results needs no recogniser; this does.
    from workbench.comparing.streaming import known_streaming_costs

    manifest = result.run.manifest
    told = [] if not result.cells else [(result.cells[0].cell, sentence(result.cells[0]))]
    told += [(cost.cell, str(cost).partition(": ")[2]) for cost in known_streaming_costs(result)]
    told += [(pair.candidate, pair.verdict.sentence) for pair in (compared.pairs if compared else ())[:_SENTENCES]]
    only = len(result.cells) == 1
    lines = [f'<p class="lead">{"" if only else f"<b>{escape(name)}</b>: "}{escape(text)}</p>' for name, text in told]
    marks = [
        *(["simulated"] if manifest.recogniser else []),
        *(["not complete"] if not result.complete else []),
        *(["transcripts redacted"] if redact else []),
        *(["timing not certified in some sessions"] if any(cell.left_out for cell in result.cells) else []),
        *([f"{len(result.excluded)} excluded: reference marked as wrong"] if result.excluded else []),
    ]
    return "\n".join([*lines, marks_html(marks)])


def _method(result: RunResult) -> str:
    manifest = result.run.manifest
    used = result.scores[0].normaliser if result.scores else "none"
    return (
        f"<h2>Method</h2><p>{manifest.corpus.utterances} recordings were streamed as a microphone would; each word is "
        "timed from the moment in which the last chunk that holds it was due. Both texts went through the normaliser "
        f"{escape(used)}; rates are pooled over recordings, intervals are 95 % bootstraps over recordings. Recordings "
        "that failed are excluded from averages and counted; latencies of sessions whose sending or arrivals were late "
        "are excluded, too.</p>"
    )


def _marked(result: RunResult, worst: Sequence[tuple[SessionScore, SessionRecord]]) -> str:
    """The worst recordings with their differences marked."""
    scorable = [(score, record) for score, record in worst if not score.failed and record.unscorable() is None]
    if not scorable:
        return ""
    lines = "".join(
        f"<p><b>{escape(f'{score.utterance}, {score.cell}')}</b>: "
        f"{score.words.errors} of {score.words.reference} words wrong: "
        f"{diff_html(Session(result.run, record, score).diff.words)}</p>\n"
        for score, record in scorable
    )
    return f"<h2>Worst recordings</h2>{lines}"


def played_html(result: RunResult, title: str) -> str:
    """What was asked of a run and on what it ran, one row each.

    Args:
        result: the run.
        title: above the rows, not escaped yet.
    """
    manifest = result.run.manifest
    facts = {
        "run": result.run.run_id,
        "begun": manifest.created,
        "status": result.run.status,
        "data set": f"{manifest.corpus.name}, {manifest.corpus.utterances} recordings, {manifest.corpus.hash[:12]}",
        "endpoint": manifest.endpoint,
        "recogniser": manifest.recogniser or "of the service",
        "protocol": f"{manifest.product}, {manifest.dialect}",
        "seed, concurrency, repeats": f"{manifest.seed}, {manifest.concurrency}, {manifest.repeats}",
        "normaliser": result.scores[0].normaliser if result.scores else "–",
        "sessions": f"{len(result.scores)}, {sum(score.failed for score in result.scores)} failed",
        "machine": f"{manifest.host.cpu}, {manifest.host.cores} cores, {manifest.host.kernel}",
        **({"audio played": str(played)} if (played := throughput(result.run)) is not None else {}),
        "versions": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    return facts_html(title, facts)


def _figures(result: RunResult) -> str:
    """Figures that need no script, those of a sweep among them; one without a value is left out."""
    drawn = {f"{METRICS[key].title}, with 95 % intervals": metric_svg(result.cells, key) for key in _FIGURES}
    drawn |= {title: picture(figure, title) for title, figure in sweep_figures(result).items()}
    return figures_html(drawn)


def _comparisons(comparison: RunComparison, rows: int, resolution_ms: float | None) -> str:
    parts = [f"<h2>Against {escape(comparison.pairs[0].baseline)}</h2>"]
    parts += [f'<p class="warn">{escape(line)}</p>' for line in comparison.warnings[:rows]]
    for pair in comparison.pairs[: max(1, rows // 4)]:
        parts.append(f"<h3>{escape(pair.candidate)}</h3><p>{escape(pair.verdict.sentence)}</p>")
        if pair.settings:
            parts.append(table_html(settings_table(pair)))
        parts.append(table_html(display_table(pair, comparison.floor), rows, resolution_ms))
    hidden = len(comparison.pairs) - max(1, rows // 4)
    if hidden > 0:
        parts.append(f"<p>{hidden} comparisons hidden</p>")
    return "\n".join(parts)


def _worst(result: RunResult) -> list[tuple[SessionScore, SessionRecord]]:
    """Sessions with the most errors, with their records: those are what a reader opens first."""
    ranked = sorted((s for s in result.scores if s.words.errors or s.failed), key=lambda s: -s.words.errors)
    wanted = {s.key: s for s in ranked[:_TRANSCRIPTS]}
    records = {r.key: r for r in result.run.iter_records() if r.key in wanted}
    return [(score, records[key]) for key, score in wanted.items() if key in records]


def _sounds(result: RunResult, worst: Sequence[tuple[SessionScore, SessionRecord]]) -> dict[SessionKey, str]:
    """Players of the sessions that are shown, their sound inside."""
    from workbench.audio.files import encode_audio
    from workbench.runs.manifest import corpus_of
    from workbench.runs.sound import streamed_audio

    manifest = result.run.manifest
    corpus = corpus_of(manifest.corpus)
    players = {}
    for score, record in worst:
        data = base64.b64encode(encode_audio(*streamed_audio(manifest, record, corpus), "FLAC")).decode()
        label = escape(f"Sound of {score.key}")
        source = f"data:audio/flac;base64,{data}"
        players[score.key] = f'<audio controls preload="none" aria-label="{label}" src="{source}"></audio>'
    return players


def _transcripts(
    worst: Sequence[tuple[SessionScore, SessionRecord]],
    redact: bool,
    clip: int | None,
    sounds: Mapping[SessionKey, str],
) -> str:
    if not worst:
        return "<h2>Transcripts</h2><p>No session has an error.</p>"
    lines = []
    for score, record in worst:
        texts = (record.reference.written, record.hypothesis())
        shown = [f"{len(text.split())} words" if redact else _clipped(text, clip) for text in texts]
        cells = "".join(f'<td class="t text">{escape(text)}</td>' for text in shown)
        lines.append(
            f'<tr><td class="t">{escape(str(score.key))}</td><td>{score.words.errors} of {score.words.reference}</td>'
            f'{cells}<td class="t">{escape(record.error or "")}</td>'
            + (f'<td class="t">{sounds.get(score.key, "")}</td>' if sounds else "")
            + "</tr>\n"
        )
    names = ("session", "errors", "reference", "transcript", "error", *(["sound"] if sounds else []))
    head = "".join(f'<th scope="col" class="t">{name}</th>' for name in names)
    return (
        f"<h2>Transcripts: {len(lines)} sessions with the most errors</h2>"
        f"{SCROLL}<table><thead><tr>{head}</tr></thead><tbody>\n{''.join(lines)}</tbody></table></div>"
    )


def _clipped(text: str, clip: int | None) -> str:
    if clip is None or len(text) <= clip:
        return text
    return f"{text[:clip]}… ({len(text) - clip} characters more)"


def _summary(result: RunResult, rows: int) -> str:
    """The numbers of the page as JSON, the one thing a script needs; its text content is the JSON itself."""
    summary: dict[str, Any] = {
        "schema_version": 1,
        "run_id": result.run.run_id,
        "status": result.run.status,
        "corpus": result.run.manifest.corpus.name,
        "endpoint": result.run.manifest.endpoint,
        "recogniser": result.run.manifest.recogniser,
        "seed": result.run.manifest.seed,
        "sessions": len(result.scores),
        "failed": sum(score.failed for score in result.scores),
        "cells": [cell_json(cell) for cell in result.cells[:rows]],
        "cells_hidden": max(0, len(result.cells) - rows),
    }
    return summary_html(msgspec.json.encode(summary).decode())
