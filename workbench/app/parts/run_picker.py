"""Choosing a run: a list that people can read, an address that stays short, one choice shared by all pages.

The address names the run by its id under a key of the page; a link to a run that is not in this store
says so instead of showing another one.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from workbench.app.data import Chosen, chosen
from workbench.app.parts.page import badges, state
from workbench.runs.listing import RunListing
from workbench.runs.result import RunResult
from workbench.scoring.cells import CellScore

__all__ = ["choose_cell", "choose_run", "label_of", "link_to"]

_SHARED = "shared_run"


def label_of(line: RunListing) -> str:
    """A run for people: when, what, how many configurations."""
    summary = line.summary
    when = (summary.created or summary.run_id).replace("T", " ")[:16]
    if summary.problem:
        return f"{when} · {summary.status}"
    cells = f"{summary.cells} configuration" + ("s" if summary.cells != 1 else "")
    return f"{when} · {summary.corpus} · {cells} · {summary.run_id[-6:]}"


def choose_run(
    page: str,
    lines: Sequence[RunListing],
    *,
    label: str = "Run",
    name: str = "run",
    default: str | None = None,
    show: bool = True,
) -> Chosen | None:
    """A run picker bound to the address.

    Args:
        page: prefix of the key.
        lines: runs to choose from, newest first.
        label: label of the picker.
        name: end of the key, ``run`` for the one that pages share.
        default: run id if neither the address nor another page has chosen one; None for the newest.
        show: draw what a reader must know of the run below the picker.

    Returns:
        None if there is no run to choose.
    """
    if not lines:
        return None
    by_id = {line.summary.run_id: line for line in lines}
    key = f"{page}_{name}"
    wanted = st.query_params.get(key)
    if key not in st.session_state:
        fallback = wanted or (st.session_state.get(_SHARED) if name == "run" else None) or default
        if fallback in by_id:
            st.session_state[key] = fallback
        elif wanted:
            state("missing", f"the link names run {wanted}, which is not in this store or has no scores yet")
    picked = st.selectbox(label, list(by_id), key=key, format_func=lambda run_id: label_of(by_id[run_id]))
    link_to(key, picked)
    if name == "run":
        st.session_state[_SHARED] = picked
    if show:
        badges(by_id[picked])
    return chosen(picked)


def choose_cell(result: RunResult, key: str) -> CellScore:
    """One configuration of a run, by a picker where it has several.

    Args:
        result: a run with at least one.
        key: of the picker, and of the choice in the address.
    """
    names = [cell.cell for cell in result.cells]
    name = st.selectbox("Configuration", names, key=key, bind="query-params") if len(names) > 1 else names[0]
    return next(cell for cell in result.cells if cell.cell == name)


def link_to(key: str, value: str | None) -> None:
    """Put a value into the address, or take it out; says nothing to the browser where it is there already."""
    if value is None:
        if key in st.query_params:
            del st.query_params[key]
    elif st.query_params.get(key) != value:
        st.query_params[key] = value
