"""State diagrams of the three products, drawn from the transition tables.

The text is Mermaid, which hosting sites draw as a picture; `docs/simulator.md` holds it and a test compares
the two, so that table and picture cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from workbench.protocol.states import AMBIENT_TRANSITIONS, DICTATION_TRANSITIONS, FORM_TRANSITIONS

__all__ = ["DIAGRAMS", "state_diagram"]

_State = TypeVar("_State", bound=Enum)
_Event = TypeVar("_Event", bound=Enum)


def state_diagram(transitions: Mapping[tuple[_State, _Event], _State], start: str) -> str:
    """Mermaid text of a transition table; transitions between the same two states share an arrow.

    Events that change nothing are left out of the picture, they are in the table.

    Args:
        transitions: (state, event) to state.
        start: value of the first state.
    """
    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, event), target in transitions.items():
        if state is not target:
            arrows.setdefault((state.value, target.value), []).append(event.value)
    lines = [f"    {state} --> {target}: {', '.join(events)}" for (state, target), events in arrows.items()]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {start}: create", *lines])


DIAGRAMS: dict[str, str] = {
    "Dictation": state_diagram(DICTATION_TRANSITIONS, "READY"),
    "Ambient": state_diagram(AMBIENT_TRANSITIONS, "created"),
    "Form filling": state_diagram(FORM_TRANSITIONS, "created"),
}
"""Product to its diagram."""
