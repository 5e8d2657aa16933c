"""Noises: the shipped beds are what was built, and every kind has its colour."""

import json
from itertools import pairwise

import numpy as np
import pytest

from workbench.audio.files import audio_info, file_sha256
from workbench.audio.noise import add_noise, make_noise
from workbench.audio.seeds import step_generator
from workbench.audio.shipped import babble_tracks, noise_bed, shipped_datasets
from workbench.errors import AudioError, ConfigurationError

RATE = 16_000


def noise(kind, seconds=4, **more):
    return make_noise(kind, seconds * RATE, RATE, step_generator(1, "k", "noise"), **more)


def slope_db_per_octave(x):
    """Over 100 Hz to 6.4 kHz, in octave bands."""
    power = np.abs(np.fft.rfft(x)) ** 2
    hz = np.fft.rfftfreq(x.size, 1 / RATE)
    edges = 100 * 2.0 ** np.arange(7)
    levels = [10 * np.log10(power[(hz >= a) & (hz < b)].mean()) for a, b in pairwise(edges)]
    return np.polyfit(np.arange(len(levels)), levels, 1)[0]


def test_the_shipped_beds_have_their_hashes_sources_and_licences():
    """Like every other file that comes with the package."""
    folder = shipped_datasets() / "noise"
    entries = json.loads((folder / "noises.json").read_text())
    assert {e["name"] for e in entries} == {path.stem for path in folder.glob("*.flac")}
    for entry in entries:
        path = folder / f"{entry['name']}.flac"
        assert file_sha256(path) == entry["sha256"]
        assert audio_info(path).samples == entry["samples"]
        assert entry["licence"]
        assert entry["source"]


def test_white_is_flat_and_pink_falls_by_three_decibels_an_octave():
    """By definition."""
    assert slope_db_per_octave(noise("white", 20)) == pytest.approx(0, abs=0.3)
    assert slope_db_per_octave(noise("pink", 20)) == pytest.approx(-3.01, abs=0.3)


def test_hum_lies_on_the_harmonics_of_the_mains():
    """60 Hz and its multiples hold nearly everything."""
    power = np.abs(np.fft.rfft(noise("hum", 10))) ** 2
    bins = np.arange(power.size)
    near = np.abs((bins / 10) - 60 * np.round(bins / 600)) <= 1
    assert power[near].sum() / power.sum() > 0.99


def test_clicks_are_short_and_loud():
    """Crest factor far above that of any steady noise."""
    x = noise("clicks", 8)
    assert np.abs(x).max() / np.sqrt(np.mean(x**2)) > 8


def test_babble_has_every_other_voice(monkeypatch):
    """A consultation leaves out both of its own."""
    used = []
    monkeypatch.setattr(
        "workbench.audio.noise.noise_bed", lambda name, rate: used.append(name) or noise_bed(name, rate)
    )
    noise("babble", 1, speaker="slt+rms")
    assert set(used) == {f"babble-{voice}" for voice in babble_tracks()} - {"babble-slt", "babble-rms"}
    assert len(used) == 3


def test_a_noise_that_is_silent_where_the_speech_is_cannot_be_scaled():
    """An error, not a division by zero."""
    with pytest.raises(AudioError, match="noise is silent"):
        add_noise(np.ones(RATE), np.zeros(RATE), RATE, 10.0)


def test_a_package_without_its_corpora_says_so(monkeypatch, tmp_path):
    """Which is an installation to repair."""
    monkeypatch.setattr("workbench.audio.shipped.__file__", str(tmp_path / "x" / "audio" / "shipped.py"))
    with pytest.raises(ConfigurationError, match="built-in corpora are missing"):
        shipped_datasets()
