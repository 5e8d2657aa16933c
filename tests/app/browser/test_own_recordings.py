"""The two jobs of a newcomer in a real browser, from an empty store and with no path typed."""

import re

import pytest
from playwright.sync_api import expect

from tests.app.browser.harness import Watched, app, settled
from workbench.audio.files import write_audio
from workbench.corpus import find_corpus, load_corpus, read_utterance

pytestmark = pytest.mark.browser

PLAY_MS = 180_000
LENGTH = "(e) => new Promise((r) => e.duration ? r(e.duration) : (e.onloadedmetadata = () => r(e.duration)))"
IDS = ("vitals-03-awb", "medication-01-kal16", "medication-02-slt-hts")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """An empty store."""
    return tmp_path_factory.mktemp("empty") / "runs"


@pytest.fixture(scope="module")
def address(store):
    """The app over it, whose simulator has the light model."""
    with app(store, WORKBENCH_MODEL="general") as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Three recordings and their texts: six files."""
    folder = tmp_path_factory.mktemp("mine")
    corpus = load_corpus(find_corpus("clinic"))
    for name in IDS:
        utterance = corpus.utterance(name)
        audio = read_utterance(utterance)
        write_audio(folder / f"{name}.wav", audio.pcm, audio.sample_rate_hz)
        (folder / f"{name}.txt").write_text(utterance.reference.written)
    return sorted(str(path) for path in folder.iterdir())


def test_dropped_recordings_are_run_heard_flagged_and_reported(page, address, files, tmp_path):
    """Job one: drop six files, import, run, worst recording, hear its error, mark the reference, open the report."""
    page.goto(address)
    settled(page)
    page.get_by_role("button", name="Run my recordings").click()
    settled(page)
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_text("ready to import")).to_be_visible()
    expect(page.locator("audio")).to_have_count(3)
    page.get_by_role("textbox", name="Name of the data set").fill("ward round")
    page.get_by_role("textbox", name="Name of the data set").press("Enter")
    settled(page)
    page.get_by_role("button", name="Import 3 recordings").click()
    expect(page.get_by_role("heading", name="ward-round")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\d+ of \d+ words have a time now"))).to_be_visible(timeout=PLAY_MS)
    expect(page.get_by_text("all have word times")).to_be_visible()
    page.get_by_role("button", name="Run it").click()
    expect(page.get_by_text(re.compile("3 recordings under 1 configuration"))).to_be_visible()
    page.get_by_role("combobox", name="Model of the simulator").fill("general")
    page.get_by_role("combobox", name="Model of the simulator").press("Enter")
    settled(page)
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("[class*=st-key-sweep_open_] button").first.click(timeout=PLAY_MS)
    expect(page.get_by_text(re.compile("of .* words were wrong"))).to_be_visible()
    assert "/run?id=" in page.url
    page.get_by_role("radio", name="Recordings").or_(page.get_by_role("button", name="Recordings")).first.click()
    settled(page)
    page.get_by_role("button", name="From the error").first.click()
    caption = page.get_by_text(re.compile(r"Plays from \d+\.\d\d s"))
    expect(caption).to_be_visible()
    sound = page.locator("audio").first
    expect(sound).to_be_visible()
    begins = float(re.search(r"from (\d+\.\d+) s", caption.inner_text())[1])
    name = page.locator("[data-testid=stMarkdown] strong").first.inner_text()
    whole = next(u for u in load_corpus(find_corpus("clinic")).utterances if u.id == name)
    length = sound.evaluate(LENGTH)
    # What is heard is the rest of the recording from the error on.
    assert length == pytest.approx(whole.duration_s - begins, abs=0.05)
    page.get_by_role("button", name="The reference is wrong").first.click()
    expect(page.get_by_text("1 recording excluded from every number")).to_be_visible()
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Report", exact=True).click()
    report = tmp_path / "report.html"
    downloading.value.save_as(report)
    assert report.stat().st_size < 2_000_000
    opened = page.context.new_page()
    watched = Watched(opened, "")
    opened.goto(report.as_uri())
    expect(opened.get_by_role("heading").first).to_contain_text("ward-round")
    assert watched.problems == []


def test_two_chunk_lengths_give_a_sentence_and_a_line_with_intervals(page, address, files):
    """Job two: the same set under two settings; what each makes of the words, as a line over the setting."""
    page.goto(
        f"{address}/sweep?sweep_corpus=ward-round&sweep_vary=chunk_ms&sweep_model=general&sweep_limit=2&sweep_concurrency=4"
    )
    settled(page)
    expect(page.get_by_text(re.compile("2 recordings under 2 configurations"))).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    # Word times and the first run are earlier once the sweep has ended.
    expect(page.get_by_text("2 earlier: 2 done")).to_be_visible(timeout=PLAY_MS)
    settled(page)
    page.locator("[class*=st-key-sweep_open_] button").first.click()
    expect(page.get_by_text(re.compile("of .* words were wrong"))).to_be_visible()
    page.get_by_role("radio", name="Settings").or_(page.get_by_role("button", name="Settings")).first.click()
    settled(page)
    # The line with its two points, and the ribbon of its intervals.
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(2)
    expect(page.locator(".js-plotly-plot .scatterlayer .point")).to_have_count(2)
