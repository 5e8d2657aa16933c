"""What a fresh tab shows first."""

import pytest

from tests.app.browser.harness import first_seen, settled
from tests.stored import batch, store_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A run of two configurations that nobody had to play."""
    store = tmp_path_factory.mktemp("written") / "runs"
    store_run(store, batch(wrong=2) + batch(wrong=5, cell="noisy"))
    return store


@pytest.mark.timing
@pytest.mark.parametrize("name", ["accuracy", "latency"])
def test_numbers_stand_before_the_script_of_figures_is_asked_for(page, address, name):
    """It has four megabytes, and nothing is painted while it is read. In one of a few visits: a machine may stall."""
    page.add_init_script(first_seen("[data-testid=stMetric]"))
    asked = "performance.getEntriesByType('resource').find((e) => e.name.includes('PlotlyChart')).startTime"

    def before():
        page.goto(f"{address}/{name}")
        page.wait_for_selector("[data-testid=stPlotlyChart]")
        return page.evaluate(f"window.seen < {asked}")

    assert any(before() for _ in range(4))


def test_compare_draws_its_figures_without_their_script(page, address):
    """A fresh tab would read it for longer than all the rest takes; points say what they are all the same."""
    page.goto(f"{address}/compare")
    settled(page)
    page.locator("svg[role=img] circle title").nth(1).wait_for(state="attached", timeout=120_000)
    assert not page.evaluate("performance.getEntriesByType('resource').some((e) => e.name.includes('PlotlyChart'))")
