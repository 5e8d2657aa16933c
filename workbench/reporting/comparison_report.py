"""A comparison as one HTML file: the verdict first, then what changed, word by word; built as that of a run is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbench.comparing.headline import HEADLINES, change_text, headline, interval_text
from workbench.comparing.runs import PairedCells, RunComparison
from workbench.reporting.changed import ChangedText, changed_texts
from workbench.reporting.figures.run import metric_svg
from workbench.reporting.html_page import (
    figures_html,
    fitted,
    marks_html,
    page_html,
    summary_html,
    table_html,
    write_page,
)
from workbench.reporting.html_report import played_html
from workbench.reporting.markup import escape
from workbench.reporting.sides import run_name, side_names
from workbench.reporting.tables.comparison import (
    changed_table,
    comparison_json,
    deciding_table,
    display_table,
    one_sided,
    settings_table,
)
from workbench.runs.result import RunResult
from workbench.scoring.cells import CellScore
from workbench.scoring.measures import METRICS
from workbench.store.labels import RunLabel, run_labels

__all__ = ["render_comparison", "write_comparison"]

_FIGURES = ("wer", "word_latency_p95")
_TOLD = 3
"""Pairs that are told with numbers and transcripts; all of them have their tables."""
_ROWS = 200
_PAIRS = 20


def write_comparison(
    path: Path, compared: RunComparison, results: Sequence[RunResult], *, redact: bool = False, light: bool = False
) -> int:
    """Write the report of a comparison; only the owner may read the file, it holds transcripts unless redacted.

    Returns:
        Its size in bytes.

    Raises:
        InputError: the file cannot be written.
        StoreError: a run is damaged.
    """
    return write_page(path, render_comparison(compared, results, redact=redact, light=light))


def render_comparison(
    compared: RunComparison, results: Sequence[RunResult], *, redact: bool = False, light: bool = False
) -> str:
    """The page.

    Args:
        compared: as :func:`workbench.comparing.runs.compare_runs` gives it.
        results: what it was made of, the baseline first.
        redact: no transcripts.
        light: as many rows as fit under :data:`workbench.reporting.html_page.LIGHT_BYTES`.

    Raises:
        StoreError: a run is damaged.
    """
    texts = [] if redact else [changed_texts(pair, results) for pair in compared.pairs[:_TOLD]]
    if light:
        return fitted(lambda rows: _page(compared, results, texts, rows, redact))
    return _page(compared, results, texts, _ROWS, redact)


def _page(
    compared: RunComparison,
    results: Sequence[RunResult],
    texts: Sequence[Sequence[ChangedText]],
    rows: int,
    redact: bool,
) -> str:
    labels = run_labels(results[0].run.path.parent)
    told = list(zip(compared.pairs[:_TOLD], texts or [[]] * _TOLD, strict=False))
    title = _title(compared, labels)
    few = max(1, rows // 10)
    sections = [
        f"<h1>{escape(title)}</h1>",
        *(_answer(pair, labels) for pair, _ in told),
        _marks(results, redact),
        *(f'<p class="warn">{escape(line)}</p>' for line in compared.warnings[:rows]),
        _figures(compared, results, labels),
        *(_decided(pair, compared, labels) for pair, _ in told),
        *(_changed(pair, shown[:few], labels) for pair, shown in told if shown),
        _method(compared),
        "<h2>Appendix</h2>",
        *(_every(pair, compared, rows, labels) for pair in compared.pairs[: min(_PAIRS, few)]),
        _hidden(len(compared.pairs) - min(_PAIRS, few)),
        *(played_html(result, f"Run {run_name(result.run.run_id, labels)}") for result in results),
        _summary(compared, min(_PAIRS, few)),
    ]
    return page_html(title, sections)


def _title(compared: RunComparison, labels: dict[str, RunLabel]) -> str:
    ours, theirs = side_names(compared.pairs[0], labels)
    if len(compared.pairs) == 1:
        return f"{theirs} against {ours}"
    return f"{len(compared.pairs)} configurations against {ours}"


def _answer(pair: PairedCells, labels: dict[str, RunLabel]) -> str:
    """The verdict in a sentence, and its three numbers with their intervals."""
    lead = f'<p class="lead"><b>{escape(headline(pair.verdict, *side_names(pair, labels)))}</b></p>'
    if pair.verdict.incomparable:
        return lead
    numbers = []
    for finding in (pair.verdict.of(key) for key in HEADLINES):
        if finding.difference.difference is not None:
            spread = interval_text(finding) or finding.difference.reason or "no interval"
            numbers.append(
                f'<span class="num">{escape(finding.metric.title)}<b>{escape(change_text(finding))}</b>'
                f"{escape(spread)}</span>"
            )
    return f"{lead}<p>{''.join(numbers)}</p><p>{escape(one_sided(pair))}</p>"


def _marks(results: Sequence[RunResult], redact: bool) -> str:
    marks = [
        *(["simulated"] if any(result.run.manifest.recogniser for result in results) else []),
        *(["not complete"] if not all(result.complete for result in results) else []),
        *(["transcripts redacted"] if redact else []),
    ]
    return marks_html(marks)


def _figures(compared: RunComparison, results: Sequence[RunResult], labels: dict[str, RunLabel]) -> str:
    """Two figures without scripts: errors and delays of what is compared; one without a value is left out."""
    wanted = {(pair.runs[side], pair.cells[side]) for pair in compared.pairs for side in (0, 1)}
    sides: list[tuple[CellScore, str]] = [
        (cell, run_name(result.run.run_id, labels) if len(results) > 1 else "")
        for result in results
        for cell in result.cells
        if (result.run.run_id, cell.cell) in wanted
    ]
    cells, runs = [cell for cell, _ in sides], [run for _, run in sides]
    return figures_html(
        {f"{METRICS[key].title}, with 95 % intervals": metric_svg(cells, key, runs) for key in _FIGURES}
    )


def _decided(pair: PairedCells, compared: RunComparison, labels: dict[str, RunLabel]) -> str:
    """What decides, and what the two sides differ in."""
    heading = f"<h2>{escape(' against '.join(reversed(side_names(pair, labels))))}</h2>"
    differing = table_html(settings_table(pair), _ROWS) if pair.settings else "<p>No setting differs.</p>"
    return f"{heading}{table_html(deciding_table(pair, compared.floor))}<h3>Settings that differ</h3>{differing}"


def _changed(pair: PairedCells, shown: Sequence[ChangedText], labels: dict[str, RunLabel]) -> str:
    ours, theirs = (escape(name) for name in side_names(pair, labels))
    cards = "".join(
        f'<section class="one"><h3>{escape(one.changed.utterance)}: {escape(one.summary)}</h3>'
        f"<p>{ours}: {one.baseline or 'no text'}</p><p>{theirs}: {one.candidate or 'no text'}</p></section>\n"
        for one in shown
    )
    return f"<h2>Recordings that changed most, {theirs}</h2>{cards}"


def _method(compared: RunComparison) -> str:
    pair = compared.pairs[0]
    floor = f"{compared.floor_origin}, {compared.floor.n} recordings" if compared.floor else compared.floor_origin
    over = "speakers" if pair.comparison.by_speaker else "recordings"
    return (
        "<h2>Method</h2><p>Each recording is compared with itself on the other side; recordings that one side lacks or "
        f"failed are excluded and counted. Both texts went through the normaliser "
        f"{escape(pair.comparison.normaliser)}. Intervals are 95 % and come, as the p-values do, from exact sign-flip "
        f"tests over {over}; p-values are adjusted after Holm over all metrics and pairs, of which the primary metrics "
        "share four fifths of the 5 %. Latencies are compared on the words that both sides have, in recordings whose "
        f"timing is certified. Noise floor: {escape(floor)}.</p>"
    )


def _every(pair: PairedCells, compared: RunComparison, rows: int, labels: dict[str, RunLabel]) -> str:
    name = escape(" against ".join(reversed(side_names(pair, labels))))
    parts = [f"<h3>{name}: every metric</h3><p>{escape(pair.verdict.sentence)}.</p>"]
    parts.append(table_html(display_table(pair, compared.floor), rows))
    if pair.changed:
        parts.append(f"<h3>{name}: recordings that changed most</h3>{table_html(changed_table(pair), rows)}")
    return "\n".join(parts)


def _hidden(count: int) -> str:
    return f"<p>{count} comparisons hidden</p>" if count > 0 else ""


def _summary(compared: RunComparison, pairs: int) -> str:
    summary: dict[str, Any] = {"schema_version": 1, **comparison_json(compared)}
    summary["comparisons_hidden"] = max(0, len(compared.pairs) - pairs)
    summary["comparisons"] = summary["comparisons"][:pairs]
    return summary_html(msgspec.json.encode(summary).decode())
