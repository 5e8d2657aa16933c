"""The page Sweep: what is asked becomes a grid and the arguments of the command."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.app.conftest import Draw
from tests.app.stores import texts
from workbench.app import jobs
from workbench.app.asked_sweep import SETTINGS, AskedSweep, cells_of, matrix_table
from workbench.errors import InputError


def test_the_matrix_is_there_before_anything_is_played(draw: Draw, tmp_path: Path) -> None:
    """Six configurations of two settings, told as they are typed."""
    test = draw("sweep", tmp_path)
    assert not test.exception
    assert "6 configurations × 12 utterances" in texts(test)
    assert len(test.dataframe[0].value) == 6


def test_a_value_that_is_not_allowed_is_named_at_once(draw: Draw, tmp_path: Path) -> None:
    """With the key and what is allowed; there is nothing to start then."""
    test = draw("sweep", tmp_path)
    test.text_input(key="sweep_values_snr_db").set_value("loud").run()
    assert not test.exception
    assert "snr" in test.error[0].value
    assert not [button for button in test.button if button.key == "sweep_start"]


def test_start_runs_the_command_with_what_was_asked(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process of the command line, with the arguments that the widgets show."""
    started = []

    def start(*asked: object, **_: object) -> SimpleNamespace:
        started.append(asked)
        return SimpleNamespace()

    monkeypatch.setattr(jobs, "start", start)
    test = draw("sweep", tmp_path)
    test.number_input(key="sweep_limit").set_value(2).run()
    test.button(key="sweep_start").click().run()
    assert not test.exception
    ((_, title, arguments),) = started
    assert "clinic" in title
    assert arguments[:5] == ("sweep", "--vary", "snr_db=inf,30,20", "--vary", "sample_rate_hz=16000,8000")
    assert arguments[arguments.index("--limit") :][:2] == ("--limit", "2")


def test_a_dry_run_says_what_it_takes_and_what_it_could_find(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Minutes and the smallest detectable difference, or why that is unknown."""
    plan = {
        "sessions": 24, "speech_minutes": 3.2, "minutes": 1.1, "smallest_detectable_wer": None,
        "smallest_detectable_reason": "no pilot",
    }  # fmt: skip
    monkeypatch.setattr(jobs, "ask", lambda store, arguments: plan if "--dry-run" in arguments else {})
    test = draw("sweep", tmp_path)
    test.button(key="sweep_dry").click().run()
    assert [metric.value for metric in test.metric] == ["24", "3.2 min", "1.1 min", "unknown"]
    assert "no pilot" in texts(test)


def test_arguments_and_matrix_come_from_the_same_question() -> None:
    """What is drawn is what is played."""
    asked = AskedSweep({"snr_db": "inf,20", "chunk_ms": "50"}, "clinic", endpoint="staging", limit=None)
    cells = cells_of(asked)
    rows = matrix_table(cells, asked.vary).rows
    assert [(row["snr_db"], row["chunk_ms"]) for row in rows] == [("inf", "50"), ("20", "50")]
    assert "--limit" not in asked.arguments()
    assert "--model" not in asked.arguments()
    assert "network" in SETTINGS


def test_a_grid_without_values_is_refused() -> None:
    """Naming the setting."""
    with pytest.raises(InputError, match="snr_db"):
        cells_of(AskedSweep({"snr_db": " , "}, "clinic"))
