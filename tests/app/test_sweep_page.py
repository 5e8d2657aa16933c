"""The page New run: what is asked becomes a grid and the arguments of the command."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Draw
from tests.app.stores import texts
from workbench.app import jobs
from workbench.app.presets import SWEEPS
from workbench.app.sweep_form import SETTINGS, command, control, form_spec, matrix_table
from workbench.corpus import ManifestRow, write_manifest
from workbench.errors import InputError
from workbench.runs.spec import RunSpec
from workbench.runs.sweep import load_sweep


def varied(draw: Draw, store: Path) -> AppTest:
    """The page with two settings to vary."""
    test = draw("sweep", store)
    return test.multiselect(key="sweep_vary").set_value(["snr_db", "sample_rate_hz"]).run()


def test_a_plain_run_is_what_the_page_begins_with(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing varied, every recording once; what it takes stands there without a click."""
    started = watch(monkeypatch)
    test = draw("sweep", tmp_path)
    assert not test.exception
    assert "64 recordings under 1 configuration: 64 sessions, about 1.7 minutes" in texts(test)
    test.button(key="sweep_start").click().run()
    ((_, title, _, files),) = started
    assert title == "Run of clinic"
    assert "vary" not in files["sweep.toml"].decode()


def test_drafts_that_are_left_out_are_said(draw: Draw, tmp_path: Path) -> None:
    """One of two recordings has a reference that nobody has confirmed."""
    corpus = tmp_path / "c"
    corpus.mkdir()
    for name in ("a", "b"):
        soundfile.write(corpus / f"{name}.wav", np.full(1_600, 300, np.int16), 16_000)
    rows = (
        ManifestRow(id="a", audio="a.wav", reference="x"),
        ManifestRow(id="b", audio="b.wav", reference="y", draft=True),
    )
    write_manifest(corpus, rows)
    test = draw("sweep", tmp_path / "runs", query={"sweep_corpus": str(corpus)})
    assert not test.exception
    assert "1 recording under 1 configuration" in texts(test)
    assert "1 recording left out: the reference is a draft" in texts(test).replace("\\", "")


