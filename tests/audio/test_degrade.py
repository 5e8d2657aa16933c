"""Applying configurations: each step does what it says, and the same every time."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.config import AudioConfig
from workbench.audio.degrade import prepare
from workbench.audio.levels import active_mask, to_float, to_int16
from workbench.corpus import builtin_corpora, load_corpus, read_utterance
from workbench.errors import AudioError
from workbench.reference import Reference, Word

RATE = 16_000


@pytest.fixture(scope="module")
def utterance():
    return load_corpus(builtin_corpora()["clinic"]).utterances[0]


@pytest.fixture(scope="module")
def pcm(utterance):
    return read_utterance(utterance).pcm


def run(pcm, rate=RATE, reference=Reference("a", "a"), seed=1, key="u", speaker=None, **settings):  # noqa: B008
    return prepare(pcm, rate, reference, AudioConfig(**settings), seed=seed, key=key, speaker=speaker)


def speechlike(rate, seconds, amplitude, seed):
    """Noise bursts between pauses: enough like speech for an activity rule."""
    rng = np.random.default_rng(seed)
    count = round(rate * seconds)
    envelope = np.repeat(rng.choice([0.0, 0.3, 1.0], size=40, p=[0.3, 0.3, 0.4]), -(-count // 40))[:count]
    envelope[: count // 10] = 1.0
    return to_int16(amplitude * envelope * np.clip(rng.standard_normal(count), -3, 3) / 3)


def test_clean_leaves_every_sample_as_it_is(pcm):
    """The default configuration is the identity."""
    assert np.array_equal(run(pcm).pcm, pcm)
    assert np.array_equal(run(pcm, chunk_ms=20).pcm, pcm)


@settings(max_examples=30, deadline=None)
@given(
    snr_db=st.floats(0, 40),
    noise=st.sampled_from(["white", "pink", "babble", "hum", "clicks"]),
    rate=st.sampled_from([8_000, 16_000, 24_000, 48_000]),
    amplitude=st.floats(0.05, 0.5),
    seed=st.integers(0, 1_000),
)
def test_the_achieved_ratio_is_the_asked_one(snr_db, noise, rate, amplitude, seed):
    """Within 0.1 dB on the speech-active samples of what is sent, over kinds, levels and rates."""
    clean = speechlike(RATE, 1.5, amplitude, seed)
    # Quieter by 14 dB after the mixing, so that no sample saturates; both have it.
    quiet = {"sample_rate_hz": rate, "gain_db": -14.0 if amplitude > 0.1 else 0.0}
    reference = to_float(run(clean, seed=seed, **quiet).pcm)
    noisy = run(clean, seed=seed, noise=noise, snr_db=snr_db, **quiet)
    if noisy.facts["clipped_share"]:
        return
    active = active_mask(reference, rate)
    added = (to_float(noisy.pcm) - reference)[active]
    achieved = 10 * math.log10(np.mean(reference[active] ** 2) / np.mean(added**2))
    # Rounding to int16 adds noise of its own; it is no part of the step.
    rounding = 10 * math.log10(1 + 2 * (1 / 32768) ** 2 / 12 / np.mean(added**2))
    assert achieved == pytest.approx(snr_db, abs=0.1 + rounding)
    assert noisy.facts["snr_db"] == pytest.approx(snr_db, abs=0.001)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**31), key=st.text(max_size=8), snr_db=st.floats(0, 30))
def test_the_same_seed_gives_the_same_bytes(seed, key, snr_db):
    """And another seed or another utterance gives others."""
    clean = speechlike(RATE, 0.5, 0.3, 0)
    first = run(clean, seed=seed, key=key, snr_db=snr_db, loss_percent=10)
    assert np.array_equal(first.pcm, run(clean, seed=seed, key=key, snr_db=snr_db, loss_percent=10).pcm)
    assert not np.array_equal(first.pcm, run(clean, seed=seed + 1, key=key, snr_db=snr_db, loss_percent=10).pcm)
    assert not np.array_equal(first.pcm, run(clean, seed=seed, key=key + "x", snr_db=snr_db, loss_percent=10).pcm)


def test_another_process_gives_the_same_bytes(pcm):
    """Nothing depends on where or when."""
    code = """
