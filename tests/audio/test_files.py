"""Reading sound files: every format alike, and one clear line for a bad one."""

import struct

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.files import audio_info, encode_audio, file_sha256, read_audio, write_audio
from workbench.audio.resample import ResampleStream, resample, resampled_length
from workbench.errors import AudioError

RATE = 16_000


def tone(seconds=1.0, rate=RATE, amplitude=0.5, hz=440.0):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def as_int16(x):
    return np.clip(np.rint(x * 32768), -32768, 32767).astype(np.int16)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff", "a.au"])
def test_sixteen_bit_mono_comes_back_bit_for_bit(tmp_path, name):
    """Lossless formats of our own rate are not touched."""
    pcm = as_int16(tone())
    sf.write(tmp_path / name, pcm, RATE, subtype="PCM_16")
    audio = read_audio(tmp_path / name, RATE)
    assert np.array_equal(audio.pcm, pcm)
    assert audio.facts["conversion"] == "none"


@pytest.mark.parametrize("subtype", ["PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_U8"])
def test_other_sample_formats_are_scaled_by_their_own_full_scale(tmp_path, subtype):
    """A 32-bit integer WAV is not taken for floats, nor the other way about."""
    sf.write(tmp_path / "a.wav", tone(), RATE, subtype=subtype)
    audio = read_audio(tmp_path / "a.wav")
    assert np.abs(audio.pcm.astype(int) - as_int16(tone())).max() <= (260 if subtype == "PCM_U8" else 1)
    assert audio.facts["conversion"] == "requantised"


def test_extensible_wav_is_read(tmp_path):
    """WAVE_FORMAT_EXTENSIBLE, as many recorders write it."""
    sf.write(tmp_path / "a.wav", as_int16(tone()), RATE, format="WAVEX", subtype="PCM_16")
    assert np.array_equal(read_audio(tmp_path / "a.wav").pcm, as_int16(tone()))


def test_stereo_mp3_at_44100_is_downmixed_and_resampled_and_says_so(tmp_path):
    """Legal input: the facts tell what was done."""
    x = tone(rate=44_100)
    sf.write(tmp_path / "a.mp3", np.stack([x, x / 2], axis=1), 44_100)
    audio = read_audio(tmp_path / "a.mp3", RATE)
    assert abs(audio.pcm.size - RATE) <= 1
    assert audio.facts["source_channels"] == 2
    assert audio.facts["source_rate_hz"] == 44_100
    assert audio.facts["conversion"] == "requantised+downmixed+resampled"
    assert audio.facts["peak_dbfs"] == pytest.approx(20 * np.log10(0.375), abs=0.6)


def test_a_stretch_of_a_file_is_read(tmp_path):
    """Segments of a long recording need no file of their own."""
    pcm = as_int16(tone())
    sf.write(tmp_path / "a.flac", pcm, RATE)
    assert np.array_equal(read_audio(tmp_path / "a.flac", start_sample=100, samples=50).pcm, pcm[100:150])
    with pytest.raises(AudioError, match="outside the file"):
        read_audio(tmp_path / "a.flac", start_sample=RATE, samples=1)


def bad_file(tmp_path, kind):
    path = tmp_path / f"{kind}.wav"
    whole = tmp_path / "whole.wav"
    sf.write(whole, as_int16(tone()), RATE)
    data = whole.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("this is no sound")
    elif kind == "folder":
        path.mkdir()
    elif kind == "truncated":
        path.write_bytes(data[: 44 + 10_000])
    elif kind == "header":
        path.write_bytes(data[:36] + b"data" + struct.pack("<I", 0))
    elif kind == "notfinite":
        x = tone()
        x[5] = np.nan
        sf.write(path, x, RATE, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("missing", "no such audio file"),
        ("empty", r"empty file \(got 0 bytes"),
        ("text", "not audio"),
        ("folder", "a folder"),
        ("truncated", r"truncated audio \(got 5000 samples; expected 16000"),
        ("header", "without samples"),
        ("notfinite", "not finite"),
    ],
)
def test_a_bad_file_gets_one_line_that_names_it(tmp_path, kind, says):
    """What is wrong, with what was got and what was expected."""
    path = bad_file(tmp_path, kind)
    with pytest.raises(AudioError, match=says) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_truncated_flac_is_refused(tmp_path):
    """Its header promises more than the file holds."""
    sf.write(tmp_path / "a.flac", np.random.default_rng(0).standard_normal(RATE) * 0.1, RATE)
    (tmp_path / "b.flac").write_bytes((tmp_path / "a.flac").read_bytes()[:9000])
    with pytest.raises(AudioError, match=r"breaks off|truncated"):
        read_audio(tmp_path / "b.flac")


def test_a_streamed_wav_of_open_length_is_read(tmp_path):
    """A recorder that could not seek back leaves the size open; that is no truncation."""
    pcm = as_int16(tone())
    sf.write(tmp_path / "a.wav", pcm, RATE)
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = struct.pack("<I", 0xFFFFFFFF)
    (tmp_path / "b.wav").write_bytes(data)
    assert read_audio(tmp_path / "b.wav").pcm.size == pcm.size


