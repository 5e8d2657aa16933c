"""A microphone in the browser: Chromium's fake device, whose sound is a file of real speech."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile
from playwright.sync_api import expect

from tests.app.browser.harness import SWITCHES, enter, settled
from workbench.corpus import find_corpus, load_corpus, read_utterance
from workbench.store import list_runs

pytestmark = pytest.mark.browser

UTTERANCE = "vitals-02-rms"
ENDED = "[data-testid=live][data-state=ended]"
OVER = ":is([data-state=ended], [data-state=stopped], [data-state=failed])[data-testid=live]"

# Tracks that the page was given, so that a test can ask whether they live.
TRACKS = """const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.tracks = [];
  navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    window.tracks.push(...stream.getTracks());
    return stream;
  };"""


@pytest.fixture(scope="module")
def switches(tmp_path_factory):
    """The fake device says one utterance, once, after a second of silence."""
    audio = read_utterance(load_corpus(find_corpus("clinic")).utterance(UTTERANCE), 48_000)
    quiet = np.zeros(48_000, np.int16)
    path = tmp_path_factory.mktemp("sound") / "speech.wav"
    soundfile.write(path, np.concatenate((quiet, audio.pcm, quiet)), 48_000)
    return [
        *SWITCHES,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}%noloop",
    ]


def shown(page):
    """The session that a page shows."""
    return parse_qs(urlsplit(page.url).query)["live_session"][0]


class Listening:
    """A page whose microphone is on, and what it sends.

    Attributes:
        page: of Playwright.
        frames: what went out on the microphone's socket.
    """

    def __init__(self, page, address):
        self.page = page
        self.frames = []
        self.sockets = []
        page.add_init_script(TRACKS)
        page.on("websocket", self._opened)
        page.goto(f"{address}/live?live_source=Microphone")
        settled(page)
        page.get_by_role("button", name="Start microphone").click()

    def _opened(self, socket):
        if urlsplit(socket.url).path.endswith("/microphone"):
            self.sockets.append(socket)
            socket.on("framesent", self._sent)

    def _sent(self, frame):
        self.frames.append(frame)

    def tracks(self):
        return self.page.evaluate("window.tracks.map((track) => track.readyState)")

    def ended_for_good(self):
        """The track is dead, the socket closed, and the last thing that went out was the word for it."""
        assert self.tracks() == ["ended"]
        (socket,) = self.sockets
        if not socket.is_closed():
            socket.wait_for_event("close")
        sent = len(self.frames)
        self.page.wait_for_selector(OVER, timeout=120_000)
        assert len(self.frames) == sent
        return self.frames[-1]


def test_stop_ends_the_track_brings_the_last_final_and_ends_well(page, address):
    """In the middle of a sentence: what had been said becomes a final, and nobody calls it a failure."""
    listening = Listening(page, address)
    page.locator(".live .partial", has_text="temperature").wait_for(timeout=120_000)
    assert listening.tracks() == ["live"]
    # One button of that name, wherever it stands; a double click is one wish.
    page.get_by_role("button", name="Stop", exact=True).dblclick()
    assert listening.ended_for_good() == "end"
    page.wait_for_selector(ENDED, timeout=120_000)
    assert "temperature" in page.locator(".live .transcript").inner_text()
    assert page.locator(".live .transcript .partial").count() == 0
    assert "failed" not in page.locator(".live").inner_text().lower()
    page.get_by_role("button", name="Save as run").wait_for(timeout=120_000)


def test_stop_on_another_page_ends_the_microphone_of_this_one(page, address, chromium):
    """The server closes the socket, and the browser its microphone with it."""
    listening = Listening(page, address)
    page.wait_for_url("**live_session=*")
    page.wait_for_selector("[data-testid=live][data-state=playing]", timeout=120_000)
    other = chromium.new_page()
    enter(other.context, address)
    other.goto(f"{address}/live?live_session={shown(page)}")
    other.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Start microphone").wait_for(timeout=120_000)
    assert isinstance(listening.ended_for_good(), bytes)
    page.wait_for_selector(ENDED, timeout=120_000)
    other.wait_for_selector(ENDED, timeout=120_000)
    other.close()


def test_a_microphone_that_is_left_without_stop_is_off(page, address):
    """Another source takes its place on the page."""
    listening = Listening(page, address)
    page.wait_for_selector("[data-testid=live][data-state=playing]", timeout=120_000)
    page.get_by_text("Upload", exact=True).click()
    page.get_by_text("Sound file").wait_for(timeout=120_000)
    assert listening.ended_for_good() == "end"
    page.wait_for_selector(ENDED, timeout=120_000)
    settled(page)
    expect(page.get_by_text("Sound file")).to_be_visible()


def test_what_is_spoken_is_transcribed_kept_and_can_be_scored_and_played_again(page, address, store):
    """Words come while one speaks; processing is off and recorded; the sound is a file; the recording becomes a run."""
    page.goto(f"{address}/live?live_source=Microphone")
    settled(page)
    page.get_by_role("button", name="Start microphone").click()
    page.wait_for_selector(".live .partial", timeout=120_000)
    page.get_by_text("saturation").first.wait_for(timeout=120_000)
    # The expander with the microphone stays open while it listens.
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(ENDED, timeout=120_000)
    wer = page.locator(".live .numbers dd").nth(2)
    lag = page.locator(".live .numbers dd").nth(1)
    expect(wer).to_have_text("–")
    # Of the end of the speech, not of the click on Stop: never below zero, or a dash that says why.
    assert re.fullmatch(r"\d+\.\d\d s|–", lag.inner_text())
    page.get_by_role("textbox", name="What was said").fill("temperature ninety eight point six degrees")
    page.keyboard.press("Enter")
    # Scored at once, before anything is saved.
    expect(wer).to_have_text(re.compile(r"^\d+\.\d %$"))
    page.get_by_role("button", name="Save as run").click()
    page.wait_for_selector("text=Saved as run", timeout=120_000)
    newest = list_runs(store)[-1]
    (record,) = newest.records()
    assert "saturation" in record.hypothesis()
    assert record.facts["source"] == "microphone"
    taken = ("echo_cancellation", "noise_suppression", "gain_control")
    assert [record.facts[key] for key in taken] == ["off", "off", "off"]
    assert record.reference.spoken.startswith("temperature")
    pcm, rate = soundfile.read(store / "recordings" / shown(page) / "spoken.wav", dtype="int16")
    assert (rate, pcm.size) == (16_000, record.samples)
    assert 0 < record.facts["speech_begin_ms"] < record.facts["speech_end_ms"] <= record.samples / 16
    page.get_by_role("button", name="Play again").click()
    page.wait_for_selector("[data-testid=live][data-state=playing]", timeout=120_000)
    page.wait_for_selector(ENDED, timeout=120_000)
    expect(page.locator(".live .numbers dd").nth(2)).to_have_text(re.compile(r"^\d+\.\d %$"))
