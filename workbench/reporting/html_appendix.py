"""Parts of the report for whoever asks further: what waiting buys, and the tables that stand closed at its end."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.reporting.figures.curves import wait_figure
from workbench.reporting.figures.picture import picture
from workbench.reporting.html_page import figures_html, table_html
from workbench.reporting.markup import escape
from workbench.reporting.tables.analysis import delay_parts_table
from workbench.reporting.tables.cells import details_table
from workbench.reporting.tables.curves import over_time_table, wait_sentences, wait_table
from workbench.reporting.tables.table import on_its_side
from workbench.runs.result import RunResult
from workbench.scoring.curves import Curves
from workbench.scoring.delay_parts import median_words

__all__ = ["appendix_html", "waiting_html"]

_SENTENCES = 3


def waiting_html(found: Curves, names: Sequence[str]) -> str:
    """What 500 ms buy in a sentence, and the curve it is read from; the reason where there is none."""
    told = wait_sentences(found.waits)
    lines = list(told.values())[:_SENTENCES] or wait_table(found.waits).notes
    title = "WER of the text on screen against the wait for each word; dotted: at the end of the session"
    drawn = {title: picture(wait_figure(found.waits, names), title)} if told else {}
    return f"<h2>What does waiting buy?</h2>{''.join(f'<p>{escape(line)}</p>' for line in lines)}{figures_html(drawn)}"


def appendix_html(result: RunResult, found: Curves, rows: int, resolution_ms: float | None) -> str:
    """What is looked at on request, closed until somebody opens it."""
    cells = result.cells
    tables = {
        "What a word's delay is made of": delay_parts_table(median_words(result.scores, [cell.cell for cell in cells])),
        "Opening a session, both anchors, bounds, transport": on_its_side(details_table(cells), resolution_ms),
        "WER by wait": wait_table(found.waits),
        "WER and cursor latency over the session": over_time_table(found.instants),
    }
    parts = "".join(
        f"<details><summary>{escape(title)}</summary>{table_html(table, rows, resolution_ms)}</details>"
        for title, table in tables.items()
        if table.rows
    )
    return f"<h2>Appendix</h2>{parts}" if parts else ""
