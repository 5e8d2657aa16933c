"""A waveform for the eye: the lowest and the highest sample of each stretch, computed once and drawn often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["peaks"]


def peaks(pcm: NDArray[np.int16], columns: int) -> NDArray[np.int16]:
    """Lowest and highest sample of ``columns`` even stretches.

    Args:
        pcm: int16, mono, shape (n,).
        columns: how many stretches; fewer where there are fewer samples.

    Returns:
        int16, shape (m, 2), m at most ``columns``; nothing between the two ends of a stretch is lost from sight. Empty
        audio has none.

    >>> peaks(np.array([0, 5, -3, 1], np.int16), 2).tolist()
    [[0, 5], [-3, 1]]
    """
    count = min(columns, pcm.size)
    if count <= 0:
        return np.zeros((0, 2), np.int16)
    starts = np.arange(count) * pcm.size // count
    return np.stack((np.minimum.reduceat(pcm, starts), np.maximum.reduceat(pcm, starts)), axis=1)
