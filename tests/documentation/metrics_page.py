"""The reference of every metric, written from the docstrings and the declared columns."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

from workbench.reporting.tables.cells import (
    ACCURACY_COLUMNS,
    CELL_COLUMNS,
    DETAIL_COLUMNS,
    STABILITY_COLUMNS,
    SUMMARY_COLUMNS,
)
from workbench.reporting.tables.sessions import SESSION_COLUMNS
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Metric
from workbench.scoring.metrics.normalize import NORMALISERS

SECTIONS = {
    "Instrument: is the measurement itself sound?": (
        "instrument.PacingBudget", "instrument.Instrument", "instrument.Instrument.overhead", "instrument.instrument",
    ),
    "Accuracy": (
        "accuracy.ErrorCounts", "accuracy.ErrorCounts.rate", "accuracy.ErrorCounts.mer", "accuracy.ErrorCounts.wip",
        "accuracy.ErrorCounts.wil", "accuracy.word_errors", "accuracy.char_errors",
    ),
    "What matters: terms, values, negations, sides": (
        "reading.tallies.Meaning", "reading.tallies.Meaning.critical_rate", "reading.tallies.Tally",
        "reading.tallies.Tally.share", "reading.tallies.Tally.precision", "meant.meant", "reading.reading.read",
    ),
    "Written form, speakers and the screen": (
        "screen.Screen", "screen.Screen.punctuation_error_rate", "screen.Screen.case_error_rate", "screen.Screen.wder",
        "screen.visible_errors",
    ),
    "Latency": (
        "latency.Latency", "latency.Latency.coverage", "latency.Latency.resettled",
        "latency.Latency.word_latency_imputed_ns",
        "delay_parts.delay_parts", "delay_parts.median_word",
        "latency.latency", "cadence.Cadence", "cadence.cadence",
        "time_to_result.TimeToResult", "time_to_result.time_to_result",
    ),
    "Behind the audio, and against time": (
        "cursor.Cursor", "cursor.cursor", "first_term.FirstTerm", "first_term.first_term",
        "meetings.Meeting", "meetings.meeting", "meetings.diarisation_error",
        "curves.WaitPoint", "curves.waited_errors", "curves.Instant",
    ),
    "Stability of partials": (
        "stability.Stability", "stability.Stability.normalised_erasure", "stability.Stability.unstable_ratio",
        "stability.stability",
    ),
    "Statistics": (
        "stats.rate_interval", "stats.percentile", "stats.percentile_interval",
        "clustered.clustered_percentile_interval", "stats.thin", "bounds.count_limits", "bounds.difference_limits",
        "subsets.flip_p", "subsets.flip_interval", "jackknife.left_out_interval", "inference.mapsswe", "inference.holm",
        "inference.weighted_holm", "inference.benjamini_hochberg", "inference.smallest_detectable",
        "inference.pairs_needed", "inference.NonInferiority", "inference.non_inferiority",
    ),
}  # fmt: skip
"""Heading to the objects under ``workbench.scoring.metrics`` or ``workbench.scoring`` that define what stands there."""

_HEAD = re.compile(r"^(Attributes|Args|Returns|Raises):$")
_ITEM = re.compile(r"^    ([\w., ]+?): (.*)$")


def metrics_block() -> str:
    """Every definition, by section."""
    parts = []
    for title, names in SECTIONS.items():
        parts.append(f"## {title}")
        parts += [entry(name) for name in names]
    return "\n\n".join(parts)


def entry(name: str) -> str:
    """One object: its heading and its docstring as Markdown."""
    parts = name.split(".")
    named = next(i for i, part in enumerate(parts) if part[0].isupper() or i == len(parts) - 1)
    home = ".".join(parts[:named])
    above = home.startswith(("reading.", "meant", "delay_parts", "curves"))
    found = import_module(f"workbench.scoring.{'' if above else 'metrics.'}{home}")
    for part in parts[named:]:
        found = getattr(found, part)
    return f"### `{'.'.join(parts[named:])}`\n\n{markdown(inspect.getdoc(found) or '')}"


def markdown(doc: str) -> str:
    """A docstring in Markdown: attributes as a table, examples fenced, arguments left to the code."""
    paragraphs = re.split(r"\n\n", doc)
    return "\n\n".join(filter(None, (_paragraph(text) for text in paragraphs)))


def _paragraph(text: str) -> str:
    first, _, rest = text.partition("\n")
    head = _HEAD.match(first)
    if head is None:
        if text.startswith(">>>"):
            return f"```pycon\n{text}\n```"
        return _marks(" ".join(text.split()))
    if head[1] == "Attributes":
        rows = [f"| `{'`, `'.join(key.split(', '))}` | {_cell(value)} |" for key, value in _items(rest)]
        return "\n".join(["| value | definition |", "|---|---|", *rows])
    return f"Returns: {_marks(' '.join(rest.split()))}" if head[1] == "Returns" else ""


def _items(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        item = _ITEM.match(line)
        if item:
            found.append((item[1], item[2]))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return found


def _marks(text: str) -> str:
    text = re.sub(r":(?:func|class|mod|meth|data|attr):`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`")


def _cell(text: str) -> str:
    return _marks(text).replace("|", "\\|")


def list_block() -> str:
    """Every row of the list of metrics: name, unit, direction, zero, and whether it is compared."""
    rows = [
        f"| {m.title} | `{m.name}` | {m.unit or '–'} | {m.better or '–'} | {_cell(m.since or '–')} | "
        f"{_compared(m)} | {'yes' if m.certified else '–'} | "
        f"{_cell(m.definition)} |"
        for m in METRICS.values()
    ]
    head = "| metric | key | unit | better | counted from | compared | certified timing only | meaning |"
    return "\n".join([head, "|---" * 8 + "|", *rows])


def _compared(metric: Metric) -> str:
    return "primary" if metric.primary else "yes" if metric.compared else "on request" if metric.on_request else "–"


def columns_block() -> str:
    """What tables call the values, with unit and key."""
    parts = []
    tables = {
        "One row a configuration (`run`, `show`, `--json`)": (*SUMMARY_COLUMNS, *CELL_COLUMNS),
        "Accuracy": ACCURACY_COLUMNS,
        "Stability": STABILITY_COLUMNS,
        "On request (`show --columns details`)": DETAIL_COLUMNS,
        "One row a session (`show --sessions`)": SESSION_COLUMNS,
    }
    for title, columns in tables.items():
        rows = {c.key: f"| {c.title} | `{c.key}` | {c.unit or '–'} | {_cell(c.explain) or '–'} |" for c in columns}
        head = [f"### {title}", "", "| column | key | unit | meaning |", "|---|---|---|---|"]
        parts.append("\n".join([*head, *rows.values()]))
    return "\n\n".join(parts)


def normalisers_block() -> str:
    """Every normaliser with its version and what it does to one sentence."""
    text = "Temp. 38.5, B.P. 120/80; take 10 mg, no x-ray!"
    forms = {True: "spoken", False: "written"}
    # A library's normaliser has the version that is installed, which a page cannot know.
    versions = {n.name: re.sub(r" [\d.]+$", ", as installed", n.version) for n in NORMALISERS.values()}
    rows = [f"| `{n.name}` | {versions[n.name]} | {forms[n.spoken]} | `{n(text)}` |" for n in NORMALISERS.values()]
    head = ["| name | version | compared with the | what it makes of `" + text + "` |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])
