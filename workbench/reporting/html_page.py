"""An HTML page that opens anywhere: no network, no server, no script, no other file.

Everything that came from a run is escaped; the page forbids itself every connection; tables are cut with a word on how
many rows are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from workbench.reporting.markup import escape
from workbench.reporting.tables.table import Table
from workbench.store.files import write_named

__all__ = [
    "LIGHT_BYTES",
    "SCROLL",
    "facts_html",
    "figures_html",
    "fitted",
    "marks_html",
    "page_html",
    "summary_html",
    "table_html",
    "write_page",
]

LIGHT_BYTES = 300_000
"""A light page stays under this: many mail servers cut or refuse more."""

_SHORT = 40
_LIGHT_ROWS = (200, 100, 50, 20, 10, 5, 2, 1)
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}.lead{font-size:1.1rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse;font-size:13px}
figure{margin:1rem 0;max-width:46rem}figcaption{color:#555;font-size:13px}
.scroll{overflow-x:auto;margin-top:.6rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;vertical-align:top}
th{border-bottom:2px solid #888}.t{text-align:left}.text{max-width:30rem;white-space:pre-wrap}
sup{font-weight:normal;margin-left:.15em}
section.one{border:1px solid #ddd;border-radius:4px;padding:.3rem .8rem;margin:.6rem 0}
section.one p{margin:.3rem 0}section.one h3{margin:.2rem 0;font-size:1rem}
.num{display:inline-block;min-width:14rem;margin:.2rem 1.2rem .2rem 0}.num b{display:block;font-size:1.3rem}
.mark{border:1px solid #888;border-radius:4px;padding:0 .4rem;font-size:13px}.warn{border-left:4px solid #d55e00;
padding-left:.6rem}ul.notes{color:#555;font-size:13px}pre{white-space:pre-wrap;font-size:12px}
"""
# Nothing may be fetched and nothing runs; inline styles are all there is, and sound that lies inside.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; media-src data:"
# What scrolls can be reached by keyboard.
SCROLL = '<div class="scroll" tabindex="0" role="region" aria-label="Table">'
# HTML forbids them, and no text on a screen has them.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def page_html(title: str, sections: Iterable[str]) -> str:
    """The page; empty sections are left out, control characters that slipped through become visible.

    Args:
        title: of the window, not escaped yet.
        sections: HTML.
    """
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main></body></html>\n"
    )
    # A reader of the page by ear tells its tables apart by their numbers.
    first, *rest = page.split(SCROLL)
    numbered = (SCROLL.replace('"Table"', f'"Table {number}"') + part for number, part in enumerate(rest, 1))
    return _CONTROLS.sub("\ufffd", first + "".join(numbered))


def fitted(page: Callable[[int], str]) -> str:
    """The longest page that stays under :data:`LIGHT_BYTES`.

    Args:
        page: makes it of a number of rows.
    """
    made = ""
    for rows in _LIGHT_ROWS:
        made = page(rows)
        if len(made.encode()) < LIGHT_BYTES:
            break
    return made


def write_page(path: Path, page: str) -> int:
    """Write a page; only the owner may read the file.

    Returns:
        Its size in bytes.

    Raises:
        InputError: the file cannot be written.
    """
    data = page.encode()
    write_named(path, "report", lambda file: file.write(data))
    return len(data)


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
        "<tr>" + "".join(_cell(text, kind) for text, kind in zip(line, classes, strict=True)) + "</tr>\n"
        for line in shown
    )
    notes = [escape(note) for note in table.notes[:rows]]
    for what, hidden in (("rows", len(table.rows) - len(shown)), ("notes", len(table.notes) - len(notes))):
        if hidden:
            notes.append(f"{hidden} {what} hidden")
    notes_html = f'<ul class="notes">{"".join(f"<li>{note}</li>" for note in notes)}</ul>' if notes else ""
    return f"{SCROLL}<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>{notes_html}"


def _cell(text: str, kind: str) -> str:
    """A cell; a number is not broken from its unit by the end of a line."""
    whole = ' style="white-space:nowrap"' if kind and text[:1] in "+-±<0123456789" and len(text) < _SHORT else ""
    return f"<td{kind}{whole}>{escape(text)}</td>"


def marks_html(marks: Sequence[str]) -> str:
    """What a reader must know, as badges; empty for none."""
    badges = " ".join(f'<span class="mark">{escape(mark)}</span>' for mark in marks)
    return f"<p>{badges}</p>" if marks else ""


def figures_html(drawn: Mapping[str, str | None]) -> str:
    """Pictures under their titles, not escaped yet; one without a picture is left out."""
    return "\n".join(
        f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>" for title, svg in drawn.items() if svg
    )


def facts_html(title: str, facts: Mapping[str, str]) -> str:
    """What was asked and on what it ran, one row each."""
    lines = "".join(
        f'<tr><th scope="row" class="t">{escape(name)}</th><td class="t">{escape(text)}</td></tr>'
        for name, text in facts.items()
    )
    return f"<h2>{escape(title)}</h2>{SCROLL}<table>{lines}</table></div>"


def summary_html(json: str) -> str:
    """The numbers of the page as JSON, the one thing a script needs; its text content is the JSON itself."""
    text = escape(json, quote=False)
    return f'<h2>Raw summary</h2><details><summary>JSON</summary><pre id="summary">{text}</pre></details>'
