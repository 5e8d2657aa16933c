"""The page Compare: verdict first, what decides, the recordings that changed most, and the rest one level down."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Draw
from tests.app.stores import damaged_tables, texts, two_cells
from tests.stored import batch, failing, heard, store_run
from workbench.app import data
from workbench.app.parts.run_actions import comparison_report
from workbench.store.labels import RunLabel, label_run

SVG = "{http://www.w3.org/2000/svg}"


def pictures(test: AppTest) -> list[str]:
    """Figures that need no script."""
    return [element.value for element in test.markdown if "<svg" in element.value]


def test_the_answer_is_a_sentence_and_three_numbers_with_intervals(draw: Draw, one_run: Path) -> None:
    """12 of 72 words more: 16.7 points."""
    test = draw("compare", one_run)
    sentence = next(element.value for element in test.markdown if element.value.startswith("## "))
    assert sentence.replace("\\", "").startswith("## noise is worse than clean: +16.7 points WER (")
    assert [metric.label for metric in test.metric] == [
        "Word error rate",
        "95 % of words within",
        "Critical errors per 100 words",
    ]
    assert test.metric[0].value == "+16.7 points"
    assert all(" to " in metric.delta for metric in test.metric)
    told = texts(test)
    assert "24 recordings compared; none failed on one side alone." in told
    assert "Latencies cover" in told
    settings = next(line for line in told.replace("\\", "").splitlines() if line.startswith("**Settings that differ**"))
    assert "noise none → pink" in settings
    assert "speech over noise clean → 20 dB" in settings


def test_two_figures_and_one_table_are_drawn_and_the_rest_when_it_is_opened(draw: Draw, one_run: Path) -> None:
    """What is closed is neither computed nor sent."""
    test = draw("compare", one_run)
    assert (len(pictures(test)), len(test.get("plotly_chart")), len(test.dataframe)) == (2, 0, 1)
    assert test.dataframe[0].value["metric"].tolist() == [
        "WER", "critical errors per 100 words", "word latency p50", "word latency p95", "coverage", "failed sessions",
    ]  # fmt: skip
    for key, figures, tables in (
        ("compare_every_metric", 0, 2), ("compare_every_recording", 1, 2), ("compare_scatter_shown", 0, 2),
    ):  # fmt: skip
        test.session_state[key] = True
        test.run()
        assert not test.exception
        assert (len(pictures(test)), len(test.get("plotly_chart")), len(test.dataframe)) == (2, figures, tables), key
        test.session_state[key] = False


def test_a_figure_without_a_script_says_what_a_point_is_and_no_name_acts(draw: Draw, tmp_path: Path) -> None:
    """Also where a recording is called by markup, with an empty line in it: that would end a block of HTML."""
    name = "a\n\n# b <img src=x onerror=alert(1)> $c$"
    pair = [heard(utterance=name), heard("no test pain", utterance=name, cell="noise")]
    store_run(tmp_path, [*batch(8), *batch(8, cell="noise"), *pair])
    (scattered, _) = pictures(draw("compare", tmp_path))
    assert not set("\n\r") & set(scattered)
    assert "<img" not in scattered
    assert scattered.startswith("<div><svg ")
    told = [title.text for title in ET.fromstring(scattered).iter(f"{SVG}title")]  # noqa: S314  our own text
    assert "a  # b <img src=x onerror=alert(1)> $c$: 0.0 → 33.3" in told, told
    assert sum("0.0 → 0.0" in (one or "") for one in told) == 8


def test_the_ten_that_changed_most_are_marked_on_both_sides(draw: Draw, one_run: Path) -> None:
    """A card each; privacy mode shows none of them and gives no report."""
    test = draw("compare", one_run)
    shown = [element.proto.body for element in test.get("html")]
    assert len(shown) == 10
    assert all("clean: no chest pain" in body and "chest → test" in body for body in shown)
    assert sum(button.key.startswith("compare_open_") for button in test.button) == 10
    hidden = draw("compare", one_run, private=True)
    assert not hidden.get("html")
    assert "Privacy mode is on" in texts(hidden)


def test_who_failed_on_one_side_alone_is_named(draw: Draw, tmp_path: Path) -> None:
    """A failure is in no average, so it must be said."""
    records = [*batch(24), *batch(24, cell="noise"), heard(utterance="f0"), *failing(1, cell="noise")]
    store_run(tmp_path, records)
    assert "only noise failed f0" in texts(draw("compare", tmp_path))


def test_runs_whose_timing_does_not_count_have_no_empty_figure(draw: Draw, tmp_path: Path) -> None:
    """A sentence says why; errors are compared all the same."""
    store_run(tmp_path, batch(8, late_ms=90) + batch(8, cell="noise", wrong=8, late_ms=90))
    test = draw("compare", tmp_path)
    assert len(pictures(test)) == 1
    told = texts(test)
    assert "no configuration has both an error rate and a latency that counts" in told
    assert "No word has a latency on both sides." in told
    test.segmented_control(key="compare_measure").set_value("latency").run()
    assert not test.exception
    assert "no recording has a latency on both sides" in texts(test)


def test_two_runs_are_called_by_their_names_and_reported(draw: Draw, tmp_path: Path) -> None:
    """The report of the button is the one that the command line writes."""
    first, second = store_run(tmp_path, batch(24)), store_run(tmp_path, batch(24, wrong=12))
    label_run(tmp_path, second, RunLabel("release 1.8", "", ()))
    test = draw("compare", tmp_path, query={"compare_run": first, "compare_pins": second})
    assert f"clean · release 1.8 is worse than clean · {first[-6:]}" in texts(test).replace("\\", "")
    page = comparison_report([first, second], redact=True).decode()
    assert "release 1.8 is worse than clean" in page


def test_a_damaged_run_is_not_offered_and_a_link_to_it_says_so(draw: Draw, tmp_path: Path) -> None:
    """The runs that can be read are compared."""
    two_cells(tmp_path)
    broken = damaged_tables(tmp_path)
    test = draw("compare", tmp_path, query={"compare_pins": broken})
    assert not test.exception
    assert test.metric or test.error


@pytest.mark.slow
def test_a_page_over_a_thousand_runs_reads_only_what_it_compares(
    draw: Draw, thousand_runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run is loaded, whatever else is stored."""
    loaded: list[str] = []
    real = data.load_result

    def counted(run):  # type: ignore[no-untyped-def]
        loaded.append(run.run_id)
        return real(run)

    monkeypatch.setattr(data, "load_result", counted)
    assert not draw("compare", thousand_runs).exception
    assert len(loaded) == 1
