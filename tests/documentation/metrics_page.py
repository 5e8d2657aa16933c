"""The reference of every metric, written from the docstrings and the declared columns."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

from workbench.metrics.normalize import NORMALISERS
from workbench.tables import ACCURACY_COLUMNS, CELL_COLUMNS, SESSION_COLUMNS, STABILITY_COLUMNS, SUMMARY_COLUMNS

SECTIONS = {
    "Instrument: is the measurement itself sound?": (
        "instrument.PacingBudget", "instrument.Instrument", "instrument.Instrument.overhead", "instrument.instrument",
    ),
    "Accuracy": (
        "accuracy.ErrorCounts", "accuracy.ErrorCounts.rate", "accuracy.ErrorCounts.mer", "accuracy.ErrorCounts.wip",
        "accuracy.ErrorCounts.wil", "accuracy.word_errors", "accuracy.char_errors",
    ),
    "What matters: terms, values, negations, sides": (
        "terms.TermCounts", "terms.TermCounts.recall", "terms.TermCounts.precision", "terms.TermCounts.f1",
        "terms.Meaning", "terms.Meaning.medical_wer", "terms.Kept.share", "terms.meaning", "values.ValueCounts",
        "values.ValueCounts.accuracy", "values.ValueCounts.written_accuracy", "values.value_counts",
    ),
    "Written form, speakers and the screen": (
        "screen.Screen", "screen.Screen.punctuation_error_rate", "screen.Screen.case_error_rate", "screen.Screen.wder",
        "screen.visible_errors",
    ),
    "Latency": (
        "latency.Latency", "latency.Latency.coverage", "latency.latency", "cadence.Cadence", "cadence.cadence",
        "results.TimeToResult", "results.time_to_result",
    ),
    "Stability of partials": (
        "stability.Stability", "stability.Stability.normalised_erasure", "stability.Stability.unstable_ratio",
        "stability.stability", "stability.is_critical",
    ),
    "Statistics": (
        "stats.rate_interval", "stats.percentile", "stats.percentile_interval",
        "clustered.clustered_percentile_interval", "stats.thin", "stats.two_sided_p", "inference.mapsswe",
        "inference.holm", "inference.benjamini_hochberg", "inference.smallest_detectable", "inference.NonInferiority",
        "inference.non_inferiority",
    ),
}  # fmt: skip
"""Heading to the objects under ``workbench.metrics`` that define what stands there."""

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
    found = import_module(f"workbench.metrics.{name.partition('.')[0]}")
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return f"### `{name.partition('.')[2]}`\n\n{markdown(inspect.getdoc(found) or '')}"


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


def columns_block() -> str:
    """What tables call the values, with unit and key."""
    parts = []
    tables = {
        "One row a configuration (`run`, `show`, `--json`)": (*SUMMARY_COLUMNS, *CELL_COLUMNS),
        "Accuracy": ACCURACY_COLUMNS,
        "Stability": STABILITY_COLUMNS,
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
    rows = [f"| `{n.name}` | {n.version} | {forms[n.spoken]} | `{n(text)}` |" for n in NORMALISERS.values()]
    head = ["| name | version | compared with the | what it makes of `" + text + "` |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])