def test_info_asks_the_header_only(tmp_path):
    """Rate, channels, length, format."""
    sf.write(tmp_path / "a.wav", np.zeros((800, 2)), 8_000, subtype="PCM_24")
    info = audio_info(tmp_path / "a.wav")
    assert (info.sample_rate_hz, info.channels, info.samples, info.encoding) == (8_000, 2, 800, "PCM_24")


def test_written_audio_reads_back(tmp_path):
    """And an ending that names no format is refused."""
    pcm = as_int16(tone())
    write_audio(tmp_path / "a.flac", pcm, RATE)
    assert np.array_equal(read_audio(tmp_path / "a.flac").pcm, pcm)
    assert len(file_sha256(tmp_path / "a.flac")) == 64
    with pytest.raises(AudioError, match="cannot write audio"):
        write_audio(tmp_path / "a.xyz", pcm, RATE)


@settings(max_examples=40, deadline=None)
@given(
    samples=st.integers(2_000, 60_000),
    from_hz=st.sampled_from([8_000, 11_025, 16_000, 22_050, 44_100, 48_000]),
    to_hz=st.sampled_from([8_000, 16_000, 24_000, 48_000]),
)
def test_resampling_keeps_duration_to_within_one_sample(samples, from_hz, to_hz):
    """A law over lengths and rates."""
    y = resample(np.zeros(samples), from_hz, to_hz)
    assert y.size == resampled_length(samples, from_hz, to_hz)
    assert abs(y.size / to_hz - samples / from_hz) <= 1 / to_hz


def test_resampling_does_not_move_sound():
    """The filter's delay is taken out: a click stays where it was."""
    x = np.zeros(48_000)
    x[24_000] = 1.0
    assert abs(int(np.argmax(resample(x, 48_000, 16_000))) - 8_000) <= 1


def test_too_short_to_resample_is_an_error():
    """Nothing would be left."""
    with pytest.raises(AudioError, match="too short"):
        resample(np.zeros(1), 48_000, 8_000)


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16")])
def test_encoded_audio_comes_back_sample_for_sample(container, subtype, tmp_path):
    """A file in memory, of the container that was asked for."""
    pcm = np.random.default_rng(1).integers(-32_768, 32_768, 4_000).astype(np.int16)
    path = tmp_path / "sound"
    path.write_bytes(encode_audio(pcm, 44_100, container))
    assert np.array_equal(read_audio(path).pcm, pcm)
    info = audio_info(path)
    assert (info.sample_rate_hz, info.container, info.encoding) == (44_100, container, subtype)


@pytest.mark.parametrize("rate", [RATE, 44_100])
def test_no_more_than_the_result_and_a_block_is_held(tmp_path, rate):
    """Two minutes of 32-bit stereo, 42 MB in the file: the result has 2 bytes a sample, a block 2 MB of floats."""
    import tracemalloc

    x = np.random.default_rng(0).standard_normal((44_100 * 120, 2)).astype(np.float32) * 0.1
    sf.write(tmp_path / "a.wav", x, 44_100, subtype="FLOAT")
    tracemalloc.start()
    audio = read_audio(tmp_path / "a.wav", rate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert audio.pcm.size == rate * 120
    assert peak < 2 * audio.pcm.nbytes + 24_000_000


def test_what_is_too_long_is_refused_before_it_is_read(tmp_path, monkeypatch):
    """Also where the new rate makes it so."""
    monkeypatch.setattr("workbench.audio.files.MAX_SAMPLES", 40_000)
    write_audio(tmp_path / "a.wav", as_int16(tone()), RATE)
    assert read_audio(tmp_path / "a.wav").pcm.size == RATE
    with pytest.raises(AudioError, match=r"recording too long \(got 16000 samples at 16000 Hz, to be 48000 Hz"):
        read_audio(tmp_path / "a.wav", 48_000)


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9_000), min_size=1, max_size=8).filter(lambda sizes: sum(sizes) > 100),
    rates=st.sampled_from([(44_100, 16_000), (8_000, 16_000), (22_050, 48_000), (48_000, 8_000)]),
)
def test_resampling_in_blocks_gives_the_same_bits(sizes, rates):
    """However the audio is cut into blocks."""
    x = np.random.default_rng(0).standard_normal(sum(sizes))
    stream = ResampleStream(*rates)
    blocks = [stream.add(block) for block in np.split(x, np.cumsum(sizes)[:-1])]
    joined = np.concatenate([*blocks, stream.end()])
    assert np.array_equal(joined[: resampled_length(x.size, *rates)], resample(x, *rates))


def test_recordings_of_two_kinds_in_one_file_are_refused(tmp_path):
    """There is no one rate to play them at."""
    write_audio(tmp_path / "a.wav", as_int16(tone()), RATE)
    write_audio(tmp_path / "b.wav", as_int16(tone(rate=8_000)), 8_000)
    (tmp_path / "a.wav").write_bytes((tmp_path / "a.wav").read_bytes() + (tmp_path / "b.wav").read_bytes())
    with pytest.raises(AudioError, match="of different kinds in one file"):
        read_audio(tmp_path / "a.wav")
