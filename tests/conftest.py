"""What holds for every test: a law is about results, not about how busy the machine is."""

import gc
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=40)


def pytest_configure(config):
    """Who leaves the slow tests out wants an answer soon."""
    settings.load_profile("quick" if "not slow" in (config.option.markexpr or "") else "suite")


@pytest.fixture(scope="session", autouse=True)
def _what_every_run_and_simulator_begins_with_is_small():
    """A full collection looks at everything that the whole suite has imported, half a second for every run that is
    played; a key of its own for each of hundreds of simulators takes longer than what they are asked.
    """
    small = SimpleNamespace(**{name: getattr(gc, name) for name in dir(gc) if not name.startswith("_")})
    small.collect = lambda generation=1: gc.collect(min(generation, 1))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.runner.gc", small)
        patch.setattr("workbench.simulator.tokens.rsa", SimpleNamespace(generate_private_key=lambda **_: key))
        yield
