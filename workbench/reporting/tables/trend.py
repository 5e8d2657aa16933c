"""The runs of a trend, oldest first."""

from __future__ import annotations

from workbench.comparing.trend import Trend, TrendPoint
from workbench.reporting.tables.table import Column, Table, metric_column, table_of
from workbench.scoring.measures import METRICS
from workbench.units import counted

__all__ = ["trend_table"]


def trend_table(trend: Trend) -> Table:
    """One row a run; the notes say what the limits are, or why there are none."""
    metric = METRICS[trend.metric]
    columns: tuple[Column[TrendPoint], ...] = (
        Column("run_id", "run", lambda p: p.run_id),
        Column("created", "begun", lambda p: p.created.replace("T", " ")[:16], explain="UTC"),
        Column("n", "recordings", lambda p: p.n),
        Column("failed", "failed", lambda p: p.failed),
        metric_column(trend.metric, lambda p: metric.shown(p.value)),
        Column("outside", "mark", lambda p: "outside" if p.outside else None, explain="outside of the limits"),
    )
    notes = [trend.reason] if trend.reason else []
    if trend.centre is not None and trend.low is not None and trend.high is not None:
        centre, low, high = (metric.text(float(metric.shown(v) or 0.0)) for v in (trend.centre, trend.low, trend.high))
        notes.append(f"median {centre}, limits {low} to {high}")
    if trend.hidden:
        notes.append(f"{counted(trend.hidden, 'run')} left out: another normaliser, or no value")
    return table_of(columns, trend.points, notes)
