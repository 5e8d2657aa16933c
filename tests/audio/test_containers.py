"""Laws of sound files: any samples through any container come back, and no cut goes unnoticed."""

import io

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.audio.containers.layout import Part, PartFile
from workbench.audio.files import audio_info, read_audio
from workbench.errors import AudioError

RATE = 16_000
LOSSLESS = ["WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC", "NIST", "VOC", "IRCAM", "SVX", "PAF", "AVR",
            "HTK", "MAT4", "MAT5", "PVF", "MPC2K"]  # fmt: skip
"""Everything that libsndfile writes with 16-bit integers. Its SDS pads to blocks; RAW has no header."""

LOSSY = [("WAV", "ULAW"), ("WAV", "ALAW"), ("AIFF", "ULAW"), ("AU", "ALAW"), ("CAF", "ALAW"), ("W64", "ULAW"),
         ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("OGG", "OPUS")]  # fmt: skip
"""Sample for sample as long as what went in."""

BLOCKS = [("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("WAV", "GSM610"), ("AIFF", "IMA_ADPCM")]
"""As long, filled up to a block."""


def written(folder, pcm, container, subtype, channels=1):
    path = folder / f"a.{container.lower()}"
    sf.write(path, pcm if channels == 1 else np.stack([pcm] * channels, 1), RATE, format=container, subtype=subtype)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all examples of a law."""
    return tmp_path_factory.mktemp("laws")


samples = st.integers(1, 30_000).flatmap(
    lambda size: st.integers(0, 2**32 - 1).map(
        lambda seed: np.random.default_rng(seed).integers(-32768, 32768, size, np.int16)
    )
)


@settings(max_examples=120, deadline=None)
@given(pcm=samples, container=st.sampled_from(LOSSLESS))
def test_integers_come_back_from_every_lossless_container(folder, pcm, container):
    """Every sample, and the count of them."""
    path = written(folder, pcm, container, "PCM_16")
    assert np.array_equal(read_audio(path).pcm, pcm)
    assert audio_info(path).samples == pcm.size


@settings(max_examples=60, deadline=None)
@given(pcm=samples, kind=st.sampled_from(LOSSY), channels=st.integers(1, 2))
def test_lossy_containers_come_back_as_long_as_they_were(folder, pcm, kind, channels):
    """To the sample: encoders' delays are taken out."""
    path = written(folder, pcm, *kind, channels)
    # libsndfile writes one sample more, and says so, where a byte each would make an odd number of bytes in AIFF.
    expected = pcm.size + (pcm.size * channels % 2 if kind == ("AIFF", "ULAW") else 0)
    assert read_audio(path).pcm.size == audio_info(path).samples == expected


@settings(max_examples=40, deadline=None)
@given(pcm=samples, kind=st.sampled_from(BLOCKS))
def test_block_codecs_come_back_filled_up_to_a_block(folder, pcm, kind):
    """What is read is what is counted."""
    path = written(folder, pcm, *kind)
    size = read_audio(path).pcm.size
    assert pcm.size <= size <= pcm.size + 1_024 or kind[1] != "GSM610"
    assert audio_info(path).samples == size


@settings(max_examples=60, deadline=None)
@given(pcm=samples, subtype=st.sampled_from(["PCM_24", "PCM_32", "FLOAT", "DOUBLE"]), start=st.integers(0, 2_000))
def test_wider_samples_come_back_rounded_to_what_they_were(folder, pcm, subtype, start):
    """From any sample on."""
    path = written(folder, pcm / 32768 if subtype in ("FLOAT", "DOUBLE") else pcm, "WAV", subtype)
    if start < pcm.size:
        assert np.array_equal(read_audio(path, start_sample=start).pcm, pcm[start:])
    else:
        with pytest.raises(AudioError, match="outside the file"):
            read_audio(path, start_sample=start)


CUT = [*((container, "PCM_16") for container in LOSSLESS), *LOSSY]


def read_or_error(path, rate_hz=None):
    """The audio, or the one line that says why there is none."""
    try:
        return read_audio(path, rate_hz)
    except AudioError as error:
        return str(error)


@pytest.fixture(scope="module")
def whole(folder):
    """Each container with a second of noise in it: its bytes and what it decodes to."""
    pcm = (np.random.default_rng(0).standard_normal(RATE) * 3_000).astype(np.int16)
    files = {}
    for kind in CUT:
        path = written(folder, pcm, *kind)
        files[kind] = path.read_bytes(), read_audio(path).pcm
    return files


@settings(max_examples=600, deadline=None)
@given(data=st.data(), kind=st.sampled_from(CUT))
def test_a_cut_at_any_byte_is_named_or_remarked(folder, whole, data, kind):
    """What is read of a cut file is the beginning of the whole one, and it is said that it was read so."""
    content, pcm = whole[kind]
    size = data.draw(st.integers(0, len(content) - 1) | st.integers(max(0, len(content) - 40), len(content) - 1))
    path = folder / "cut"
    path.write_bytes(content[:size])
    audio = read_or_error(path)
    if isinstance(audio, str):
        return
    assert audio.facts.get("source_remarks") or audio.pcm.size == pcm.size
    if kind not in LOSSY:
        assert np.array_equal(audio.pcm, pcm[: audio.pcm.size])


@pytest.mark.parametrize("kind", CUT)
def test_every_cut_of_a_short_file_is_named_or_remarked(tmp_path, kind):
    """All of them, one after the other."""
    pcm = (np.random.default_rng(0).standard_normal(600) * 3_000).astype(np.int16)
    content = written(tmp_path, pcm, *kind).read_bytes()
    whole_size = read_audio(written(tmp_path, pcm, *kind)).pcm.size
    path = tmp_path / "cut"
    silent = []
    for size in range(len(content)):
        path.write_bytes(content[:size])
        audio = read_or_error(path)
        if not isinstance(audio, str) and not audio.facts.get("source_remarks") and audio.pcm.size != whole_size:
            silent.append(size)
    assert silent == []


@settings(max_examples=200, deadline=None)
@given(data=st.data(), kind=st.sampled_from(CUT))
def test_a_damaged_byte_never_ends_in_anything_but_an_error_of_ours(folder, whole, data, kind):
    """Headers are claims: whatever they say, there is a sound or one line."""
    content = bytearray(whole[kind][0])
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, min(200, len(content) - 1)))] = data.draw(st.integers(0, 255))
    path = folder / "damaged"
    path.write_bytes(content)
    audio = read_or_error(path, RATE)
    assert audio.count("\n") == 0 if isinstance(audio, str) else audio.pcm.dtype == np.int16


@settings(max_examples=200, deadline=None)
@given(
    data=st.binary(min_size=1, max_size=200),
    pieces=st.lists(st.binary(max_size=9) | st.tuples(st.integers(0, 200), st.integers(0, 200)), max_size=6),
    reads=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 50)), max_size=6),
)
def test_pieces_read_as_one_file(tmp_path_factory, data, pieces, reads):
    """Like a file of all pieces joined, wherever it is read."""
    import mmap

    with mmap.mmap(-1, len(data)) as memory:
        memory[:] = data
        made = [p if isinstance(p, bytes) else range(min(p[0], len(data)), min(sum(p), len(data))) for p in pieces]
        part = PartFile(memory, Part(tuple(piece for piece in made if len(piece))))
        plain = io.BytesIO(b"".join(p if isinstance(p, bytes) else data[p.start : p.stop] for p in made))
        for position, size in reads:
            assert part.seek(position) == plain.seek(position)
            assert part.read(size) == plain.read(size)
        assert part.seek(0, io.SEEK_END) == plain.seek(0, io.SEEK_END)
