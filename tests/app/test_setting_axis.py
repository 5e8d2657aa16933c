"""The tab Settings: it grows while a sweep plays, its axes are switched, and a point leads to its recordings."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.conftest import Draw
from tests.app.stores import texts
from tests.fakes import make_manifest
from tests.stored import batch, failing, store_run
from workbench.app import inspector_data
from workbench.app.parts import run_recordings
from workbench.store import CellFacts, RunWriter

CELLS = [CellFacts.of(f"c{ms}", {} if ms == 100 else {"chunk_ms": ms}) for ms in (50, 100, 200)]


def query(run_id: str, **more: str) -> dict[str, str]:
    """The address of the tab."""
    return {"id": run_id, "run_tab": "Settings", **more}


def traces(test: AppTest) -> list[dict[str, Any]]:
    """Traces of the figure of the page."""
    (chart,) = test.get("plotly_chart")
    return list(json.loads(chart.proto.spec)["data"])


def points(test: AppTest) -> dict[str, int]:
    """Configurations that are drawn, with their number of recordings."""
    return {name: n for trace in traces(test) for name, n in trace.get("customdata", ())}


def test_a_sweep_fills_while_it_plays(draw: Draw, tmp_path: Path) -> None:
    """The same page of the same run, twice: more configurations and more recordings; nothing was committed."""
    with RunWriter.create(tmp_path, make_manifest(cells=CELLS, planned=18, seed=1)) as writer:
        run_id = writer.path.name
        for record in batch(2, cell="c50"):
            writer.add(record)
        test = draw("run", tmp_path, query=query(run_id))
        assert not test.exception
        assert points(test) == {"c50": 2}
        assert "2 of 3 configurations have no value yet" in texts(test)
        for record in [*batch(4, cell="c200", wrong=2), *batch(3, cell="c100"), *failing(1, cell="c100")]:
            writer.add(record)
        assert not test.run().exception
        assert points(test) == {"c50": 2, "c100": 4, "c200": 4}
        line = traces(test)[-1]
        assert line["x"] == [50, 100, 200]
        assert line["y"] == [0, 0, pytest.approx(100 * 2 / 12)]
        assert line["marker"]["symbol"] == ["circle", "circle-open", "circle"]


def test_axes_are_switched_and_the_address_says_how(draw: Draw, tmp_path: Path) -> None:
    """Errors over chunks, latency over chunks, errors against latency with its front."""
    records = [
        r for place, facts in enumerate(CELLS) for r in batch(8, cell=facts.name, delay=100 * place, wrong=place)
    ]
    run_id = store_run(tmp_path, records, cells=CELLS)
    test = draw("run", tmp_path, query=query(run_id, run_metric="word latency p95"))
    assert [round(y) for y in np.diff(traces(test)[-1]["y"])] == [100, 100]
    test.selectbox(key="run_metric").set_value("wer").run()
    assert [round(24 * y / 100) for y in traces(test)[-1]["y"]] == [0, 1, 2]
    test.selectbox(key="run_over").set_value("word_latency_p95").run()
    assert not test.exception
    drawn, front = traces(test)
    assert len(drawn["x"]) == 3
    assert front["x"] == [min(drawn["x"])]


def test_only_what_all_configurations_have(draw: Draw, tmp_path: Path) -> None:
    """The two that one of them lacks are left out under each."""
    records = batch(6, cell="c50") + batch(4, cell="c100") + batch(6, cell="c200")
    run_id = store_run(tmp_path, records, cells=CELLS)
    test = draw("run", tmp_path, query=query(run_id))
    assert points(test) == {"c50": 6, "c100": 4, "c200": 6}
    test.toggle(key="run_shared").set_value(True).run()
    assert points(test) == {"c50": 4, "c100": 4, "c200": 4}
    assert "4 recordings under each of them" in texts(test)


def test_two_settings_can_be_a_grid(draw: Draw, tmp_path: Path) -> None:
    """Each pair has its place; a setting that leaves two configurations in one place is not offered."""
    cells = [CellFacts.of(f"{c} {g}", {"chunk_ms": c, "gain_db": g}) for c in (50, 200) for g in (-10.0, 10.0)]
    run_id = store_run(tmp_path, [r for facts in cells for r in batch(3, cell=facts.name)], cells=cells)
    test = draw("run", tmp_path, query=query(run_id))
    assert test.selectbox(key="run_rows").options == ["As lines", "As rows: Gain of the microphone (dB)"]
    test.selectbox(key="run_rows").set_value("gain_db").run()
    assert traces(test)[0]["y"] == ["-10 dB", "10 dB"]


@pytest.fixture
def clicked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What is clicked in the figure, as Streamlit tells it."""
    points: list[Any] = []
    draw = st.plotly_chart

    def chart(figure: Any, **more: Any) -> Any:
        asked = draw(figure, **more)
        return SimpleNamespace(selection=SimpleNamespace(points=points)) if more.get("selection_mode") else asked

    monkeypatch.setattr(st, "plotly_chart", chart)
    return points


def test_a_point_leads_to_a_recording_under_its_configuration(
    draw: Draw, tmp_path: Path, clicked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worst one first; what is heard is made under the settings of that point and of no other."""
    asked = []

    def heard(session: Any) -> Any:
        asked.append(session.record.key)
        return inspector_data.heard(session)

    monkeypatch.setattr(run_recordings, "heard", heard)
    records = [r for facts in CELLS for r in batch(4, cell=facts.name, wrong=1)]
    run_id = store_run(tmp_path, records, cells=CELLS)
    test = draw("run", tmp_path, query=query(run_id))
    assert not [button for button in test.button if "worst" in str(button.key)]
    clicked.append({"customdata": ["c200", 4], "point_index": 2})
    test.run()
    assert not test.exception
    assert "c200" in texts(test)
    assert "u00" in texts(test)
    test.button(key="run_worst_0_play").click().run()
    assert [(key.utterance, key.cell) for key in asked] == [("u00", "c200")]
    test.button(key="run_all").click().run()
    assert not test.exception
    assert (test.session_state["run_tab"], test.selectbox(key="run_cell").value) == ("Recordings", "c200")
    assert "u03" in texts(test)


def test_privacy_hides_the_recordings_of_a_point(draw: Draw, tmp_path: Path, clicked: list[Any]) -> None:
    """The figure stays."""
    run_id = store_run(tmp_path, [r for facts in CELLS for r in batch(3, cell=facts.name)], cells=CELLS)
    clicked.append({"customdata": ["c50", 3]})
    test = draw("run", tmp_path, query=query(run_id), private=True)
    assert traces(test)
    assert "privacy mode is on" in texts(test)
    assert not [button for button in test.button if "worst" in str(button.key)]
