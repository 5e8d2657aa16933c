"""What a run would play, and what it could find: shown before it is played."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.comparing.power import plan_power
from workbench.runs.cost import Cost, planned_cost
from workbench.runs.estimate import estimated_seconds, units_of
from workbench.runs.order import session_keys
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.runs.resolved_run import ResolvedRun

__all__ = ["cost_line", "plan_json", "plan_lines"]


def plan_json(
    resolved: ResolvedRun, store: Path, pilot: str | None, price_per_minute: float | None = None
) -> dict[str, Any]:
    """Sessions, minutes, cost and what a run could find, as ``--json`` gives them; no cost without a price."""
    cost = planned_cost(resolved, price_per_minute)
    spec = resolved.spec
    speech_s = sum(u.duration_s for u in resolved.utterances) * len(resolved.cells) * spec.repeats
    power = plan_power(store, resolved, pilot)
    return {
        "corpus": resolved.corpus.name,
        "utterances": len(resolved.utterances),
        "drafts": list(resolved.drafts),
        "cells": [{"name": cell.name, "settings": cell.settings()} for cell in resolved.cells],
        "repeats": spec.repeats,
        "sessions": resolved.sessions,
        "speech_minutes": speech_s / 60,
        "minutes": estimated_seconds(units_of(resolved, session_keys(resolved)), spec.concurrency) / 60,
        "concurrency": spec.concurrency,
        "seed": spec.seed,
        **({} if cost is None else {"cost": cost.to_json()}),
        "smallest_detectable_wer": power.smallest,
        "smallest_detectable_reason": power.origin,
        "utterances_needed": {f"{points:g}": needed for points, needed in power.needed.items()},
    }


def plan_lines(plan: dict[str, Any]) -> list[str]:
    """The same for people."""
    detectable, why = plan["smallest_detectable_wer"], plan["smallest_detectable_reason"]
    needed = ", ".join(
        f"{counted(round(float(points) * 100), 'point')}: {'over a million' if n is None else n}"
        for points, n in plan["utterances_needed"].items()
    )
    found = "none, too few utterances" if detectable is None else f"{detectable * 100:.1f} points"
    shape = " x ".join(
        (
            counted(len(plan["cells"]), "configuration"),
            counted(plan["utterances"], "utterance"),
            counted(plan["repeats"], "time"),
        )
    )
    return [
        f"{shape} = {counted(plan['sessions'], 'session')}",
        *(f"  {cell['name']}" for cell in plan["cells"]),
        f"{plan['speech_minutes']:.1f} min of speech, about {plan['minutes']:.1f} min with "
        + counted(plan["concurrency"], "concurrent session"),
        *([] if "cost" not in plan else [cost_line(plan["cost"])]),
        f"smallest detectable difference of WER: {found} ({why})",
        f"utterances needed to find a difference of {needed}",
    ]


def cost_line(cost: dict[str, float]) -> str:
    """The cost of a plan for people."""
    return f"cost {Cost(cost['minutes'], cost['price_per_minute'])}; the simulator costs nothing"
