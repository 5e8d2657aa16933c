"""System: the service that does not answer, normalisers, scoring again, storage."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.app.conftest import Draw
from tests.app.stores import texts, two_cells
from workbench.app import jobs
from workbench.app.pages.data import PARTS


@pytest.mark.parametrize("part", list(PARTS))
def test_every_part_is_drawn_with_and_without_runs(part: str, draw: Draw, one_run: Path, tmp_path: Path) -> None:
    """Each by its own link."""
    for store in (one_run, tmp_path):
        test = draw("data", store, query={"data_part": part})
        assert not test.exception
        assert not test.error


def test_a_service_that_does_not_answer_is_a_failure_that_is_said(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check that failed is named, with what to do; nothing falls over."""
    real = jobs.ask

    def nobody_there(store: Path, arguments: tuple[str, ...], timeout_s: float) -> dict[str, object]:
        there = tuple("http://127.0.0.1:9" if argument == "simulator" else argument for argument in arguments)
        return real(store, there, timeout_s)

    monkeypatch.setattr(jobs, "ask", nobody_there)
    test = draw("data", tmp_path, query={"data_part": "Connection"})
    test.button(key="data_connect").click().run(timeout=120)
    assert not test.exception
    assert "Failed" in test.error[0].value
    assert "failed" in test.dataframe[0].value["state"].tolist()


def test_the_bench_shows_what_each_normaliser_makes_of_two_texts(draw: Draw, tmp_path: Path) -> None:
    """The rate of the pair under each of them."""
    test = draw("data", tmp_path, query={"data_part": "Normalisers"})
    test.text_area(key="data_reference").set_value("No chest pain.").run()
    test.text_area(key="data_heard").set_value("no chest pain").run()
    rows = test.dataframe[0].value.set_index("normaliser")
    assert rows.loc["basic", "wer"] == 0
    assert rows.loc["raw", "wer"] > 0


def test_a_run_is_scored_again_by_the_command(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the normaliser that was picked."""
    run_id = two_cells(tmp_path)
    started = []
    monkeypatch.setattr(jobs, "start", lambda *asked, **_: started.append(asked) or SimpleNamespace())
    test = draw("data", tmp_path, query={"data_part": "Score again"})
    test.selectbox(key="data_normaliser").set_value("raw").run()
    test.button(key="data_rescore").click().run()
    assert started[0][2] == ("score", "--normaliser", "raw", "--json", "--", run_id)


def test_a_run_is_deleted_only_after_a_second_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first click names what goes and removes nothing."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    run_id = two_cells(tmp_path)
    script = "\n".join(
        (
            "from workbench.app import data",
            "from workbench.app.parts import run_actions",
            "lines = data.lines()",
            "run_actions.bar(lines, lines)",
        )
    )
    test = AppTest.from_string(script, default_timeout=300).run()
    test.button(key="runs_delete").click().run()
    assert (tmp_path / run_id).exists()
    assert run_id in texts(test)
    assert [button.label for button in test.button if button.key == "runs_delete_yes"] == ["Delete for good"]


def test_a_run_is_exported_and_reported_as_the_commands_do_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file as it is, several as one archive, the report with or without transcripts."""
    from workbench.app.parts.run_actions import exported, report

    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    run_id = two_cells(tmp_path)
    assert exported(run_id, "csv").startswith(b"run_id,cell,")
    assert exported(run_id, "srt").startswith(b"PK")
    assert b"chest" not in report(run_id, redact=True)
    assert b"chest" in report(run_id, redact=False)
