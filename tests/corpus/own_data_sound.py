"""Rows about sound files: containers, sizes, cuts, and what can be heard."""

from __future__ import annotations

import subprocess
from functools import cache, partial
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from tests.corpus.own_data import Finds, Reads, Refuses, Row, by_ffmpeg, need
from workbench.corpus import builtin_corpora, load_corpus

__all__ = ["ROWS"]

RATE = 16_000
OPEN = "its header leaves the length open; it was read to the end of the file"
COUNTED = "its header leaves the length open; its frames were counted"
NOWHERE = "its length is stated nowhere; its frames were counted"
TWO = "2 recordings one after the other in one file"
CUT = "truncated audio"


@cache
def speech() -> np.ndarray:
    """Three seconds of a built-in recording: int16 at 16 kHz, read by libsndfile alone."""
    path = load_corpus(builtin_corpora()["clinic"]).utterance("vitals-01-slt").audio
    return sf.read(path, dtype="int16")[0][: 3 * RATE]


def pcm(_: Path) -> np.ndarray:
    return speech()


def twice(_: Path) -> np.ndarray:
    return np.concatenate([speech(), speech()])


def made(folder: Path, ending: str, subtype: str = "PCM_16", form: str | None = None, rate: int = RATE) -> Path:
    path = folder / f"a.{ending}"
    floats = subtype in {"FLOAT", "DOUBLE"}
    sf.write(path, speech() / 32768 if floats else speech(), rate, format=form, subtype=subtype)
    return path


def plain(ending: str, subtype: str = "PCM_16", form: str | None = None):
    return partial(made, ending=ending, subtype=subtype, form=form)


def changed(make, change):
    """A file whose bytes are changed: ``change`` takes and returns them."""

    def write(folder: Path) -> Path:
        path = make(folder)
        path.write_bytes(change(path.read_bytes()))
        return path

    return write


def put(at: int, new: bytes):
    return lambda data: data[:at] + new + data[at + len(new) :]


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def le32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def be32(value: int) -> bytes:
    return value.to_bytes(4, "big")


def sized(value: int, riff: int | None = None):
    """A WAV whose header states such sizes."""
    return changed(plain("wav"), lambda d: put(4, le32(riff if riff is not None else value))(put(40, le32(value))(d)))


def piped(program: str, ending: str):
    """What a program writes into a pipe when samples come through another one: it never knows how many."""

    def write(folder: Path) -> Path:
        need(program)
        command = {
            "ffmpeg": ["ffmpeg", "-v", "quiet", "-f", "s16le", "-ar", str(RATE), "-i", "-", "-f", ending, "-"],
            "sox": ["sox", "-t", "raw", "-r", str(RATE), "-e", "signed", "-b", "16", "-c", "1", "-", "-t", ending, "-"],
        }[program]
        path = folder / f"piped.{ending}"
        path.write_bytes(subprocess.run(command, input=speech().tobytes(), capture_output=True, check=True).stdout)
        return path

    return write


def encoded(ending: str, *options: str):
    """A file that ffmpeg encodes."""

    def write(folder: Path) -> Path:
        need("ffmpeg")
        path = folder / f"b.{ending}"
        source = str(made(folder, "source.wav"))
        command = ["ffmpeg", "-v", "quiet", "-y", "-i", source, *options, str(path)]
        subprocess.run(command, check=True)
        return path

    return write


def mp3(folder: Path, mode: str = "VARIABLE", xing: bool = True) -> Path:
    """An MP3 by LAME, its Xing frame taken off or not."""
    path = folder / "a.mp3"
    with sf.SoundFile(path, "w", RATE, 1, bitrate_mode=mode, compression_level=0.5) as file:
        file.write(speech())
    if not xing:
        data = path.read_bytes()
        start = data.find(b"Xing") if b"Xing" in data[:200] else data.find(b"Info")
        first = data.rfind(b"\xff", 0, start)
        path.write_bytes(data[data.find(data[first : first + 2], first + 40) :])
    return path


def doubled(make):
    return changed(make, lambda data: data * 2)


def chained(codec: str):
    """Two Ogg streams with serial numbers of their own, one after the other."""

    def write(folder: Path) -> Path:
        path = folder / "a.ogg"
        content = b""
        for _ in range(2):
            sf.write(path, speech(), RATE, format="OGG", subtype=codec)
            content += path.read_bytes()
        path.write_bytes(content)
        return path

    return write


def at_a_page(data: bytes) -> bytes:
    """Up to the last page but one."""
    return data[: data.rfind(b"OggS")]


