"""The ten-second story: press Play demo, see words, add a telephone, see what it costs."""

import re

import pytest

from tests.app.browser.harness import settled

pytestmark = [pytest.mark.beside, pytest.mark.browser]

PLAYING = "[data-testid=live][data-state=playing]"
ENDED = "[data-testid=live][data-state=ended]"


def numbers(page):
    """The texts of the number fields, lane by lane."""
    return [lane.locator("dd").all_inner_texts() for lane in page.locator(".live .lane").all()]


def test_the_demo_shows_partials_that_turn_into_finals_and_becomes_a_run(page, address):
    """One press on Start; grey words while they are spoken, black ones at the end, three numbers, a run in Runs."""
    page.goto(address)
    settled(page)
    page.get_by_role("button", name="Play demo").first.click()
    page.wait_for_selector(".live .partial", timeout=60_000)
    assert page.locator(".live .transcript").inner_text().strip()
    assert "simulated" in page.locator(".live .status").inner_text()
    page.wait_for_selector(ENDED, timeout=60_000)
    assert page.locator(".live .transcript .partial").count() == 0
    assert "temperature" in page.locator(".live .transcript").inner_text()
    ((first, lag, wer),) = numbers(page)
    assert re.fullmatch(r"\d\.\d\d s", first)
    assert re.fullmatch(r"\d\.\d\d s", lag)
    assert re.fullmatch(r"\d+\.\d %", wer)
    page.get_by_role("button", name="Save as run").click()
    page.wait_for_selector("text=Saved as run", timeout=30_000)
    run_id = re.search(r"\d{8}T\d{9}Z-[0-9a-f]{6}", page.locator("text=Saved as run").first.inner_text())[0]
    page.get_by_role("link", name="Runs").click()
    settled(page)
    page.get_by_role("textbox", name="Search").fill(run_id)
    page.keyboard.press("Enter")
    page.get_by_text("1 of 2 runs").wait_for(timeout=30_000)


def test_a_second_lane_diverges_and_one_sentence_says_what_the_setting_costs(page, address):
    """Numbers split, wrong words are underlined, and the text names the price."""
    page.goto(f"{address}/live?live_second=Telephone%2C+8+kHz&live_utterance=vitals-02-rms")
    settled(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_selector(PLAYING, timeout=60_000)
    page.wait_for_selector(ENDED, timeout=60_000)
    clean, telephone = numbers(page)
    assert float(telephone[2].split()[0]) > float(clean[2].split()[0])
    wrong = page.locator(".live .lane:nth-child(2) .substitution")
    assert wrong.count() > 0
    assert "→" in wrong.first.inner_text()
    style = "e => getComputedStyle(e).textDecorationLine + ' ' + getComputedStyle(e).textDecorationStyle"
    assert wrong.first.locator(".heard").evaluate(style) == "underline solid"
    sentence = page.locator(".live .sentence").inner_text()
    assert re.search(r"Telephone, 8 kHz costs \+\d+ wrong words of 16 \(WER .* % → .* %\)", sentence)


def test_a_session_goes_on_when_its_tab_is_closed_and_a_fresh_tab_shows_all_of_it(chromium, page, address):
    """The address is enough to come back."""
    page.goto(f"{address}/live?live_demo=1")
    page.wait_for_selector(".live .partial", timeout=60_000)
    page.wait_for_url(re.compile("live_session="))
    link = page.url
    page.goto("about:blank")
    again = chromium.new_context().new_page()
    again.goto(link)
    again.wait_for_selector(ENDED, timeout=60_000)
    assert "temperature" in again.locator(".live .transcript").inner_text()
    again.context.close()
