"""Fields of form templates: how each is shown, and what fills it, by plain rules.

A number is the one that stands behind a name of its field, if it lies within the field's bounds; a choice is the first
of its options that is there. Questions, what is denied, past, possible or another day's fill nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from workbench.protocol.results import TemplateItem, TemplateOption
from workbench.scoring.reading import Item
from workbench.simulator.notes.assertions import PAST, Status, findings_of, no_of
from workbench.simulator.notes.sentences import Sentence

__all__ = [
    "COUGH", "LOBES", "SPUTUM", "Choice", "Field", "Lobe", "Number", "Pressure", "Told", "cough", "pain_comments",
    "pain_location", "pain_score", "sputum",
]  # fmt: skip

_NUMBER = r"^[0-9]+(\.[0-9]+)?$"
_NOT_NOW = re.compile(
    r"\b(?:last (?:time|visit|week)|yesterday|at home|if|unless|may|might|could|usually|goal|target|gave me"
    r"|side effects?|below|above|under|over)\b"
)
_NEAR = 5
"""Words between the name of a field and its number."""
_CELSIUS = (34, 43)


def _number_item(code: str, question: str) -> TemplateItem:
    return TemplateItem(code, code, "field", "number", question, _NUMBER)


def _radio_item(code: str, question: str, options: Sequence[tuple[str, str]]) -> TemplateItem:
    """With code and display of each option."""
    shown = [TemplateOption(option, display) for option, display in options]
    return TemplateItem(code, code, "field", "radio", question, options=shown)


@dataclass(frozen=True, slots=True)
class Number:
    """A number behind one of its names.

    Attributes:
        code, question: as in the template.
        names: phrases that come before it.
        least, greatest: what is believed.
    """

    code: str
    question: str
    names: tuple[str, ...]
    least: float
    greatest: float

    def item(self) -> TemplateItem:
        """As the template shows it."""
        return _number_item(self.code, self.question)

    def value(self, sentences: Sequence[Sentence]) -> float | None:
        """The number that was spoken; None if none was."""
        for sentence in _told(sentences):
            for at in _places(sentence.words, self.names):
                number = _behind(sentence, at)
                if number is not None and self.code == "temperature" and _CELSIUS[0] <= number <= _CELSIUS[1]:
                    number = round(number * 1.8 + 32, 1)
                if number is not None and self.least <= number <= self.greatest:
                    return number
        return None


@dataclass(frozen=True, slots=True)
class Pressure:
    """One side of a blood pressure: the systolic (0) or the diastolic (1)."""

    code: str
    question: str
    side: int

    def item(self) -> TemplateItem:
        """As the template shows it."""
        return _number_item(self.code, self.question)

    def value(self, sentences: Sequence[Sentence]) -> float | None:
        """The pressure that was spoken; one number alone is the systolic."""
        for sentence in _told(sentences):
            pair = next((i.value for i in sentence.reading.values if re.fullmatch(r"\d{2,3}/\d{2,3}", i.value)), None)
            named = _places(sentence.words, ("blood pressure", "pressure"))
            if pair is not None and (named or int(pair.split("/")[0]) >= 70):
                return float(pair.split("/")[self.side])
            number = next((n for at in named if (n := _behind(sentence, at)) is not None), None)
            if self.side == 0 and number is not None and 50 <= number <= 300:
                return number
        return None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several options, each with the pattern that means it in canonical words.

    Attributes:
        code, question: as in the template.
        options: code, display and pattern of each, the more particular one first.
        within: what the sentence must be about; None for anything.
        own: whether a patient's own words count; an examination is the clinician's.
    """

    code: str
    question: str
    options: tuple[tuple[str, str, str], ...]
    within: str | None = None
    own: bool = False

    def item(self) -> TemplateItem:
        """As the template shows it."""
        return _radio_item(self.code, self.question, [(code, display) for code, display, _ in self.options])

    def value(self, sentences: Sequence[Sentence]) -> str | None:
        """The code of the option that is there; None if none is."""
        for sentence in _told(sentences):
            about = sentence.reading.canonical
            if sentence.speaker == "patient" and not self.own:
                continue
            if self.within is not None and not re.search(rf"\b(?:{self.within})\b", about):
                continue
            for code, _, pattern in self.options:
                if any(not _denies(sentence, match) for match in re.finditer(rf"\b(?:{pattern})\b", about)):
                    return code
        return None


