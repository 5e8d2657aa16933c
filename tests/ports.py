"""Ports for what must be started, ended and started again at one address."""

import random
import socket

__all__ = ["free_port"]

BELOW_EPHEMERAL = range(12_000, 32_000)


def free_port() -> int:
    """A port that nobody has, of those that the system gives to nobody unasked.

    One that was asked for as "any" may be given to a client of a test beside, before its service is started or
    while it is ended.
    """
    draw = random.SystemRandom()
    while True:
        port = draw.choice(BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
