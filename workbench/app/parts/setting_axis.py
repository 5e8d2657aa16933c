"""A sweep over its settings, after and while it plays: lines, a grid, errors against delay; a point leads to sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from workbench.app import data, privacy
from workbench.app.data import Chosen
from workbench.app.parts.chart import chart
from workbench.app.parts.page import plain, state
from workbench.app.parts.run_recordings import worst_of
from workbench.errors import WorkbenchError
from workbench.reporting.figures.pareto import pareto_figure
from workbench.reporting.figures.setting import grid_figure, setting_figure
from workbench.reporting.setting_axis import Axis, axes_of, setting_label, settings_of
from workbench.reporting.tables.cells import cells_table
from workbench.runs.result import RunResult
from workbench.scoring.measures import METRICS
from workbench.units import counted

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["setting_axis"]

_UP = ("wer", "word_latency_p50", "word_latency_p95", "critical_errors")
_ACROSS = ("word_latency_p50", "word_latency_p95")
_LINES = "lines"


def setting_axis(run: Chosen, whole: RunResult, prefix: str) -> None:
    """Draw it.

    Args:
        run: the run, and what is stored of it now.
        whole: its scores so far.
        prefix: of the keys, unique on the page.
    """
    settings = settings_of(whole)
    axes = axes_of(settings)
    if not axes:
        st.caption("The configurations differ in no setting.")
        return
    across, metric, rows = _controls(axes, prefix)
    result = _shared(run, whole, prefix)
    known = [cell for cell in result.cells if cell.shown(metric).value is not None]
    if not known:
        waiting = "no recording has ended yet" if not whole.complete else f"no configuration has a {_title(metric)}"
        state("missing", waiting)
        return
    figure: Figure | None
    if across in _ACROSS:
        figure = pareto_figure(result.cells, across=across, up=metric).update_layout(title=None)
        alt = f"{_title(metric)} against {_title(across)} by configuration, lower left is better"
    elif rows != _LINES and (drawn := grid_figure(result.cells, settings, across, rows, metric)) is not None:
        figure, alt = drawn, f"{_title(metric)} over {setting_label(across)} and {setting_label(rows)}"
    else:
        figure = setting_figure(result.cells, settings, across, metric)
        alt = f"{_title(metric)} over {setting_label(across)} with 95 % intervals"
    event = chart(figure, alt, lambda: cells_table(result.cells), f"{prefix}_setting", select="points")
    _remarks(result, known_cells=len(known), planned=len(settings))
    _picked(run, whole, event, prefix)


def _controls(axes: dict[str, Axis], prefix: str) -> tuple[str, str, str]:
    """What is across, what is up, and what the rows are."""
    one, two, three = st.columns(3)
    metric = one.selectbox("Up", _UP, key=f"{prefix}_metric", bind="query-params", format_func=_title)
    across = two.selectbox(
        "Across", [*axes, *_ACROSS], key=f"{prefix}_over", bind="query-params",
        format_func=lambda key: setting_label(key) if key in axes else _title(key),
    )  # fmt: skip
    others = [key for key in axes if key != across and _fit(axes, str(across), key)]
    if not others:
        return str(across), str(metric), _LINES
    rows = three.selectbox(
        "Other settings", [_LINES, *others], key=f"{prefix}_rows", bind="query-params",
        format_func=lambda key: "As lines" if key == _LINES else f"As rows: {setting_label(key)}",
    )  # fmt: skip
    return str(across), str(metric), str(rows)


def _fit(axes: dict[str, Axis], across: str, rows: str) -> bool:
    """Whether two settings tell all configurations apart, so that a grid hides none of them."""
    if across not in axes:
        return False
    pairs = zip(axes[across].values.values(), axes[rows].values.values(), strict=True)
    return len(set(pairs)) == len(axes[across].values)


def _title(key: str) -> str:
    return METRICS[key].title


def _shared(run: Chosen, whole: RunResult, prefix: str) -> RunResult:
    """The run, or what every configuration of it has."""
    if not st.toggle(
        "Only recordings that all configurations have", key=f"{prefix}_shared", bind="query-params",
        help="A configuration that failed the hard recordings looks better than it is; so does one that has not "
        "come to them yet.",
    ):  # fmt: skip
        return whole
    result, count = data.shared(run.run_id, run.content)
    st.caption(f"{counted(count, 'recording')} under each of them.")
    return result


def _remarks(result: RunResult, known_cells: int, planned: int) -> None:
    told = []
    if any(cell.failed for cell in result.cells):
        told.append("Hollow: some recordings failed.")
    if known_cells < planned:
        told.append(f"{planned - known_cells} of {planned} configurations have no value yet.")
    told.append("Click a point to hear its recordings.")
    st.caption(" ".join(told))


def _picked(run: Chosen, whole: RunResult, event: Any, prefix: str) -> None:  # noqa: ANN401  Streamlit's event
    """The recordings of the point that was clicked, worst first."""
    points = event.selection.points if event is not None else []
    cells = [cell for point in points if (cell := _cell_of(point)) is not None]
    if not cells:
        return
    st.markdown(f"**{plain(cells[0])}**, worst first")
    if privacy.hidden():
        state("missing", "privacy mode is on: what was said and heard is not shown")
        return
    try:
        worst_of(run, whole, cells[0], prefix)
    except WorkbenchError as error:
        state("failed", str(error))


def _cell_of(point: Any) -> str | None:  # noqa: ANN401  of Streamlit
    """The configuration that a point stands for."""
    held = point.get("customdata")
    return str(held[0] if isinstance(held, list | tuple) else held) if held else None
