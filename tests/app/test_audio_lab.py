"""The Audio lab: any setting, what the recogniser made of it beside what was measured, and on to a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import Draw
from tests.app.stores import texts
from workbench.app.audio_lab_data import AFTER, BEFORE, facts_table, hear
from workbench.app.live.request import Clip, Lane
from workbench.app.parts.setting_control import OWN_SETTINGS, sweep_link


@pytest.mark.parametrize("key", OWN_SETTINGS)
def test_every_setting_can_be_changed(key: str, draw: Draw, tmp_path: Path) -> None:
    """Chunk, network and pace too; what means nothing alone comes with what it needs."""
    query = {"audio_lab_preset": "Own settings", "audio_lab_settings": key}
    test = draw("audio_lab", tmp_path, query=query)
    assert not test.exception
    assert not test.error
    named = [widget.key for widget in (*test.slider, *test.selectbox)]
    assert f"audio_lab_{key}" in named


def test_several_settings_are_said_in_words_and_units(draw: Draw, tmp_path: Path) -> None:
    """Each has a button that sweeps it."""
    query = {"audio_lab_preset": "Own settings", "audio_lab_settings": "chunk_ms,network"}
    test = draw("audio_lab", tmp_path, query=query)
    test.slider(key="audio_lab_chunk_ms").set_value(400).run()
    assert not test.exception
    assert "**Changed** :small[chunk length 400 ms, network poor · 16,000 Hz" in texts(test)
    assert "as recorded · 16,000 Hz" in texts(test)
    labels = [button.label for button in test.button]
    assert {"Sweep chunk length", "Sweep network", "Transcribe both"} <= set(labels)


def test_a_sweep_goes_on_from_what_was_heard(draw: Draw, tmp_path: Path) -> None:
    """By default, as suggested and as here; the other settings stay."""
    settings = {"loss_percent": 7.0, "band": "telephone"}
    query = sweep_link("loss_percent", settings, "clinic")
    assert query == {
        "sweep_vary": "loss_percent",
        "sweep_values_loss_percent": "0,2,7",
        "sweep_base_settings": "band",
        "sweep_base_band": "telephone",
        "sweep_corpus": "clinic",
    }
    test = draw("sweep", tmp_path, query=query)
    assert not test.exception
    assert "64 recordings under 3 configurations" in texts(test)
    assert test.selectbox(key="sweep_base_band").value == "telephone"
    assert "3 configurations" in texts(test)
    told = [caption.value for caption in test.caption]
    assert any("Every configuration: band telephone" in text.replace(chr(92), "") for text in told), told
    noise = sweep_link("snr_db", {"noise": "pink", "snr_db": 15.0}, None)
    assert noise["sweep_values_snr_db"] == "15,30,inf"
    assert "3 configurations" in texts(draw("sweep", tmp_path, query=noise))


def test_what_the_recogniser_made_of_it_stands_with_what_was_measured() -> None:
    """First the words, then the sound; before it was asked, the sound alone."""
    clip = Clip((Lane(BEFORE), Lane(AFTER, {"gain_db": -20.0})), "vitals-01-slt", "clinic")
    heard = hear(clip)
    asked = facts_table(heard, [{"errors": 1, "wer": 0.125, "first_word_ms": 400.0}, {}]).rows
    assert [(row["fact"], row["side0"], row["side1"]) for row in asked[:3]] == [
        ("words wrong", "1", None),
        ("WER", "12.5 %", None),
        ("first word shown after", "400 ms", None),
    ]
    assert asked[3:] == facts_table(heard).rows
