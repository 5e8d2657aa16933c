"""Inspect: every word is heard where it was said; keys; two sessions; markup stays text."""

import pytest
from playwright.sync_api import expect

from tests.app.browser.conftest import UTTERANCE
from tests.app.browser.harness import settled
from tests.fakes import make_record
from tests.stored import store_run
from workbench.corpus import find_corpus, load_corpus

pytestmark = pytest.mark.browser

BOX = "[data-testid=inspector]"
HTML = "<img src=x onerror=alert(1)> <script>alert(2)</script>"


@pytest.fixture
def page(visitor):
    """Where one stands is in the address, which every test gives anew."""
    return visitor.page


def position_ms(page):
    """Where the listener stands."""
    return float(page.locator(BOX).get_attribute("data-ms"))


def inspect(page, address, query=""):
    """Open the page and wait for its words."""
    page.goto(f"{address}/inspect{query}")
    page.wait_for_selector(f"{BOX} .word", timeout=120_000)
    settled(page)


def test_a_click_on_a_wrong_word_puts_the_player_at_that_word(page, address):
    """Within 50 ms of where the word begins in the reference, and its sound is played and ends there again.

    A value begins where its first word was spoken: 98.6 with "ninety".
    """
    inspect(page, address, "?inspect_cell=telephone")
    said_at = {"98.6": 834, "16": 4000, "97": 6179, "97%": 6179}
    for word in load_corpus(find_corpus("clinic")).utterance(UTTERANCE).reference.words:
        said_at.setdefault(word.text, 1000 * word.start_sample / 16_000)
    wrong = page.locator(f"{BOX} .go[data-kind=substitution]").first
    said = wrong.locator(".said").inner_text().removesuffix(" →")
    wrong.click()
    page.wait_for_selector(f"{BOX}[data-playing=true]")
    page.wait_for_selector(f"{BOX}[data-playing=false]", timeout=120_000)
    assert position_ms(page) == pytest.approx(said_at[said], abs=50)


def test_keys_play_move_and_walk_the_errors(page, address):
    """Space, arrows and brackets."""
    inspect(page, address, "?inspect_cell=telephone")
    page.locator(BOX).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(f'{BOX}[data-ms="1100.0"]')
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f'{BOX}[data-ms="1000.0"]')
    starts = sorted(
        float(word.get_attribute("data-start")) for word in page.locator(f"{BOX} .go:not([data-kind=equal])").all()
    )
    following = next(start for start in starts if start > 1_001)
    page.keyboard.press("]")
    page.wait_for_selector(f'{BOX}[data-ms="{following:.1f}"]')
    page.keyboard.press("[")
    page.keyboard.press("Space")
    page.wait_for_selector(f"{BOX}[data-playing=true]")
    page.keyboard.press("Space")
    page.wait_for_selector(f"{BOX}[data-playing=false]")


def test_two_sessions_share_one_position(page, address):
    """What is heard changes, where one stands does not."""
    inspect(page, address, "?inspect_cell=clean&inspect_beside=telephone")
    assert page.locator(f"{BOX} .session").count() == 2
    page.locator(BOX).focus()
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(f'{BOX}[data-ms="1000.0"]')
    first, second = page.locator(f"{BOX} .choice button").all()
    assert (first.get_attribute("aria-pressed"), second.get_attribute("aria-pressed")) == ("true", "false")
    page.keyboard.press("h")
    page.wait_for_selector(f"{BOX} .choice button:nth-child(2)[aria-pressed=true]")
    assert position_ms(page) == 1_000.0


def test_a_link_opens_at_the_same_place(page, address):
    """Place and zoom stand in the address once they rest; who opens it sees the same stretch."""
    inspect(page, address, "?inspect_cell=telephone")
    page.locator(BOX).focus()
    page.keyboard.press("Shift+ArrowRight")
    start, end = map(int, page.locator(BOX).get_attribute("data-range").split("-"))
    for _ in range(2):
        before = page.locator(BOX).get_attribute("data-range")
        page.keyboard.press("+")
        expect(page.locator(BOX)).not_to_have_attribute("data-range", before)
    page.wait_for_url("**inspect_zoom=*")
    settled(page)
    stretch = page.locator(BOX).get_attribute("data-range")
    first, last = map(int, stretch.split("-"))
    assert start <= first < 1_000 < last < end
    assert last - first < 0.7 * (end - start)
    assert "inspect_at=1000" in page.url
    page.goto(page.url)
    page.wait_for_selector(f'{BOX}[data-ms="1000.0"][data-range="{stretch}"]')


def test_a_transcript_that_is_html_is_shown_as_text(page, address, store):
    """No element is made of it and no script of it runs."""
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    run_id = store_run(store, [make_record(said="no chest pain", heard=HTML)])
    inspect(page, address, f"?inspect_run={run_id}")
    assert page.locator(f"{BOX} .history strong").evaluate("e => e.textContent") == HTML
    assert page.locator(f"{BOX} img, {BOX} script").count() == 0
    assert dialogs == []
