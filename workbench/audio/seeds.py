"""One random stream per utterance and step, the same in every process and on every day.

A stream depends on the run's seed, the utterance and the step, never on the configuration: two cells that differ in
their SNR hear the same noise, only louder, which is what makes them a pair.
"""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["step_generator"]


def step_generator(seed: int, key: str, step: str) -> np.random.Generator:
    """Generator for one step of one utterance.

    Args:
        seed: seed of the run.
        key: id of the utterance.
        step: name of the step, such as ``noise``.
    """
    digest = hashlib.sha256(f"{seed}\0{key}\0{step}".encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))
