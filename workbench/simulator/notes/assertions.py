"""What a conversation says of each condition it names: there, denied, past, a relative's, or not certain.

Rules in the manner of NegEx and ConText, over canonical words. A condition named in a question counts by the answer to
it. What is only possible, general, to be checked for, or the effect of a medicine is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from workbench.simulator.notes.conditions import Condition, Named, named_in
from workbench.simulator.notes.sentences import Sentence

__all__ = ["FAMILY", "PAST", "Finding", "Status", "findings_of", "no_of"]


class Status(Enum):
    """What is said of a condition."""

    PRESENT = "present"
    DENIED = "denied"
    PAST = "past"
    FAMILY = "family"
    UNCERTAIN = "uncertain"
    GENERAL = "general"
    REACTION = "reaction"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mention of a condition.

    Attributes:
        condition: which.
        status: what is said of it.
        sentence: where it is named.
        first: its first canonical word.
    """

    condition: Condition
    status: Status
    sentence: Sentence
    first: int


FAMILY = re.compile(
    r"\b(?:mother|father|mom|dad|parents|sister|brother|aunt|uncle|cousin|grand(?:mother|father|parents|ma|pa)"
    r"|(?:in|of) (?:your|my|the) family|family history|runs in)\b"
)
PAST = re.compile(
    r"\b(?:years? ago|months? ago|as a (?:child|kid|baby|teenager)|when i was|when you were|when (?:he|she) was"
    r"|last year|in the past"
    r"|history of|used to (?:have|get)|years back|in my (?:twenties|thirties|youth)|childhood|in (?:19|20)\d\d"
    r"|went away|has resolved|is gone now|got over)\b"
)
_FUTURE = re.compile(r"\buntil\b")
_UNCERTAIN = re.compile(
    r"\b(?:may be|might|could be|can be|possible|possibly|perhaps|maybe|probabl[ey]|rule out|ruling out"
    r"|suspect\w*|worr(?:y|ied) about"
    r"|risk (?:of|for)|rule it out|check(?:ing)? for|test(?:ing)? for|screen(?:ing)? for|look(?:ing)? for|in case"
    r"|if|whether|unless|afraid of"
    r"|prevents?|protects?|vaccine|draw blood for|seems like|looks like|not sure|concern\w*|would be|becomes?"
    r"|turns into|watch for|signs of|shot|leads? to)\b"
)
_IF = re.compile(r"\b(?:if|in case|unless|whether)\b")
_REACH = 7
"""Words before the name of a condition in which its doubt must stand."""
_AGAINST = frozenset(["shot", "shots", "vaccine", "vaccination", "test", "tests", "screening", "swab", "prevention"])
"""What behind the name of a condition is no sign of it: "a flu shot"."""
_GENERAL = re.compile(
    r"\b(?:often|usually|sometimes|can|may) causes?\b|\bsome people\b|\bmany people\b|\bmost people\b"
    r"|\bin general\b|\bcauses\b"
)
_REACTION = re.compile(
    r"\b(?:gave me|give me|gives me|gave (?:him|her)|side effects?|allergic|allergy|allergies|reaction|reacted"
    r"|broke out|made me|upset|because of the (?:medicine|pill|tablet|drug)|from the (?:medicine|pill|tablet|drug))\b"
)
_YES = re.compile(
    r"^(?:(?:well|oh|um|uh) )?(?:yes|yeah|yep|yup|correct|right|exactly|i do|i am|i have|i did|it does|they do"
    r"|sometimes|often|a little|a bit|i am afraid so|unfortunately|definitely|sure|all the time|every)\b"
)
_NO = re.compile(
    r"^(?:(?:well|oh|um|uh) )?(?:no|nope|none|never|nothing|neither|not|i do not|i have not|i am not|i did not"
    r"|it does not|they do not|denies)\b"
)
_JOINING = frozenset(["or", "and", "any", "nor", "no", "a"])


def no_of(sentence: Sentence) -> bool:
    """Whether an answer begins with a no."""
    return _NO.match(sentence.reading.canonical) is not None


