"""Every page over every kind of store: no exception, and the state that is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.app.conftest import Draw
from tests.app.stores import PAGES, damaged_manifest, damaged_tables, texts, two_cells
from tests.stored import batch, failing, heard, store_run
from workbench.app.router import PAGES as ROUTED

OVER_RUNS = ("start", "runs", "run", "compare", "latency", "accuracy", "trends")


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_is_no_error(page: str, draw: Draw, tmp_path: Path) -> None:
    """Nothing is stored, and every page says what belongs on it."""
    test = draw(page, tmp_path / "none")
    assert not test.exception
    assert not test.error
    assert test.title[0].value


@pytest.mark.parametrize("page", OVER_RUNS)
def test_an_empty_page_says_what_will_appear_and_has_the_button_for_it(page: str, draw: Draw, tmp_path: Path) -> None:
    """One button makes what is missing appear."""
    test = draw(page, tmp_path)
    assert "appear" in texts(test)
    assert [button.label for button in test.button if button.key == f"{page}_empty"] == ["Play the sample sweep"]


@pytest.mark.parametrize("page", PAGES)
def test_one_run_is_drawn(page: str, draw: Draw, one_run: Path) -> None:
    """A page with one run has no error on it."""
    test = draw(page, one_run)
    assert not test.exception
    assert not test.error


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_thousand_runs_are_drawn(page: str, draw: Draw, thousand_runs: Path) -> None:
    """A page with a thousand runs has no error on it."""
    test = draw(page, thousand_runs)
    assert not test.exception
    assert not test.error


@pytest.mark.slow
def test_a_long_list_says_how_many_rows_it_hides(draw: Draw, thousand_runs: Path) -> None:
    """Of a thousand runs, five hundred are listed and the others counted."""
    assert "500 of 1,000 rows are not shown" in texts(draw("runs", thousand_runs))


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_manifest_is_named_and_nothing_falls_over(page: str, draw: Draw, tmp_path: Path) -> None:
    """The other runs are shown all the same."""
    two_cells(tmp_path)
    broken = damaged_manifest(tmp_path)
    test = draw(page, tmp_path)
    assert not test.exception
    if page == "runs":
        assert broken in texts(test)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["compare", "latency", "accuracy"])
def test_damaged_tables_are_a_failure_that_is_said(page: str, draw: Draw, tmp_path: Path) -> None:
    """A page that is asked for a run it cannot read shows the state failed, in one line."""
    two_cells(tmp_path)
    broken = damaged_tables(tmp_path)
    test = draw(page, tmp_path, query={f"{page}_run": broken})
    assert not test.exception
    # Without readable scores the run is not offered, and its link says so.
    assert "Missing" in texts(test) or test.error


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_run_whose_corpus_is_gone_is_shown(page: str, draw: Draw, tmp_path: Path) -> None:
    """Nothing of these pages needs the audio."""
    store_run(tmp_path, batch(3))
    assert not draw(page, tmp_path).exception


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_failed_whole_is_shown_as_failed(page: str, draw: Draw, tmp_path: Path) -> None:
    """Every session was refused: no number, no exception."""
    store_run(tmp_path, failing(3))
    test = draw(page, tmp_path)
    assert not test.exception
    if page == "runs":
        assert test.dataframe[0].value["state"].tolist() == ["failed"]


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_was_cut_off_is_shown(page: str, draw: Draw, tmp_path: Path) -> None:
    """Interrupted, never committed."""
    store_run(tmp_path, batch(3), commit=False)
    assert not draw(page, tmp_path).exception


def test_a_simulated_run_says_so(draw: Draw, one_run: Path) -> None:
    """Whoever reads a number sees that a simulator answered."""
    assert "simulated" in texts(draw("latency", one_run)).lower()


def test_sessions_with_invalid_pacing_are_a_state_of_their_own(draw: Draw, tmp_path: Path) -> None:
    """Their latencies are left out, and the page says so and why."""
    store_run(tmp_path, [heard(utterance=f"u{i}", late_ms=80) for i in range(4)])
    test = draw("latency", tmp_path)
    assert not test.exception
    assert "Invalid measurement" in texts(test)


def test_few_data_show_what_they_can(draw: Draw, tmp_path: Path) -> None:
    """Four of seven worse can be chance, and five pairs have no interval."""
    store_run(tmp_path, batch(7) + batch(7, wrong=4, cell="noise"))
    assert "No difference is shown between noise and clean" in texts(draw("compare", tmp_path))
    store_run(tmp_path, batch(5) + batch(5, wrong=5, cell="noise"))
    test = draw("compare", tmp_path)
    assert test.metric[0].delta == "5 utterances: an interval needs 6"


def test_a_comparison_of_unlike_runs_stands_under_a_warning(draw: Draw, tmp_path: Path) -> None:
    """Different seeds are compared, and the difference is listed first."""
    first, second = store_run(tmp_path, batch(24)), store_run(tmp_path, batch(24, wrong=5), seed=9)
    test = draw("compare", tmp_path, query={"compare_run": first, "compare_pins": second})
    assert not test.exception
    assert any("seed" in warning.value for warning in test.warning)


def test_a_permalink_shows_the_run_that_it_names(draw: Draw, tmp_path: Path) -> None:
    """The address decides, not the newest run."""
    older, _ = store_run(tmp_path, batch(3)), store_run(tmp_path, batch(3))
    test = draw("latency", tmp_path, query={"latency_run": older, "latency_metric": "word finality"})
    assert test.selectbox(key="latency_run").value == older
    assert test.query_params["latency_run"] == older


def test_a_permalink_to_a_run_that_is_gone_says_so(draw: Draw, one_run: Path) -> None:
    """Another run is never shown in its place without a word."""
    test = draw("latency", one_run, query={"latency_run": "20200101T000000000Z-000000"})
    assert "20200101T000000000Z" in texts(test)
    assert "not in this store" in texts(test)


def test_text_that_is_a_script_is_shown_as_text(draw: Draw, tmp_path: Path) -> None:
    """Words of a transcript reach the page only as cells of a table."""
    store_run(tmp_path, [heard("no <script>alert(1)</script> pain", utterance="u1"), heard(utterance="u2")])
    test = draw("accuracy", tmp_path)
    assert not test.exception
    assert "<script>" not in texts(test)


@pytest.mark.slow
def test_search_and_filter_say_what_they_hide(draw: Draw, thousand_runs: Path) -> None:
    """Every filter counts what it leaves out."""
    test = draw("runs", thousand_runs)
    test.text_input(key="runs_search").set_value("no such corpus").run()
    assert not test.exception
    assert "0 of 1,000 runs" in texts(test)


def test_the_router_knows_every_page_and_opens_the_first(one_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plain script draws the start page; every page has its own address."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("WORKBENCH_STORE", str(one_run))
    test = AppTest.from_file(str(Path(__file__).parents[2] / "streamlit_app.py"), default_timeout=300).run()
    assert not test.exception
    assert test.title[0].value == "Suki Workbench"
    assert len({facts.address for facts in ROUTED}) == len(ROUTED)


def test_a_store_that_goes_away_between_two_reruns_is_an_empty_page(draw: Draw, tmp_path: Path) -> None:
    """A folder that somebody removed is not an exception."""
    two_cells(tmp_path / "store")
    test = draw("compare", tmp_path / "store")
    shutil.rmtree(tmp_path / "store")
    assert not test.run().exception
