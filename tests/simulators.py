"""Simulators in the process of the tests. They share a signing key: making one takes longer than most tests."""

from __future__ import annotations

import functools

from cryptography.hazmat.primitives.asymmetric import rsa

from workbench.simulator.server import Simulator, SimulatorOptions

__all__ = ["new_simulator", "signing_key"]


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key pair of this test run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def new_simulator(options: SimulatorOptions | None = None) -> Simulator:
    """A simulator that signs with it."""
    return Simulator(options, signing_key=signing_key())
