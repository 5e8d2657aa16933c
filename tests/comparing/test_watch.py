"""A watched service over a week of a made-up clock: found when it is there, silent before, within the day's minutes."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.comparing.watch import Watched, WatchPlan, load_watch, watch
from workbench.errors import InputError, ServiceError
from workbench.runs.listing import CellHeadline, RunListing
from workbench.store import RunSummary

MONDAY_S = 1_768_780_800.0  # 2026-01-19 00:00 UTC
HOUR_S, DAY_S = 3_600, 86_400
WORDS = 1_000


class MadeUpClock:
    """Time passes when somebody sleeps, and six minutes with every run."""

    def __init__(self, now_s: float = MONDAY_S) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now_s += seconds


class Service:
    """Its runs: word errors about a rate that may change, latencies about 0.3 and 0.7 s."""

    def __init__(self, clock: MadeUpClock, rate: Callable[[float], float], seed: int = 1) -> None:
        self.clock, self.rate, self.dice = clock, rate, random.Random(seed)
        self.listings: list[RunListing] = []

    def play(self) -> str:
        number, at_s = len(self.listings), self.clock.now()
        self.clock.now_s += 360
        rate = self.rate(at_s)
        errors = sum(self.dice.random() < rate for _ in range(WORDS))
        p50, p95 = (round(self.dice.gauss(mean, 0.04 * mean) * 1e9) for mean in (0.3, 0.7))
        cell = CellHeadline(name="clean", n=20, errors=errors, words=WORDS, p50_ns=p50, p95_ns=p95)
        created = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(at_s))
        summary = RunSummary(
            run_id=f"{int(at_s):012}-{number:04}", created=created, status="committed", corpus="clinic"
        )
        self.listings.append(RunListing(summary=summary, cells=(cell,), normaliser="clinical"))
        return summary.run_id

    def watched(self, plan: WatchPlan, times: int | None = None, audio_s: float = 120.0) -> list[Watched]:
        rounds = watch(
            plan, self.play, lambda: self.listings, self.clock, corpus="clinic", audio_s=audio_s, times=times
        )
        return list(rounds)


def worse_on_friday(at_s: float) -> float:
    """A tenth of the words wrong, from Friday on a sixth."""
    return 0.10 if at_s < MONDAY_S + 4 * DAY_S else 0.17


def test_a_regression_on_day_five_of_a_week_is_found_on_day_five_and_nothing_before() -> None:
    """Hourly, with three metrics that have limits; in weeks of which the last once called on their first day."""
    for seed in (0, 1, 17):
        service = Service(clock := MadeUpClock(), worse_on_friday, seed)
        found = service.watched(WatchPlan(until_outside=True), times=7 * 24)
        assert [round_ for round_ in found[:-1] if round_.outside] == []
        assert MONDAY_S + 4 * DAY_S <= found[-1].at_s < MONDAY_S + 5 * DAY_S
        (outside,) = {one.metric for one in found[-1].outside}
        assert outside == "wer"
        assert len(found[-1].run_ids) == 2
        assert clock.now() < MONDAY_S + 5 * DAY_S


def test_one_bad_run_is_said_and_is_no_finding() -> None:
    """A spell of one hour: the run that follows at once is good again."""
    moments: list[float] = []

    def rate(at_s: float) -> float:
        if at_s >= MONDAY_S + 30 * HOUR_S and not moments:
            moments.append(at_s)
            return 0.3
        return 0.10

    found = Service(MadeUpClock(), rate).watched(WatchPlan(), times=48)
    assert not any(round_.outside for round_ in found)
    assert "wer" in {one.metric for round_ in found for one in round_.once if round_.at_s == moments[0]}


def test_a_day_has_so_many_minutes_and_a_new_start_remembers_them() -> None:
    """Two minutes a run, nine a day: four runs, then the next midnight; hours on the dot of the plan."""
    clock = MadeUpClock(MONDAY_S + 20 * HOUR_S)
    service = Service(clock, lambda _: 0.1)
    plan = WatchPlan(minutes_a_day=9.0, every="30min")
    found = service.watched(plan, times=6)
    starts = [(round_.at_s - MONDAY_S) / HOUR_S for round_ in found if round_.run_ids]
    assert starts == [20.0, 20.5, 21.0, 21.5, 24.0, 24.5]
    assert [round_.wait_s for round_ in found if not round_.run_ids] == [2 * HOUR_S]
    again = service.watched(plan, times=3)
    assert [bool(round_.run_ids) for round_ in again] == [True, True, False, True]
    with pytest.raises(InputError, match=r"one run sends more audio than a day allows \(got 10.0 minutes a run"):
        service.watched(plan, audio_s=600.0)


def test_a_bad_run_is_not_played_again_where_the_day_has_no_minutes_for_it() -> None:
    """It is said, and the watch goes on."""
    clock = MadeUpClock()
    service = Service(clock, lambda at_s: 0.5 if at_s >= MONDAY_S + 13 * DAY_S else 0.1)
    found = service.watched(WatchPlan(minutes_a_day=3.0, every="1d"), times=14)
    assert (found[-1].run_ids[1:], found[-1].outside, found[-1].once != ()) == ((), (), True)


def test_a_service_that_is_away_is_said_each_time_and_tried_again() -> None:
    """And sessions that all fail are outside, although they have no value."""
    clock = MadeUpClock()
    service = Service(clock, lambda _: 0.1)
    calls = []

    def play() -> str:
        calls.append(clock.now())
        if len(calls) == 2:
            raise ServiceError("login failed", item="staging")
        run_id = service.play()
        if len(calls) > 3:
            last = service.listings[-1]
            failed = CellHeadline(name="clean", n=20, failed=20)
            service.listings[-1] = RunListing(summary=last.summary, cells=(failed,), normaliser="clinical")
        return run_id

    found = list(
        watch(WatchPlan(metrics=("wer",)), play, lambda: service.listings, clock, corpus="clinic", audio_s=60, times=4)
    )
    assert [round_.problem for round_ in found] == [None, "staging: login failed", None, None]
    assert [(one.configuration, one.value) for one in found[-1].outside] == [("clean", None)]
    assert len(found[-1].run_ids) == 2
    assert [b - a for a, b in itertools.pairwise(calls[:4])] == [HOUR_S] * 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[watch]\nevery = "often"', r"watch.every: not a time \(got often; expected such as 15min, 1h or 1d"),
        ('[watch]\nhourly = true', r"watch: not usable \(got Object contains unknown field `hourly`"),
        ('limt = 3\n[watch]', r"limt"),
        ('[watch', r"is not TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_watch_file_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    """It names the file and the key."""
    (tmp_path / "watch.toml").write_text(text)
    with pytest.raises(InputError, match=says) as error:
        load_watch(tmp_path / "watch.toml")
    assert "watch.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_watch_file_is_a_sweep_file_with_a_table(tmp_path: Path) -> None:
    """Keys of a run beside it."""
    (tmp_path / "watch.toml").write_text('corpus = "librivox"\nlimit = 4\n[watch]\nevery = "2h"\nminutes_a_day = 30\n')
    plan, spec = load_watch(tmp_path / "watch.toml")
    assert (plan.every_s, plan.minutes_a_day, spec.corpus, spec.limit) == (7_200, 30, "librivox", 4)
