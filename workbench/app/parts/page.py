"""What every page has: a head, the visible states, and what stands where there is nothing yet.

House rules: "missing", "failed", "simulated" and "invalid measurement" look different and are named in words; a page
never ends in a traceback, because :func:`guarded` turns an error of ours into the state it belongs to.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal

import streamlit as st

from workbench.app.privacy import hidden, locked
from workbench.errors import WorkbenchError
from workbench.units import counted

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from workbench.runs.listing import RunListing
    from workbench.scoring.cells import CellScore
    from workbench.scoring.session import SessionScore

__all__ = [
    "STATES",
    "Colour",
    "Kind",
    "all_failed",
    "badges",
    "empty",
    "excluded_note",
    "folded",
    "guarded",
    "head",
    "plain",
    "state",
]

Kind = Literal["missing", "failed", "simulated", "invalid"]
Colour = Literal["blue", "green", "orange", "red"]

STATES = {"committed": "done", "live": "running", "interrupted": "stopped"}
"""What people call the status of a run; the others are called as they are."""

_STATES = {
    "missing": (st.info, ":material/help_center:", "Missing."),
    "failed": (st.error, ":material/error:", "Failed."),
    "simulated": (st.info, ":material/smart_toy:", "Simulated."),
    "invalid": (st.warning, ":material/timer_off:", "Invalid measurement."),
}


def head(title: str, lead: str) -> None:
    """Title and one line below it that says what the page answers."""
    st.title(title, anchor=False)
    st.markdown(f":gray[{lead}]")
    if hidden():
        why = "set in the environment" if locked() else "switch it off under System"
        st.badge(
            f"privacy mode: transcripts hidden, no export ({why})", icon=":material/visibility_off:", color="violet"
        )


def state(kind: Kind, text: str) -> DeltaGenerator:
    """One of the four states that must not be mistaken for each other, in words, sign and colour."""
    show, icon, word = _STATES[kind]
    # What was recorded may hold characters that Markdown takes for its own.
    return show(f"**{word}** {plain(text)}", icon=icon)


def excluded_note(lines: Iterable[RunListing]) -> None:
    """Under a list of runs: how much no number of it counts."""
    count = sum(line.excluded for line in lines)
    if count:
        st.caption(f"{counted(count, 'session')} excluded from every rate here: the reference is marked as wrong.")


def all_failed(cell: CellScore, scores: Iterable[SessionScore]) -> None:
    """A configuration of which nothing is left."""
    outcomes = Counter(score.outcome for score in scores)
    how = ", ".join(f"{outcome}: {count}" for outcome, count in outcomes.most_common())
    told = f"no recording of {cell.cell} was played to its end ({how}). Each one says why in the part Recordings"
    state("failed", told)


def plain(text: str) -> str:
    """Recorded text as it is, whatever signs of Markdown it holds."""
    for sign in "\\`*_[]<>#$~|:":
        text = text.replace(sign, f"\\{sign}")
    return text


def badges(line: RunListing) -> None:
    """What a reader must know of a run before any number of it."""
    marks: list[tuple[str, str, Colour]] = []
    summary = line.summary
    if line.simulated:
        marks.append((f"simulated: {summary.recogniser}", ":material/smart_toy:", "blue"))
    if summary.status != "committed":
        marks.append((STATES.get(summary.status, summary.status), ":material/hourglass_bottom:", "orange"))
    if summary.counts.failed:
        marks.append((f"{summary.counts.failed} failed", ":material/error:", "red"))
    if line.left_out:
        marks.append((f"{line.left_out} not timed", ":material/timer_off:", "orange"))
    if marks:
        with st.container(horizontal=True, gap="small"):
            for text, icon, colour in marks:
                st.badge(text, icon=icon, color=colour)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """An error of ours inside becomes the state "failed" with its one line; the rest of the page goes on."""
    try:
        yield
    except WorkbenchError as error:
        state("failed", str(error))


def folded(label: str, key: str, icon: str | None = None) -> DeltaGenerator | None:
    """A part that is one level down: nothing of it is computed, sent or drawn until somebody opens it.

    Args:
        label: what is inside.
        key: unique on the page.
        icon: sign beside the label.

    Returns:
        Where to draw it; None while it is closed.
    """
    box = st.expander(label, icon=icon, key=key, on_change="rerun")
    return box if box.open else None


def empty(what: str, label: str, key: str, icon: str = ":material/play_arrow:") -> bool:
    """Say what will appear here and offer the one button that makes it appear.

    Returns:
        Whether the button was pressed.
    """
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(f":gray[{what}]", text_alignment="center")
        return st.button(label, key=key, type="primary", icon=icon)
