"""One encode and decode through libsndfile, in memory.

libsndfile takes out the delay of each codec (measured: at most four samples at 48 kHz), so that word positions stay.
"""

from __future__ import annotations

import io
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
    import soundfile as sf

    container, encoding = _FORMATS[codec]
    mode = "CONSTANT" if codec == "mp3" else None
    level = _compression_level(codec, rate_hz, kbps)
    buffer = io.BytesIO()
    # Saturate first: an encoder that wraps around would turn a loud sample into noise of our own making.
    loud = np.clip(x, -1.0, 32767 / 32768)
    sf.write(buffer, loud, rate_hz, format=container, subtype=encoding, compression_level=level, bitrate_mode=mode)
    bits = 8 * buffer.tell() if codec != "mp3" else 8 * len(buffer.getvalue())
    buffer.seek(0)
    decoded = cast("NDArray[np.float64]", sf.read(buffer, dtype="float64")[0])
    return decoded, round(bits * rate_hz / max(1, x.size) / 1000, 1)


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