def samples_of(content: bytes, count: int) -> bytes:
    """A FLAC whose STREAMINFO states another number of samples."""
    return put(21, bytes([content[21] & 0xF0]) + be32(count))(content)


def id3(data: bytes) -> bytes:
    """With a tag and a picture before, and a tag behind."""
    return b"ID3\x03\x00\x00\x00\x00\x10\x00" + b"\xff\xfb\x90" * 682 + b"\0\0" + data + b"TAG".ljust(125, b"x")


def sound(x: np.ndarray, rate: int = RATE, subtype: str = "PCM_16"):
    """A WAV of the given samples: int16, or floats of which 1.0 is full scale."""

    def write(folder: Path) -> Path:
        sf.write(folder / "a.wav", x, rate, subtype=subtype)
        return folder / "a.wav"

    return write


def floats() -> np.ndarray:
    return speech() / 32768


def text(folder: Path) -> Path:
    (folder / "a.wav").write_text("this is no sound")
    return folder / "a.wav"


def bytes_of(content: bytes, name: str = "a.wav"):
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def renamed(make, name: str):
    return lambda folder: make(folder).rename(folder / name)


def by_formula(name: str):
    """G.711 as the standard expands it, by SciPy-free arithmetic on the bytes of the file."""

    def expand(path: Path) -> np.ndarray:
        code = np.frombuffer(path.read_bytes()[-speech().size :], np.uint8).astype(int)
        if name == "ulaw":
            code = ~code & 0xFF
            value = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
            return np.where(code & 128, -value, value).astype(np.int16)
        code ^= 0x55
        exponent, mantissa = code >> 4 & 7, (code & 15) << 4
        value = np.where(exponent == 0, mantissa + 8, mantissa + 264 << np.maximum(exponent - 1, 0))
        return np.where(code & 128, value, -value).astype(np.int16)

    return expand


def unsigned(_: Path) -> np.ndarray:
    return ((speech().astype(int) >> 8) << 8).astype(np.int16)


_CONTAINERS = [
    Row("WAV, 16-bit", plain("wav"), Reads(pcm)),
    Row("WAV, 24-bit integers", plain("wav", "PCM_24"), Reads(pcm)),
    Row("WAV, 32-bit integers (not taken for floats)", plain("wav", "PCM_32"), Reads(pcm)),
    Row("WAV, 32-bit floats", plain("wav", "FLOAT"), Reads(pcm)),
    Row("WAV, 64-bit floats", plain("wav", "DOUBLE"), Reads(pcm)),
    Row("WAV, 8-bit unsigned", plain("wav", "PCM_U8"), Reads(unsigned, within=256)),
    Row("WAV, µ-law", plain("wav", "ULAW"), Reads(by_formula("ulaw"))),
    Row("WAV, A-law", plain("wav", "ALAW"), Reads(by_formula("alaw"))),
    Row("WAV, IMA ADPCM", plain("wav", "IMA_ADPCM"), Reads(by_ffmpeg, within=300)),
    Row("WAV, Microsoft ADPCM", plain("wav", "MS_ADPCM"), Reads(by_ffmpeg, within=300)),
    Row("WAV, GSM 6.10", plain("wav", "GSM610"), Reads(by_ffmpeg, within=1)),
    Row("WAV, `WAVE_FORMAT_EXTENSIBLE`", plain("wav", form="WAVEX"), Reads(pcm)),
    Row("WAV over 4 GB (RF64)", plain("wav", form="RF64"), Reads(pcm)),
    Row("Wave64", plain("w64"), Reads(pcm)),
    Row("FLAC", plain("flac"), Reads(pcm)),
    Row("AIFF", plain("aiff"), Reads(pcm)),
    Row("AU", plain("au"), Reads(pcm)),
    Row("CAF", plain("caf"), Reads(pcm)),
    Row("NIST SPHERE", plain("sph", form="NIST"), Reads(pcm)),
    Row(
        "VOC, IRCAM, SVX and other old containers",
        plain("voc"),
        Reads(pcm, "a file of this kind states too little to tell whether it is cut off"),
    ),
    Row("Ogg Vorbis", plain("ogg", "VORBIS"), Reads(by_ffmpeg, within=2)),
    Row("Ogg Opus", plain("opus", "OPUS", "OGG"), Reads(lambda _: speech().size)),
    Row("MP3, constant bit rate", partial(mp3, mode="CONSTANT"), Reads(by_ffmpeg, within=2)),
    Row("MP3, variable bit rate", mp3, Reads(by_ffmpeg, within=2)),
    Row("MP3 with ID3 tags and a picture", changed(mp3, id3), Reads(lambda _: speech().size)),
    Row("M4A (AAC)", encoded("m4a"), Reads(by_ffmpeg, within=1, how="decoded by ffmpeg, every sample")),
    Row("MP4", encoded("mp4"), Reads(by_ffmpeg, within=1, how="decoded by ffmpeg, every sample")),
    Row("WebM (Opus), as browsers record", encoded("webm", "-c:a", "libopus"),
        Reads(by_ffmpeg, within=1, how="decoded by ffmpeg, every sample")),
    Row("WMA", encoded("wma"), Reads(by_ffmpeg, within=1, how="decoded by ffmpeg, every sample")),
    Row("AAC without a container", encoded("aac"),
        Reads(by_ffmpeg, "its length is stated nowhere; it was read to its end", 1, "decoded by ffmpeg, every sample")),
    Row("an MP3 that is called `.wav`", renamed(mp3, "b.wav"), Reads(by_ffmpeg, within=2)),
    Row("a WAV that is called `.raw`", renamed(plain("wav"), "b.raw"), Reads(pcm)),
]  # fmt: skip

