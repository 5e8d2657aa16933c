"""Which recordings changed, as parts of the page Compare: the ten that changed most word by word, side against side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench.app import data
from workbench.app.parts.chart import chart, still, table
from workbench.app.parts.page import plain, state
from workbench.app.router import page_of
from workbench.comparing.changes import Changed, paired_utterances
from workbench.comparing.runs import PairedCells
from workbench.reporting.changed import ChangedText
from workbench.reporting.figures.base import colour_of
from workbench.reporting.figures.comparison import Measure, delta_figure, scatter_figure
from workbench.reporting.markup import escape
from workbench.reporting.tables.comparison import paired_table
from workbench.units import NS_PER_MS

__all__ = ["changed_most", "every_recording", "scatter", "within"]

_MEASURES: list[Measure] = ["errors", "latency"]


def changed_most(texts: Sequence[ChangedText] | None, sides: tuple[str, str], pair: PairedCells) -> None:
    """The recordings that changed most, with what either side heard marked against what was said.

    Args:
        texts: most first; None where transcripts are hidden.
        sides: names of baseline and candidate.
        pair: the two sides.
    """
    st.header("Recordings that changed most", anchor=False)
    if texts is None:
        st.info("Privacy mode is on: what was said and heard is not shown here.", icon=":material/visibility_off:")
        return
    if not texts:
        st.caption("No recording changed: both sides have the same words and delays.")
        return
    dots = [_dot(run_id, cell) for run_id, cell in zip(pair.runs, pair.cells, strict=True)]
    for place, one in enumerate(texts):
        with st.container(border=True):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{plain(one.changed.utterance)}**: {plain(one.summary)}")
                if st.button("Open", key=f"compare_open_{place}", icon=":material/manage_search:", type="tertiary"):
                    _inspect(one.keys[1].utterance, pair)
            marked = zip(dots, sides, (one.baseline, one.candidate), strict=True)
            lines = (f"<div>{dot} {escape(side)}: {text or 'no text'}</div>" for dot, side, text in marked)
            st.html("".join(lines))


def _dot(run_id: str, cell: str) -> str:
    """A square in the colour that the configuration has in the figures."""
    whole = data.result(run_id, data.chosen(run_id).content)
    colour = colour_of([one.cell for one in whole.cells], cell)
    return (
        f'<span aria-hidden="true" style="display:inline-block;width:.7em;height:.7em;background:{colour};'
        'border:1px solid currentColor"></span>'
    )


def _inspect(utterance: str, pair: PairedCells) -> None:
    query = {"inspect_run": pair.runs[1], "inspect_utterance": utterance, "inspect_cell": pair.cells[1]}
    st.switch_page(page_of("inspect"), query_params=query)


def scatter(pair: PairedCells, sides: tuple[str, str]) -> None:
    """Each recording on both sides."""
    measure: Measure = st.segmented_control(
        "Measure", _MEASURES, default="errors", required=True, key="compare_measure", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    every = paired_utterances(*pair.scores)
    if not any(one.latency_ns is not None if measure == "latency" else one.reference_words for one in every):
        state("missing", f"no recording has {'a latency' if measure == 'latency' else 'words'} on both sides")
        return
    figure, hidden = scatter_figure(every, measure, sides, pair.comparison.normaliser)
    alt = f"{sides[1]} against {sides[0]}: {len(every)} recordings; above the diagonal it is worse"
    still(figure, alt, lambda: paired_table(every), "compare_scatter", hidden=hidden, what="recordings")


def every_recording(pair: PairedCells, run_id: str) -> None:
    """How many recordings changed by how much, and their list.

    Args:
        pair: the two sides.
        run_id: run in which a picked recording is opened.
    """
    measure: Measure = st.segmented_control(
        "Listed by", _MEASURES, default="errors", required=True, key="compare_listed", bind="query-params"
    )
    worse = st.toggle("Regressions only", key="compare_worse", bind="query-params")
    every = paired_utterances(*pair.scores)
    known = [one for one in every if _value(one, measure) is not None]
    event = None
    if known:
        alt = f"How many of {len(known)} recordings changed by how much"
        event = chart(delta_figure(known, measure), alt, lambda: paired_table(every), "compare_histogram", select="box")
    else:
        state("missing", "no recording has a latency on both sides")
    shown = [one for one in within(every, measure, _brushed(event)) if not worse or _worse(one, measure)]
    shown.sort(key=lambda one: -abs(_value(one, measure) or 0.0))
    if len(shown) < len(every):
        st.caption(
            f"{len(shown):,} of {len(every):,} recordings; {len(every) - len(shown):,} are hidden by the choice above."
        )
    else:
        st.caption("Drag over the histogram to list the recordings of a range; tick a row to open it.")
    event = table(paired_table(shown), "compare_changed", "Recordings by change", select="single-row")
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
    """The recordings whose change lies in a range; all of them without one."""
    if span is None:
        return list(every)
    return [one for one in every if (v := _value(one, measure)) is not None and span[0] <= v <= span[1]]


def _value(one: Changed, measure: Measure) -> float | None:
    if measure == "errors":
        return float(one.errors)
    return None if one.latency_ns is None else one.latency_ns / NS_PER_MS


def _worse(one: Changed, measure: Measure) -> bool:
    return (_value(one, measure) or 0.0) > 0
