"""A minute of the demo as a film, on request: ``make recording``."""

import base64
import os
import pathlib
import shutil
import subprocess

import pytest

from tests.app.browser.harness import Watched, app, settled
from workbench.corpus import find_corpus, load_corpus

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FILM = pathlib.Path(__file__).parents[3] / "docs" / "demo.webm"
MAX_BYTES = 5_000_000
SECONDS = 60
SIZE = {"width": 1280, "height": 720}
ENDED = "[data-testid=live][data-state=ended]"


class Screencast:
    """What a page shows, picture by picture, with the time of each; Chromium sends one whenever something changes."""

    def __init__(self, page, folder):
        self.folder = folder
        self.times = []
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.on("Page.screencastFrame", self._frame)
        self.devtools.send(
            "Page.startScreencast", {"format": "jpeg", "quality": 85, "maxWidth": 1280, "maxHeight": 720}
        )

    def _frame(self, frame):
        (self.folder / f"{len(self.times):05d}.jpg").write_bytes(base64.b64decode(frame["data"]))
        self.times.append(frame["metadata"]["timestamp"])
        self.devtools.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    def passed(self):
        """Seconds from the first picture to the newest."""
        return self.times[-1] - self.times[0] if self.times else 0.0

    def film(self, sounds, target):
        """Write the film; ``sounds`` are files, and the Unix time at which each begins."""
        self.devtools.send("Page.stopScreencast")
        ends = [*self.times[1:], self.times[-1] + 1]
        lines = [
            f"file '{k:05d}.jpg'\nduration {end - at:.4f}"
            for k, (at, end) in enumerate(zip(self.times, ends, strict=True))
        ]
        (self.folder / "list.txt").write_text("\n".join(lines))
        command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "concat", "-i", str(self.folder / "list.txt")]
        for file, at in sounds:
            command += ["-itsoffset", f"{max(0.0, at - self.times[0]):.3f}", "-i", str(file)]
        heard = "".join(f"[{k}:a]aresample=async=1:first_pts=0[s{k}];" for k in range(1, len(sounds) + 1))
        heard += "".join(f"[s{k}]" for k in range(1, len(sounds) + 1)) + f"amix=inputs={len(sounds)}:normalize=0[a]"
        command += ["-filter_complex", f"{heard};[0:v]fps=15,format=yuv420p[v]", "-map", "[v]", "-map", "[a]"]
        command += [
            "-t",
            str(SECONDS),
            "-c:v",
            "libvpx-vp9",
            "-crf",
            "36",
            "-b:v",
            "0",
            "-deadline",
            "realtime",
            "-cpu-used",
            "6",
        ]
        subprocess.run([*command, "-c:a", "libopus", "-b:a", "48k", str(target)], check=True, timeout=280)


@pytest.mark.timeout(600)
def test_a_film_of_the_demo(chromium, tmp_path):
    """Start, two lanes with sound, the best moment again, the next clip, and the way back; made on request only."""
    if not os.environ.get("WORKBENCH_RECORDING"):
        pytest.skip("the film is made on request: make recording")
    if shutil.which("ffmpeg") is None:
        pytest.skip("no ffmpeg on this machine")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    with app(tmp_path / "runs", WORKBENCH_MODEL="whisper") as address:
        context = chromium.new_context(viewport=SIZE)
        context.set_default_timeout(120_000)
        watched = Watched(context.new_page(), address)
        page = watched.page
        page.goto(str(address))
        settled(page)
        cast = Screencast(page, pictures)
        page.wait_for_timeout(1_500)
        page.get_by_role("button", name="Play demo").first.click()
        sounds = [heard(page)]
        page.wait_for_selector(ENDED)
        page.wait_for_timeout(4_000)
        page.keyboard.press("r")
        page.wait_for_selector(".live[data-replaying=true]")
        page.wait_for_selector(".live[data-replaying=false]")
        page.wait_for_timeout(1_500)
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(".live:not([data-state=ended])")
        sounds.append(heard(page))
        page.wait_for_selector(ENDED)
        page.wait_for_timeout(4_000)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Save as run").wait_for()
        page.wait_for_timeout(max(1_000, 1_000 * (SECONDS - cast.passed())))
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(1_000)
        cast.film(sounds, FILM)
        assert watched.problems == []
        context.close()
    assert FILM.stat().st_size < MAX_BYTES


def heard(page):
    """The sound of the clip that is played, and when it begins."""
    page.wait_for_selector("[data-testid=live][data-state=playing]")
    page.wait_for_selector("[data-testid=live]:not([data-zero=''])")
    clip = page.locator(".live .status").inner_text().split(" · ")[1]
    zero_ms = float(page.get_by_test_id("live").get_attribute("data-zero"))
    return load_corpus(find_corpus("clinic")).utterance(clip).audio, zero_ms / 1_000
