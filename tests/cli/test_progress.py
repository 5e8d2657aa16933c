"""Progress and estimates of long sessions: right numbers, from a clock that is set by hand."""

import pytest

from tests.fakes import make_record
from workbench.cli.progress import SessionProgress, clock_text, progress_text
from workbench.recording.record import Outcome, SessionKey
from workbench.runs.estimate import estimated_seconds

MINUTE = 60.0


def key(name, repeat=0):
    return SessionKey("clean", name, repeat)


@pytest.mark.parametrize(
    ("units", "concurrency", "running", "seconds"),
    [
        ([45 * MINUTE], 4, [], 45 * MINUTE),  # one session cannot be split over four
        ([10.0] * 8, 4, [], 20.0),
        ([10.0] * 9, 4, [], 30.0),
        ([1.0, 1.0, 10.0], 2, [], 11.0),  # in their order: the long one waits for a place
        ([10.0, 1.0, 1.0], 2, [], 10.0),
        ([5.0], 2, [3.0, 8.0], 8.0),
        ([5.0, 5.0], 2, [3.0, 8.0], 13.0),
        ([], 3, [], 0.0),
    ],
)
def test_the_estimate_is_that_of_places_that_become_free(units, concurrency, running, seconds):
    """Counted by hand."""
    assert estimated_seconds(units, concurrency, running) == pytest.approx(seconds)


def test_a_long_session_moves_while_it_is_played():
    """Of 45 minutes and one of 5: after 9 minutes both count."""
    now = [0.0]
    progress = SessionProgress({key("a"): 45 * MINUTE, key("b"): 5 * MINUTE}, 2, lambda: now[0])
    ended = []
    progress.on_end = ended.append
    assert (progress.idle, progress.share(), progress.left_s()) == (True, 0.0, 45 * MINUTE)
    long, short = make_record("a"), make_record("b", outcome=Outcome.CRASHED)
    progress.begin(long)
    progress.begin(short)
    now[0] = 9 * MINUTE
    assert progress.share() == pytest.approx((9 + 5) / 50)  # b is late, and never more than whole
    assert progress.left_s() == pytest.approx(36 * MINUTE)
    progress.end(short, 1)
    assert (progress.done, progress.failed, progress.idle, ended) == (1, 1, False, [short])
    assert progress_text(progress, 2) == "28 % of the audio, 1 of 2 sessions, 1 failed, about 36:00 left"
    now[0] = 45 * MINUTE
    assert progress_text(progress, 2).endswith("1 failed, all audio is sent, waiting for the service")
    progress.end(long, 2)
    assert (progress.share(), progress.left_s()) == (pytest.approx(1.0), 0.0)


def test_what_waits_begins_when_a_place_is_free():
    """Three of ten minutes on two places: 20 minutes, and still 12 after 8."""
    now = [0.0]
    progress = SessionProgress({key("u", n): 10 * MINUTE for n in range(3)}, 2, lambda: now[0])
    assert progress.left_s() == 20 * MINUTE
    for repeat in (0, 1):
        progress.begin(make_record("u", repeat=repeat))
    now[0] = 8 * MINUTE
    assert progress.left_s() == pytest.approx(12 * MINUTE)
    assert progress.share() == pytest.approx(16 / 30)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (245, "4:05"), (3_609, "1:00:09")])
def test_times_are_written_as_on_a_clock(seconds, text):
    """Minutes and seconds, with hours if there are any."""
    assert clock_text(seconds) == text
