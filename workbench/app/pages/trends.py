"""Trends: one data set under one configuration over time, with limits, and the runs outside of them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app import data
from workbench.app.parts import jobs as job_panel
from workbench.app.parts.chart import chart
from workbench.app.parts.page import excluded_note, guarded, head, plain, state
from workbench.app.router import page_of
from workbench.comparing.trend import TREND_METRICS, Trend, trend, trend_subjects
from workbench.reporting.figures.trend import DRAWN, trend_figure
from workbench.reporting.tables.trend import trend_table
from workbench.runs.listing import RunListing
from workbench.scoring.measures import METRICS
from workbench.units import counted

__all__ = ["page"]

_LISTED = 5


def page() -> None:
    """Draw the page."""
    head("Trends", "One data set under one configuration over time: does the newest run lie where the others do?")
    with guarded():
        listings = data.rated()
        subjects = trend_subjects(listings)
        if not subjects:
            job_panel.nothing_yet("trends", "Every run of a data set over time appears here.")
            return
        one, two, three = st.columns(3)
        corpora = list(dict.fromkeys(corpus for corpus, _ in subjects))
        corpus = one.selectbox("Data set", corpora, key="trends_corpus", bind="query-params")
        cells = [cell for name, cell in subjects if name == corpus]
        cell = two.selectbox("Configuration", cells, key="trends_cell", bind="query-params")
        metric = three.selectbox(
            "Shown", TREND_METRICS, key="trends_metric", format_func=lambda key: METRICS[key].title
        )
        _draw(trend(listings, corpus, cell, metric), listings)


def _draw(found: Trend, listings: Sequence[RunListing]) -> None:
    metric = METRICS[found.metric]
    if not found.points:
        state("missing", f"no run of this choice has a {metric.title}")
        return
    newest = found.points[-1]
    value = metric.text(float(metric.shown(newest.value) or 0.0))
    if found.centre is None:
        st.markdown(f"## The newest run has a {metric.title} of {value}; {plain(found.reason or '')}.")
    else:
        centre = metric.text(float(metric.shown(found.centre) or 0.0))
        where = "outside of" if newest.outside else "within"
        st.markdown(
            f"## The newest run, {value}, is {where} what {len(found.points)} runs let expect (median {centre})."
        )
    alt = f"{metric.title} of {len(found.points)} runs of {found.corpus} under {found.configuration}, oldest first"
    newest_cells = ([cell.name for cell in line.cells] for line in listings if line.summary.corpus == found.corpus)
    cells = next(names for names in newest_cells if found.configuration in names)
    chart(
        trend_figure(found, cells), alt, lambda: trend_table(found), "trends_figure",
        hidden=max(0, len(found.points) - DRAWN), what="earlier runs",
    )  # fmt: skip
    if found.hidden:
        st.caption(f"{counted(found.hidden, 'run')} left out: another normaliser, or no {metric.title}.")
    excluded_note(line for line in listings if line.summary.corpus == found.corpus)
    outside = [point for point in found.points if point.outside]
    for point in reversed(outside[-_LISTED:]):
        if st.button(
            f"Open {point.run_id}, outside of the limits", key=f"trends_{point.run_id}", icon=":material/flag:"
        ):
            st.switch_page(page_of("run"), query_params={"id": point.run_id})
