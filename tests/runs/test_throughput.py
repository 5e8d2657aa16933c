"""Audio per time of a whole run."""

from __future__ import annotations

from tests.stored import failing, heard, store_run
from workbench.runs.throughput import throughput
from workbench.store import open_run


def test_audio_of_completed_sessions_over_the_time_of_the_run(tmp_path):
    """Two sessions of 1 s each, begun at 0 and 0.5 s and over at 1.5 and 2.5 s: 2 s in 2.5 s."""
    records = [heard(utterance=f"u{i}") for i in range(2)]
    for i, record in enumerate(records):
        record.wall_start_ns, record.wall_end_ns = (10**18 + i * 500_000_000, 10**18 + 1_500_000_000 + i * 10**9)
    for commit in (True, False):
        found = throughput(open_run(tmp_path, store_run(tmp_path, [*records, *failing(1)], commit=commit)))
        assert (found.audio_ns, found.wall_ns, found.times_real_time) == (2 * 10**9, 2_500_000_000, 0.8)
        assert str(found) == "2 s of audio in 2 s: 0.80 times real time"


def test_a_run_without_a_completed_session_has_none(tmp_path):
    """Nothing was played."""
    assert throughput(open_run(tmp_path, store_run(tmp_path, failing(2)))) is None
