"""How soon what is published stands on the screens, and how close the sound keeps to the stream."""

import httpx
import pytest

from tests.app.browser.harness import app, enter, settled
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

pytestmark = [pytest.mark.browser, pytest.mark.timing]

VIEWERS = 4
LONG = ("visits", "visit-01-cough")
SETTLING_MS, WATCHED_MS = 1_000, 6_000
P95_MS = 60
APART_MS = 80
OVER = ":is([data-state=ended], [data-state=stopped], [data-state=failed])[data-testid=live]"
LANES = "&live_second=Telephone%2C+8+kHz&live_third=White+noise%2C+25+dB&live_fourth=Overdriven+by+12+dB"
# Where the audio element stands, less where the stream is, in ms: every 50 ms while it plays.
WATCH = """(audio) => { window.apart = []; const box = audio.closest('.live'); setInterval(() => {
  const stream = Date.now() - Number(box.dataset.zero);
  if (!audio.paused && box.dataset.zero) window.apart.push(1000 * audio.currentTime - stream);
}, 50); }"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One that is empty."""
    return tmp_path_factory.mktemp("empty") / "runs"


@pytest.fixture(scope="module")
def address(store):
    """The app over a service that writes a partial after each chunk and costs next to nothing."""
    words = "stop ibuprofen and use acetaminophen every six hours instead".split()  # noqa: SIM905
    said = [
        {"kind": "partial", "text": " ".join(words[: 1 + at % len(words)]), "at_ms": 100 * at} for at in range(1, 400)
    ]
    script = {"messages": [*said, {"kind": "final", "text": " ".join(words)}]}
    with (
        LocalSimulator("--recogniser", "scripted") as service,
        app(
            store,
            WORKBENCH_ENDPOINT=service.url,
            SUKI_PARTNER_ID=service.partner_id,
            SUKI_PARTNER_TOKEN=service.partner_token,
        ) as running,
    ):
        headers = control_headers(service.url)
        httpx.post(f"{service.url}/_sim/scripts/*", json=script, headers=headers).raise_for_status()
        yield running


# How late the next frame of a page is that draws nothing of ours, in ms: what the machine takes from everybody.
BARE = """window.bare = []; (function look() { const at = performance.now(); setTimeout(() => requestAnimationFrame(
  () => setTimeout(() => { window.bare.push(performance.now() - at - 10); look(); }, 0)), 10); })();"""


# How late each text was shown, in ms; the page itself forgets its marks every thousand messages.
SHOWN = """window.shown = []; new PerformanceObserver((list) => {
  for (const mark of list.getEntriesByName('live-shown')) window.shown.push(mark.detail.lateMs);
}).observe({ type: 'mark' });"""


def percentile(values, share):
    """Of sorted values; nearest rank."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def test_four_viewers_of_four_lanes_see_what_is_published_in_time_and_hear_it_in_time(page, address, chromium):
    """Publish to screen: 60 ms and two frames of an idle page for 95 of 100 texts. Sound: 80 ms and a frame."""
    idle = chromium.new_page()
    idle.evaluate(BARE)
    page.goto(f"{address}/live?live_corpus={LONG[0]}&live_utterance={LONG[1]}{LANES}")
    settled(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_selector("[data-testid=live]", timeout=120_000)
    page.locator(".live audio").evaluate(WATCH)
    page.wait_for_url("**live_session=*")
    others = [chromium.new_page() for _ in range(VIEWERS - 1)]
    for other in others:
        enter(other.context, address)
        other.goto(page.url)
        other.wait_for_selector("[data-testid=live] .partial", timeout=120_000)
    # What counts is watching: loading a page takes the processor from those who watch already.
    page.wait_for_timeout(SETTLING_MS)
    for viewer in (page, *others):
        viewer.evaluate(SHOWN)
    page.evaluate("window.apart = []; ")
    idle.evaluate("window.bare = []; ")
    page.wait_for_timeout(WATCHED_MS)
    fresh = [late for viewer in (page, *others) for late in viewer.evaluate("window.shown")]
    bare = percentile(idle.evaluate("window.bare"), 0.95)
    apart = page.evaluate("window.apart")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(OVER, timeout=120_000)
    for other in (idle, *others):
        other.close()
    told = [percentile(fresh, 0.5), percentile(fresh, 0.95), percentile([abs(a) for a in apart], 0.95), bare]
    assert len(fresh) > 100, told
    assert told[1] <= P95_MS + 2 * bare, told
    assert len(apart) > 50
    assert told[2] <= APART_MS + bare, told
