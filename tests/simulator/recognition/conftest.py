"""One unpacked copy of the weights and one loaded model for all tests of the whisper recogniser."""

import pytest

from workbench.simulator.recognition.whisper.variants import load_whisper


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """The user's cache, private to this run: the weights come out of the installed packages."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture(scope="session")
def model(cache):
    """For one thread: tests run side by side, and threads that wait for each other cost all of them."""
    return load_whisper("whisper", 1)