def findings_of(sentences: Sequence[Sentence]) -> list[Finding]:
    """Every mention of a condition, in order."""
    sides = _sides(sentences)
    findings: list[Finding] = []
    for sentence in sentences:
        names = named_in(sentence.words, sides)
        denied = _denied(sentence, names)
        for named in names:
            status = Status.DENIED if named in denied else _status(sentence, named)
            if sentence.is_question:
                status = _answer(sentence, named, names, sentences)
            findings.append(Finding(named.condition, status, sentence, named.first))
    return findings


def _sides(sentences: Sequence[Sentence]) -> dict[str, str]:
    """Side by part of the body, as it was named first."""
    sides: dict[str, str] = {}
    for sentence in sentences:
        for match in re.finditer(r"\b(left|right) (\w+)", sentence.reading.canonical):
            if not sentence.has(PAST):
                sides.setdefault(match[2], match[1])
    return sides


def _denied(sentence: Sentence, names: Sequence[Named]) -> list[Named]:
    """Names that a negation reaches, and those listed behind them."""
    denied: list[Named] = []
    reached = sentence.denied
    for named in names:
        if named.first in reached:
            denied.append(named)
        elif denied:
            between = sentence.words[denied[-1].stop : named.first]
            if len(between) <= 2 and all(word in _JOINING for word in between):
                denied.append(named)
    return denied


def _affirmed(sentence: Sentence) -> list[Condition]:
    """Conditions that a sentence names and does not deny."""
    names = named_in(sentence.words)
    denied = _denied(sentence, names)
    return [named.condition for named in names if named not in denied]


def _status(sentence: Sentence, named: Named) -> Status:
    text = sentence.reading.canonical
    before = " ".join(sentence.words[: named.first])
    if FAMILY.search(text):
        return Status.FAMILY
    if PAST.search(text) and not re.search(r"\b(?:since|for) (?:the last|about)?", before):
        return Status.PAST
    if _GENERAL.search(text):
        return Status.GENERAL
    if _REACTION.search(text) or (_REACTION.search(sentence.asked) and sentence.speaker == "patient"):
        return Status.REACTION
    if named.stop < len(sentence.words) and sentence.words[named.stop] in _AGAINST:
        return Status.UNCERTAIN
    near = " ".join(sentence.words[max(0, named.first - _REACH) : named.first])
    if (_UNCERTAIN.search(near) or _IF.search(before)) and not _FUTURE.search(before):
        return Status.UNCERTAIN
    return Status.PRESENT


def _answer(question: Sentence, named: Named, names: Sequence[Named], sentences: Sequence[Sentence]) -> Status:
    """What the answer says of a condition that the question names."""
    answers = [s for s in sentences if s.question is question]
    if question.speaker == "clinician" and question.words[named.first - 1 : named.first] == ("your",):
        return Status.PRESENT  # "how is your asthma?" takes it for granted
    if not answers:
        return Status.ASKED
    text = answers[0].reading.canonical
    if FAMILY.search(question.reading.canonical):
        return Status.FAMILY if not _NO.match(text) else Status.ASKED
    if _NO.match(text):
        if any(named.condition in _affirmed(answer) for answer in answers):
            return Status.ASKED  # the answer itself says what of it
        noun = text.split()[1:2]
        about = [n for n in names if noun and noun[0] in question.words[n.first : n.stop]]
        return Status.DENIED if not about or named in about else Status.ASKED
    if re.search(r"\bcould be|may be|might|perhaps|possibl[ey]|too early|not sure|maybe\b", text):
        return Status.UNCERTAIN
    if _YES.match(text) and len(names) == 1 and not question.has(_REACTION):
        if re.search(r"\bever\b", question.reading.canonical) or PAST.search(question.reading.canonical):
            return Status.PAST
        return Status.UNCERTAIN if question.speaker == "patient" and _UNCERTAIN.search(text) else Status.PRESENT
    return Status.ASKED
