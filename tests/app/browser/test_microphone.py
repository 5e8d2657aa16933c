"""A microphone in the browser: Chromium's fake device, whose sound is a file of real speech."""

import numpy as np
import pytest
import soundfile

from tests.app.browser.harness import SWITCHES, settled
from workbench.corpus import find_corpus, load_corpus, read_utterance
from workbench.store import list_runs

pytestmark = [pytest.mark.beside, pytest.mark.browser]

UTTERANCE = "vitals-02-rms"
ENDED = "[data-testid=live][data-state=ended]"


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


def test_what_is_spoken_is_transcribed_kept_and_can_be_scored_and_played_again(page, address, store):
    """Words come while one speaks; processing is off and recorded; the sound is a file; the recording becomes a run."""
    page.goto(f"{address}/live?live_source=Microphone")
    settled(page)
    page.get_by_role("button", name="Start microphone").click()
    page.wait_for_selector(".live .partial", timeout=60_000)
    page.get_by_text("saturation").first.wait_for(timeout=60_000)
    # The expander with the microphone stays open while it listens.
    page.get_by_role("button", name="Stop microphone").click()
    page.wait_for_selector(ENDED, timeout=60_000)
    page.get_by_role("textbox", name="What was said").fill("temperature ninety eight point six degrees")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Save as run").click()
    page.wait_for_selector("text=Saved as run", timeout=30_000)
    newest = list_runs(store)[-1]
    (record,) = newest.records()
    assert "saturation" in record.hypothesis()
    assert record.facts["source"] == "microphone"
    taken = ("echo_cancellation", "noise_suppression", "gain_control")
    assert [record.facts[key] for key in taken] == ["off", "off", "off"]
    assert record.reference.spoken.startswith("temperature")
    (sound,) = (store / "recordings").glob("*/spoken.wav")
    pcm, rate = soundfile.read(sound, dtype="int16")
    assert (rate, pcm.size) == (16_000, record.samples)
    page.get_by_role("button", name="Play again").click()
    page.wait_for_selector("[data-testid=live][data-state=playing]", timeout=60_000)