_SIZES = [
    Row("WAV from a pipe, sizes 0 (Python, GStreamer, a recorder that was killed)", sized(0, 36), Reads(pcm, OPEN)),
    Row("WAV from a pipe, sizes 0xFFFFFFFF", sized(0xFFFFFFFF), Reads(pcm, OPEN)),
    Row("WAV from a pipe, 0x7FFFF000 (SoX, espeak)", sized(0x7FFFF000, 0x7FFFF024), Reads(pcm, OPEN)),
    Row("WAV from a pipe, 0x7FFFFFFF (LAME)", sized(0x7FFFFFFF, 0x80000023), Reads(pcm, OPEN)),
    Row("WAV from a pipe, 0x7FFFFF00 (arecord)", sized(0x7FFFFF00, 0x7FFFFF24), Reads(pcm, OPEN)),
    Row("WAV from a pipe, 0xFFFFFFDB (0xFFFFFFFF less its header)", sized(0xFFFFFFDB, 0xFFFFFFFF), Reads(pcm, OPEN)),
    Row("WAV from `ffmpeg … -`", piped("ffmpeg", "wav"), Reads(pcm, OPEN)),
    Row("WAV from `sox … -`", piped("sox", "wav"), Reads(pcm, OPEN)),
    Row("WAV whose data size is too small", sized(20_000, 20_036),
        Reads(pcm, "its header states 20000 bytes of sound and 96000 are there; all of them were read")),
    Row("WAV with tags after the sound", changed(plain("wav"), lambda d: d + b"LIST\x04\0\0\0INFO"), Reads(pcm)),
    Row("WAV padded with zeros", changed(plain("wav"), lambda d: d + bytes(2_000)), Reads(pcm)),
    Row("two WAV in one file (`cat a.wav b.wav`)", doubled(plain("wav")), Reads(twice, TWO)),
    Row("three WAV in one file, the last of open length",
        changed(plain("wav"), lambda d: d * 2 + put(40, le32(0xFFFFFFFF))(d)),
        Reads(lambda _: np.tile(speech(), 3), "3 recordings one after the other in one file")),
    Row("two WAV in one file, the second cut in half", changed(plain("wav"), lambda d: d + half(d)),
        Refuses(f"{CUT} (got 23989 samples; expected 48000")),
    Row("WAV without its last byte", changed(plain("wav"), lambda d: d[:-1]),
        Reads(lambda _: speech()[:-1], "its last sample is incomplete and was left out")),
    Row("AIFF from `sox … -`", piped("sox", "aiff"), Reads(pcm, OPEN)),
    Row("AIFF from `ffmpeg … -`", piped("ffmpeg", "aiff"), Reads(pcm, OPEN)),
    Row("AIFF whose sizes are too small", changed(plain("aiff"), lambda d: put(d.find(b"SSND") + 4, be32(20_008))(d)),
        Reads(pcm, "its header states 20000 bytes of sound and 96000 are there; all of them were read")),
    Row("AU of open length (0xFFFFFFFF)", changed(plain("au"), put(8, be32(0xFFFFFFFF))), Reads(pcm, OPEN)),
    Row("AU whose data size is too small", changed(plain("au"), put(8, be32(20_000))),
        Reads(pcm, "its header states 20000 bytes of sound and 96000 are there; all of them were read")),
    Row("Wave64 from `ffmpeg … -`", piped("ffmpeg", "w64"), Reads(pcm, OPEN)),
    Row("FLAC of unknown length", changed(plain("flac"), lambda d: samples_of(d, 0)), Reads(pcm, COUNTED)),
    Row("FLAC from `ffmpeg … -`", piped("ffmpeg", "flac"), Reads(pcm, COUNTED)),
    Row("FLAC whose header states too few samples", changed(plain("flac"), lambda d: samples_of(d, 9_000)),
        Reads(pcm, "its header states 9000 samples and 48000 are there; all of them were read")),
    Row("FLAC whose header states 4,294,967,295 samples", changed(plain("flac"), lambda d: samples_of(d, 2**32 - 1)),
        Refuses(f"{CUT} (got 48000 samples; expected 4294967295 as its header says)")),
    Row("MP3, variable bit rate, without a Xing header", partial(mp3, xing=False),
        Reads(by_ffmpeg, NOWHERE, 2, "every frame is counted and read")),
    Row("MP3, constant bit rate, without a Xing header (SoX, recorders)", partial(mp3, mode="CONSTANT", xing=False),
        Reads(by_ffmpeg, NOWHERE, 2, "every frame is counted and read")),
    Row("two MP3 in one file", doubled(mp3), Reads(lambda _: 2 * speech().size, TWO)),
    Row("MP3 after 300 bytes of junk", changed(partial(mp3, xing=False), lambda d: b"\x01junk" * 60 + d),
        Reads(lambda _: None, "bytes that are no sound were passed over", how="every frame is read")),
    Row("chained Ogg Vorbis", chained("VORBIS"), Reads(lambda _: 2 * speech().size, TWO)),
    Row("chained Ogg Opus", chained("OPUS"), Reads(lambda _: 2 * speech().size, TWO)),
    Row("WebM of unknown length (a browser's recording)", piped("ffmpeg", "webm"),
        Reads(by_ffmpeg, "its length is stated nowhere; it was read to its end", 1, "decoded by ffmpeg, every sample")),
    Row("WAV that states 1 Hz", changed(plain("wav"), put(24, le32(1))),
        Refuses("no sample rate of a recording (got 1 Hz; expected 1000 to 768000 Hz)")),
    Row("WAV that states 2,147,483,647 Hz", changed(plain("wav"), put(24, le32(2**31 - 1))),
        Refuses("no sample rate of a recording (got 2147483647 Hz")),
    Row("WAV that states 200 channels", changed(plain("wav"), lambda d: put(22, b"\xc8\0")(put(32, b"\x90\x01")(d))),
        Refuses("too many channels (got 200; expected 1 to 64)")),
]  # fmt: skip

