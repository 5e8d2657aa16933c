"""AudioConfig: what is refused is refused early, with the path of the key."""

import math
import subprocess
import sys

import pytest

from workbench.audio.config import AudioConfig, audio_config
from workbench.errors import InputError


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"snr_db": "loud"}, r"cells\[2\].snr_db: .*got 'loud'; expected a number .*-20 to 100, or inf"),
        ({"snr_db": -60.0}, r"cells\[2\].snr_db: .*got -60; expected -20 to 100 or inf"),
        ({"sample_rate_hz": 7}, r"cells\[2\].sample_rate_hz: .*got 7; expected one of 8000, "),
        ({"chunk_ms": "x"}, r"cells\[2\].chunk_ms: .*got 'x'; expected a whole number from 10 to 2000"),
        ({"chunk_ms": 5}, r"cells\[2\].chunk_ms: .*got 5; expected 10 to 2000"),
        ({"nose": "white"}, r"cells\[2\].nose: unknown setting \(expected one of name, sample_rate_hz"),
        ({"noise": "white"}, r"cells\[2\].snr_db: .*got none; expected a ratio in dB"),
        ({"noise": "loud", "snr_db": 3}, r"cells\[2\].noise: .*one of none, white, pink"),
        ({"codec": "opus", "codec_rate_hz": 11_025}, r"cells\[2\].codec_rate_hz: .*got 11025; .*for opus"),
        ({"codec": "gsm"}, r"codec_rate_hz: .*got 16000; expected one of 8000 for gsm"),
        ({"codec_kbps": 32}, r"codec_kbps: .*no codec is set"),
        ({"codec": "ulaw", "codec_kbps": 32}, r"codec_kbps: .*ulaw has one bit rate"),
        ({"codec": "opus", "codec_kbps": 1}, r"codec_kbps: .*got 1; expected 6 to 256"),
        ({"gain_db": math.nan}, r"gain_db: .*got nan"),
        ({"loss_percent": 101}, r"loss_percent"),
        ({"band": 3}, r"band: .*got 3; expected a text"),
    ],
)
def test_a_bad_setting_names_its_path_the_value_and_what_is_allowed(settings, says):
    """Before the first session, not after."""
    with pytest.raises(InputError, match=says) as caught:
        audio_config(settings, item="cells[2]")
    assert "\n" not in str(caught.value)


def test_text_of_a_command_line_is_converted():
    """Numbers, none and inf."""
    config = audio_config({"snr_db": "20", "chunk_ms": "50", "codec": "none"}, from_text=True)
    assert (config.snr_db, config.chunk_ms, config.codec, config.noise) == (20.0, 50, None, "white")
    assert audio_config({"snr_db": "inf"}, from_text=True).label() == "clean"
    with pytest.raises(InputError, match="loud"):
        audio_config({"snr_db": "loud"}, from_text=True)


def test_the_default_is_clean_and_changes_nothing():
    """So is every ladder's first rung."""
    assert AudioConfig().label() == "clean"
    assert AudioConfig(noise="pink", snr_db=math.inf).hash() == AudioConfig().hash()


def test_the_label_is_the_name_or_the_differing_settings():
    """What a table shows."""
    assert AudioConfig(name="phone", band="telephone").label() == "phone"
    assert AudioConfig(chunk_ms=50, noise="pink", snr_db=10).label() == "chunk_ms=50 noise=pink snr_db=10"


def test_the_hash_holds_every_setting_but_the_name():
    """A name is for people."""
    base = AudioConfig().hash()
    assert AudioConfig(name="other").hash() == base
    assert AudioConfig(chunk_ms=50).hash() != base
    assert AudioConfig(snr_db=20).hash() == AudioConfig(noise="white", snr_db=20.0).hash()


def test_the_hash_is_the_same_in_another_process():
    """No salt of Python's own hashing gets in."""
    code = "from workbench.audio.config import AudioConfig; print(AudioConfig(snr_db=20, codec='opus').hash())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == AudioConfig(snr_db=20, codec="opus").hash()


def test_a_codec_library_is_part_of_the_hash(monkeypatch):
    """Another libsndfile may give other bytes."""
    import soundfile

    opus, clean = AudioConfig(codec="opus"), AudioConfig()
    before = opus.hash(), clean.hash()
    monkeypatch.setattr(soundfile, "__libsndfile_version__", "9.9.9")
    assert opus.hash() != before[0]
    assert clean.hash() == before[1]
