"""One answer to whether a session or a run may be believed."""

from dataclasses import replace

import pytest

from tests.stored import batch, failing, heard, store_run
from workbench.reporting.tables.cells import cell_json
from workbench.reporting.tables.sessions import sessions_table
from workbench.runs.result import load_result
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.scoring.trust import TrustLevel, trust_of_session, trust_of_sessions
from workbench.store import open_run


def scored(records):
    """Scores of records."""
    return [score_session(record, normaliser("basic")) for record in records]


@pytest.mark.parametrize(
    ("changes", "facts", "reason"),
    [
        ({"late_ms": 60}, {}, "p99 lateness 60.0 ms > 10 ms"),
        ({"late_ms": -1000}, {}, "p99 earliness 1000.0 ms > 10 ms"),
        ({}, {"loop_blocked_us": 31_000}, "arrivals may have waited 31 ms for this process > 20 ms"),
        ({}, {"recogniser_backlog_ms": 6_200}, "recogniser up to 6.2 s behind on this machine"),
        ({"pace": 4.0}, {}, "not real time"),
    ],
)
def test_timing_that_is_not_certified_leaves_the_words(changes, facts, reason):
    """Late, early, arrivals that waited, a starved recogniser, a plan that is not real time."""
    record = heard(**changes)
    record.facts |= facts
    (score,) = scored([record])
    found = trust_of_session(score)
    assert found.level is TrustLevel.WORDS_ONLY
    assert reason in str(found)
    assert not score.timed


def test_what_is_within_the_budget_is_sound():
    """A loop that was blocked for 20 ms, a recogniser half a second behind."""
    record = heard()
    record.facts |= {"loop_blocked_us": 20_000, "recogniser_backlog_ms": 500}
    assert trust_of_session(scored([record])[0]).level is TrustLevel.SOUND


def test_nothing_is_believed_of_what_failed_or_has_no_text():
    """With the outcome, or the reason."""
    (failed,) = scored(failing(1))
    assert str(trust_of_session(failed)).startswith("nothing (failed: ")
    silent = replace(scored([heard()])[0], unscorable="no transcript was given")
    assert trust_of_session(silent).level is TrustLevel.NOTHING


def test_a_run_is_as_sound_as_nearly_all_of_its_sessions(tmp_path):
    """One of 24 late is left out, two of 24 leave the words alone; table, JSON and score say the same."""
    assert trust_of_sessions(scored(batch(24))).reasons == ()
    one = trust_of_sessions(scored([*batch(24), heard(utterance="late", late_ms=60)]))
    assert (one.level, len(one.reasons)) == (TrustLevel.SOUND, 1)
    records = [*batch(22), *(heard(utterance=f"late{i}", late_ms=60) for i in range(2)), *failing(1)]
    result = load_result(open_run(tmp_path, store_run(tmp_path, records)))
    found = trust_of_sessions(result.scores)
    assert found.level is TrustLevel.WORDS_ONLY
    assert found.reasons[0].startswith("timing not certified in 2 of 24 sessions (p99 lateness 60.0 ms")
    said = cell_json(result.cells[0])["trust"]
    assert said == {"level": "words only", "reasons": list(found.reasons)}
    levels = [row["trust"] for row in sessions_table(result.scores).rows]
    assert [levels.count(level) for level in ("sound", "words only", "nothing")] == [22, 2, 1]
    assert trust_of_sessions(scored(failing(2))).level is TrustLevel.NOTHING
