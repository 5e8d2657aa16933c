"""Negations with their scope, and sides.

Read from the canonical words, so that "isn't", "w/o" and "NKDA" are seen as what they stand for. A scope
runs to the next break or "but". "right now" and "all right" name no side.
"""

from __future__ import annotations

from collections.abc import Sequence

from workbench.scoring.reading.tables import words

__all__ = ["NEGATING", "NEGATIONS", "SIDES", "is_negation", "scope", "side"]

NEGATIONS = frozenset(
    words(
        """no not never none nor neither without denies denied deny denying negative absent absence nothing nobody
        nowhere unable unremarkable afebrile asymptomatic anicteric atraumatic acyanotic npo lacks lacking lack hardly
        unlikely declines declined refuses refused unresponsive excluded excludes"""
    )
)
"""Words that negate a finding."""
_PAIRED = {"ruled": "out", "rules": "out", "free": "of", "fails": "to", "failed": "to", "fail": "to"}
NEGATING = NEGATIONS | _PAIRED.keys()
"""Words that may negate."""
_NON = frozenset(["none", "nonetheless", "nonsense", "nonsteroidal", "nonfat", "noninvasive"])
_ENDS = frozenset(words("but however although though except yet still because"))
SIDES: dict[str, str] = {
    "left": "left", "right": "right", "bilateral": "bilateral", "both": "both", "unilateral": "unilateral",
    "contralateral": "contralateral", "ipsilateral": "ipsilateral", "leftward": "left", "rightward": "right",
}  # fmt: skip
"""Words that say on which side."""
_NO_RIGHT_BEFORE = frozenset(words("all that that's alright quite"))
_NO_RIGHT_AFTER = frozenset(words("now away there here after before then back"))
_NO_LEFT_AFTER = frozenset(words("the for ama against without before work home his her over after untreated alone"))
_LEAVING = frozenset(words("he she they i we patient who was had has have and be been"))
_SCOPE = 6


def is_negation(words: Sequence[str], at: int) -> bool:
    """Whether the canonical word at a place negates."""
    word = words[at]
    if word in NEGATIONS:
        return True
    if word in _PAIRED:
        return at + 1 < len(words) and words[at + 1] == _PAIRED[word]
    return word.startswith("non") and len(word) > 5 and word not in _NON


def scope(words: Sequence[str], at: int, breaks: frozenset[int] | set[int]) -> tuple[str, ...]:
    """The words that a negation reaches: those behind it, up to a break, "but", or six words."""
    reached = []
    for index in range(at + 1, min(len(words), at + 1 + _SCOPE)):
        if index in breaks or words[index] in _ENDS:
            break
        reached.append(words[index])
    return tuple(reached)


def side(words: Sequence[str], at: int) -> str:
    """The side that the word at a place names; "" for none."""
    word = words[at]
    name = SIDES.get(word, "")
    before = words[at - 1] if at else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if word == "right" and (after in _NO_RIGHT_AFTER or before in _NO_RIGHT_BEFORE) and after not in _PLACES:
        return ""
    if word == "left" and before in _LEAVING and (after in _NO_LEFT_AFTER or not after):
        return ""
    if word == "both" and (after == "of" or after == "are" or after == "and"):
        return ""
    return name


_PLACES = frozenset(
    words("""knee hip arm leg eye ear shoulder foot hand ankle wrist elbow breast lung side lower upper""")
)
