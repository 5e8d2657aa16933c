"""A case for a vendor, unpacked and opened by somebody who has only a browser: text, timeline and sound."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner

from tests.app.browser.harness import Watched
from tests.stored import heard, store_run
from workbench.cli import cli
from workbench.corpus import builtin_corpora, load_corpus
from workbench.store import CellFacts, CorpusFacts

pytestmark = pytest.mark.browser

BOX = "[data-testid=inspector]"
KEEP_SOUND = (
    "const Made = window.Audio; window.Audio = function () { window.sound = new Made(); return window.sound; };"
)

# The page forbids what Playwright would wait for a function with.
PLAYS = """new Promise((done) => {
  const look = () => (window.sound?.currentTime > 0.2 ? done() : requestAnimationFrame(look));
  look();
})"""


@pytest.fixture
def unpacked(tmp_path):
    """The case of one session of a real recording, as ``workbench case`` writes it."""
    corpus = load_corpus(builtin_corpora()["librivox"])
    utterance = corpus.utterances[0]
    record = heard("no test pain", utterance=utterance.id)
    record.samples = utterance.samples
    facts = CorpusFacts(name="librivox", hash=corpus.sha256, location=str(corpus.root))
    store_run(tmp_path / "runs", [record], corpus=facts, cells=[CellFacts.of("clean", {})])
    asked = ["case", "last", utterance.id, "-o", str(tmp_path / "case.zip"), "--store", str(tmp_path / "runs")]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(tmp_path / "case.zip") as archive:
        archive.extractall(tmp_path / "case")
    return tmp_path / "case"


def test_a_case_is_read_and_heard_from_the_disk(chromium, unpacked):
    """What is wrong in words, then by a link the timeline, which plays; nothing leaves the folder or complains."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)
    watched = Watched(context.new_page(), "")
    page, asked = watched.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(KEEP_SOUND)
    page.goto((unpacked / "index.html").as_uri())
    assert "“chest” was transcribed as “test” (said at 0.20 s)" in page.locator("main").inner_text()
    page.get_by_role("link", name="timeline").click()
    page.wait_for_selector(f"{BOX} .word")
    assert "chest" in page.locator(BOX).inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.evaluate(PLAYS)
    page.keyboard.press("Space")
    page.wait_for_selector(f"{BOX}[data-playing=false]")
    page.go_back()
    page.get_by_role("link", name="reference").click()
    assert page.locator("body").inner_text().strip() == "no chest pain"
    context.close()
    assert watched.problems == []
    folder = unpacked.as_uri()
    assert [url for url in asked if not url.startswith((f"{folder}/", "data:"))] == []
