"""What holds for every test: a law is about results, not about how busy the machine is."""

import gc
import os
import re
import signal

import pytest
from hypothesis import settings

# What is not about the recogniser takes the one that loads without weights; tests of Whisper name it.
os.environ.setdefault("WORKBENCH_MODEL", "general")

# Workers side by side leave NumPy no core to wait on; the command line does the same (workbench/__main__.py).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Output is laid out as for a pipe, whatever the terminal of who tests; pytest-xdist sets its width for its workers.
os.environ.pop("COLUMNS", None)

# The same examples every time: a build answers for its change, not for its luck. WORKBENCH_EXAMPLES=new draws others.
SAME = os.environ.get("WORKBENCH_EXAMPLES") != "new"
settings.register_profile("suite", deadline=None, derandomize=SAME)
settings.register_profile("quick", deadline=None, max_examples=40, derandomize=SAME)


def pytest_configure(config):
    """Who leaves the slow tests out wants an answer soon."""
    settings.load_profile("quick" if "not slow" in (config.option.markexpr or "") else "suite")


LONGEST = (
    "test_whisper_stream.py", "test_keepalive.py", "test_kills.py", "test_vendor_programs.py", "test_notebooks.py",
    "test_cluster.py", "test_readme.py", "test_evaluation.py", "test_pages.py", "test_canaries.py", "test_resume.py",
    "test_microphone.py", "test_story.py", "test_hostile_runs.py", "test_own_recordings.py", "test_faults.py",
    "test_working_folder.py", "test_containers.py", "test_end_to_end.py",
)  # fmt: skip
"""Files of minutes: one that begins last keeps everybody waiting."""


APART = ("slow", "browser", "timing")


def _names(path, marks):
    """Those of the marks that a file gives by their names."""
    text = path.read_text(encoding="utf-8")
    return {mark for mark in marks if f"mark.{mark}" in text}


def pytest_ignore_collect(collection_path, config):
    """Who asks for some marks need not import the files that have none of them, three quarters of all."""
    wanted = re.findall(rf"(?<!not )\b(?:{'|'.join(APART)})\b", config.option.markexpr or "")
    if not wanted or not collection_path.match("test_*.py"):
        return None
    return None if _names(collection_path, wanted) else True


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The longest first; otherwise in the order of the files. No test has its mark from elsewhere than its file."""
    marked = {(item.path, mark) for item in items for mark in APART if item.get_closest_marker(mark)}
    hidden = [f"{path}: {mark}" for path, mark in marked if mark not in _names(path, APART)]
    if hidden:
        raise pytest.UsageError(f"name the mark in the file of the test (pytest.mark.…): {', '.join(hidden)}")
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


def pytest_collection_finish():
    """A full collection, with which every run begins, need not look at all that tests have imported."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["in the foreground", "in the background"])
def ground(request):
    """Where a test starts its processes: a shell leaves those in the background deaf to SIGINT, and their children."""
    deaf = request.param == "in the background"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if deaf else signal.default_int_handler)
    yield request.param
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def _scripted_process():
    """Imported here, for those who need it: most tests need no simulator in a process of its own."""
    from tests.quick import scripted

    with scripted() as running:
        yield running


@pytest.fixture(scope="module")
def scripted_service(_scripted_process):
    """A scripted simulator in a process of its own, which says one sentence to everybody (again)."""
    from tests.quick import tell

    tell(_scripted_process.url)
    return _scripted_process


@pytest.fixture(scope="session")
def recognising_service():
    """A simulator in a process of its own, which decodes what it hears."""
    from workbench.simulator.local import LocalSimulator

    with LocalSimulator() as running:
        yield running
