"""What holds for every test: a law is about results, not about how busy the machine is."""

import gc
from types import SimpleNamespace

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _collections_before_runs_are_small():
    """A full one looks at everything that the whole suite has imported: half a second for every run that is played."""
    small = SimpleNamespace(**{name: getattr(gc, name) for name in dir(gc) if not name.startswith("_")})
    small.collect = lambda generation=1: gc.collect(min(generation, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.runner.gc", small)
        yield
