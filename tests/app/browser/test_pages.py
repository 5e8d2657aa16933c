"""Every page: nothing leaves the machine, nothing is cut off, nobody is shut out; pictures on request."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.app.browser.harness import Watched, app, settled, violations
from workbench.app.router import PAGES

pytestmark = pytest.mark.browser

PICTURES = pathlib.Path(__file__).parents[3] / "docs" / "screenshots"
WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")
TABS = ("Recordings", "Accuracy", "Latency", "Settings")
TOO_WIDE = "(e) => e.scrollWidth - e.clientWidth"
MAX_BYTES = 150_000


def path_of(name):
    """Address of a page below the root."""
    return "/" if name == "start" else f"/{name.replace('_', '-')}"


def opened(page, address, name, width, scheme, height=1000, query=""):
    """Load a page of the app as somebody sees it who has such a screen."""
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{address}{path_of(name)}{query}")
    settled(page)
    return page


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [facts.name for facts in PAGES])
def test_a_page_is_accessible_fits_and_keeps_to_itself(visitor, address, name, scheme):
    """axe finds nothing serious, nothing is wider than a narrow screen, the console is silent."""
    page = opened(visitor.page, address, name, 390, scheme)
    assert page.locator('[data-testid="stMain"]').evaluate(TOO_WIDE) <= 0
    assert page.locator('[data-testid="stException"]').count() == 0
    assert violations(page) == []
    assert visitor.problems == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("tab", TABS)
def test_a_part_of_a_run_is_accessible_and_fits(visitor, address, tab, scheme):
    """What the page shows first is looked at above; these are a click away."""
    page = opened(visitor.page, address, "run", 390, scheme, query=f"?run_tab={tab}")
    assert page.get_by_role("radio", name=tab, checked=True).count() == 1
    assert page.locator('[data-testid="stMain"]').evaluate(TOO_WIDE) <= 0
    assert violations(page) == []
    assert visitor.problems == []


@pytest.fixture(scope="module")
def rich(tmp_path_factory):
    """A store worth a picture: three configurations of the built-in corpora, really recognised.

    ``WORKBENCH_SCREENSHOTS`` may name a store that is there; with any other value one is made.
    """
    asked = os.environ.get("WORKBENCH_SCREENSHOTS")
    if not asked:
        pytest.skip("pictures are made on request: make screenshots")
    store = tmp_path_factory.mktemp("rich") / "runs"
    if pathlib.Path(asked).is_dir():
        shutil.copytree(asked, store)
    else:
        command = [sys.executable, "-m", "workbench", "demo", "--no-app", "--json", "--store", str(store)]
        subprocess.run(command, check=True, capture_output=True, timeout=280)
    with app(store) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", [facts.name for facts in PAGES])
def test_a_picture_of_a_page(chromium, rich, name, scheme, width):
    """Made on request only, so that a run of the tests leaves the tree as it was."""
    page = Watched(chromium.new_page(), rich).page
    opened(page, rich, name, width, scheme, height=1000 if width > 1000 else 1600)
    if name == "live":
        page.get_by_role("button", name="Play demo").click()
        page.wait_for_selector("[data-testid=live][data-state=ended]", timeout=120_000)
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Save as run").wait_for(timeout=120_000)
        settled(page)
    page.wait_for_timeout(1_000)  # charts fade in
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f"{name}-{scheme}-{width}.png"
    page.screenshot(path=picture)
    page.close()
    shrink(picture)
    assert picture.stat().st_size < MAX_BYTES


def shrink(picture):
    """A palette is enough for a page."""
    from PIL import Image

    for colours in (256, 128, 64):
        with Image.open(picture) as image:
            reduced = image.convert("RGB").quantize(colours, dither=Image.Dither.NONE)
        reduced.save(picture, optimize=True)
        if picture.stat().st_size < MAX_BYTES:
            return
