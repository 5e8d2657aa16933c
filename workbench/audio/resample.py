"""Change of sample rate, and of speed, which is the same thing said differently."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from workbench.errors import AudioError

__all__ = ["ResampleStream", "resample", "resampled_length"]

# soxr's HQ (its default): 20-bit precision, stop band under the floor of int16; VHQ costs half as much again for
# differences that int16 cannot hold.
_QUALITY = "HQ"


def resampled_length(samples: int, from_hz: float, to_hz: float) -> int:
    """Samples after a change of rate, rounded to nearest.

    >>> resampled_length(44_100, 44_100, 16_000), resampled_length(1, 48_000, 16_000)
    (16000, 0)
    """
    return int(samples * to_hz / from_hz + 0.5)


def resample(x: NDArray[np.float64], from_hz: float, to_hz: float) -> NDArray[np.float64]:
    """Band-limited resampling; keeps the duration to within one sample.

    Args:
        x: float64, shape (n,) or (n, channels).
        from_hz: rate of ``x``; may be fractional, which is how speed is changed.
        to_hz: rate wanted.

    Returns:
        float64 of ``resampled_length`` samples. The phase is linear and the delay is compensated.

    Raises:
        AudioError: so short that nothing is left.
    """
    if from_hz == to_hz:
        return x
    import soxr

    wanted = _checked_length(x.shape[0], from_hz, to_hz)
    y = cast("NDArray[np.float64]", soxr.resample(x, from_hz, to_hz, quality=_QUALITY))
    if y.shape[0] < wanted:  # soxr may round the last sample away
        y = np.concatenate([y, np.zeros((wanted - y.shape[0], *y.shape[1:]))])
    return y[:wanted]


class ResampleStream:
    """The same for audio that comes in blocks: what comes out is, joined, bit for bit what ``resample`` returns.

    Args:
        from_hz: rate of the blocks.
        to_hz: rate wanted.
    """

    def __init__(self, from_hz: float, to_hz: float) -> None:
        import soxr

        self._from_hz, self._to_hz = from_hz, to_hz
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float64", quality=_QUALITY)
        self._received = self._returned = 0

    def add(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take a block of shape (n,) and return what is ready, which may be nothing."""
        self._received += x.size
        y = cast("NDArray[np.float64]", self._stream.resample_chunk(np.ascontiguousarray(x)))
        self._returned += y.size
        return y

    def end(self) -> NDArray[np.float64]:
        """What is left, up to ``resampled_length`` of everything that was added.

        Raises:
            AudioError: so short that nothing is left.
        """
        left = _checked_length(self._received, self._from_hz, self._to_hz) - self._returned
        y = cast("NDArray[np.float64]", self._stream.resample_chunk(np.zeros(0), last=True))[: max(0, left)]
        return np.concatenate([y, np.zeros(left - y.size)]) if y.size < left else y


def _checked_length(samples: int, from_hz: float, to_hz: float) -> int:
    wanted = resampled_length(samples, from_hz, to_hz)
    if wanted == 0:
        raise AudioError(
            "audio is too short to resample", got=f"{samples} samples at {from_hz:g} Hz", expected="a longer recording"
        )
    return wanted
