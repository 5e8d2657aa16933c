"""A run as one HTML file that opens anywhere: no network, no server, no other file.

House rules: everything that came from a run is escaped; the page forbids itself every connection; tables are cut with
a word on how many rows are hidden; the summary is inside as JSON, so that a reader's script needs no second file.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from workbench.comparisons import RunComparison, compare_runs
from workbench.delta_tables import pair_table, settings_table
from workbench.errors import InputError
from workbench.plots import latency_figure, pareto_figure, wer_figure, wer_svg
from workbench.recording import SessionKey, SessionRecord
from workbench.scored import RunResult
from workbench.scoring import SessionScore
from workbench.tables import Table, accuracy_table, cell_json, sessions_table, stability_table, summary_table

__all__ = ["LIGHT_BYTES", "render_report", "table_html", "write_report"]

LIGHT_BYTES = 300_000
"""A light report stays under this: many mail servers cut or refuse more."""

_ROWS = 500
_TRANSCRIPTS = 40
_LIGHT_ROWS = (200, 100, 50, 20, 10, 5, 2, 1)
_LIGHT_TEXT = 1_000

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse;font-size:13px}
.scroll{overflow-x:auto;margin-top:.6rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;vertical-align:top}
th{border-bottom:2px solid #888}.t{text-align:left}.text{max-width:30rem;white-space:pre-wrap}
.mark{border:1px solid #888;border-radius:4px;padding:0 .4rem;font-size:13px}.warn{border-left:4px solid #d55e00;
padding-left:.6rem}ul.notes{color:#555;font-size:13px}pre{white-space:pre-wrap;font-size:12px}
"""
# Nothing may be fetched; inline styles and scripts are all there is. Images are what Plotly makes when it exports one.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; media-src data:"
)
_LIGHT_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_DRAW = """
for (const node of document.querySelectorAll('.figure')) {
  const figure = JSON.parse(node.nextElementSibling.textContent);
  Plotly.newPlot(node, figure.data, figure.layout, {displayModeBar: false, responsive: true});
}
"""


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
    data = render_report(result, redact=redact, light=light, audio=audio, resolution_ms=resolution_ms).encode()
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise InputError(
            "the report cannot be written",
            item=str(path),
            got=error.strerror,
            action="Name a file in a folder that you may write",
        ) from None
    return len(data)


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
        resolution_ms: of the instrument; measured times show no finer digits.

    Raises:
        InputError: sound in a report that is redacted or light.
        CorpusError: the corpus, which the sound is made from, is gone or changed.
    """
    if audio and (redact or light):
        raise InputError(
            "there is no room for sound",
            item="--audio",
            got="--redact" if redact else "--light",
            expected="one of both",
        )
    worst = _worst(result)
    compared = compare_runs([result]) if len(result.cells) > 1 else None
    if not light:
        sounds = _sounds(result, worst) if audio else {}
        return _page(result, worst, compared, _ROWS, redact, resolution_ms, light=False, sounds=sounds)
    page = ""
    for rows in _LIGHT_ROWS:
        page = _page(result, worst, compared, rows, redact, resolution_ms, light=True)
        if len(page.encode()) < LIGHT_BYTES:
            break
    return page


def _page(
    result: RunResult,
    worst: Sequence[tuple[SessionScore, SessionRecord]],
    compared: RunComparison | None,
    rows: int,
    redact: bool,
    resolution_ms: float | None,
    *,
    light: bool,
    sounds: Mapping[SessionKey, str] = MappingProxyType({}),
) -> str:
    title = f"Run {result.run.run_id}"
    few = worst[: max(1, rows // 10)] if light else worst

    def table(found: Table) -> str:
        return table_html(found, rows, resolution_ms)

    sections = [
        f"<h1>{escape(title)}</h1>",
        _facts(result, redact),
        "<h2>Summary</h2>",
        table(summary_table(result.cells)),
        _figures(result, light),
        _comparisons(compared, rows, resolution_ms) if compared else "",
        "<h2>Accuracy</h2>",
        table(accuracy_table(result.cells)),
        "<h2>Stability of partials</h2>",
        table(stability_table(result.cells)),
        "<h2>Sessions</h2>",
        table(sessions_table(result.scores)),
        _transcripts(few, redact, _LIGHT_TEXT if light else None, sounds),
        _summary(result, rows),
        "" if light else f"<script>{_DRAW}</script>",
    ]
    policy = _LIGHT_POLICY if light else _POLICY
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(filter(None, sections))
        + "\n</body></html>\n"
    )


def table_html(table: Table, rows: int | None = None, resolution_ms: float | None = None) -> str:
    """A table and its notes as HTML, every text escaped.

    Args:
        table: what to show.
        rows: how many of them at most; the page says how many are hidden.
        resolution_ms: measured times show no finer digits.
    """
    if not table.rows:
        return "<p>None.</p>"
    left = {c.key for c in table.columns if any(isinstance(row[c.key], str) for row in table.rows)}
    classes = [' class="t"' if c.key in left else "" for c in table.columns]
    head = "".join(
        f'<th scope="col"{kind} title="{escape(c.explain)}">{escape(c.heading)}</th>'
        for c, kind in zip(table.columns, classes, strict=True)
    )
    shown = Table(table.columns, table.rows[:rows]).text_rows(resolution_ms)
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(text)}</td>" for text, kind in zip(line, classes, strict=True)) + "</tr>\n"
        for line in shown
    )
    notes = [escape(note) for note in table.notes[:rows]]
    for what, hidden in (("rows", len(table.rows) - len(shown)), ("notes", len(table.notes) - len(notes))):
        if hidden:
            notes.append(f"{hidden} {what} hidden")
    told = f'<ul class="notes">{"".join(f"<li>{note}</li>" for note in notes)}</ul>' if notes else ""
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>{told}'


def _facts(result: RunResult, redact: bool) -> str:
    """What was asked and on what it ran, one row each."""
    manifest = result.run.manifest
    used = result.scores[0].normaliser if result.scores else "–"
    facts = {
        "begun": manifest.created,
        "status": result.run.status,
        "corpus": f"{manifest.corpus.name}, {manifest.corpus.utterances} utterances, {manifest.corpus.hash[:12]}",
        "endpoint": manifest.endpoint,
        "recogniser": manifest.recogniser or "of the service",
        "protocol": f"{manifest.product}, {manifest.dialect}",
        "seed, concurrency, repeats": f"{manifest.seed}, {manifest.concurrency}, {manifest.repeats}",
        "normaliser": used,
        "sessions": f"{len(result.scores)}, {sum(s.failed for s in result.scores)} failed",
        "machine": f"{manifest.host.cpu}, {manifest.host.cores} cores, {manifest.host.kernel}",
        "versions": ", ".join(f"{name} {version}" for name, version in manifest.versions.items()),
    }
    marks = [
        *(["simulated"] if manifest.recogniser else []),
        *(["not complete"] if not result.complete else []),
        *(["transcripts redacted"] if redact else []),
        *(["pacing invalid in some sessions"] if any(cell.left_out for cell in result.cells) else []),
    ]
    badges = " ".join(f'<span class="mark">{mark}</span>' for mark in marks)
    lines = "".join(
        f'<tr><th scope="row" class="t">{name}</th><td class="t">{escape(text)}</td></tr>'
        for name, text in facts.items()
    )
    return f"<p>{badges}</p><table>{lines}</table>"


def _figures(result: RunResult, light: bool) -> str:
    if light:
        return wer_svg(result.cells)
    from plotly.offline import get_plotlyjs

    figures = (
        wer_figure(result.cells),
        pareto_figure(result.cells),
        latency_figure(result.cells, result.scores),
    )
    drawn = "".join(
        f'<div class="figure"></div><script type="application/json">{_inert(figure.to_json())}</script>'
        for figure in figures
    )
    return f"<script>{get_plotlyjs()}</script>{drawn}"


def _inert(json: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _comparisons(found: RunComparison, rows: int, resolution_ms: float | None) -> str:
    parts = [f"<h2>Against {escape(found.pairs[0].baseline)}</h2>"]
    parts += [f'<p class="warn">{escape(line)}</p>' for line in found.warnings[:rows]]
    for pair in found.pairs[: max(1, rows // 4)]:
        parts.append(f"<h3>{escape(pair.candidate)}</h3><p>{escape(pair.verdict.sentence)}</p>")
        if pair.settings:
            parts.append(table_html(settings_table(pair)))
        parts.append(table_html(pair_table(pair, found.floor), rows, resolution_ms))
    hidden = len(found.pairs) - max(1, rows // 4)
    if hidden > 0:
        parts.append(f"<p>{hidden} comparisons hidden</p>")
    return "\n".join(parts)


def _worst(result: RunResult) -> list[tuple[SessionScore, SessionRecord]]:
    """Sessions with the most errors, with their records: those are what a reader opens first."""
    ranked = sorted((s for s in result.scores if s.words.errors or s.failed), key=lambda s: -s.words.errors)
    wanted = {s.key: s for s in ranked[:_TRANSCRIPTS]}
    found = {r.key: r for r in result.run.iter_records() if r.key in wanted}
    return [(score, found[key]) for key, score in wanted.items() if key in found]


def _sounds(result: RunResult, worst: Sequence[tuple[SessionScore, SessionRecord]]) -> dict[SessionKey, str]:
    """Players of the sessions that are shown, their sound inside."""
    from workbench.asked import corpus_of
    from workbench.sound import flac_of, streamed_audio

    manifest = result.run.manifest
    corpus = corpus_of(manifest.corpus)
    found = {}
    for score, record in worst:
        data = base64.b64encode(flac_of(*streamed_audio(manifest, record, corpus))).decode()
        label = escape(f"Sound of {score.key}")
        source = f"data:audio/flac;base64,{data}"
        found[score.key] = f'<audio controls preload="none" aria-label="{label}" src="{source}"></audio>'
    return found


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
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{"".join(lines)}</tbody></table></div>'
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
    text = escape(msgspec.json.encode(summary).decode(), quote=False)
    return f'<h2>Raw summary</h2><details><summary>JSON</summary><pre id="summary">{text}</pre></details>'
