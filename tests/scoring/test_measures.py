"""The list of metrics: what each row must have, and that nothing of it is said twice."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench
from tests.stored import batch, heard
from workbench.comparing.gate import LIMITS, MARGINS
from workbench.scoring.measured import Measured, measure, pooled, scaled, session_value, usable
from workbench.scoring.measures import DURATIONS, METRICS, named
from workbench.scoring.metric import FACES, Counts, Duration, Metric, Percentile, Pooled, Total
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.stats import Interval
from workbench.scoring.session import score_session

PACKAGE = Path(workbench.__file__).parent
LIST = PACKAGE / "scoring" / "measures.py"
ELSEWHERE = sorted(path for path in PACKAGE.rglob("*.py") if path not in (LIST, LIST.with_name("details.py")))

SHARE = Metric("share", "share", "%", "lower", Counts(lambda s: (s.words.errors, s.words.reference)), "x", digits=1)
PER_100 = Metric(
    "e", "e", "per 100 words", "lower", Counts(lambda s: (s.words.errors, s.words.reference)), "x", digits=1
)
LAG = Duration("lag", "lag", "speech", lambda s: s.latency.word_latency_ns, "word")


def scores(*records):
    """Scores under the plainest normaliser that forgives case."""
    return [score_session(record, normaliser("basic")) for record in records]


def test_keys_names_and_titles_are_told_apart():
    """A row is found by its key and by its name; no two share a title or a heading in one table."""
    assert [named(name).key for name in (*METRICS, *(row.name for row in METRICS.values()))] == [*METRICS, *METRICS]
    assert len({row.title for row in METRICS.values()}) == len(METRICS)
    for face in FACES:
        headings = [row.heading or row.title for row in METRICS.values() if face in row.tables]
        assert len(set(headings)) == len(headings), face


@pytest.mark.parametrize("row", METRICS.values(), ids=lambda row: row.key)
def test_a_row_is_whole(row):
    """What is compared or bounded has a direction, what is primary is compared, a time has its zero."""
    assert row.definition
    assert set(row.tables) <= set(FACES)
    assert row.gated == bool(row.better)
    assert not row.compared or row.better
    assert not row.primary or row.compared
    assert "ends" not in row.tables or (row.interval and "cells" in row.tables)
    assert (row.unit in ("ms", "s")) == row.name.endswith(("_ms", "_s"))
    if isinstance(row.source, Percentile):
        assert row.since
        assert row.source.duration is DURATIONS[row.source.duration.key]
        assert row.certified == row.source.duration.certified


def test_a_gate_takes_what_the_list_says():
    """Every limit and margin is a name of the list, and whatever has a direction may have both."""
    assert set(LIMITS) == set(MARGINS) == {row.name for row in METRICS.values() if row.better}
    assert {"wer", "value_accuracy", "word_latency_p95_ms"} <= set(MARGINS)


def strings(path: Path) -> list[str]:
    """Texts of a module that are no docstrings, parts of formatted ones too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements
    ]


def test_titles_of_metrics_stand_in_one_file():
    """No other module has the title or heading of a metric as a text of its own, with or without its unit."""
    rows = [text for row in METRICS.values() for text in (row.title, row.heading)]
    titles = {*rows, *(duration.title for duration in DURATIONS.values())}
    # A single lower-case word, such as "coverage", is a key as well.
    own = sorted(re.escape(text) for text in titles if " " in text or (len(text) > 1 and text != text.lower()))
    assert {"WER", r"word\ p95", r"medical\ WER"} <= set(own)
    title = re.compile(rf"(median )?({'|'.join(own)})( \[.*\]| low| high| before| now)?")
    found = [
        f"{path.relative_to(PACKAGE)}: {text}"
        for path in ELSEWHERE
        for text in strings(path)
        if title.fullmatch(text.strip())
    ]
    assert found == []


def test_columns_of_metrics_are_declared_by_the_list():
    """No other module declares a column under the name of a metric, so none has its unit or its decimals."""
    # How many sessions failed is a count of a table, their share a metric.
    names = {row.name for row in METRICS.values() if not row.attempted}
    found = [
        f"{path.relative_to(PACKAGE)}: {node.args[0].value}"
        for path in ELSEWHERE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Column"
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in names
    ]
    assert found == []


def test_rates_add_their_counts():
    """One error in three words and none in three: one of six, whatever the unit."""
    both = scores(heard("no pain"), heard(utterance="u01"))
    assert pooled(both, SHARE) == pytest.approx(1 / 6)
    assert measure(both, PER_100, seed=1).shown(PER_100).value == pytest.approx(100 / 6)
    assert measure(both, SHARE, seed=1).n == 2
    assert session_value(both[0], PER_100) == pytest.approx(100 / 3)
    assert pooled([], SHARE) is None


def test_units_are_made_at_the_edge():
    """Nanoseconds become ms or s; a percentage stays a ratio, and is read as percent or points."""
    late = Metric("lag_p95", "lag p95", "s", "lower", Percentile(LAG, 95), "x", digits=2)
    assert (late.name, late.shown(1_500_000_000), late.text(1.5)) == ("lag_p95_s", 1.5, "1.50 s")
    assert (SHARE.text(0.1234), SHARE.text(-0.02, change=True, signed=True)) == ("12.3 %", "-2.0 points")
    assert PER_100.text(1.25, change=True, signed=True) == "+1.2 per 100 words"
    assert Metric("n", "n", "count", None, Total(lambda s: 1), "x").text(3) == "3"
    assert [SHARE.axis, PER_100.axis] == ["share [%]", "e [per 100 words]"]


def test_totals_and_pooled_values():
    """A total leaves unknown sessions out and is unknown without any; a pooled value sees all sessions at once."""
    both = scores(*batch(2))
    some = Total(lambda s: 5 if s.utterance == "u00" else None)
    assert pooled(both, Metric("n", "n", "count", None, some, "x")) == 5
    assert pooled(both[1:], Metric("n", "n", "count", None, some, "x")) is None
    assert pooled(both, Metric("n", "n", "", None, Pooled(len), "x")) == 2


def test_a_certified_metric_takes_certified_sessions():
    """An unpaced session keeps its words and loses its times; a failed one loses both."""
    both = scores(heard(), heard(utterance="late", late_ms=90))
    assert [s.utterance for s in usable(both, METRICS["word_latency_p50"])] == ["u00"]
    assert [s.utterance for s in usable(both, METRICS["coverage"])] == ["u00"]
    assert [s.utterance for s in usable(both, METRICS["wer"])] == ["u00", "late"]
    assert [s.utterance for s in usable(both, METRICS["connect_p50"])] == ["u00", "late"]


@given(st.integers(-5, 5), st.integers(-5, 5), st.booleans())
def test_a_turned_interval_keeps_its_order(low, high, turned):
    """The sign of both ends is turned, and so are their places; an unbounded end stays unbounded."""
    low, high = sorted((low, high))
    sign = -1 if turned else 1

    def change(end):
        return None if end is None else sign * end

    ends = scaled(Interval(low, high), change, turned=turned)
    assert ends.low <= ends.high
    assert {ends.low, ends.high} == {sign * low, sign * high}
    open_end = scaled(Interval(low, None), change, turned=turned)
    assert (open_end.low, open_end.high) == ((None, -low) if turned else (low, None))
    assert Measured(1.0, None, 3).shown(SHARE) == Measured(1.0, None, 3)