@dataclass(frozen=True, slots=True)
class Told:
    """What a function takes from the conversation.

    Attributes:
        code, question: as in the template.
        found: the value, or the code of an option; None if nothing was spoken of it.
        kind: ``text``, or ``number``.
        options: code and display of each option; none for a text or a number.
    """

    code: str
    question: str
    found: Callable[[Sequence[Sentence]], str | float | None]
    kind: str = "text"
    options: tuple[tuple[str, str], ...] = ()

    def item(self) -> TemplateItem:
        """As the template shows it."""
        if self.options:
            return _radio_item(self.code, self.question, self.options)
        if self.kind == "number":
            return _number_item(self.code, self.question)
        return TemplateItem(self.code, self.code, "field", self.kind, self.question, "^.*$")

    def value(self, sentences: Sequence[Sentence]) -> str | float | None:
        """What was spoken; None if nothing was."""
        return self.found(sentences)


def _told(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Statements of this visit."""
    return (s for s in sentences if not s.is_question and not s.has(PAST) and not s.has(_NOT_NOW))


def _places(words: Sequence[str], names: Sequence[str]) -> list[int]:
    """Places behind every name."""
    places = []
    for name in names:
        wanted = name.split()
        places += [i + len(wanted) for i in range(len(words)) if list(words[i : i + len(wanted)]) == wanted]
    return places


def _behind(sentence: Sentence, at: int) -> float | None:
    """The first number behind a place, no other thing between."""
    for item in sentence.reading.values:
        if at <= item.first <= at + _NEAR and (number := _number(item)) is not None:
            between = sentence.words[at : item.first]
            return None if {"and", "but"} & set(between) else number
    return None


def _number(item: Item) -> float | None:
    match = re.match(r"(\d+(?:\.\d+)?)(?:%| |$|/min)", item.value)
    return float(match[1]) if match and item.kind in ("quantity", "ratio", "count") else None


def _denies(sentence: Sentence, match: re.Match[str]) -> bool:
    first = sentence.reading.canonical[: match.start()].count(" ")
    return first in sentence.denied


def _pain(sentences: Sequence[Sentence]) -> Sentence | None:
    """The sentence that tells how bad a pain is."""
    for sentence in _told(sentences):
        scored = any(re.fullmatch(r"(?:10|\d)(?:/10)?", item.value) for item in sentence.reading.values)
        out_of_ten = any(re.fullmatch(r"(?:10|\d)/10", item.value) for item in sentence.reading.values)
        about_pain = re.search(r"\b(?:pain|hurts?|ache)\b", f"{sentence.asked} {sentence.reading.canonical}")
        asked = re.search(r"\bscale\b|\bhow bad\b|\brate\b|\b0(?:-| to )10\b", sentence.asked)
        if about_pain and ((scored and asked) or out_of_ten):
            return sentence
    return None


def pain_score(sentences: Sequence[Sentence]) -> float | None:
    """The greatest score of the sentence."""
    sentence = _pain(sentences)
    if sentence is None:
        return None
    scores = [int(m[1]) for i in sentence.reading.values if (m := re.fullmatch(r"(10|\d)(?:/10)?", i.value))]
    return float(max(scores))


def pain_location(sentences: Sequence[Sentence]) -> str | None:
    """Where it hurts, of a pain that was scored."""
    if _pain(sentences) is None:
        return None
    names = [f.condition.name for f in findings_of(sentences) if f.status is Status.PRESENT]
    pains = [name for name in names if name.endswith(("pain", "ache"))]
    return next((name.removesuffix(" pain").replace("headache", "head") for name in pains), None)


def pain_comments(sentences: Sequence[Sentence]) -> str | None:
    """The words that score the pain."""
    sentence = _pain(sentences)
    return sentence.text if sentence is not None and len(sentence.words) > 4 else None


def cough(sentences: Sequence[Sentence]) -> str | None:
    """Of a cough that is there its kind; of one that is denied, that there is none."""
    coughs = [f for f in findings_of(sentences) if f.condition.name == "cough"]
    there = [f for f in coughs if f.status is Status.PRESENT and not f.sentence.has(_NOT_NOW)]
    if not there:
        return "NONE" if any(f.status is Status.DENIED for f in coughs) else None
    if sputum(sentences) is not None or any(f.sentence.has(_PRODUCES) for f in there if not f.sentence.is_question):
        return "PRODUCTIVE"
    answers = [s for s in sentences if _PRODUCES.search(s.asked)]
    if answers:
        return "DRY" if no_of(answers[0]) else "PRODUCTIVE"
    return "DRY" if any(f.sentence.has(_DRY) for f in there) else "PRESENT"


def sputum(sentences: Sequence[Sentence]) -> str | None:
    """Colour of what is coughed up, as it is now: the last one named."""
    for sentence in _told(sentences):
        if not _PRODUCES.search(f"{sentence.asked} {sentence.reading.canonical}"):
            continue
        places = [
            (match.start(), code)
            for code, _, pattern in SPUTUM
            for match in re.finditer(rf"\b(?:{pattern})\b", sentence.reading.canonical)
            if not _denies(sentence, match)
        ]
        if places:
            return max(places)[1]
    return None


SPUTUM = (
    ("BLOODY", "Bloody", "blood|bloody"), ("GREEN", "Green", "green"), ("YELLOW", "Yellow", "yellow"),
    ("WHITE", "White", "white"), ("CLEAR", "Clear", "clear"),
)  # fmt: skip
_PRODUCES = re.compile(
    r"\b(?:bring(?:ing)? (?:anything |something |stuff )?up|cough(?:ing)? (?:anything |something )?up|phlegm"
    r"|sputum|mucus|productive|wet cough)\b"
)
_DRY = re.compile(r"\b(?:dry|hacking|non ?productive)\b")


@dataclass(frozen=True, slots=True)
class Lobe:
    """Breath sounds of one lobe: where it is named, else of its side, else of both lungs; the base is the lower one."""

    code: str
    question: str
    side: str
    lobe: str

    def item(self) -> TemplateItem:
        """As the template shows it."""
        return _radio_item(self.code, self.question, [(code, code.capitalize()) for code, _ in _SOUNDS])

    def value(self, sentences: Sequence[Sentence]) -> str | None:
        """The code of the sound that was heard there; None if the lungs were not spoken of."""
        if not any(s.has(_LUNGS) for s in sentences):
            return None
        base = rf"|\b(?:base|bottom|lower part) of the {self.side} lung\b" if self.lobe == "lower" else ""
        here = re.compile(rf"\b{self.side} {self.lobe} lobe\b{base}")
        around = re.compile(
            rf"\b{self.side} (?:side|lung)\b|\blungs\b|\bboth sides\b|\bbilaterally\b|\bto auscultation\b"
        )
        wider: str | None = None
        for sentence in _told(sentences):
            for code, pattern in _SOUNDS if sentence.speaker != "patient" else ():
                match = re.search(rf"\b(?:{pattern})\b", sentence.reading.canonical)
                if match is None or _denies(sentence, match):
                    continue
                if sentence.has(here):
                    return code
                if sentence.has(around) and not sentence.has(_ANY_LOBE):
                    wider = wider or code
        return wider


_SOUNDS = (
    ("WHEEZES", "wheezes|wheezing|wheeze"), ("CRACKLES", "crackles|rales"), ("RHONCHI", "rhonchi"),
    ("DIMINISHED", "diminished|decreased breath sounds"), ("CLEAR", "clear|sound normal|sounds normal"),
)  # fmt: skip
_ANY_LOBE = re.compile(r"\b(?:upper|middle|lower) lobe\b|\bbase of\b|\bbottom of\b")

_LUNGS = re.compile(r"\blungs?\b|\bbreath sounds\b|\bauscultation\b")
LOBES = (("right", "upper"), ("right", "middle"), ("right", "lower"), ("left", "upper"), ("left", "lower"))
"""Side and lobe."""
COUGH = (("NONE", "None"), ("PRODUCTIVE", "Productive"), ("DRY", "Dry"), ("PRESENT", "Present"))
"""Options of the cough."""

Field = Number | Pressure | Choice | Told | Lobe
"""One field of a template."""
