"""The report of a comparison: verdict first, words marked, one file that opens from a mail."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import workbench as wb
from tests.reporting.test_html_report import NASTY, Page
from tests.stored import batch, failing, heard, store_run, stored
from workbench.cli.report import report
from workbench.comparing.headline import headline
from workbench.comparing.runs import RunComparison, compare_runs
from workbench.comparing.verdict import Level
from workbench.reference import Reference
from workbench.reporting.changed import changed_texts
from workbench.reporting.comparison_report import render_comparison
from workbench.reporting.html_page import LIGHT_BYTES
from workbench.reporting.html_report import render_report
from workbench.runs.result import RunResult
from workbench.scoring.metrics.stats import Interval
from workbench.store.labels import RunLabel, label_run


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> RunResult:
    """Two configurations: 12 of 24 recordings have one of three words wrong under the second, and three fail there."""
    records = batch(24) + batch(24, wrong=12, cell=NASTY, delay=80)
    records += [heard(utterance=f"f{i}") for i in range(3)] + failing(3, cell=NASTY)
    return stored(tmp_path_factory.mktemp("runs"), records)


@pytest.fixture(scope="module")
def compared(result: RunResult) -> RunComparison:
    """The second configuration against the first."""
    return compare_runs([result])


@pytest.fixture(scope="module")
def page(compared: RunComparison, result: RunResult) -> str:
    """The whole page."""
    return render_comparison(compared, [result])


def test_the_sentence_and_three_numbers_come_first(page: str, compared: RunComparison) -> None:
    """12 of 72 words more: 16.7 points; who failed on one side is named; everything before the first table."""
    body = page.partition("<main>")[2]
    lead = body.partition("<table")[0]
    (pair,) = compared.pairs
    assert headline(pair.verdict, "clean", "noise").startswith("noise is worse than clean: +16.7 points WER (")
    assert lead.count('class="num"') == 3
    assert "+16.7 points" in lead
    assert re.search(r"\+\d+\.\d to \+\d+\.\d points", lead)
    assert "24 recordings compared; only &lt;/script&gt;" in lead
    assert "failed f0, f1, f2" in lead
    assert [title in body for title in ("Recordings that changed most", "<h2>Method</h2>", "<h2>Appendix</h2>")] == [
        True
    ] * 3


def test_an_interval_that_leaves_out_0_and_shows_nothing_is_explained(compared: RunComparison) -> None:
    """Of many metrics one such interval is chance; who reads the sentence would wonder."""
    verdict = compared.pairs[0].verdict
    findings = {key: replace(one, level=Level.NO_DIFFERENCE) for key, one in (verdict.findings or {}).items()}
    told = headline(replace(verdict, findings=findings), "clean", "noise")
    assert told.startswith("No difference is shown between noise and clean (WER +")
    assert told.endswith(": among all metrics compared, one such interval can be chance).")
    none = Interval(-0.01, 0.02, 0.95, "bootstrap")
    for key in ("wer", "word_latency_p95"):
        findings[key] = replace(findings[key], difference=replace(findings[key].difference, interval=none))
    assert "chance" not in headline(replace(verdict, findings=findings), "clean", "noise")


def test_the_ten_that_changed_most_are_shown_word_by_word_on_both_sides(
    page: str, compared: RunComparison, result: RunResult
) -> None:
    """Each with its differences marked; what is a negation, a value, a side or a term says so above it."""
    cards = page.split('<section class="one">')[1:]
    assert len(cards) == 10
    assert all("chest → test" in card and "0 → 1 of 3 words wrong" in card for card in cards)
    (pair,) = compared.pairs
    assert [one.changed for one in changed_texts(pair, [result])] == list(pair.changed)


def test_a_negation_that_was_lost_is_marked_as_one(tmp_path: Path) -> None:
    """Worked by hand: "no" is gone under the second configuration alone."""
    records = batch(2) + [heard("chest pain", utterance=f"u{i:02}", cell="noise") for i in range(2)]
    result = stored(tmp_path, records, name="clinical")
    one, _ = changed_texts(compare_runs([result]).pairs[0], [result])
    assert "<sup" not in one.baseline
    assert one.candidate.count(">negation</sup>") == 1


def test_it_opens_from_a_mail(page: str, compared: RunComparison, result: RunResult) -> None:
    """No address, no script, no markup of others, at most two figures, under 2 MB; a light one fits any mail server."""
    parsed = Page(page)
    assert parsed.addresses == parsed.handlers == []
    assert not {"script", "img", "link", "iframe"} & set(parsed.tags)
    assert "default-src 'none'" in page
    assert page.count("<svg") == 2
    assert len(page.encode()) < 2_000_000
    light = render_comparison(compared, [result], light=True)
    assert len(light.encode()) < LIGHT_BYTES
    assert len(json.loads(parsed.summary)["comparisons"]) == 1


def test_no_figure_is_empty(tmp_path: Path) -> None:
    """Nothing was timed: the delay has no figure."""
    result = stored(tmp_path, batch(6, late_ms=90) + batch(6, wrong=2, cell="noise", late_ms=90))
    text = render_comparison(compare_runs([result]), [result])
    assert text.count("<svg") == 1
    assert text.count("<figcaption>") == 1


def test_a_redacted_comparison_holds_no_word_that_was_said(compared: RunComparison, result: RunResult) -> None:
    """Numbers stay."""
    text = render_comparison(compared, [result], redact=True)
    assert "transcripts redacted" in text
    assert "+16.7 points" in text
    assert "chest" not in text


def test_what_cannot_be_compared_says_so_first(tmp_path: Path) -> None:
    """Other references: the sentence says why, and there is no number."""
    other = batch(6)
    for record in other:
        record.reference = Reference("chest pain", "chest pain")
    results = [stored(tmp_path, batch(6)), stored(tmp_path, other)]
    lead = render_comparison(compare_runs(results), results).partition("<table")[0]
    assert "cannot be compared with" in lead
    assert "have other references" in lead
    assert 'class="num"' not in lead


def test_two_runs_are_called_by_their_names(tmp_path: Path) -> None:
    """A run without one by the end of its id; a configuration keeps its colour, the second run has a sign."""
    ids = [store_run(tmp_path, batch(24)), store_run(tmp_path, batch(24, wrong=3))]
    label_run(tmp_path, ids[1], RunLabel("release 1.8", "", ()))
    compared = wb.compare(*ids, store=tmp_path)
    page = compared.report(tmp_path / "c.html").read_text()
    assert f"<h1>clean · release 1.8 against clean · {ids[0][-6:]}</h1>" in page
    assert len(set(re.findall(r'<(?:circle|polygon)[^>]*fill="([^"]+)"', page))) == 1
    assert page.count("<circle") == page.count("<polygon") == 2


def test_the_verb_writes_a_comparison_where_candidates_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named after both runs; sound is refused."""
    monkeypatch.chdir(tmp_path)
    ids = [store_run(tmp_path, batch(6)), store_run(tmp_path, batch(6, wrong=3), seed=9)]
    ran = CliRunner().invoke(report, [*ids, "--store", str(tmp_path)])
    assert ran.exit_code == 0
    assert ran.stdout == f"{ids[1]}-against-{ids[0]}.html\n"
    assert "differs from" in ran.stderr
    assert "patient data" in ran.stderr
    answer = json.loads(CliRunner().invoke(report, [*ids, "--json", "--store", str(tmp_path)]).stdout)
    assert (answer["run_id"], answer["against"]) == (ids[0], [ids[1]])
    assert "a comparison has no sound" in CliRunner().invoke(report, [*ids, "--audio", "--store", str(tmp_path)]).stderr


def test_both_reports_are_sound_html(page: str, result: RunResult) -> None:
    """A strict parser has nothing to say, every scroll area can be focused and has a name of its own."""
    html5lib = pytest.importorskip("html5lib", reason="the extra 'dev' is not installed")
    for text in (page, render_report(result)):
        parser = html5lib.HTMLParser(strict=True)
        parser.parse(text)
        areas = re.findall(r'class="scroll" tabindex="0" role="region" aria-label="([^"]+)"', text)
        assert len(set(areas)) == len(areas) == text.count('class="scroll"') > 2
        assert not re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids))
