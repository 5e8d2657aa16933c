"""The numbers under a sentence: at most three, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.scoring.measured import Measured
from workbench.scoring.measures import METRICS

__all__ = ["metric_number", "number", "seconds_number", "without_unit"]

_LONG = ("per 100 words", "per minute")


def number(title: str, value: str, detail: str) -> None:
    """One number with what it rests on below it."""
    st.metric(title, value, detail, delta_color="off", delta_arrow="off", border=True, width=250)


def without_unit(text: str) -> str:
    """A number as it fits below its title, which then has the unit: those of words are left out."""
    return next((text.removesuffix(f" {unit}") for unit in _LONG if text.endswith(unit)), text)


def metric_number(title: str, key: str, measured: Measured, why: str) -> None:
    """A metric with its interval.

    Args:
        title: above it.
        key: key of the metric.
        measured: in the unit of tables.
        why: what is said where there is no value.
    """
    metric = METRICS[key]
    if measured.value is None:
        number(title, "unknown", why)
        return
    detail, ends = f"n = {measured.n}: no interval", measured.interval
    if ends is not None and ends.low is not None and ends.high is not None:
        low = metric.text(ends.low).removesuffix(f" {metric.column_unit}")
        detail = f"{low} to {metric.text(ends.high)}"
    number(title, without_unit(metric.text(measured.value)), without_unit(detail))


def seconds_number(title: str, measured: Sequence[Measured], why: str) -> None:
    """A delay, or several of the same words, with the interval of each.

    Args:
        title: above it.
        measured: in ms, as tables have them.
        why: what is said where the first has no value.
    """
    values = [one.value for one in measured]
    if values[0] is None:
        number(title, "unknown", why)
        return
    shown = " · ".join("unknown" if value is None else f"{value / 1000:.2f} s" for value in values)
    spreads = [_seconds_interval(one) for one in measured]
    known = any(spread is not None for spread in spreads)
    number(
        title, shown, " · ".join(s or "no interval" for s in spreads) if known else f"n = {measured[0].n}: no interval"
    )


def _seconds_interval(measured: Measured) -> str | None:
    ends = measured.interval
    if ends is None or ends.low is None or ends.high is None:
        return None
    return f"{ends.low / 1000:.2f} to {ends.high / 1000:.2f} s"
