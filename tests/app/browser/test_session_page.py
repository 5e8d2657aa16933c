"""One session as one HTML file, opened as from a mail: it plays, and words appear with its sound."""

import numpy as np
import pytest

from tests.app.browser.harness import Watched, violations
from tests.scoring.metrics.records import session, spoken
from tests.stored import stored
from workbench.reporting.session import find_session
from workbench.reporting.session_page import write_session_page

pytestmark = pytest.mark.browser

BOX = "[data-testid=inspector]"
TEXT = "no chest pain"
DUE = [(250, "no"), (500, "no test"), (900, "no chest pain"), (1_000, "no chest pain and"), (1_300, "no chest pain")]
"""When each text comes, ms, and what is on the screen from then on."""

# The clock is that of the sound itself, read when the words change.
WATCH = """
const Made = window.Audio;
window.Audio = function () { window.sound = new Made(); return window.sound; };
window.changes = [];
new MutationObserver(() => {
  const screen = document.querySelector(".screen");
  const text = screen ? screen.textContent.replace("on screen:", "").trim() : "";
  if (window.sound && !window.sound.paused && window.changes.at(-1)?.[1] !== text) {
    window.changes.push([1000 * window.sound.currentTime, text]);
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


@pytest.fixture
def saved(tmp_path):
    """Two sessions of 1.5 s of a hum in one file."""
    messages = [(250, "partial", "no"), (500, "partial", "no test"), (900, "final", "no chest pain"),
                (1_000, "partial", "and"), (1_300, "partial", ""), (1_500, "end", "")]  # fmt: skip
    records = [session(spoken(TEXT), messages, utterance="u", cell=cell, chunks=15) for cell in ("clean", "noise")]
    result = stored(tmp_path / "runs", records)
    both = [find_session(result.run, result.scores, "u", cell, 0) for cell in ("clean", "noise")]
    path = tmp_path / "saved.html"
    write_session_page(path, both, ((8_000 * np.sin(np.arange(24_000) / 20)).astype(np.int16), 16_000))
    return path


def changes_of(page, rate):
    """Plays the sound once, by keyboard; what came on the screen, each with where the sound was, ms."""
    page.wait_for_selector(f"{BOX} .word")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.testid") == "inspector"
    page.evaluate(f"window.sound.playbackRate = {rate}")
    page.keyboard.press("Space")
    page.wait_for_selector(f"{BOX}[data-playing=true]")
    page.wait_for_selector(f"{BOX}[data-playing=false]")
    return page.evaluate("window.changes.filter((change) => change[1] !== 'nothing yet')")


@pytest.mark.timing
def test_words_appear_within_100_ms_of_the_sound(chromium, saved):
    """By the sound's own clock; half the speed gives twice the time for a frame of the screen."""
    page = chromium.new_page()
    page.add_init_script(WATCH)
    page.goto(saved.as_uri())
    for (seen, text), (due, _) in zip(changes_of(page, 0.5), DUE, strict=True):
        assert due - 1 <= seen <= due + 100, text
    page.close()


def test_a_saved_session_plays_and_words_appear_when_they_are_due(chromium, saved):
    """From the disk, by keyboard, in the dark: each in its turn, none before its time, and nothing is asked for."""
    context = chromium.new_context(color_scheme="dark")
    context.set_default_timeout(120_000)
    watched = Watched(context.new_page(), "")
    page, asked = watched.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(WATCH)
    page.goto(saved.as_uri())
    changes = changes_of(page, 0.25)
    assert page.locator(f"{BOX} .session").count() == 2
    assert [text for _, text in changes] == [text for _, text in DUE]
    assert all(seen >= due - 1 for (seen, _), (due, _) in zip(changes, DUE, strict=True))
    page.locator(f"{BOX} .go").nth(1).focus()
    assert page.locator(f"{BOX} .about").first.inner_text().startswith("chest: said at 0.20 s, first shown 0.90 s")
    assert violations(page, impacts=("minor", "moderate", "serious", "critical")) == []
    assert watched.problems == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()
