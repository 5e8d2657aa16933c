"""What a gate is asked: limits on the values of a run, and margins on how much worse than a baseline it may be.

House rules: shares are ratios and times are ms, as their names say; an unknown metric or an impossible bound is refused
before anything is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from workbench.compare import LATENCIES, RATES
from workbench.errors import InputError
from workbench.gate.measures import COUNTS
from workbench.verdict import MIN_PAIRS

__all__ = ["FAILED", "LIMITS", "MARGINS", "Rules", "check_rules", "load_rules", "parse_bounds"]

FAILED = "failed"

LIMITS = (FAILED, *COUNTS, *(f"{name}_ms" for name in LATENCIES))
"""What may be limited; recalls and shares kept have a least value, everything else a largest one."""
MARGINS = (*RATES, *(f"{name}_ms" for name in LATENCIES))
"""What may be given a margin."""


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The table ``[gate]``.

    Attributes:
        limits: metric to the value it may reach.
        margins: metric to how much worse than the baseline it may be; needs a baseline.
        min_utterances: with fewer, nothing passes.
        slices: besides whole configurations, also by ``tag`` or ``speaker``.
    """

    limits: dict[str, float] = {}
    margins: dict[str, float] = {}
    min_utterances: int = MIN_PAIRS
    slices: tuple[Literal["tag", "speaker"], ...] = ()

    def merged(
        self,
        limits: Mapping[str, float],
        margins: Mapping[str, float],
        min_utterances: int | None = None,
        slices: Sequence[Literal["tag", "speaker"]] = (),
    ) -> Rules:
        """These rules with others, such as those of flags, over them."""
        return msgspec.structs.replace(
            self,
            limits={**self.limits, **limits},
            margins={**self.margins, **margins},
            min_utterances=self.min_utterances if min_utterances is None else min_utterances,
            slices=tuple(slices) or self.slices,
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


def parse_bounds(flags: Sequence[str], item: str) -> dict[str, float]:
    """``wer=0.15`` as name and number.

    >>> parse_bounds(["wer=0.15", "word_latency_p95_ms=800"], "--limit")
    {'wer': 0.15, 'word_latency_p95_ms': 800.0}

    Raises:
        InputError: no ``=``, or not a number.
    """
    found = {}
    for flag in flags:
        name, _, text = flag.partition("=")
        try:
            found[name.strip()] = float(text)
        except ValueError:
            raise InputError("not a bound", item=item, got=flag, expected="METRIC=NUMBER") from None
    return found


def check_rules(rules: Rules, item: str) -> None:
    """Refuse unknown metrics and bounds that nothing can meet.

    Raises:
        InputError: naming the key under ``item``.
    """
    for table, bounds, known in (("limits", rules.limits, LIMITS), ("margins", rules.margins, MARGINS)):
        for name, bound in bounds.items():
            where = f"{item}: {table}.{name}"
            if name not in known:
                raise InputError("no such metric", item=where, expected=f"one of {', '.join(known)}")
            if not (bound > 0 if table == "margins" else bound >= 0) or bound == float("inf"):
                expected = "a number above 0" if table == "margins" else "a number, 0 or more"
                raise InputError("not a bound", item=where, got=bound, expected=expected)