def test_one_value_of_a_setting_is_a_run_under_it(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a sweep; the configuration is named."""
    started = watch(monkeypatch)
    test = draw("sweep", tmp_path)
    test.multiselect(key="sweep_vary").set_value(["codec"]).run()
    test.multiselect(key="sweep_values_codec").set_value(["opus"]).run()
    assert "Configuration: codec=opus" in texts(test).replace("\\", "")
    test.button(key="sweep_start").click().run()
    assert load(tmp_path, started[0][3]).base == {"codec": "opus"}


def test_the_matrix_is_there_before_anything_is_played(draw: Draw, tmp_path: Path) -> None:
    """Four configurations of two settings, told as they are chosen, with what they could show."""
    test = varied(draw, tmp_path)
    assert not test.exception
    assert "64 recordings under 4 configurations: 256 sessions" in texts(test)
    assert "no pilot" in texts(test)
    assert len(test.dataframe[0].value) == 4


def test_a_value_that_is_not_allowed_is_named_at_once(draw: Draw, tmp_path: Path) -> None:
    """With the key and what is allowed; there is nothing to start then."""
    test = varied(draw, tmp_path)
    test.multiselect(key="sweep_values_snr_db").set_value(["loud"]).run()
    assert not test.exception
    assert "snr" in test.error[0].value
    assert not [button for button in test.button if button.key == "sweep_start"]


def test_a_preset_chooses_settings_and_values(draw: Draw, tmp_path: Path) -> None:
    """They can be changed afterwards."""
    test = draw("sweep", tmp_path)
    test.selectbox(key="sweep_preset").set_value("Chunk length").run()
    assert test.multiselect(key="sweep_vary").value == ["chunk_ms"]
    assert test.multiselect(key="sweep_values_chunk_ms").value == ["50", "100", "200"]
    assert "64 recordings under 3 configurations" in texts(test)


@pytest.mark.parametrize("name", SWEEPS)
def test_every_preset_can_be_played(name: str) -> None:
    """Every combination, each once."""
    counts = [len(values.split(",")) for values in SWEEPS[name].values()]
    assert len(matrix_table(form_spec(SWEEPS[name], {"corpus": "clinic"})).rows) == np.prod(counts)


def test_values_come_from_a_range(draw: Draw, tmp_path: Path) -> None:
    """Four values from 0 to 60 by steps of 20; speech over noise has clean before them, from the best to the worst."""
    test = draw("sweep", tmp_path, query={"sweep_vary": "gain_db,snr_db"})
    test.slider(key="sweep_values_gain_db_ends").set_value((-60.0, 0.0)).run()
    test.button(key="sweep_values_gain_db_use").click().run()
    assert test.multiselect(key="sweep_values_gain_db").value == ["-60", "-40", "-20", "0"]
    test.slider(key="sweep_values_snr_db_ends").set_value((5.0, 20.0)).run()
    test.slider(key="sweep_values_snr_db_count").set_value(2).run()
    test.button(key="sweep_values_snr_db_use").click().run()
    assert test.multiselect(key="sweep_values_snr_db").value == ["inf", "20", "5"]
    assert not test.exception


def watch(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What would have been started: store, title, arguments, files."""
    started: list[tuple[object, ...]] = []

    def start(*asked: object, files: dict[str, bytes]) -> SimpleNamespace:
        started.append((*asked, files))
        return SimpleNamespace()

    monkeypatch.setattr(jobs, "start", start)
    return started


def load(folder: Path, files: object) -> RunSpec:
    """The specification in a sweep file."""
    assert isinstance(files, dict)
    (folder / "sweep.toml").write_bytes(files["sweep.toml"])
    return load_sweep(folder / "sweep.toml")


def test_start_runs_the_command_with_what_was_asked(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process of the command line, with the arguments that the widgets show."""
    started = watch(monkeypatch)
    test = varied(draw, tmp_path)
    test.number_input(key="sweep_limit").set_value(2).run()
    test.button(key="sweep_start").click().run()
    assert not test.exception
    ((_, title, arguments, files),) = started
    assert title == "Sweep of clinic: speech over noise, sample rate"
    assert arguments == ("sweep", "{folder}/sweep.toml", "--json")
    spec = load(tmp_path, files)
    assert spec.vary == {"snr_db": [float("inf"), 30], "sample_rate_hz": [16_000, 8_000]}
    assert (spec.limit, spec.concurrency) == (2, 3)


@pytest.mark.parametrize("key", SETTINGS)
def test_every_value_that_is_offered_is_allowed(key: str) -> None:
    """Of every setting; and it has a name that people know."""
    asked = control(key)
    assert asked.label != key
    values = [value for value in asked.options if (key, value) != ("pace", "inf")]
    assert values or not asked.options
    for value in values:
        needs = {"codec_kbps": "codec=opus", "codec_rate_hz": "codec=pcm"}.get(key, "")
        needs = "codec_rate_hz=8000" if value == "gsm" else needs
        if value != "none":
            assert matrix_table(form_spec({key: value}, {"base": needs})).rows


def test_a_link_fills_in_the_values_of_a_setting(draw: Draw, tmp_path: Path) -> None:
    """Several in one text, as they stand in the address."""
    test = draw("sweep", tmp_path, query={"sweep_vary": "gain_db", "sweep_values_gain_db": "0,-7"})
    assert test.multiselect(key="sweep_values_gain_db").value == ["0", "-7"]
    assert "2 configurations" in texts(test)


def test_file_and_matrix_come_from_the_same_specification(tmp_path: Path) -> None:
    """What is drawn is what is played; what is as by default is not written."""
    values = {"corpus": "clinic", "endpoint": "staging", "limit": None, "base": "trail_ms=300, codec=none", "tags": []}
    spec = form_spec({"snr_db": "inf,20", "chunk_ms": "50"}, values)
    rows = matrix_table(spec).rows
    assert [(row["snr_db"], row["chunk_ms"]) for row in rows] == [("clean", "50 ms"), ("20 dB", "50 ms")]
    arguments, files = command(spec)
    text = files["sweep.toml"].decode()
    assert arguments[0] == "sweep"
    assert 'endpoint = "staging"' in text
    assert "limit" not in text
    (tmp_path / "sweep.toml").write_text(text)
    assert load_sweep(tmp_path / "sweep.toml") == spec
    assert "network" in SETTINGS


def test_a_grid_without_values_is_refused() -> None:
    """Naming the setting."""
    with pytest.raises(InputError, match="snr_db"):
        matrix_table(form_spec({"snr_db": " , "}, {}))
