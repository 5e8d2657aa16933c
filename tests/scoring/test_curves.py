"""What waiting buys, and WER with cursor latency over the session: worked by hand, and equal to the WER at the end."""

from __future__ import annotations

import json

import jiwer
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, spoken
from tests.stored import batch, heard, store_run
from workbench.cli import cli
from workbench.cli.options import SLICES
from workbench.reporting.figures.curves import wait_figure
from workbench.reporting.tables.curves import wait_sentences, wait_table
from workbench.scoring.breakdown import GROUPINGS
from workbench.scoring.curves import WAITS_MS, WaitPoint, over_time, timed_keys, wait_curve, waited_errors
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

CLINICAL = normaliser("clinical")
WORDS = st.lists(st.sampled_from(["no", "chest", "pain", "on", "left", "arm"]), max_size=8).map(" ".join)


def waited(record, *waits_ms):
    """Errors and missing words at some waits, and at the end."""
    return waited_errors(SessionView(record), [wait * NS_PER_MS for wait in waits_ms])


def test_each_word_is_taken_as_it_stands_some_time_after_it_was_spoken():
    """Words end at 200, 400, 600 ms; "know" at 250 and 450, put right at 650."""
    record = session(
        spoken("no chest pain"),
        [(250, "partial", "know"), (450, "partial", "know chest"), (650, "final", "no chest pain")],
    )
    # Each word comes after its end: at 0 all are missing. At 100 the first is wrong, the others are there.
    assert waited(record, 0, 100, 500) == [(3, 3), (1, 0), (0, 0), (0, 0)]


def test_words_that_are_not_spoken_yet_are_neither_missing_nor_invented():
    """All three words stand there after 250 ms, before two of them are spoken; an invented one counts where it is."""
    early = session(spoken("no chest pain"), [(150, "final", "no chest pain")])
    assert waited(early, 0) == [(0, 0), (0, 0)]
    invented = session(spoken("no chest pain"), [(150, "final", "no no chest pain")])
    assert waited(invented, 0) == [(1, 0), (1, 0)]


def test_what_never_became_final_is_gone_at_the_end():
    """The joined finals are the text of the session."""
    record = session(spoken("no pain"), [(250, "final", "no"), (450, "partial", "pain")])
    assert waited(record, 100) == [(0, 0), (1, 1)]


@given(WORDS.filter(bool), st.lists(WORDS, max_size=4))
def test_the_curve_ends_at_the_word_error_rate(reference, finals):
    """As jiwer counts it on the joined finals."""
    messages = [(300 * (k + 1), "final", text) for k, text in enumerate(finals)]
    record = session(spoken(reference), messages, chunks=20)
    hypothesis = " ".join(filter(None, finals))
    out = jiwer.process_words(reference, hypothesis)
    errors = out.substitutions + out.deletions + out.insertions
    assert waited(record, 60_000)[0][0] == waited(record)[-1][0] == errors
    assert score_session(record, CLINICAL).words.errors == errors


def test_points_pool_the_sessions_that_count():
    """A failed or late session is in no point; the rate has its interval, and the last point no wait."""
    records = [*batch(4, wrong=1), heard("wrong", utterance="late", late_ms=90)]
    scores = [score_session(record, CLINICAL) for record in records]
    points = wait_curve(records, timed_keys(scores), seed=1)
    assert [point.wait_ns for point in points] == [*(wait * NS_PER_MS for wait in WAITS_MS), None]
    assert (points[-1].errors, points[-1].words, points[-1].rate) == (1, 12, pytest.approx(1 / 12))
    assert points[-1].interval.low < 1 / 12 < points[-1].interval.high
    assert (points[0].missing, points[0].rate) == (12, 1.0)
    figure = wait_figure(points, [*dict.fromkeys(p.cell for p in points)])
    assert [list(trace.x) for trace in figure.data] == [list(WAITS_MS)]
    assert len(wait_figure([], []).data) == 0


def at_waits(cell, rates_at_waits, end):
    """Points of 100 words; errors in per cent."""
    waits = [*(wait * NS_PER_MS for wait in WAITS_MS), None]
    return [WaitPoint(cell, wait, n, 0, 100) for wait, n in zip(waits, [*rates_at_waits, end], strict=True)]


def test_what_half_a_second_buys_is_a_sentence():
    """Read off the rows: 60 % at 500 ms of 90 %; near the end for good from 1,500 ms, although 300 ms touched it."""
    points = at_waits("a", [90, 80, 70, 10, 60, 50, 30, 11, 11, 10, 9], 10)
    points += at_waits("b", [50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50], 5)
    points += [WaitPoint("empty", point.wait_ns, 0, 0, 0) for point in at_waits("", [0] * 11, 0)]
    assert wait_sentences(points) == {
        "a": "a: waiting 500 ms after each word brings WER from 90.0 % to 60.0 %; at the end of the session it is "
        "10.0 %, and within a point of that from 1,500 ms on.",
        "b": "b: waiting 500 ms after each word leaves WER at 50.0 %; at the end of the session it is 5.0 %, and no "
        "wait up to 5,000 ms comes within a point of that.",
    }
    assert wait_table([]).notes == ("What waiting buys is unknown: no session with certified timing has word times.",)


def test_both_stand_at_the_same_instants():
    """Two seconds of audio, an instant a second; at 1 s three words are spoken of which two are on the screen."""
    record = session(
        spoken("no chest pain on arm", word_ms=300),
        [(950, "partial", "no chest"), (1900, "final", "no chest pain on arm")],
        chunks=20,
    )
    score = score_session(record, CLINICAL)
    found = over_time([record], {score.key: score}, timed_keys([score]))
    assert [(i.at_ns // 10**9, i.sessions, i.errors.errors, i.errors.reference) for i in found] == [
        (1, 1, 1, 3), (2, 1, 0, 5),
    ]  # fmt: skip
    # At 950 ms 900 are sent and 600 transcribed; at 1,900 ms everything is.
    assert [[lag // NS_PER_MS for lag in i.lag_ns] for i in found] == [[300], [0]]


def test_show_prints_curves_parts_and_throughput(tmp_path):
    """As tables and as JSON."""
    store_run(tmp_path, batch(4, wrong=1))
    command = ["show", "last", "--store", str(tmp_path)]
    found = json.loads(CliRunner().invoke(cli, [*command, "--curve", "--by", "duration", "--json"]).stdout)
    last = found["curve"][-1]
    assert (last["wait_ms"], last["wer"], last["missing"], last["words"]) == (None, pytest.approx(1 / 12), 0.0, 12)
    assert last["low"] <= last["wer"] <= last["high"]
    assert found["over_time"][0]["sessions"] == 4
    assert [(row["slice"], row["n"]) for row in found["parts"]] == [("up to 10 s", 4)]
    text = CliRunner().invoke(cli, [*command, "--curve", "--by", "duration"]).output
    assert all(word in text for word in ("wait [ms]", "cursor mean [ms]", "up to 10 s"))
    assert "clean: waiting 500 ms after each word brings WER from 100.0 % to 8.3 %" in " ".join(text.split())


def test_the_command_line_cuts_as_the_library_does():
    """The same names in the same order."""
    assert SLICES == GROUPINGS
