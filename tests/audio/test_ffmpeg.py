"""Containers that only ffmpeg decodes; those tests that need it are skipped, with the reason, where it is missing."""

import shutil
import subprocess

import numpy as np
import pytest
import soundfile as sf

from workbench.audio.files import audio_info, read_audio
from workbench.errors import AudioError

RATE = 16_000
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg, which is not installed here")


@pytest.fixture
def m4a(tmp_path):
    """Two seconds of noise in stereo, the left channel louder."""
    noise = np.random.default_rng(0).standard_normal((2 * RATE, 2)) * (0.2, 0.05)
    sf.write(tmp_path / "source.wav", noise, RATE)
    command = ["ffmpeg", "-v", "quiet", "-i", str(tmp_path / "source.wav"), str(tmp_path / "a b'%.m4a")]
    subprocess.run(command, check=True)
    return tmp_path / "a b'%.m4a"


HEADS = {
    "MP4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "MATROSKA": b"\x1a\x45\xdf\xa3" + b"\0" * 20,
    "ASF": b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "AAC": b"\xff\xf1\x50\x80" * 4,
    "AMR": b"#!AMR\n" + b"\0" * 20,
}


@pytest.mark.parametrize("name", HEADS)
def test_without_ffmpeg_there_is_one_line(tmp_path, monkeypatch, name):
    """What is missing, and what to do."""
    monkeypatch.setattr(shutil, "which", lambda program: None)
    (tmp_path / "a.bin").write_bytes(HEADS[name])
    with pytest.raises(AudioError, match=f"{name} audio needs ffmpeg, which is not installed here. Install ffmpeg, or"):
        read_audio(tmp_path / "a.bin")


@needs_ffmpeg
def test_channels_stretches_and_rates_work_as_with_any_file(m4a):
    """Whatever the name of the file holds."""
    info = audio_info(m4a)
    assert (info.sample_rate_hz, info.channels, info.container, info.encoding) == (RATE, 2, "MP4", "AAC")
    assert abs(info.samples - 2 * RATE) <= 1_024
    whole = read_audio(m4a)
    part = read_audio(m4a, start_sample=10_000, samples=500)
    assert np.array_equal(part.pcm, whole.pcm[10_000:10_500])
    left, right = (read_audio(m4a, channel=channel) for channel in (0, 1))
    assert left.facts["rms_dbfs"] == pytest.approx(right.facts["rms_dbfs"] + 12, abs=1)
    assert abs(read_audio(m4a, 8_000).pcm.size - info.samples / 2) <= 1
    with pytest.raises(AudioError, match="breaks off"):
        read_audio(m4a, start_sample=info.samples - 10, samples=500)


@needs_ffmpeg
@pytest.mark.parametrize("name", HEADS)
def test_damaged_files_are_one_line(tmp_path, name):
    """ffmpeg's own words at the end of ours."""
    (tmp_path / "a.bin").write_bytes(HEADS[name])
    with pytest.raises(AudioError, match=r"ffmpeg can decode|breaks off|without samples|not audio"):
        read_audio(tmp_path / "a.bin")


@needs_ffmpeg
@pytest.mark.parametrize(
    "text", ["#EXTM3U\nfile:{}\n", "ffconcat version 1.0\nfile '{}'\n", "<html><video src='{}'></video></html>"]
)
def test_a_playlist_leads_to_no_other_file(tmp_path, m4a, text):
    """Only the file itself is opened, by the demuxer that its first bytes name."""
    (tmp_path / "list.m4a").write_text(text.format(m4a))
    with pytest.raises(AudioError, match="not audio"):
        read_audio(tmp_path / "list.m4a")
