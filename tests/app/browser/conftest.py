"""Fixtures of the tests that drive a real Chromium; without one they skip and say so."""

from __future__ import annotations

import contextlib
import shutil

import pytest

from tests.app.browser.harness import CHROMIUM, SWITCHES, Watched, app
from tests.quick import resolved
from workbench.corpus import find_corpus, load_corpus
from workbench.runs.evaluate import evaluate
from workbench.runs.sweep import cell_from
from workbench.settings import Settings

UTTERANCE = "vitals-02-rms"
TELEPHONE = {"name": "telephone", "sample_rate_hz": 8_000, "band": "telephone", "codec": "ulaw"}


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    """A store with one run of real recognition: one utterance as recorded and over a telephone."""
    store = tmp_path_factory.mktemp("played") / "runs"
    corpus = load_corpus(find_corpus("clinic"))
    spec = resolved(
        corpus=corpus,
        utterances=(corpus.utterance(UTTERANCE),),
        cells=(cell_from({"name": "clean"}, item="t"), cell_from(TELEPHONE, item="t")),
        concurrency=2,
    )
    evaluate(spec, Settings(store=store, model="general"))
    return store


@pytest.fixture(scope="module")
def store(played, tmp_path_factory):
    """A copy of it for one module, which may add to it."""
    return shutil.copytree(played, tmp_path_factory.mktemp("store") / "runs")


@pytest.fixture(scope="module")
def address(store):
    """The app over that store."""
    with app(store) as running:
        yield running


@pytest.fixture(scope="module")
def switches():
    """What Chromium is started with; a module may add to it."""
    return SWITCHES


@pytest.fixture(scope="module")
def chromium(switches):
    """A headless Chromium of the system. A module at a time: Playwright's loop and pytest-asyncio's do not mix."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra 'dev' is not installed")
    playwright.expect.set_options(timeout=120_000)  # five seconds are a judgement of the machine
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=switches)
        yield browser
        browser.close()


@contextlib.contextmanager
def _fresh(chromium, address):
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(120_000)
    yield Watched(context.new_page(), address)
    context.close()


@pytest.fixture
def watched(chromium, address):
    """A fresh tab, 1440 wide, whose console stays silent and whose requests stay on this machine."""
    with _fresh(chromium, address) as watched:
        yield watched
    assert watched.problems == []


@pytest.fixture(scope="module")
def _tab(chromium, address):
    with _fresh(chromium, address) as watched:
        yield watched


@pytest.fixture
def visitor(_tab):
    """As ``watched``, but one tab for all of a module: each test loads a page anew, and leaves nothing to the next.

    A window of its own and scripts that were never read before cost as much as two visits.
    """
    yield _tab
    problems = _tab.problems.copy()
    _tab.problems.clear()
    assert problems == []


@pytest.fixture
def page(watched):
    """Its page."""
    return watched.page
