"""Which utterances changed, as part of the page Compare: side against side, how many by how much, and their list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.app.router import page_of
from workbench.app.showing import chart, table
from workbench.compare_plots import Measure, delta_figure, scatter_figure
from workbench.comparisons import PairedCells
from workbench.run_tables import paired_table
from workbench.units import NS_PER_MS
from workbench.verdict import Changed, paired_utterances

__all__ = ["changed", "within"]


def changed(pair: PairedCells, run_id: str) -> None:
    """Draw the part.

    Args:
        pair: the two sides.
        run_id: run in which a picked utterance is opened.
    """
    st.subheader("Utterance by utterance", anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        options: list[Measure] = ["errors", "latency"]
        measure: Measure = st.segmented_control(
            "Measure", options, default="errors", required=True, key="compare_measure", bind="query-params",
            label_visibility="collapsed",
        )  # fmt: skip
        worse = st.toggle("Regressions only", key="compare_worse", bind="query-params")
    every = paired_utterances(*pair.scores)
    left, right = st.columns(2)
    with left:
        figure, hidden = scatter_figure(every, measure, (pair.baseline, pair.candidate))
        alt = f"{pair.candidate} against {pair.baseline}: {len(every)} utterances; above the diagonal it is worse"
        chart(figure, alt, paired_table(every), "compare_scatter", hidden=hidden, what="utterances")
    with right:
        alt = f"How many of {len(every)} utterances changed by how much"
        event = chart(delta_figure(every, measure), alt, paired_table(every), "compare_histogram", select=True)
    shown = [one for one in within(every, measure, _brushed(event)) if not worse or _worse(one, measure)]
    shown.sort(key=lambda one: -abs(_value(one, measure) or 0.0))
    if len(shown) < len(every):
        st.caption(
            f"{len(shown):,} of {len(every):,} utterances; {len(every) - len(shown):,} are hidden by the choice above."
        )
    else:
        st.caption("Brush the histogram to list the utterances of a range; tick a row to look at it.")
    event = table(paired_table(shown), "compare_changed", "Utterances by change", select="single-row")
    if event is not None and event.selection.rows:
        one = shown[event.selection.rows[0]]
        if st.button(f"Inspect {one.utterance}", key="compare_inspect", icon=":material/manage_search:"):
            query = {"inspect_run": run_id, "inspect_utterance": one.utterance}
            st.switch_page(page_of("inspect"), query_params=query)


def _brushed(event: Any) -> tuple[float, float] | None:  # noqa: ANN401  Streamlit's event of a selection
    """The range of the horizontal axis that is brushed; None for none."""
    boxes = event.selection.box if event is not None and "selection" in event else []
    if not boxes:
        return None
    low, high = sorted(boxes[0]["x"])
    return float(low), float(high)


def within(every: Sequence[Changed], measure: Measure, span: tuple[float, float] | None) -> list[Changed]:
    """The utterances whose change lies in a range; all of them without one."""
    if span is None:
        return list(every)
    return [one for one in every if (v := _value(one, measure)) is not None and span[0] <= v <= span[1]]


def _value(one: Changed, measure: Measure) -> float | None:
    if measure == "errors":
        return float(one.errors)
    return None if one.latency_ns is None else one.latency_ns / NS_PER_MS


def _worse(one: Changed, measure: Measure) -> bool:
    return (_value(one, measure) or 0.0) > 0
