"""What comes of a gate: checks, and their common judgement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from workbench.errors import MeasurementError
from workbench.scoring.trust import Trust

__all__ = ["Check", "GateResult", "Judgement"]


class Judgement(StrEnum):
    """What came of a check, or of all of them."""

    PASS = "pass"  # noqa: S105  not a password
    FAIL = "fail"
    NOT_ENOUGH = "not enough data"
    INVALID = "measurement invalid"


@dataclass(frozen=True, slots=True)
class Check:
    """One metric of one slice.

    Attributes:
        part: the slice: a configuration, or a tag or speaker of it.
        metric: its name, with ``_ms`` where it is a time.
        kind: ``limit``, ``margin``, or ``guard`` for what is checked unasked.
        bound: what is allowed; a ratio or ms; of a guard on "shown to be worse" 0.
        value: what was found: the value, or for a margin how much worse it is; None if unknown.
        low, high: 95 % interval of the value; None if unknown or unbounded.
        n: utterances.
        judgement: what came of it.
        reason: why, in words.
    """

    part: str
    metric: str
    kind: Literal["limit", "margin", "guard"]
    bound: float
    value: float | None
    low: float | None
    high: float | None
    n: int
    judgement: Judgement
    reason: str


@dataclass(frozen=True, slots=True)
class GateResult:
    """Result of a gate.

    Attributes:
        run_id: the run that was judged.
        against: the baseline, a run or a configuration of the same run, or None.
        created: when the run began, UTC, RFC 3339.
        checks: at least one, by group.
        warnings: why the comparison may be unfair, and how many references are excluded.
        verdicts: result of the comparison, one sentence per configuration.
        trust: whether words and latencies of the run can be trusted.
        excluded: by run, the utterances that are not judged because their reference is marked as wrong.

    >>> wb.gate(run, limits={"wer": 0.1}).found.judgement.value
    'fail'
    """

    run_id: str
    against: str | None
    created: str
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    trust: Trust | None = None
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def judgement(self) -> Judgement:
        """The worst: a fail before an invalid measurement, that before too few data."""
        judgements = {check.judgement for check in self.checks}
        order = (Judgement.FAIL, Judgement.INVALID, Judgement.NOT_ENOUGH)
        return next((judgement for judgement in order if judgement in judgements), Judgement.PASS)

    @property
    def exit_code(self) -> int:
        """0 for a pass, 1 for a fail, 6 for what cannot be judged."""
        return {Judgement.PASS: 0, Judgement.FAIL: 1}.get(self.judgement, MeasurementError.exit_code)

    @property
    def sentence(self) -> str:
        """How many checks came out how."""
        counts = [(j, sum(c.judgement is j for c in self.checks)) for j in Judgement]
        counted = ", ".join(f"{count} {judgement}" for judgement, count in counts if count)
        against = f" against {self.against}" if self.against else ""
        return f"{self.judgement} for {self.run_id}{against}: {counted}"
