"""One encode and decode through libsndfile, in memory.

Word positions stay: libsndfile takes out the delay of each codec (measured: at most four samples at 48 kHz), but for
MP3 at low bit rates. There the frames are too small for the tag that holds the encoder's delay, and 1,105 samples of
silence stay in front; so MP3's delay is measured and taken out here.
"""

from __future__ import annotations

import io
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from workbench.audio.resample import resample

__all__ = ["round_trip"]

_FORMATS = {
    "ulaw": ("WAV", "ULAW"),
    "alaw": ("WAV", "ALAW"),
    "gsm": ("WAV", "GSM610"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "vorbis": ("OGG", "VORBIS"),
}
_DEFAULT_KBPS = 32.0
_MP3_TAIL = 4 * 1_152  # four frames: more than any encoder's delay
_TOP_LEVEL = 0.999  # libsndfile refuses MP3 at exactly 1.0


def round_trip(
    x: NDArray[np.float64], rate_hz: int, codec: str, codec_rate_hz: int, kbps: float | None
) -> tuple[NDArray[np.float64], float | None]:
    """Audio after a codec.

    Args:
        x: float64, shape (n,).
        rate_hz: its rate.
        codec: ``pcm``, ``ulaw``, ``alaw``, ``gsm``, ``mp3``, ``opus`` or ``vorbis``.
        codec_rate_hz: rate the codec works at.
        kbps: bit rate wanted; None is 32 where the codec has a choice.

    Returns:
        float64, shape (n,), and the bit rate of the encoded file in kbit/s, container included (None for ``pcm``).
    """
    narrow = resample(x, rate_hz, codec_rate_hz)
    achieved = None
    if codec != "pcm":
        narrow, achieved = _through(narrow, codec_rate_hz, codec, _DEFAULT_KBPS if kbps is None else kbps)
    wide = resample(narrow, codec_rate_hz, rate_hz)
    # Two roundings of the length may cost or add a sample; GSM pads its last block.
    y = np.zeros(x.size)
    y[: min(x.size, wide.size)] = wide[: x.size]
    return y, achieved


def _through(x: NDArray[np.float64], rate_hz: int, codec: str, kbps: float) -> tuple[NDArray[np.float64], float]:
    if codec != "mp3":
        decoded, size = _encode_decode(x, rate_hz, codec, kbps)
    else:
        padded = np.concatenate([x, np.zeros(_MP3_TAIL)])  # the delay must not push the last words out
        decoded, size = _encode_decode(padded, rate_hz, codec, kbps)
        decoded = decoded[_mp3_delay(rate_hz, kbps) :][: x.size]
        size -= round(size * _MP3_TAIL / padded.size)
    return decoded, round(8 * size * rate_hz / max(1, x.size) / 1000, 1)


def _encode_decode(x: NDArray[np.float64], rate_hz: int, codec: str, kbps: float) -> tuple[NDArray[np.float64], int]:
    """Decoded audio, and the bytes of the encoded file."""
    import soundfile as sf

    container, encoding = _FORMATS[codec]
    mode = "CONSTANT" if codec == "mp3" else None
    level = _compression_level(codec, rate_hz, kbps)
    buffer = io.BytesIO()
    # Saturate first: an encoder that wraps around would turn a loud sample into noise of our own making.
    loud = np.clip(x, -1.0, 32767 / 32768)
    sf.write(buffer, loud, rate_hz, format=container, subtype=encoding, compression_level=level, bitrate_mode=mode)
    size = buffer.seek(0, io.SEEK_END)
    buffer.seek(0)
    return cast("NDArray[np.float64]", sf.read(buffer, dtype="float64")[0]), size


@cache
def _mp3_delay(rate_hz: int, kbps: float) -> int:
    """Samples by which an MP3 round trip is late: where the cross-correlation of a fixed noise peaks."""
    x = np.random.Generator(np.random.PCG64(1)).standard_normal(rate_hz) * 0.1
    x = np.convolve(x, np.ones(8) / 8, mode="same")  # low bit rates keep low frequencies only
    y, _ = _encode_decode(x, rate_hz, "mp3", kbps)
    size = 1 << (x.size + y.size).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(y, size) * np.conj(np.fft.rfft(x, size)), size)
    return int(np.argmax(correlation[: _MP3_TAIL // 2]))


def _compression_level(codec: str, rate_hz: int, kbps: float) -> float | None:
    """Turn a bit rate into libsndfile's level (0 best, 1 smallest), by the tables of its encoders."""
    if codec == "opus":
        return min(_TOP_LEVEL, max(0.0, 1 - (kbps - 6) / 250))
    if codec == "mp3":  # MPEG-1, -2 and -2.5 have their own tables of bit rates
        low, high = (32, 320) if rate_hz >= 32_000 else (8, 160) if rate_hz >= 16_000 else (8, 64)
        return min(_TOP_LEVEL, max(0.0, (high - kbps) / (high - low)))
    return None if codec != "vorbis" else _vorbis_level(rate_hz, kbps)


def _vorbis_level(rate_hz: int, kbps: float) -> float:
    """Vorbis is encoded by quality: level 0 takes about 4.5 bit a sample of speech, level 1 about 2."""
    bits = kbps * 1000 / rate_hz
    return min(_TOP_LEVEL, max(0.0, (4.5 - bits) / 2.5))