import hashlib
from workbench.audio.config import AudioConfig
from workbench.audio.degrade import prepare
from workbench.corpus import builtin_corpora, load_corpus, read_utterance
u = load_corpus(builtin_corpora()["clinic"]).utterances[0]
a = read_utterance(u)
c = AudioConfig(noise="pink", snr_db=15, rt60_s=0.3, loss_percent=5, codec="vorbis")
print(hashlib.sha256(prepare(a.pcm, a.sample_rate_hz, u.reference, c, seed=3, key=u.id).pcm.tobytes()).hexdigest())
"""
    outputs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(outputs) == 1


def test_two_ratios_hear_the_same_noise(pcm):
    """A ladder is paired: only the level of the noise differs."""
    base = to_float(pcm)
    ten = to_float(run(pcm, snr_db=10.0).pcm) - base
    twenty = to_float(run(pcm, snr_db=20.0).pcm) - base
    assert np.corrcoef(ten, twenty)[0, 1] > 0.999


@pytest.mark.parametrize("rate", [8_000, 24_000, 48_000])
def test_words_move_with_the_rate(utterance, pcm, rate):
    """Positions are the same instants."""
    out = run(pcm, reference=utterance.reference, sample_rate_hz=rate)
    for before, after in zip(utterance.reference.words, out.reference.words, strict=True):
        assert abs(after.start_sample / rate - before.start_sample / RATE) <= 1 / rate
    assert out.sample_rate_hz == rate
    assert abs(out.pcm.size / rate - pcm.size / RATE) <= 1 / rate


def test_words_move_with_lead_and_speed(pcm):
    """Silence before the speech delays it, speed brings it nearer."""
    reference = Reference("a", "a", (Word("a", 16_000, 32_000),))
    out = run(pcm, reference=reference, lead_ms=500, speed=2.0)
    assert (out.reference.words[0].start_sample, out.reference.words[0].end_sample) == (8_000 + 8_000, 8_000 + 16_000)
    assert not out.pcm[:7_900].any()


def test_interleaved_stereo_takes_twice_as_long(pcm):
    """And so do its words."""
    reference = Reference("a", "a", (Word("a", 1_000, 2_000),))
    out = run(pcm, reference=reference, stereo_fault="interleaved")
    assert out.pcm.size == 2 * pcm.size
    assert out.reference.words[0].end_sample == 4_000


@pytest.mark.parametrize(("fault", "change_db"), [("left_only", -6.02), ("inverted", -16.7)])
def test_a_lost_or_inverted_channel_costs_level(pcm, fault, change_db):
    """By the arithmetic of the sum."""
    before, after = run(pcm).facts["rms_dbfs"], run(pcm, stereo_fault=fault).facts["rms_dbfs"]
    assert after - before == pytest.approx(change_db, abs=0.1)


def test_a_late_channel_makes_a_comb():
    """2 ms of delay cancel 250 Hz and leave 500 Hz."""
    time = np.arange(RATE) / RATE
    for hz, level in ((250, -60), (500, -9.5)):
        out = run(to_int16(0.47 * np.sin(2 * np.pi * hz * time)), stereo_fault="delayed")
        middle = to_float(out.pcm)[1_000:]
        rms_db = 20 * math.log10(max(1e-4, float(np.sqrt(np.mean(middle**2)))))
        assert rms_db <= level + 1 if level < -50 else rms_db == pytest.approx(level, abs=0.2)


def test_gain_and_offset_are_what_was_asked_for(pcm):
    """Measured on the bytes that are sent."""
    clean = run(pcm).facts
    assert run(pcm, gain_db=-20.0).facts["rms_dbfs"] - clean["rms_dbfs"] == pytest.approx(-20, abs=0.05)
    assert run(pcm, dc_offset=0.1).facts["dc_offset"] - clean["dc_offset"] == pytest.approx(0.1, abs=1e-3)
    assert run(pcm, gain_db=40.0).facts["clipped_share"] > 0


def test_clipping_cuts_the_peak_by_its_depth(pcm):
    """And says how much of the audio it touched."""
    out = run(pcm, clip_db=12.0)
    assert out.facts["peak_dbfs"] - run(pcm).facts["peak_dbfs"] == pytest.approx(-12, abs=0.05)
    assert 0 < out.facts["clip_share"] < 0.5


def test_the_telephone_band_passes_speech_and_stops_the_rest():
    """1 kHz goes through, 100 Hz and 4 kHz do not."""
    time = np.arange(RATE) / RATE
    levels = {}
    for hz in (100, 1_000, 4_000):
        out = run(to_int16(0.5 * np.sin(2 * np.pi * hz * time)), band="telephone")
        levels[hz] = float(np.abs(to_float(out.pcm)[2_000:-2_000]).max())
    assert levels[1_000] == pytest.approx(0.5, abs=0.01)
    assert levels[100] < 0.05
    assert levels[4_000] < 0.005


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 1.0])
def test_a_room_has_the_reverberation_it_was_given(pcm, rt60_s):
    """Measured by Schroeder's integral, within a tenth; the words stay where they are."""
    out = run(pcm, rt60_s=rt60_s)
    assert out.facts["rt60_s"] == pytest.approx(rt60_s, rel=0.1)
    assert out.pcm.size == pcm.size


