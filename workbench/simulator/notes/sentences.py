"""A conversation as sentences: which are questions, who speaks them, and which question each one answers.

The recogniser knows no speakers. Roles come from what is spoken: "let me listen", "your pressure is" and questions to
a "you" are the clinician's; "my mother", "I have had", "can I go to work?" are the patient's; a sentence without a
sign belongs to whoever spoke before, or answers. Text without questions, "I" and "you" is a dictation of one narrator.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from workbench.scoring.reading import Reading, read
from workbench.simulator.notes.medicines import MEDICINES, with_medicines
from workbench.simulator.notes.segments import Segment

__all__ = ["Sentence", "Speaker", "sentences_of"]

Speaker = Literal["clinician", "patient", "narrator"]

_ENDS = re.compile(r"(?<=[.?!])(?<!\bdr\.)(?<!\bmr\.)(?<!\bms\.)(?<!\bmrs\.)(?<!\bvs\.)\s+", re.IGNORECASE)
_RUN_ON = re.compile(
    r"(?<!\bwhat)(?<!\bhow)(?<!\bwhen)(?<!\bwhere)(?<!\bwhy)\s+(?=(?:(?:do|did|are|have) you|does (?:it|the|your"
    r"|anybody|anyone)"
    r"|how (?:often|long|much|many|soon|bad)|what brings|could it be|has (?:there|anything|anyone))\b"
    r"|any(?: \w+){1,6}$)",
    re.IGNORECASE,
)
"""Before a question in text without punctuation."""
_LEADING = r"^(?:(?:and|so|but|then|well) )*"
_CLAUSES = re.compile(r"(?<=\w),? and (?=your (?:\w+ ){1,4}(?:is|are|was|were)\b)", re.IGNORECASE)
"""Between what is found of one thing and of the next: "your pulse is 80 and your lungs are clear"."""
_COMMA = re.compile(
    r",\s+(?:or (?=are|do|have|is))?"
    r"|(?<!,)(?<!\band)(?<!\bbut)(?<!\bthat)(?<!\bif)(?<!\bwhen)(?<!\bso)(?<!\bthen)(?<!\bsure)(?<!\bsay)"
    r"(?<!\bthink)(?<!\bwhat)(?<!\bbecause)(?<!\bas)(?<!\bor)(?<!\bbefore)(?<!\bafter)(?<!\buntil)\s+"
    r"(?=(?:there is a|we need|we will|i would like to|let me)\b)",
    re.IGNORECASE,
)
"""Where a clause may end: at a comma, or before words that begin one."""
_TAIL = re.compile(
    r"(?:is that right|isn't it|is it not|don't you|are you not|right|you know|do you know)\b", re.IGNORECASE
)
_ASKS_NEXT = re.compile(
    r"(?:(?:do|does|did|are|have|has|can|could|will|would) (?:you|it|there|i|anybody|anyone|your)\b"
    r"|is (?:it|that|there) \w+|how (?:often|much|many|long|bad|soon|are|is|do)\b|what (?:brings|do|does|did|is"
    r"|are|can)\b)",
    re.IGNORECASE,
)
_NEXT = re.compile(
    r"(?:i|you|we|it|he|she|they)(?:'\w+)? \w+|let me\b|(?:then |please |otherwise )?(?:take|come|call|rest|drink"
    r"|use|start|begin)\b(?! \w+ing)"
    r"|otherwise\b|last time\b|for now\b|(?:your|the|my) (?:\w+ ){1,3}(?:is|are|was|were|hurts)\b",
    re.IGNORECASE,
)
"""What begins a clause of its own."""
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|have|has|had|do|does|did|will|would|can|could|should|may|felt|feel|went|took|take|use|get|got|need|hear|see"
    r"|explains|hurts?|started|stopped|gave|it's|i'm|you're|that's|there's|walk|weigh|drink|work|want|like|sounds?|looks?|shows?)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    _LEADING
    + r"(?:if|when|because|although|since|as|before|after|while|once|until|unless|at rest|for now|some people)\b",
    re.IGNORECASE,
)
_VERB_FIRST = re.compile(r"(?:(?! and ).)*\b(?:is|are|was|were)\b", re.IGNORECASE)
_LEAD = (
    r"^(?:(?:good morning|good afternoon|hi|hello|and|so|well|okay|ok|now|then|good|very good|but|or|all right|yes)"
    r"[,.]?\s+)*"
)
_QUESTION = re.compile(
    _LEAD + r"(?:(?:do|have) (?:you|they|we|i|any|there)\b"
    r"|(?:does|did|are|is|has|can|could|would|will|should|was|were|may) (?:you|i|it|that|there|this|these|they|we"
    r"|he|she|any|anybody|anyone|anything|the pain|your|my)\b"
    r"|(?:what|why|who|where|which|when) (?:do|does|did|is|are|was|were|can|could|should|will|would|have|has"
    r"|brings?|about"
    r"|kind|seems)\b|how (?:do|does|did|is|are|was|were|have|has|much|many|long|often|soon|bad|about|old)\b"
    r"|any\b(?=.{3,80}$))",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(
    _LEAD + r"(?:will you|would you) (?:please )?(?:take|come|lie|sit|breathe|open)\b", re.IGNORECASE
)

_SIGNS: tuple[tuple[float, re.Pattern[str]], ...] = tuple(
    (weight, re.compile(pattern, re.IGNORECASE))
    for weight, pattern in (
        (-6, r"\b(?:can|will|should|could|do|must|would) i\b|\bcould (?:it|this|that) be\b|\bdo i (?:need|have)\b"
             r"|\bis (?:that|it|this) (?:bad|serious|dangerous|normal|better|contagious)\b|\bso it is\b"
             r"|\bdoes it (?:have side|make you)"
             r"|\bwill (?:it|you call)\b|\bdo you (?:think|want)\b|\bdoctor\b|\bwhat about\b|\band if it\b"
             r"|\bso you do not\b"),
        (-3, r"\bmy (?:mother|father|mom|dad|sister|brother|wife|husband|son|daughter|doctor|grand\w+|aunt|uncle"
             r"|boss)\b"),
        (-3, r"\bi (?:have|had|feel|felt|take|took|took|am allergic|stopped|started|get|got|was|smoke|drink"
             r"|ca\w+'?t|cannot|quit"
             r"|could|did|do|don't|didn't|haven't|woke|wake|noticed|try|tried|fell|hurt|broke|twisted|live|work|use|used|am)\b"
             r"|\bi've\b|\bi'm (?!going to|glad|sorry)|\bit (?:hurts|gave me|started|keeps me)\b|\bgave me\b"),
        (-1.5, r"^(?:no|yes|none|never|nope|yeah|yep|not really|sometimes|often)\b"),
        (-1, r"\b(?:my|me)\b"),
        (6, r"\blet me\b|\bi(?:'ll| will| am going to|'m going to| would like| want) (?:to )?(?:see you|test|ask"
            r"|check|send|order"
            r"|prescribe|start|give|write|refer|increase|decrease|lower|raise|get|a|an|have you|you to|listen"
            r"|look|examine|repeat|call you)\b"),
        (12, r"\bcan i (?:do for you|help)\b|\btell me (?:what|about|more|how|where|when)\b"),
        (4, r"\b(?:we will|we'll|we need|we have a|we are going|we check|we should|let's|come back|see you"
            r"|call me if|i hear|i believe"
            r"|i suspect|i am glad|i'm glad|i see that|you should|you may|you can|you need|some people|please"
            r"|i recommend|i think (?:the|this|that|it|you))\b"),
        (4, _LEAD + r"(?:take|begin|start|stop|use|continue|keep|avoid|rest|drink|go|call|put|sleep|apply|try"
                    r"|come|lie|breathe)\b"),
        (3, r"\b(?<!thank )(?<!as )(?<!do )you(?:'re|r)?\b(?! know\b)(?! told\b)"),
        (2, r"\bthe (?:nurse|pharmacy|results?)\b|\bthat explains\b|\bthat (?:is|can be) (?:fine|good|very good"
            r"|a known|one more|a cause)\b"),
    )
)  # fmt: skip
"""Positive for the clinician, negative for the patient."""
_SURE = 2.0
_UNCHANGED = frozenset(
    ["change", "improvement", "relief", "better", "worse", "longer", "different", "only", "just", "going"]
)


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """One sentence.

    Attributes:
        text: as it was recognised.
        reading: its canonical words, values, negations and sides.
        speaker: whose it is, as far as its words tell.
        is_question: whether it asks.
        utterance: number of the utterance it stands in.
        question: the question that it answers; None if it answers none.
    """

    text: str = field(repr=False)
    reading: Reading = field(repr=False)
    speaker: Speaker
    is_question: bool
    utterance: int
    question: Sentence | None = field(default=None, repr=False)

    @property
    def words(self) -> tuple[str, ...]:
        """Canonical words."""
        return self.reading.words

    @property
    def lower(self) -> str:
        """Canonical words with blanks around, to look phrases up in."""
        return f" {self.reading.canonical} "

    @property
    def medicines(self) -> list[str]:
        """Canonical words that name a medicine, in order."""
        return [word for word in self.words if word in MEDICINES]

    @property
    def asked(self) -> str:
        """Canonical words of the question that it answers; empty if it answers none."""
        return self.question.reading.canonical if self.question is not None else ""

    @property
    def denied(self) -> set[int]:
        """Places of the canonical words that a negation reaches; "no change in" reaches none."""
        return {
            place
            for negation in self.reading.negations
            if not (negation.scope and negation.scope[0] in _UNCHANGED)
            for place in range(negation.first + 1, negation.first + 1 + len(negation.scope))
        }

    def has(self, phrases: re.Pattern[str]) -> bool:
        """Whether one of the phrases stands in it."""
        return phrases.search(self.reading.canonical) is not None

    def found(self, phrases: re.Pattern[str], first: int = 0, stop: int | None = None) -> str | None:
        """The first phrase in canonical words ``first`` up to ``stop``, as it was recognised; None if there is none."""
        match = phrases.search(" ".join(self.words[first:stop]))
        if match is None:
            return None
        begin = first + match.string[: match.start()].count(" ")
        spans = self.reading.spans[begin : begin + match.group().rstrip().count(" ") + 1]
        return self.text[spans[0][0] : spans[-1][1]]


def sentences_of(segments: Iterable[Segment]) -> list[Sentence]:
    """The sentences of a session, in order.

    >>> from datetime import datetime, UTC
    >>> from workbench.simulator.notes.segments import Utterance
    >>> segment = Segment(datetime.now(UTC))
    >>> segment.utterances = [Utterance("Do you smoke?", 0, 9), Utterance("No. I never did.", 9, 20)]
    >>> [(s.speaker, s.is_question, s.question is not None) for s in sentences_of([segment])]
    [('clinician', True, False), ('patient', False, True), ('patient', False, True)]
    """
    pieces = [
        (number, piece)
        for number, text in enumerate(u.text for segment in segments for u in segment.utterances)
        for piece in _cut(with_medicines(text))
    ]
    asking = [_asks(piece) for _, piece in pieces]
    signs = [_sign(piece) for _, piece in pieces]
    if not any(asking) and not any(re.search(r"\b(?:i|my|you|your)\b", piece, re.IGNORECASE) for _, piece in pieces):
        return [Sentence(piece, read(piece), "narrator", is_question=False, utterance=at) for at, piece in pieces]
    sentences: list[Sentence] = []
    for (at, piece), asks, sign in zip(pieces, asking, signs, strict=True):
        speaker = _speaker(sentences[-1] if sentences else None, at, sign, asks=asks)
        question = None if asks else _answered(sentences, speaker)
        sentences.append(Sentence(piece, read(piece), speaker, asks, at, question))
    return sentences


def _cut(text: str) -> list[str]:
    pieces = _ENDS.split(text.strip())
    if len(pieces) == 1 and not re.search(r"[.?!]", text):
        pieces = _RUN_ON.split(text.strip())
    pieces = [clause for piece in pieces for clause in _spliced(piece)]
    clauses = [
        clause for piece in pieces for clause in (_CLAUSES.split(piece) if _VERB_FIRST.match(piece) else [piece])
    ]
    return [clause.strip() for clause in clauses if re.search(r"\w", clause)]


def _spliced(piece: str) -> list[str]:
    """A sentence cut where a recogniser wrote a comma for a full stop: before a question, and between two clauses."""
    parts = [piece]
    while (cut := next(_cuts(parts[-1]), None)) is not None:
        parts[-1:] = [parts[-1][: cut.start()], parts[-1][cut.end() :]]
    return parts


def _cuts(piece: str) -> Iterator[re.Match[str]]:
    for comma in _COMMA.finditer(piece):
        left, right = piece[: comma.start()], piece[comma.end() :]
        if _TAIL.match(right):
            continue
        asks = _ASKS_NEXT.match(right) is not None
        whole = _FINITE.search(left) is not None and not _SUBORDINATE.match(left)
        if whole and (asks or _NEXT.match(right) is not None):
            yield comma


def _asks(piece: str) -> bool:
    return (piece.rstrip().endswith("?") or _QUESTION.match(piece) is not None) and not _TAKEN_BACK.match(piece)


def _sign(piece: str) -> float:
    return sum(weight for weight, pattern in _SIGNS if pattern.search(piece))


def _speaker(before: Sentence | None, utterance: int, sign: float, *, asks: bool) -> Speaker:
    """Whose a sentence is; without a sign it belongs to who spoke before in the utterance, or to the other."""
    if abs(sign) >= _SURE:
        return "clinician" if sign > 0 else "patient"
    if before is None:
        return "patient" if sign < 0 else "clinician"
    other: Speaker = "patient" if before.speaker == "clinician" else "clinician"
    if before.utterance == utterance and sign >= 0:
        return before.speaker
    return other


def _answered(sentences: list[Sentence], speaker: Speaker) -> Sentence | None:
    """The question that a statement answers: the last one of the other speaker, if nobody else spoke since."""
    for before in reversed(sentences):
        if before.speaker != speaker:
            return before if before.is_question else None
        if before.is_question:
            return None
    return None
