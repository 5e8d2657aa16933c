"""The ten-second story: press Play demo, hear and see words, see what a telephone costs."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.harness import enter, settled

pytestmark = pytest.mark.browser

PLAYING = "[data-testid=live][data-state=playing]"
ENDED = "[data-testid=live][data-state=ended]"


# What moved on the page, since the first words came.
SHIFTS = """window.shifts = []; new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(
  (entry) => [entry.startTime, entry.value]))).observe({ type: 'layout-shift', buffered: true });"""
AUDIO = ".live audio"


def numbers(page):
    """The texts of the number fields, lane by lane."""
    return [lane.locator("dd").all_inner_texts() for lane in page.locator(".live .lane").all()]


def heard_ms(page):
    """Where the audio element stands."""
    return page.locator(AUDIO).evaluate("(audio) => 1000 * audio.currentTime")


def test_the_printed_address_opens_the_app_and_nothing_else_does(chromium, address):
    """A fresh browser: the token is gone from the address bar, and a reload works."""
    context = chromium.new_context()
    tab = context.new_page()
    assert tab.goto(address).status == 403
    tab.goto(address.printed)
    settled(tab)
    assert tab.url == f"{address}/"
    tab.reload()
    settled(tab)
    context.close()


def written(words):
    """Size and slant of words that are drawn anew with each partial: between finding and looking they may be gone."""
    style = "(e) => e.isConnected ? [parseFloat(getComputedStyle(e).fontSize), getComputedStyle(e).fontStyle] : null"
    while (found := words.evaluate(style)) is None:
        pass
    return found


def test_the_demo_needs_no_word_of_explanation(page, address):
    """One press on Start: two lanes edge to edge, with sound, grey words that turn black, what is wrong marked, nothing
    that moves; replay, the next clip and the way back on keys; and what was played becomes a run.
    """
    page.add_init_script(SHIFTS)
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(address)
    settled(page)
    page.get_by_role("button", name="Play demo").first.click()
    page.wait_for_selector(".live.present .partial", timeout=120_000)
    words_ms = page.evaluate("performance.now()")
    box = page.locator(".live").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1280, 720)
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    size, slant = written(page.locator(".live .partial").first)
    assert (40 <= size <= 56, slant) == (True, "italic")
    assert "simulated" in page.locator(".live .status").inner_text()
    page.wait_for_selector(ENDED, timeout=120_000)
    moved = [value for at, value in page.evaluate("window.shifts") if at >= words_ms]
    assert sum(moved) < 0.05
    # All of the clip was heard: 6.2 s, and nothing of it twice.
    assert heard_ms(page) > 5_000
    assert page.locator(".live .transcript .partial").count() == 0
    clean, telephone = numbers(page)
    for first, lag, wer in (clean, telephone):
        assert re.fullmatch(r"\d+\.\d\d s", first)
        assert re.fullmatch(r"\d+\.\d\d s", lag)
        assert re.fullmatch(r"\d+\.\d %", wer)
    assert float(telephone[2].split()[0]) > float(clean[2].split()[0])
    wrong = page.locator(".live .lane:nth-child(2) .substitution")
    assert "→" in wrong.first.inner_text()
    style = "e => getComputedStyle(e).textDecorationLine + ' ' + getComputedStyle(e).textDecorationStyle"
    assert wrong.first.locator(".heard").evaluate(style) == "underline solid"
    # What was timed is concluded; what a busy machine spoiled is named and left out.
    told = page.locator(".live .closing").inner_text()
    assert re.search(r"Telephone, 8 kHz( costs \+\d+ wrong words of 9|, \d+ of 9 words wrong)", told)
    page.keyboard.press("m")
    assert page.locator(AUDIO).evaluate("(audio) => audio.muted")
    page.keyboard.press("r")
    page.wait_for_selector(".live[data-replaying=true] .partial", timeout=120_000)
    page.wait_for_selector(".live[data-replaying=false]", timeout=120_000)
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(PLAYING, timeout=120_000)
    assert "vitals-01-slt" in page.locator(".live .status").inner_text()
    page.keyboard.press("Escape")
    page.get_by_test_id("stSidebar").wait_for(timeout=120_000)
    page.wait_for_selector(ENDED, timeout=120_000)
    page.get_by_role("button", name="Save as run").click()
    page.wait_for_selector("text=Saved as run", timeout=120_000)
    run_id = re.search(r"\d{8}T\d{9}Z-[0-9a-f]{6}", page.locator("text=Saved as run").first.inner_text())[0]
    page.get_by_role("link", name="Runs").click()
    settled(page)
    page.get_by_role("textbox", name="Search").fill(run_id)
    page.keyboard.press("Enter")
    page.get_by_text("1 of 2 runs").wait_for(timeout=120_000)


def test_four_lanes_hear_one_source_at_one_time(page, address):
    """Settings and models side by side, each with its numbers and its badge; all of them began together."""
    page.goto(
        f"{address}/live?live_others=true&live_utterance=command-001&live_corpus=librivox&live_second=Telephone%2C+8+kHz"
        "&live_third=As+recorded%2C+16+kHz&live_model_third=lite&live_fourth=White+noise%2C+25+dB"
    )
    settled(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_selector(ENDED, timeout=120_000)
    lanes = page.locator(".live .lane")
    assert lanes.locator("h2").all_inner_texts() == [
        "As recorded, 16 kHz", "Telephone, 8 kHz", "As recorded, 16 kHz, lite", "White noise, 25 dB",
    ]  # fmt: skip
    badges = lanes.locator(".badge").all_inner_texts()
    assert [badge for badge in badges if "timed" not in badge] == []
    assert "lite" in page.locator(".live .status").inner_text()
    assert len(numbers(page)) == 4
    page.locator(".log summary").click()
    expect(page.locator(".log .kind", has_text="begin")).to_have_count(4)  # drawn with the next frame of the screen


def test_a_session_goes_on_when_its_tab_is_closed_and_a_fresh_tab_shows_all_of_it(chromium, page, address):
    """The address is enough to come back."""
    page.goto(f"{address}/live?live_demo=1")
    page.wait_for_selector(".live .partial", timeout=120_000)
    page.wait_for_url(re.compile("live_session="))
    link = page.url
    page.goto("about:blank")
    again = chromium.new_context().new_page()
    enter(again.context, address)
    again.goto(link)
    again.wait_for_selector(ENDED, timeout=120_000)
    assert "every six hours" in again.locator(".live .transcript").first.inner_text()
    again.context.close()
