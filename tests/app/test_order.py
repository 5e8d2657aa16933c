"""On every page over one run: a configuration has its colour and its place, by the order in which it was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import plotly.graph_objects as go
import pytest

from tests.app.conftest import Draw
from tests.reporting.test_colours import EXPECTED, ORDER, coloured, configuration, places
from tests.stored import batch, store_run
from workbench.store import CellFacts

PAGES = (
    ("run", {}), ("run", {"run_tab": "Settings"}), ("accuracy", {}), ("latency", {}), ("compare", {}), ("runs", {}),
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run whose sessions ended in another order than they were asked for."""
    root = tmp_path_factory.mktemp("ordered")
    records = [r for name in reversed(ORDER) for r in batch(8, wrong=len(name) - 3, cell=name, speaker="slt")]
    store_run(root, records, cells=[CellFacts.of(name, {"gain_db": float(i)}) for i, name in enumerate(ORDER)])
    return root


def _is_called(point: ET.Element, name: str) -> bool:
    """Whether a point of a picture is of a configuration; it says so where it is pointed at."""
    return (point.findtext("{http://www.w3.org/2000/svg}title") or "").startswith(f"{name}, n = ")


@pytest.mark.parametrize(("page", "query"), PAGES)
def test_figures_and_tables_of_a_page_keep_colours_and_places(
    page: str, query: dict[str, str], draw: Draw, store: Path
) -> None:
    """Every figure that the page draws, and every table that lists configurations."""
    test = draw(page, store, query=query)
    assert not test.exception
    figures = [go.Figure(json.loads(element.proto.spec)) for element in test.get("plotly_chart")]
    assert figures or page in ("run", "runs", "compare")
    pictures = [ET.fromstring(element.value) for element in test.markdown if "<svg" in element.value]  # noqa: S314  our own text
    assert len(pictures) == (2 if page == "compare" else 0)
    assert page != "compare" or any(_is_called(one, ORDER[0]) for picture in pictures for one in picture.iter())
    for picture in pictures:
        shown = [(name, one) for one in picture.iter() for name in ORDER if _is_called(one, name)]
        assert [name for name, _ in shown] in ([], list(ORDER))
        assert all(EXPECTED[name] in (one.attrib["fill"], one.attrib.get("stroke")) for name, one in shown)
    for figure in figures:
        assert all(colour == EXPECTED[name] for name, colour in coloured(figure))
        shown = places(figure)
        assert shown == [name for name in ORDER if name in shown]
    for frame in test.dataframe:
        for name in {"audio", "configuration"} & set(frame.value.columns):
            listed = list(dict.fromkeys(filter(None, map(configuration, frame.value[name]))))
            if name in frame.value and "said" not in frame.value:  # confused words come commonest first
                assert listed == [one for one in ORDER if one in listed]