_CUTS = [
    Row("WAV cut in half", changed(plain("wav"), half), Refuses(f"{CUT} (got 23989 samples; expected 48000")),
    Row("AIFF cut in half", changed(plain("aiff"), half), Refuses(f"{CUT} (got 23986 samples; expected 48000")),
    Row("AU cut in half", changed(plain("au"), half), Refuses(f"{CUT} (got 23994 samples; expected 48000")),
    Row("Wave64 cut in half", changed(plain("w64"), half), Refuses(f"{CUT} (got 23974 samples; expected 48000")),
    Row("CAF cut in half", changed(plain("caf"), half), Refuses(f"{CUT} (got 22976 samples; expected 48000")),
    Row("NIST SPHERE cut in half", changed(plain("sph", form="NIST"), half),
        Refuses(f"{CUT} (got 23744 samples; expected 48000")),
    Row("FLAC cut in half", changed(plain("flac"), half), Refuses(CUT)),
    Row("FLAC of unknown length, cut in half", changed(plain("flac"), lambda d: half(samples_of(d, 0))),
        Reads(lambda path: speech()[: sf_frames(path)], "it breaks off inside a frame; what is there was read",
              how="read to its last whole frame")),
    Row("Ogg cut inside a page", changed(plain("ogg", "VORBIS"), half), Refuses(CUT)),
    Row("Ogg cut between two pages", changed(plain("ogg", "VORBIS"), at_a_page),
        Reads(lambda _: None, "it has no end mark: it may be cut off", how="read to its last page")),
    Row("MP3 with a Xing header, cut in half", changed(mp3, half), Refuses(CUT)),
    Row("MP3 without a Xing header, cut in half", changed(partial(mp3, xing=False), half),
        Reads(lambda _: None, "it breaks off inside a frame; what is there was read", how="read to its last frame")),
    Row("M4A cut in half (its index stands at its end)", changed(encoded("m4a"), half),
        Refuses("no sound that ffmpeg can decode")),
    Row("M4A cut in half (index first)", changed(encoded("m4a", "-movflags", "+faststart"), half),
        Refuses("audio breaks off or is damaged")),
    Row("WebM cut in half", changed(encoded("webm", "-c:a", "libopus"), half),
        Refuses("audio breaks off or is damaged")),
    Row("an empty file", bytes_of(b""), Refuses("empty file (got 0 bytes")),
    Row("a WAV header without sound", changed(plain("wav"), lambda d: put(40, le32(0))(d[:44])),
        Refuses("audio file without samples")),
    Row("a text, a picture, anything else", text, Refuses("not audio, or damaged at its start (got 16 bytes")),
    Row("a folder", lambda folder: folder, Refuses("a folder, not an audio file")),
    Row("no file", lambda folder: folder / "gone.wav", Refuses("no such audio file")),
    Row("float samples that are no numbers", sound(np.array([0.1, np.nan] * 4_000), subtype="FLOAT"),
        Refuses("samples that are not finite (got NaN or infinity")),
]  # fmt: skip


