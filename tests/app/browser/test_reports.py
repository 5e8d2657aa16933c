"""The two reports as a mail opens them: from a file, in either width, with nothing that shuts people out."""

import pytest

from tests.app.browser.harness import violations
from tests.stored import batch, failing, heard, stored
from workbench.comparing.runs import compare_runs
from workbench.reporting.comparison_report import write_comparison
from workbench.reporting.html_report import write_report

pytestmark = pytest.mark.browser

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_reports_are_accessible_fit_and_fetch_nothing(chromium, tmp_path):
    """axe finds nothing; no request leaves the file; control characters and markup of a service are text."""
    records = batch(24) + batch(24, wrong=12, cell="noise", delay=80) + failing(1, cell="noise")
    records += [heard("no \x07<b>chest\x9f pain", utterance="odd", cell=cell) for cell in ("clean", "noise")]
    result = stored(tmp_path, records)
    write_report(tmp_path / "run.html", result)
    write_comparison(tmp_path / "comparison.html", compare_runs([result]), [result])
    for name in ("run", "comparison"):
        for width in (1200, 390):
            # The page forbids every script; only axe itself is let past that.
            context = chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
            page, requests = context.new_page(), []
            page.on("request", lambda request, seen=requests: seen.append(request.url))
            page.goto((tmp_path / f"{name}.html").as_uri())
            assert page.evaluate(TOO_WIDE) <= 0
            assert violations(page, impacts=("minor", "moderate", "serious", "critical")) == []
            assert len(requests) == 1
            context.close()
