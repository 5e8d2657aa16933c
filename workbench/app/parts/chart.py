"""Charts and tables as pages show them: with a text alternative, with their numbers, saying what is left out.

A chart never stands without its table, and neither without a word on what it hides. Values keep their
full precision in what can be copied; only what is printed is rounded, no finer than the instrument allows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st
from streamlit import runtime

from workbench.app.parts.page import folded, plain
from workbench.reporting.figures.picture import picture
from workbench.reporting.tables.table import Column, Table
from workbench.units import counted

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = ["ROWS", "chart", "column_config", "frame_of", "still", "table"]

ROWS = 500
"""Rows that a table shows at most; it says how many are left out."""

_FIGURES_BEGUN = "figures_begun"
_PAINTED_S = 0.5

_STILL_WIDTH = 500
"""About half of a page; a phone has three quarters of that, and letters can be read on both."""

_WHOLE = 14
_NOTES = 8

_HEADINGS = {
    "audio": "configuration", "utterances": "recordings", "utterance": "recording", "substitutions": "replaced",
    "deletions": "missing", "insertions": "added",
}  # fmt: skip
"""What pages call otherwise than a terminal, which has less room."""


def chart(
    figure: Figure,
    alt: str,
    numbers: Table | Callable[[], Table],
    key: str,
    *,
    hidden: int = 0,
    what: str = "points",
    select: Literal["box", "points"] | None = None,
) -> Any:  # noqa: ANN401  Streamlit's event of a selection
    """A figure with its text alternative and its numbers.

    Args:
        figure: of one of the modules of plots.
        alt: what a reader who does not see it would have to be told.
        numbers: shown as a table on request, and made only then where they are a function.
        key: unique on the page.
        hidden: how many of what was measured the figure leaves out.
        what: they are.
        select: what runs the page again and is returned then: a brushed box or a clicked point; None for nothing.
    """
    _let_numbers_be_painted()
    event = st.plotly_chart(
        _for_theme(figure),
        key=key,
        alt=alt,
        config={"displayModeBar": False, "displaylogo": False},
        on_select="rerun" if select else "ignore",
        selection_mode=(select,) if select else (),
    )
    _beneath(alt, numbers, key, hidden, what)
    return event


def still(
    figure: Figure,
    alt: str,
    numbers: Table | Callable[[], Table],
    key: str,
    *,
    hidden: int = 0,
    what: str = "points",
) -> None:
    """A figure that is read and not operated: there at once, where a chart waits for a script of four megabytes.

    Args:
        figure: of one of the modules of plots.
        alt: what a reader who does not see it would have to be told.
        numbers: as of :func:`chart`.
        key: unique on the page.
        hidden: how many of what was measured the figure leaves out.
        what: they are.
    """
    svg = picture(figure, alt, width=_STILL_WIDTH, dark=st.context.theme.type == "dark")
    # Everything in it from elsewhere is escaped. A block of HTML ends at an empty line: a name may not have one.
    st.markdown(f"<div>{' '.join(svg.splitlines())}</div>", unsafe_allow_html=True)
    _beneath(alt, numbers, key, hidden, what)


def _beneath(alt: str, numbers: Table | Callable[[], Table], key: str, hidden: int, what: str) -> None:
    if hidden:
        st.caption(f"{hidden:,} {what} are not drawn; the table has all of them.")
    if (box := folded("Show as table", f"{key}_shown", ":material/table:")) is not None:
        with box:
            table(numbers() if callable(numbers) else numbers, f"{key}_table", alt)


def _let_numbers_be_painted() -> None:
    """Before the first figure of a tab: the script that draws figures has four megabytes.

    A browser that is given it at once reads it for more than a second before it paints the numbers above the figure.
    """
    if runtime.exists() and _FIGURES_BEGUN not in st.session_state:
        st.session_state[_FIGURES_BEGUN] = True
        time.sleep(_PAINTED_S)


def _for_theme(figure: Figure) -> Figure:
    """Black, the eighth colour, is drawn white on a dark page."""
    if st.context.theme.type != "dark":
        return figure
    import plotly.graph_objects as go

    return go.Figure(_whitened(figure.to_plotly_json()))


def _whitened(value: Any) -> Any:  # noqa: ANN401  JSON
    if isinstance(value, dict):
        return {key: _whitened(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whitened(item) for item in value]
    return "#FFFFFF" if isinstance(value, str) and value == "#000000" else value


def table(
    content: Table,
    key: str,
    alt: str,
    *,
    resolution_ms: float | None = None,
    hide: tuple[str, ...] = (),
    extra: dict[str, Any] | None = None,
    more: dict[str, list[Any]] | None = None,
    select: str | None = None,
    order: tuple[str, ...] | None = None,
) -> Any:  # noqa: ANN401  Streamlit's event of a selection
    """A table with aligned numbers, units in the heads and explanations behind them.

    Args:
        content: table to show.
        key: unique on the page.
        alt: description in words.
        resolution_ms: resolution of the instrument; measured times show no finer digits.
        hide: keys of columns that the page says elsewhere.
        extra: Streamlit's configuration of columns that are drawn, such as bars.
        more: values of further columns, by name.
        order: keys of the columns from left to right, those of ``more`` among them; None for the table's own.
        select: ``single-row`` or ``multi-row`` for rows that can be picked; None for none.
    """
    if not content.rows:
        st.caption("No rows.")
        return None
    shown = Table(tuple(c for c in content.columns if c.key not in hide), content.rows[:ROWS])
    frame = frame_of(shown)
    for name, values in (more or {}).items():
        frame[name] = values[:ROWS]
    config = {c.key: column_config(c, resolution_ms) for c in shown.columns} | (extra or {})
    drawn: dict[str, Any] = {
        "key": key,
        "alt": alt,
        "hide_index": True,
        "column_config": config,
        "placeholder": "–",
        # A short table is shown whole; a long one is scrolled.
        "height": "content" if len(shown.rows) <= _WHOLE else "auto",
    }
    if order:
        drawn["column_order"] = order
    if select:
        drawn |= {"on_select": "rerun", "selection_mode": select}
    event = st.dataframe(frame, **drawn)
    if len(content.rows) > ROWS:
        st.caption(f"{len(content.rows) - ROWS:,} of {len(content.rows):,} rows are not shown.")
    if content.notes:
        left = len(content.notes) - _NOTES
        hidden = f"  \n{counted(left, 'further remark')} not shown." if left > 0 else ""
        st.caption("  \n".join(plain(note) for note in content.notes[:_NOTES]) + hidden)
    return event


def frame_of(content: Table) -> pd.DataFrame:
    """Rows as a frame; ratios in percent, unknown as a gap."""
    import pandas as pd

    columns = {}
    for column in content.columns:
        values = [row[column.key] for row in content.rows]
        if column.unit == "%":
            values = [None if value is None else 100 * float(value) for value in values]
        columns[column.key] = _typed(values)
    return pd.DataFrame(columns)


def _typed(values: list[Any]) -> Any:  # noqa: ANN401  an array of pandas
    """Nullable columns: a column of gaps is still one of numbers."""
    import pandas as pd

    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:  # a box would look as if it could be ticked
        return pd.array([None if value is None else "yes" if value else "no" for value in values], "string")
    if kinds == {int}:
        return pd.array(values, "Int64")
    if kinds and kinds <= {int, float}:
        return pd.array(values, "Float64")
    return pd.array([None if value is None else str(value) for value in values], "string")


def column_config(column: Column[Any], resolution_ms: float | None) -> Any:  # noqa: ANN401  Streamlit's configuration
    """Head, explanation and number of decimals of a column."""
    heading = _HEADINGS.get(column.key, column.heading)
    if not column.unit and column.decimals == 0:
        return st.column_config.Column(heading, help=column.explain or None)
    decimals = column.decimals
    if column.unit == "ms" and resolution_ms is not None and resolution_ms >= 1:
        decimals = 0
    number_format = "%.4g" if decimals is None else f"%.{decimals}f"
    return st.column_config.NumberColumn(heading, help=column.explain or None, format=number_format)
