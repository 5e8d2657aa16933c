"""Sweeps and comparisons in a real browser: started, stopped, resumed, compared, linked to."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.harness import Watched, settled
from tests.app.stores import two_cells

pytestmark = pytest.mark.browser

PLAY_MS = 120_000


@pytest.fixture
def page(visitor):
    """Every test opens an address of its own."""
    return visitor.page


def test_a_sweep_is_started_stopped_resumed_and_opened(page, address):
    """Two configurations of three utterances, one at a time: stopped after it has begun, resumed to its end, opened."""
    page.goto(f"{address}/sweep?sweep_limit=3&sweep_concurrency=1&sweep_vary=gain_db&sweep_values_gain_db=0%2C-20")
    settled(page)
    page.get_by_role("button", name="Start", exact=True).click()
    job = page.get_by_test_id("stMain")
    expect(job.get_by_text(re.compile(r"(^|\W|circle)running$")).first).to_be_visible(timeout=120_000)
    # Begun: the run is named and its sessions are counted.
    expect(job.get_by_text(re.compile(r"[1-5] of 6 sessions"))).to_be_visible(timeout=PLAY_MS)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(job.get_by_text(re.compile(r"(^|\W|circle)stopped$")).first).to_be_visible(timeout=PLAY_MS)
    settled(page)
    page.get_by_role("button", name="Resume").click()
    expect(job.get_by_text(re.compile(r"(^|\W|circle)done$")).first).to_be_visible(timeout=PLAY_MS)
    settled(page)
    page.locator("[class*=st-key-sweep_open_] button").first.click()
    expect(page.get_by_role("heading", name="Run of clinic")).to_be_visible(timeout=PLAY_MS)
    assert "/run?id=" in page.url
    expect(page.get_by_text(re.compile("of .* words were wrong")).first).to_be_visible(timeout=PLAY_MS)


def test_two_runs_are_picked_and_compared_and_the_link_shows_the_same_in_a_fresh_tab(chromium, address, store):
    """A fresh tab on the address of a view shows that view, with no request that fails."""
    ids = [two_cells(store), two_cells(store, wrong=3)]
    context = chromium.new_context(viewport={"width": 1440, "height": 1400})
    first = Watched(context.new_page(), address)
    first.page.goto(f"{address}/compare?compare_run={ids[0]}&compare_pins={ids[1]}&compare_measure=latency")
    settled(first.page)
    expect(first.page.get_by_role("heading", name="Recording by recording")).to_be_visible(timeout=120_000)
    told = first.page.get_by_test_id("stMain").inner_text()
    assert ids[1][-6:] in told
    second = Watched(context.new_page(), address)
    second.page.goto(first.page.url)
    settled(second.page)
    expect(second.page.get_by_role("heading", name="Recording by recording")).to_be_visible(timeout=120_000)
    assert second.page.get_by_test_id("stMain").inner_text() == told
    assert first.problems == second.problems == []
    context.close()


def test_a_run_is_found_and_opened_from_the_list(page, address, store):
    """Search narrows the list and says what it hides; the address keeps the search."""
    run_id = two_cells(store)
    page.goto(f"{address}/runs?runs_search={run_id}")
    settled(page)
    expect(page.get_by_text(re.compile(r"^1 of \d+ runs"))).to_be_visible(timeout=120_000)
    assert page.get_by_role("textbox", name="Search").input_value() == run_id


def test_a_text_that_is_a_script_stays_a_text(page, address, store):
    """Words of a transcript are drawn, never run; the policy would refuse them besides."""
    from tests.stored import heard, store_run

    words = "no <img src=x onerror=alert(1)> pain"
    run_id = store_run(store, [heard(words, utterance=f"u{i}") for i in range(3)])
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(f"{address}/accuracy?accuracy_run={run_id}")
    settled(page)
    expect(page.get_by_role("heading", name="Confused words")).to_be_visible(timeout=120_000)
    assert page.locator("img[src=x]").count() == 0
