"""Levels end to end: held, arriving, split over processes, replayed, refused."""

import json

import pytest
from click.testing import CliRunner

from tests.bare import bare
from workbench.cli import cli
from workbench.corpus import find_corpus
from workbench.errors import InputError, MeasurementError
from workbench.instrument.capacity import LoadPlan, Objective, find_capacity
from workbench.settings import Settings
from workbench.simulator.local import LocalSimulator


async def only_level(load, settings=None):
    found = await find_capacity(settings or Settings(model="general"), load, Objective())
    (level,) = found.levels
    return found, level


@pytest.mark.slow
@pytest.mark.parametrize("transport", ["websockets", "picows"])
async def test_a_level_is_held(transport):
    """Every session streams through the steady stretch, with answers and finals."""
    found, level = await only_level(LoadPlan(10, 2.0, transport=transport))
    assert (found.endpoint, found.recogniser, level.transport) == ("simulator", "scripted", transport)
    assert (level.sessions, level.errors, level.frames) == (10, 0, 200)
    assert level.replies > 0
    assert level.lateness_p99_ms >= 0
    assert level.finalisation_p50_ms >= 80
    assert level.cpu_us_per_frame > 0


@pytest.mark.timing
async def test_a_level_answers_five_times_a_second():
    """And finals come soon; as far as a bare timer keeps its time."""
    with bare() as reference:
        _, level = await only_level(LoadPlan(10, 2.0, transport="picows"))
    assert 80 <= level.replies <= 110
    assert 80 <= level.finalisation_p50_ms < 500 + 3 * reference.late_max_ns / 1e6


@pytest.mark.timing
async def test_sessions_arrive_and_go(monkeypatch):
    """An open model at a simulator that runs already, found to be scripted."""
    monkeypatch.setattr("workbench.instrument.capacity.site._UTTERANCE_S", 1.0)
    with LocalSimulator("--recogniser", "scripted") as simulator:
        settings = Settings(endpoint=simulator.url)
        _, level = await only_level(LoadPlan(12, 2.0, arrivals=True), settings)
    assert (level.sessions, level.errors) == (12, 0)
    assert level.played > 24
    assert 100 < level.frames < 500
    assert level.replies > 20


@pytest.mark.slow
async def test_two_processes_share_a_level():
    """Each has its half, against a simulator of its own."""
    _, level = await only_level(LoadPlan(9, 1.0, processes=2))
    assert (level.sessions, level.processes, level.frames, level.errors) == (9, 2, 90, 0)


async def test_a_process_of_the_client_that_ends_early_is_one_line(monkeypatch):
    """Also where it ends before it was told anything."""
    with LocalSimulator("--recogniser", "scripted") as simulator:
        monkeypatch.setattr("workbench.child_process.sys.executable", "/bin/false")
        with pytest.raises(MeasurementError, match="a process of the client ended"):
            await only_level(LoadPlan(2, 1.0, processes=2), Settings(endpoint=simulator.url))


@pytest.mark.slow
async def test_known_speech_is_replayed_and_says_so(tmp_path, monkeypatch):
    """More sessions than could be decoded, with real words and real delays."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load = LoadPlan(12, 2.0, recogniser="replay", corpus=find_corpus("librivox"))
    found, level = await only_level(load)
    assert found.recogniser == "replayed pocketsphinx general"
    assert (level.errors, level.sessions) == (0, 12)
    assert level.finalisation_p50_ms is not None


def test_another_machine_is_not_loaded_by_accident():
    """One line that names the flag; nothing is sent."""
    result = CliRunner().invoke(cli, ["capacity", "--endpoint", "https://suki.example", "--sessions", "2"])
    assert isinstance(result.exception, InputError)
    assert "`owned`" in str(result.exception)


@pytest.mark.parametrize("load", [LoadPlan(20_001), LoadPlan(1, 0.5), LoadPlan(1, 4_000.0), LoadPlan(1, processes=2)])
async def test_loads_beyond_the_bounds_are_refused(load):
    """A typing error brings nobody down."""
    with pytest.raises(InputError, match=r"not allowed .*expected \d+ to \d+"):
        await find_capacity(Settings(), load, Objective())


@pytest.mark.slow
def test_the_command_prints_levels():
    """The object that scripts read."""
    result = CliRunner().invoke(cli, ["capacity", "--sessions", "5", "--seconds", "1", "--json"])
    (level,) = json.loads(result.stdout)["levels"]
    wanted = [
        "sessions",
        "valid",
        "lateness_p99_ms",
        "lateness_max_ms",
        "cpu_us_per_frame",
        "finalisation_p95_ms",
        "errors",
    ]
    assert set(wanted) <= set(level)
