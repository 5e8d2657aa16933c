"""Scenarios as files: read whole, drawn by seed, refused in one line; and the command line that takes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.quick import short_corpus
from workbench.errors import ConfigurationError, InputError
from workbench.runs.service import open_service
from workbench.settings import Settings
from workbench.simulator.faults.read_scenario import read_scenario
from workbench.simulator.faults.scenario import KINDS, Opportunities, Refuse, Reset, Scenario, parse_scenario
from workbench.simulator.server import Simulator, SimulatorOptions

FILE = """
name = "two resets"
seed = 3

[[fault]]
kind = "reset"
at = "audio"
at_ms = 100
times = 2
"""


def hits(fault, seed=0, count=200):
    """Which of so many opportunities strike."""
    opportunities = Opportunities(Scenario("x", seed, (fault,)))
    return [opportunities.hit(0) for _ in range(count)]


def test_skip_and_times_select_opportunities_in_order():
    """Two pass, three are hit, the rest pass."""
    assert hits(Refuse(status=503, skip=2, times=3), count=8) == [False, False, True, True, True, False, False, False]


@given(st.integers(0, 2**63), st.floats(0, 1))
def test_a_share_is_drawn_by_seed(seed, share):
    """The same seed strikes the same opportunities; nothing and everything are exact."""
    first, second = hits(Refuse(status=503, share=share), seed, 50), hits(Refuse(status=503, share=share), seed, 50)
    assert first == second
    if share in (0, 1):
        assert set(first) == {bool(share)}


def test_about_the_share_is_hit():
    """A fifth of a thousand, give or take."""
    assert 150 < sum(hits(Refuse(status=503, share=0.2), 7, 1000)) < 250


def test_every_kind_is_read_by_the_name_it_has_in_a_file():
    """And nothing else is."""
    needed = {
        "refuse": "status = 503", "slow-handshake": "delay_s = 1", "answer": 'call = "login"',
        "drop": 'what = "finals"', "stall": 'direction = "reading"\nfor_s = 1', "send": 'what = "ping"',
        "slow-accept": "delay_s = 1", "replace": 'what = "finals"\ncharacters = 5', "fragment": "piece_bytes = 5",
        "jitter": "most_ms = 5", "reorder": "hold_ms = 5", "clock": "step_s = 5.0", "webhook": 'do = "lose"',
    }  # fmt: skip
    for name, kind in KINDS.items():
        read = parse_scenario(f'name = "x"\n[[fault]]\nkind = "{name}"\n{needed.get(name, "")}'.encode())
        assert type(read.fault[0]) is kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = 5", "name"), ("nam = 'x'", "name"), ("name = 'x'\n[[fault]]\nkind = 'storm'", "storm"),
        ("name = 'x'\n[[fault]]\nkind = 'close'\ncode = 70000", "code"), ("name = ", "Invalid value"),
        ("name = 'x'\n[[fault]]\nkind = 'jitter'\nmost_ms = -1", "most_ms"), ("\udcff", "scenario"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_one_clear_line(tmp_path, text, told):
    """With the place, and the kinds that there are."""
    path = tmp_path / "s.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_missing_or_endless_is_one_clear_line(tmp_path):
    """Bounded like every input."""
    with pytest.raises(InputError, match="cannot be read"):
        read_scenario(tmp_path / "none.toml")
    (tmp_path / "big.toml").write_bytes(b"#" * 2_000_000)
    with pytest.raises(InputError, match="too large"):
        read_scenario(tmp_path / "big.toml")


async def test_faults_of_the_network_need_loopback_and_no_tls():
    """Behind a proxy every peer looks like this machine."""
    scenario = Scenario("x", 0, (Reset(),))
    with pytest.raises(ConfigurationError, match="on this machine"):
        Simulator(SimulatorOptions(host="0.0.0.0", scenario=scenario))  # noqa: S104
    Simulator(SimulatorOptions(host="0.0.0.0", scenario=Scenario("x", 0, (Refuse(status=503),))))  # noqa: S104


@pytest.mark.slow
async def test_a_scenario_is_for_the_simulator_that_a_run_starts(tmp_path):
    """A service cannot be told to fail."""
    with pytest.raises(InputError, match="simulator that a run starts"):
        async with open_service(Settings(endpoint="http://127.0.0.1:9", scenario=tmp_path / "s.toml")):
            pass


@pytest.mark.slow
def test_a_run_plays_its_scenario(tmp_path, capsys):
    """From the command line to the stored outcome."""
    from workbench.cli import cli

    corpus = short_corpus(tmp_path / "corpus", 4)
    (tmp_path / "s.toml").write_text(FILE)
    words = ["run", "--corpus", str(corpus), "--scenario", str(tmp_path / "s.toml"), "--concurrency", "1", "--json"]
    status = cli([*words, "--store", str(tmp_path / "runs")], standalone_mode=False)
    told = json.loads(capsys.readouterr().out)
    assert status == 3  # more sessions failed than are allowed
    assert sum(cell["failed"] for cell in told["cells"]) == 2