@pytest.mark.parametrize("concealment", ["zeros", "repeat"])
def test_packets_are_lost_at_the_asked_rate(pcm, concealment):
    """Within the binomial's reach, and a gap is a gap."""
    out = run(pcm, loss_percent=20.0, loss_concealment=concealment)
    assert out.facts["loss_share"] == pytest.approx(0.2, abs=0.07)
    packets = out.pcm[: out.pcm.size // 320 * 320].reshape(-1, 320)
    silent = float((~packets.any(axis=1)).mean())
    assert (silent > 0.1) == (concealment == "zeros")


def test_more_loss_loses_the_same_packets_and_more(pcm):
    """Rungs of a ladder are nested."""
    few, many = run(pcm, loss_percent=5.0).pcm, run(pcm, loss_percent=20.0).pcm
    assert not many[(few == 0) & (pcm != 0)].any()


@pytest.mark.parametrize(
    ("codec", "more"),
    [
        ("ulaw", {}),
        ("alaw", {}),
        ("gsm", {"codec_rate_hz": 8_000}),
        ("mp3", {"codec_kbps": 24.0}),
        ("opus", {"codec_kbps": 24.0}),
        ("vorbis", {"codec_kbps": 40.0}),
        ("pcm", {"codec_rate_hz": 8_000}),
    ],
)
def test_a_codec_keeps_length_and_place_and_reports_its_bit_rate(pcm, codec, more):
    """What comes out lies where it went in."""
    out = run(pcm, codec=codec, **more)
    assert out.pcm.size == pcm.size
    x, y = to_float(pcm), to_float(out.pcm)
    size = 1 << (2 * x.size).bit_length()
    lag = int(np.argmax(np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)))
    assert min(lag, size - lag) <= 2
    assert np.corrcoef(x, y)[0, 1] > 0.8
    if codec_kbps := more.get("codec_kbps"):
        assert out.facts["codec_kbps"] == pytest.approx(codec_kbps, rel=0.35)


def test_babble_leaves_out_the_speaker_that_is_talking(pcm):
    """Nobody talks over herself."""
    everyone = run(pcm, noise="babble", snr_db=10.0).pcm
    others = run(pcm, noise="babble", snr_db=10.0, speaker="slt").pcm
    assert not np.array_equal(everyone, others)


def test_silence_has_no_ratio():
    """One clear line instead of an infinity."""
    with pytest.raises(AudioError, match="no speech"):
        run(np.zeros(RATE, np.int16), snr_db=20.0)


def test_nothing_of_the_speech_is_in_a_repr(utterance, pcm):
    """Transcripts stay out of logs."""
    out = run(pcm, reference=utterance.reference)
    assert utterance.reference.written[:12] not in repr(out)
    assert utterance.reference.written[:12] not in repr(utterance)
