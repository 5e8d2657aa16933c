"""References with several right answers: ``{a / b}`` as SCTK writes them; the one with the fewest errors counts."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import replace

from workbench.reference import Reference
from workbench.scoring.metrics.accuracy import word_errors
from workbench.scoring.reading import read

__all__ = ["best_reference", "variants"]

_CHOICE = re.compile(r"\{([^{}]*\s/\s[^{}]*)\}")
_MOST = 256
"""Variants of one text that are tried; behind that the first of each choice."""


def variants(text: str) -> list[str]:
    """Every text that a reference allows, the first choices first; ``@`` is nothing.

    >>> variants("take {two / 2 / @} tablets")
    ['take two tablets', 'take 2 tablets', 'take tablets']
    >>> variants("120 / 80"), variants("")
    (['120 / 80'], [''])
    """
    parts = _CHOICE.split(text)
    if len(parts) == 1:
        return [text]
    options = [
        [part] if place % 2 == 0 else ["" if one.strip() == "@" else one.strip() for one in re.split(r"\s/\s", part)]
        for place, part in enumerate(parts)
    ]
    return [" ".join("".join(choice).split()) for choice in itertools.islice(itertools.product(*options), _MOST)]


def best_reference(reference: Reference, hypothesis: str, others: Sequence[str] = ()) -> Reference:
    """The variant with the fewest errors as ``clinical`` reads them, among equals the first.

    Written and spoken form are chosen together where they have as many variants each.

    Args:
        reference: any; one without variants is returned as it is.
        hypothesis: text as it came.
        others: further references, as right as the first.
    """
    if not others and "{" not in reference.written and "{" not in reference.spoken:
        return reference
    written = [one for text in (reference.written, *others) for one in variants(text)]
    spoken = [one for text in (reference.spoken, *others) for one in variants(text)]
    heard = read(hypothesis).words

    def errors(text: str) -> int:
        return word_errors(read(text).words, heard).errors

    if len(written) == len(spoken):
        pairs = list(zip(written, spoken, strict=True))
        best = min(pairs, key=lambda pair: min(errors(pair[0]), errors(pair[1])))
        return replace(reference, written=best[0], spoken=best[1])
    return replace(reference, written=min(written, key=errors), spoken=min(spoken, key=errors))
