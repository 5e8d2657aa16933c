"""Cells, sweep files and the order of playing."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.runs.order import play_order
from workbench.runs.resolve import service_settings
from workbench.runs.service import session_limits
from workbench.runs.spec import RunSpec
from workbench.runs.sweep import cell_from, cells_of, grid, load_sweep, setting_from_text
from workbench.settings import Limits, Settings


def test_a_grid_is_every_combination_with_the_last_setting_changing_fastest():
    """The order people expect from nested loops."""
    cells = grid({"snr_db": ["inf", "20"], "chunk_ms": ["50", "100"]}, {}, item="--vary", from_text=True)
    assert [cell.name for cell in cells] == [
        "snr_db=inf chunk_ms=50", "snr_db=inf chunk_ms=100", "snr_db=20 chunk_ms=50", "snr_db=20 chunk_ms=100",
    ]  # fmt: skip
    assert [cell.audio.snr_db for cell in cells] == [math.inf, math.inf, 20, 20]
    assert [cell.audio.chunk_ms for cell in cells] == [50, 100, 50, 100]


def test_network_and_pace_are_settings_like_any_other():
    """They may be varied and show in the name."""
    cell = cell_from({"network": "poor", "pace": "2"}, item="x", from_text=True)
    assert (cell.name, cell.network, cell.pace) == ("network=poor pace=2", "poor", 2.0)
    assert cell.settings() == {"network": "poor", "pace": 2.0}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"snr": "20"}, r"t\.snr.*unknown setting.*snr_db.*network"),
        ({"snr_db": "loud"}, r"t\.snr_db.*loud.*inf"),
        ({"sample_rate_hz": "7"}, r"t\.sample_rate_hz.*7.*8000.*16000"),
        ({"network": "moon"}, r"t\.network.*moon.*none, wifi"),
        ({"pace": "0"}, r"t\.pace.*0.*above 0"),
        ({"pace": "fast"}, r"t\.pace.*fast"),
    ],
)
def test_a_bad_setting_names_its_key_the_value_and_what_is_allowed(settings, says):
    """Before the first session."""
    with pytest.raises(InputError, match=says):
        cell_from(settings, item="t", from_text=True)


def test_a_sweep_file_gives_cells_and_the_settings_of_the_run(tmp_path):
    """[base] is under every cell."""
    file = tmp_path / "sweep.toml"
    file.write_text('corpus = "librivox"\nrepeats = 2\n[base]\ngain_db = -6\n[vary]\nsnr_db = [inf, 20]\n')
    sweep = load_sweep(file)
    assert (sweep.corpus, sweep.repeats, len(cells_of(sweep))) == ("librivox", 2, 2)
    assert {cell.audio.gain_db for cell in cells_of(sweep)} == {-6}
    file.write_text('[[cells]]\nname = "a"\n[[cells]]\nname = "b"\nchunk_ms = 50\n')
    assert [(cell.name, cell.audio.chunk_ms) for cell in cells_of(load_sweep(file))] == [("a", 100), ("b", 50)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense = 1", r"sweep\.toml: nonsense: unknown setting.*one of corpus"),
        ("[vary]\nsnr_db = []", r"snr_db.*no values"),
        ('[[cells]]\nname="a"\n[[cells]]\nname="a"', "two configurations have the same name"),
        ("[vary]\nchunk_ms=[50]\n[[cells]]\nchunk_ms=50", "both"),
        ("repeats = 0", r"sweep\.toml: repeats: .*got 0; expected a whole number, 1 or more"),
        ('[[cells]]\nchunk_ms = "x"', r"cells\[0\]\.chunk_ms"),
        ("[vary]\nchunk_ms = [" + "50," * 40 + "]\nsnr_db=[" + "1," * 40 + "]", "too many configurations"),
        ("not toml", "not TOML"),
    ],
)
def test_a_bad_sweep_file_fails_with_the_path_of_the_key(tmp_path, text, says):
    """One clear line."""
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=says):
        load_sweep(file)
    with pytest.raises(InputError, match="cannot be read"):
        load_sweep(tmp_path / "missing.toml")


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [("snr_db", "20", 20), ("snr_db", "-2.5", -2.5), ("pace", "inf", math.inf), ("noise", "20", "20"),
     ("chunk_ms", "fast", "fast"), ("codec", "none", "none")],
)  # fmt: skip
def test_a_typed_setting_is_a_number_where_the_setting_is_one(key, text, value):
    """Anything else stays as typed, for the error that quotes it."""
    found = setting_from_text(key, text)
    assert (found, type(found)) == (value, type(value))


def test_none_is_a_value_to_vary_in_a_file_too(tmp_path):
    """TOML has no null."""
    file = tmp_path / "sweep.toml"
    file.write_text('[vary]\ncodec = ["none", "opus"]\n')
    assert [cell.audio.codec for cell in cells_of(load_sweep(file))] == [None, "opus"]


@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 3), st.integers(0, 50))
def test_every_session_is_played_once_and_an_utterances_cells_stay_together(utterances, cells, repeats, seed):
    """Interleaved by seed, paired in time."""
    ids, names = [f"u{i}" for i in range(utterances)], [f"c{i}" for i in range(cells)]
    order = play_order(ids, names, repeats, seed)
    assert len(set(order)) == len(order) == utterances * cells * repeats
    blocks = [order[i : i + cells] for i in range(0, len(order), cells)]
    assert all(len({(u, r) for u, _, r in block}) == 1 for block in blocks)
    assert order == play_order(ids, names, repeats, seed)


def test_a_model_that_is_named_comes_before_the_environment():
    """Although it is the one that is taken where nobody says anything."""
    environment = {"WORKBENCH_MODEL": "general"}
    assert service_settings(RunSpec(model="whisper"), environment).model == "whisper"
    assert service_settings(RunSpec(), environment).model == "general"
    assert service_settings(RunSpec(), {}).model == "whisper"


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        (Settings(), 120),
        (Settings(endpoint="staging"), 20),
        (Settings(scenario=Path("faults.toml")), 20),
        (Settings(limits=Limits(terminal_s=5)), 5),
    ],
)
def test_the_recogniser_of_ones_own_simulator_is_waited_for(settings, seconds):
    """It is late only where this machine is busy; what somebody has set holds."""
    assert session_limits(settings).terminal_s == seconds
