"""What a gate is asked: limits on the values of a run, and margins on how much worse than a baseline it may be.

Bounds are in the unit of tables: shares are ratios, times are ms, as their names say. An unknown metric or an
impossible bound is refused before anything is judged.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from workbench.comparing.verdict import MIN_PAIRS
from workbench.errors import InputError
from workbench.scoring.breakdown import Grouping
from workbench.scoring.measures import METRICS, named

__all__ = ["FAILED", "LIMITS", "MARGINS", "Rules", "check_rules", "has_least", "load_rules"]

FAILED = "failed"
_CLOSE = 3
"""Metrics that an error names for one that does not exist."""

LIMITS = tuple(metric.name for metric in METRICS.values() if metric.gated)
"""What may be limited; see :func:`has_least`."""
MARGINS = LIMITS
"""What may be given a margin: the same."""


def has_least(name: str) -> bool:
    """Whether a limit is the least value, because more is better, and not the largest one."""
    return named(name).better == "higher"


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[gate]``.

    Attributes:
        limits: metric to the value it may reach.
        margins: metric to how much worse than the baseline it may be; needs a baseline.
        min_utterances: number of utterances below which nothing passes.
        slices: besides whole configurations, also by ``tag``, ``speaker``, ``length`` (words) or ``duration``.
        uncertified: accept runs whose timing is not certified; their words alone are judged.
        by_speaker: speakers instead of utterances are the blocks of tests and intervals.
    """

    limits: dict[str, float] = {}
    margins: dict[str, float] = {}
    min_utterances: int = MIN_PAIRS
    slices: tuple[Grouping, ...] = ()
    uncertified: bool = False
    by_speaker: bool = False

    def merged(
        self,
        limits: Mapping[str, float],
        margins: Mapping[str, float],
        min_utterances: int | None = None,
        slices: Sequence[Grouping] = (),
        by_speaker: bool = False,
        uncertified: bool = False,
    ) -> Rules:
        """These rules with others, such as those of flags, over them."""
        return msgspec.structs.replace(
            self,
            limits={**self.limits, **limits},
            margins={**self.margins, **margins},
            min_utterances=self.min_utterances if min_utterances is None else min_utterances,
            slices=tuple(slices) or self.slices,
            uncertified=uncertified or self.uncertified,
            by_speaker=by_speaker or self.by_speaker,
        )


class _File(msgspec.Struct):
    gate: Rules = msgspec.field(default_factory=Rules)


def load_rules(path: Path) -> Rules:
    """The table ``[gate]`` of a TOML file; other tables are not looked at.

    Raises:
        InputError: the file cannot be read, or a key or value is not allowed.
    """
    try:
        rules = msgspec.toml.decode(path.read_bytes(), type=_File).gate
    except OSError as error:
        raise InputError(
            "the rules cannot be read", item=str(path), got=error.strerror, expected="a TOML file with [gate]"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        expected = "[gate] with " + ", ".join(Rules.__struct_fields__)
        raise InputError("the rules cannot be understood", item=str(path), got=str(error), expected=expected) from None
    check_rules(rules, str(path))
    return rules


def check_rules(rules: Rules, item: str) -> None:
    """Refuse unknown metrics and bounds that nothing can meet.

    Raises:
        InputError: naming the key, under ``item`` if that is not empty.
    """
    for table, bounds, known in (("limits", rules.limits, LIMITS), ("margins", rules.margins, MARGINS)):
        for name, bound in bounds.items():
            where = f"{item}: {table}.{name}" if item else f"{table}.{name}"
            if name not in known:
                close = difflib.get_close_matches(name, known, _CLOSE) or list(known)[:_CLOSE]
                expected = f"a metric, such as {', '.join(close)}; docs/metrics.md lists all"
                raise InputError("no such metric", item=where, expected=expected)
            if not (bound > 0 if table == "margins" else bound >= 0) or bound == float("inf"):
                expected = "a number above 0" if table == "margins" else "a number, 0 or more"
                raise InputError("value not allowed", item=where, got=bound, expected=expected)
