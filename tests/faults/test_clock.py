"""The wall clock of this machine steps while a session streams: nothing that is measured moves."""

import time

import pytest

from tests.faults.playing import play_row
from tests.faults.rows import ROWS
from workbench.recording.record import Outcome
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session

PLAIN = next(row for row in ROWS if row.name == "jitter of up to 40 ms")
HOUR_NS = 3_600_000_000_000


@pytest.mark.slow
@pytest.mark.parametrize("step_ns", [2 * HOUR_NS, -2 * HOUR_NS], ids=["forward", "back"])
async def test_a_step_of_the_wall_clock_changes_no_latency_and_is_seen_in_the_anchors(step_ns, monkeypatch):
    """Durations are monotonic; the two anchors of a session show that the wall clock moved."""
    true_time_ns, true_time, steps = time.time_ns, time.time, [0]
    monkeypatch.setattr(time, "time_ns", lambda: true_time_ns() + steps[0])
    monkeypatch.setattr(time, "time", lambda: true_time() + steps[0] / 1e9)
    seen = []

    def stepping(original):
        def arrived(player, raw, received_ns):
            steps[0] = step_ns  # with the first message of the stream
            seen.append(1)
            original(player, raw, received_ns)

        return arrived

    from workbench.playing.stream import StreamPlayer

    monkeypatch.setattr(StreamPlayer, "arrived", stepping(StreamPlayer.arrived))
    played = await play_row(PLAIN, 0, "websockets")
    assert seen
    (record,) = played.records
    assert record.outcome is Outcome.COMPLETED, record.error
    elapsed_ns = record.mono_end_ns - record.mono_start_ns
    assert 0 < elapsed_ns < HOUR_NS
    assert abs((record.wall_end_ns - record.wall_start_ns) - elapsed_ns - step_ns) < 5_000_000_000
    score = score_session(record, normaliser("basic"))
    assert 0 < score.latency.connect_ns < elapsed_ns
    assert 0 < score.latency.end_of_results_ns < elapsed_ns
