"""What lies between the microphone and the codec: clipping, bad downmix, band limit, lost packets."""

from __future__ import annotations

from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

__all__ = ["band_limit", "clip_peaks", "lose_packets", "stereo_fault"]

_TELEPHONE_HZ = (300.0, 3_400.0)
_DELAY_S = 0.002  # 70 cm of path between the two capsules
_FADE = 0.5  # each further repeated packet is 6 dB softer, as ITU-T G.711 Appendix I fades within 60 ms


def clip_peaks(x: NDArray[np.float64], clip_db: float) -> tuple[NDArray[np.float64], float]:
    """Cut off every peak that is less than ``clip_db`` under the highest one.

    Args:
        x: float64, shape (n,).
        clip_db: depth of the cut, in dB.

    Returns:
        The audio at its level, and the share of samples that were cut.
    """
    limit = float(np.abs(x).max(initial=0.0)) * 10 ** (-clip_db / 20)
    return np.clip(x, -limit, limit), float(np.mean(np.abs(x) > limit)) if x.size else 0.0


def stereo_fault(x: NDArray[np.float64], kind: str, rate_hz: int) -> NDArray[np.float64]:
    """What a mono stream carries when a stereo capture is downmixed badly.

    Args:
        x: float64, shape (n,); what the left channel heard.
        kind: ``left_only``, ``inverted``, ``delayed`` or ``interleaved``.
        rate_hz: sample rate.

    Returns:
        float64, shape (n,); (2 n,) for ``interleaved``.
    """
    if kind == "interleaved":
        return np.repeat(x, 2)
    if kind == "left_only":
        return x / 2
    if kind == "inverted":
        return x * ((1 - 10 ** (-3 / 20)) / 2)
    delay = round(_DELAY_S * rate_hz)
    late: NDArray[np.float64] = np.concatenate([np.zeros(delay), x])[: x.size]
    return (x + late) / 2


def band_limit(x: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """The telephone band, 300 to 3,400 Hz: a linear-phase filter, its delay taken out.

    Args:
        x: float64, shape (n,).
        rate_hz: sample rate.
    """
    taps = _telephone_taps(rate_hz)
    size = 1 << (x.size + taps.size - 2).bit_length()
    y = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(taps, size), size)
    delay = taps.size // 2
    return np.asarray(y[delay : delay + x.size])


@cache
def _telephone_taps(rate_hz: int) -> NDArray[np.float64]:
    # 20 ms of taps: transition of about 165 Hz, so that 100 Hz and 4 kHz are well in the stop band.
    from scipy.signal import firwin

    low, high = _TELEPHONE_HZ
    return cast(
        "NDArray[np.float64]", firwin(2 * (rate_hz // 100) + 1, [low, high], pass_zero=False, fs=rate_hz).astype(float)
    )


def lose_packets(
    x: NDArray[np.float64], packet: int, percent: float, concealment: str, rng: np.random.Generator
) -> tuple[NDArray[np.float64], float]:
    """Lose packets, each independently, and conceal the gaps or not.

    Args:
        x: float64, shape (n,).
        packet: samples in a packet.
        percent: probability of loss.
        concealment: ``zeros`` or ``repeat``.
        rng: generator of this step. Each packet draws one number, so that more loss loses the same packets and more.

    Returns:
        The audio, and the share of packets that were lost.
    """
    count = -(-x.size // packet)
    lost = rng.random(count) < percent / 100
    padded = np.zeros(count * packet)
    padded[: x.size] = x
    packets = padded.reshape(count, packet)
    packets[lost] = 0
    if concealment == "repeat":
        # Index of the last good packet before each lost one; -1 where the stream begins with losses.
        good = np.where(lost, -1, np.arange(count))
        last = np.maximum.accumulate(good)
        for index in np.flatnonzero(lost & (last >= 0)):
            packets[index] = packets[last[index]] * _FADE ** (index - last[index])
    return packets.ravel()[: x.size], float(lost.mean()) if count else 0.0
