"""Every row of docs/metrics-degenerate.md: unknown is None with a reason, and NaN is nowhere."""

import json
import re
from pathlib import Path

import pytest

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.recording.record import Outcome
from workbench.reporting.tables.cells import accuracy_table, cell_json, cells_table, stability_table
from workbench.reporting.tables.sessions import sessions_table
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import SessionScore, score_session

PAIN = spoken("no chest pain")
PARTIALS = [(250, "partial", "no"), (450, "partial", "no chest")]
FINAL = [(700, "final", "no chest pain")]
END = [(1100, "end", "")]
TIMER = [(300 + 300 * i, "partial", "no") for i in range(8)]


def unstarted():
    """A session that was refused before it streamed."""
    record = session(PAIN, [], chunks=0, outcome=Outcome.REFUSED)
    record.start_ns = None
    return record


CASES = {
    "empty reference": lambda: session(untimed(""), PARTIALS + FINAL + END),
    "empty hypothesis": lambda: session(PAIN, [(300, "partial", ""), (700, "final", ""), *END]),
    "no partials": lambda: session(PAIN, FINAL + END),
    "only partials": lambda: session(PAIN, PARTIALS + END),
    "final before its partial": lambda: session(PAIN, [*FINAL, (720, "partial", "no chest pain"), *END]),
    "duplicated finals": lambda: session(PAIN, PARTIALS + FINAL + [(710, "final", "no chest pain")] + END),
    "messages after the terminal frame": lambda: session(PAIN, PARTIALS + FINAL + END + [(1200, "final", "late")]),
    "frames that cannot be read": lambda: session(PAIN, [(200, "raw", "{"), *PARTIALS, *FINAL, *END]),
    "no word times": lambda: session(untimed("no chest pain"), PARTIALS + FINAL + END),
    "no audio sent": lambda: session(PAIN, FINAL, chunks=0),
    "streaming never began": unstarted,
    "invalid pacing certificate": lambda: session(PAIN, PARTIALS + FINAL + END, late_ms=60),
    "partials on a timer": lambda: session(PAIN, [*TIMER, (3000, "final", "no chest pain"), (3100, "end", "")]),
    "one utterance": lambda: session(PAIN, PARTIALS + FINAL + END),
    "all sessions failed": lambda: session(PAIN, PARTIALS, outcome=Outcome.CLOSED_EARLY),
}

# For each case: word errors and WER of the session, then latencies and stability that must be as the page says.
EXPECTED = {
    "empty reference": (3, None, {"coverage": None, "word_latency_ns": ()}, None),
    "empty hypothesis": (3, 1.0, {"word_latency_ns": ()}, None),
    "no partials": (0, 0.0, {"first_partial_ns": None}, "no partials before a final"),
    "only partials": (3, 1.0, {"finalisation_ns": None, "word_finality_ns": (None,) * 3}, "no final"),
    "final before its partial": (0, 0.0, {"coverage": 1.0}, "no partials before a final"),
    "duplicated finals": (3, 1.0, {"coverage": 1.0}, None),
    "messages after the terminal frame": (0, 0.0, {"coverage": 1.0, "finalisation_ns": 100_000_000}, None),
    "frames that cannot be read": (0, 0.0, {"coverage": 1.0}, None),
    "no word times": (0, 0.0, {"first_partial_ns": None, "first_partial_audio_start_ns": 150_000_000}, None),
    "no audio sent": (0, 0.0, {"last_byte_to_final_ns": None}, "no partials before a final"),
    "streaming never began": (3, 1.0, {"first_partial_ns": None, "word_latency_ns": ()}, "no final"),
    "invalid pacing certificate": (0, 0.0, {"coverage": 1.0}, None),
    "partials on a timer": (0, 0.0, {"first_partial_ns": None, "first_partial_audio_start_ns": None}, None),
    "one utterance": (0, 0.0, {"coverage": 1.0}, None),
    "all sessions failed": (3, 1.0, {"finalisation_ns": None}, "no final"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_degenerate_session_is_scored_as_the_page_says(name):
    """Errors and WER, latencies, and the reason where stability is unknown."""
    score = score_session(CASES[name](), NORMALISERS["basic"])
    errors, rate, latencies, unstable = EXPECTED[name]
    assert (score.words.errors, score.words.rate) == (errors, pytest.approx(rate) if rate else rate)
    for metric, value in latencies.items():
        assert getattr(score.latency, metric) == value
        if value is None and metric != "coverage":
            assert score.latency.reasons[metric]
    assert score.stability.reason == unstable
    assert (score.stability.normalised_erasure is None) == (unstable is not None or name == "empty hypothesis")


@pytest.mark.parametrize("normaliser", NORMALISERS)
@pytest.mark.parametrize("name", CASES)
def test_nan_is_nowhere(name, normaliser):
    """Session rows, cell JSON and every table are plain numbers or null, under every normaliser."""
    score = score_session(CASES[name](), NORMALISERS[normaliser])
    assert SessionScore.from_row(json.loads(json.dumps(score.to_row(), allow_nan=False))) == score
    cells = score_run([score], seed=1)
    tables = [cells_table(cells), accuracy_table(cells), stability_table(cells), sessions_table([score])]
    json.dumps([cell_json(c) for c in cells] + [list(t.rows) for t in tables], allow_nan=False)
    assert all(len(row) == len(t.columns) for t in tables for row in t.text_rows())


@pytest.mark.parametrize("name", CASES)
def test_what_a_cell_lacks_has_a_reason(name):
    """Each latency of the summary is a number or has its reason."""
    (cell,) = score_run([score_session(CASES[name](), NORMALISERS["basic"])], seed=1)
    for metric in ("first_partial_ns", "word_latency_p50_ns", "word_latency_p95_ns", "finalisation_p50_ns"):
        assert getattr(cell, metric) is not None or cell.reasons[metric]
    assert cell.words.rate is not None or cell.reasons["wer"]


def test_the_page_has_a_row_for_every_case():
    """And no row without a case."""
    page = (Path(__file__).parents[3] / "docs" / "metrics-degenerate.md").read_text()
    rows = re.findall(r"^\| ([a-z][^|]*?) \|", page, re.MULTILINE)
    assert rows[1:] == list(CASES)
