"""Problems of a corpus on the screen: equal ones are counted, not repeated."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from workbench.cli.screen import note
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.corpus import Problem

__all__ = ["problem_lines", "say_left_out"]

_SHOWN = 5
"""Problems of one cause that are shown; a manifest that is wrong throughout has thousands of them."""


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """One line each, in their order; of more than five with one cause the first five and a count."""
    groups: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in problems:
        groups[problem.path, problem.cause or _kind(problem.what)].append(problem)
    lines = []
    for (path, kind), group in groups.items():
        lines += [f"{problem} (remark)" if problem.remark else str(problem) for problem in group[:_SHOWN]]
        more = group[_SHOWN:]
        if more:
            numbers = [problem.line for problem in more if problem.line is not None]
            where = f", lines {numbers[0]} to {numbers[-1]}" if numbers else ""
            lines.append(f"{path}: and {len(more):,} more of this kind ({kind}{where})")
    return lines


def _kind(what: str) -> str:
    """What a message has in common with others of its kind: its words before any value."""
    return re.split(r" \(| [^ ]*[\d/]", what, maxsplit=1)[0]


def say_left_out(problems: Sequence[Problem]) -> None:
    """Rows that were left out, listed and counted, on stderr."""
    if not problems:
        return
    note("Left out:")
    for line in problem_lines(problems):
        note(f"  {line}")
    items = {problem.item or f"{problem.path}:{problem.line}" for problem in problems}
    note(f"{counted(len(items), 'bad row')} left out")
