"""The simulator's own fixtures serve the conformance tests of the service, too."""

from tests.simulator.conftest import partner, scripted

__all__ = ["partner", "scripted"]