def sf_frames(path: Path) -> int:
    """Whole frames of a FLAC of 4,096 samples each that were left, by ffmpeg's count of them."""
    return by_ffmpeg(path).size // 4_096 * 4_096


def sounds() -> list[Row]:
    """Rows about what can be heard; made late, because they need the built-in corpus."""
    x = floats()
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(x.size) / RATE)
    narrow = soxr.resample(soxr.resample(x, RATE, 8_000), 8_000, RATE)
    other = {"channel": 1}
    return [
        Row("silence (all zeros)", sound(x * 0), Finds("silence", "nothing but silence", True)),
        Row("one sample", sound(np.full(1, 0.1)), Finds("short", "too short for a word (got 1 samples", True)),
        Row("stereo with opposite signs", sound(np.stack([x, -x], 1)),
            Finds("phase", "the channels have opposite signs and cancel each other out", True)),
        Row("floats of ±32768", sound(x * 32768, subtype="FLOAT"),
            Finds("overflow", "were 16-bit values stored as floats? Divide them by 32768", True)),
        Row("speech 40 dB too quiet", sound(x / 100, subtype="FLOAT"),
            Finds("level", "very quiet (got speech at -62 dBFS", True)),
        Row("speech 30 dB too quiet", sound(x * 10**-1.5), Finds("level", "very quiet (got speech at -52", False)),
        Row("clipped speech", sound(np.clip(x * 20, -1, 1)), Finds("clipping", "are at full scale", False)),
        Row("telephone sound in a 16 kHz file", sound(narrow), Finds("bandwidth", "nothing above 4.4 kHz", False)),
        Row("hum or noise, no speech", sound(hum), Finds("speech", "no speech: the level moves by 0.0 dB", False)),
        Row("stereo with a speaker on each channel", sound(np.stack([x, x[::-1]], 1)),
            Finds("channels", "is there a speaker on each?", False)),
        Row("stereo with one empty channel", sound(np.stack([x * 0, x], 1)),
            Finds("channels", "only channel 1 carries sound; set `channel` to 1", False)),
        Row("`channel` 1 of a file whose second channel is empty", sound(np.stack([x, x * 0], 1)),
            Finds("silence", "nothing but silence on channel 1", True), other),
        Row("`channel` 1 of a mono file", sound(x),
            Finds("unreadable", "no such channel (got 1; expected 0 to 0)", True), other),
        Row("60 words in 3 s", sound(x), Finds("words", "speech has 2 to 4", False),
            {"reference": " ".join(["word"] * 60)}),
        Row("3 words in 9 s", sound(np.tile(x, 3)), Finds("words", "3 words in 9.0 s", False),
            {"reference": "no more words"}),
        Row("a row that states more samples than there are", sound(x),
            Finds("length", "truncated audio (got 48000 samples; expected 50000)", True),
            {"samples": 50_000, "sample_rate_hz": RATE}),
        Row("a row that states another rate", sound(x),
            Finds("rate", "sample rate differs (got 16000 Hz; expected 8000 Hz)", True),
            {"samples": 48_000, "sample_rate_hz": 8_000}),
        Row("a file that has changed since the manifest was written", sound(x),
            Finds("sha256", "sha256 differs", True), {"sha256": "0" * 64}),
    ]  # fmt: skip


ROWS = [*_CONTAINERS, *_SIZES, *_CUTS, *sounds()]
