"""Which section of a note a sentence belongs to, and how it reads there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from workbench.simulator.notes.assertions import FAMILY, PAST, Finding, Status, findings_of, no_of
from workbench.simulator.notes.findings import diagnosed
from workbench.simulator.notes.orders import orders_of
from workbench.simulator.notes.sentences import Sentence

__all__ = ["PLAN", "Placed", "placed"]

_COMPLAINT, _ILLNESS, _PAST, _MEDICATIONS = "10154-3", "10164-2", "11348-0", "10160-0"
_ALLERGIES, _FAMILY, _SOCIAL, _REVIEW = "48765-2", "10157-6", "29762-2", "10187-3"
_VITALS, _EXAM, _RESULTS, _ASSESSMENT, PLAN = "8716-3", "29545-1", "30954-2", "51848-0", "18776-5"

_HEADINGS: tuple[tuple[str, str], ...] = (
    ("chief complaint", _COMPLAINT),
    ("history of present illness", _ILLNESS),
    ("past medical history", _PAST),
    ("current medications", _MEDICATIONS),
    ("medications", _MEDICATIONS),
    ("allergies", _ALLERGIES),
    ("family history", _FAMILY),
    ("social history", _SOCIAL),
    ("review of systems", _REVIEW),
    ("vital signs", _VITALS),
    ("vitals", _VITALS),
    ("physical exam", _EXAM),
    ("on exam", _EXAM),
    ("results", _RESULTS),
    ("assessment", _ASSESSMENT),
    ("impression", _ASSESSMENT),
    ("plan", PLAN),
)
"""Spoken headings; at the beginning of a sentence they open a section for what a narrator adds."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line of a note: its section, its text, and the sentence that it was made from."""

    section: str
    text: str = field(repr=False)
    source: str = field(default="", repr=False)


_FILLER = re.compile(
    r"^(?:(?:oh|well|yes|no|ok|okay|all right|right|good|very good|fine|great|sure|thanks|thank you|i see"
    r"|of course|please|hello|hi"
    r"|good (?:morning|afternoon|evening)|that is (?:very )?(?:good|fine|great|what my scale says too)|i promise"
    r"|i understand|me too|doctor|perfect|you know"
    r"|nice to (?:see|meet) you|thank you for coming|hello again|come in|have a seat|come in and have a seat"
    r"|that explains it|same here|got it"
    r"|i am glad you tell me|that sounds good|i hope so|i was afraid of that|let us see|quite well|bye|i will) ?)+$"
)
_ALLERGY = re.compile(r"\ballerg(?:ic|y|ies)\b")
_SMOKING = re.compile(
    r"\b(?:smok\w*|tobacco|cigarettes?|vap(?:e|ing)|alcohol|beers?|wine|drinks? a (?:day|week)|do you drink|drugs"
    r"|marijuana|coffee|live (?:with|alone)"
    r"|lives (?:with|alone)|retired|married|at work|new job|for a living|my job|work as|exercise|walking in the"
    r"|hours a night)\b"
)
_VITAL = re.compile(
    r"\b(?:blood pressure|pulse|heart rate|temperature|respiratory rate|respirations|oxygen saturation|saturation"
    r"|spo2|oxygen level|weigh|weighs|weight|bmi|pressure is|pressure was)\b"
)
_RESULT = re.compile(
    r"\b(?:a1c|hemoglobin|cholesterol|ldl|hdl|glucose|creatinine|potassium|sodium|tsh|white (?:blood )?count"
    r"|platelets|x ray|mri|ct|ultrasound|ekg|ecg"
    r"|strep test|urine|biopsy|blood (?:test|work|count)|rapid test|culture|echo|mammogram)\b"
)
_SHOWS = re.compile(
    r"\b(?:shows?|showed|came back|is negative|is positive|was negative|was positive|was normal|is normal"
    r"|were normal|are normal|last time)\b"
)
_SEEN = re.compile(r"\bi (?:hear|see|feel|notice|find|can (?:hear|see|feel))\b|\bon exam\b|\bexam (?:is|shows)\b")
_BODY = re.compile(
    r"\b(?:lungs?|heart|abdomen|belly|throat|ears?|eardrum|eyes?|pupils|skin|joint|knee|shoulder|ankle|wrist|hip|neck|back|strength|reflexes|walk|gait|tonsils"
    r"|lymph nodes|nose|side|swelling|fluid|rash|sinuses|foot|feet|leg|legs|wound|thyroid|motion|toes?|fingers?"
    r"|elbow|hand|arm)\b"
)
_LOOKS = re.compile(
    r"\b(?:there is|clear|normal|sounds? |tender|swollen|red|soft|regular|intact|fluid in|warm and dry|stiff|reactive"
    r"|wheez\w*|crackles|infected|inflamed|bulging"
    r"|enlarged|limited|full range|murmur|irregular|healing|dry|pale|alert|weak|unremarkable|equal)\b"
)
_PRESSED = re.compile(r"\bwhen i (?:press|push|touch|move|bend|tap)\b|\bdoes this hurt\b|\bhurt here\b|\bin a scale\b")
_THINKS = re.compile(
    r"\b(?:i (?:think|believe|suspect)|this is|you have|it (?:is|could be|may be|might be|looks like)(?: probably"
    r"| likely)?|consistent with|looks like|most likely"
    r"|probably|diagnosis|may be|could be|under control|well controlled|not controlled|better controlled"
    r"|improving|is better|a cause)\b"
)
_BELIEVES = re.compile(r"\bi (?:think|believe|suspect)\b|\bconsistent with\b|\bmost likely\b|\bdiagnosis\b")
_PLANS = re.compile(
    r"\b(?:take|begin|start|stop|use|continue|keep|increase|decrease|raise|lower|change to|switch|we will|i will"
    r"|i would like|i am going to|we are going to|let us"
    r"|we need|you need|not need|you should|we should|order|refer|call|come back|see you|return|rest|drink"
    r"|avoid|go to|follow up|please|apply|come at once|may take"
    r"|ice|crutches|next visit|are due|is due|check your|both are due|sleep at|keep a diary|give you"
    r"|the nurse will|draw blood|less salt|will help|prescription|prescribe"
    r"|elevate|physical therapy|stretch\w*|you will have|antibiotic|inhaler|vaccine|shot|you can|try to|eat"
    r"|do not stop|try|put|until|recommend)\b"
)
_OPENING = re.compile(
    r"\b(?:what brings you|how can i help|what can i do for you|what seems to be|tell me what|what is going on"
    r"|what is wrong|how are you (?:doing|feeling)"
    r"|here to talk about|you wrote that|i hear that|what is the (?:problem|matter)|here for|why are you here"
    r"|you are here)\b"
)
_LASTING = re.compile(
    r"\b(?:for|since) (?:about |the last |the past |over |almost )?(?:\d+|a|an|last|this|yesterday"
    r"|\w+day) ?(?:days|weeks|months|years|day|week|month|year|night|morning)?\b"
)
_LEAD = re.compile(
    r"^(?:(?:and|so|well|okay|now|then|good|very good|but|or|all right)[,.]? )*"
    r"(?:(?:do|does|did|are|is|was|were|have|has|had|can|could|would|will|should) "
    r"(?:you|it|there|they|the|your|he|she|this|that|anybody|anyone|i)\b ?|how (?:is|are|was|were|would you"
    r"|do you|did you) |you (?:have|are|were) )?"
    r"(?:(?:still|ever|currently|also|been|be|had|have|has|noticed|feel|felt|feeling|taking|having|trouble with"
    r"|like|need|in your family|bothered by) )*(?:any |a |an |some |the |your |to )*",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"^(?:and |so |well |okay |then )*(how \w+|what|when|where|which|why|who)\s+"
    r"(?:do|does|did|is|are|was|were|have|has|can|should)\s+(?:you|the)?\s*",
    re.IGNORECASE,
)
_INNER = re.compile(r"\b(?:do|does|did|are|is|have|has) (?:you|it|they|there) ", re.IGNORECASE)
"""What asks behind a clause: "before it begins, do you see lights"."""
_HABIT = re.compile(r"\b(?:smoke|smoking|tobacco|alcohol|exercise|drugs)\b")
_HABITS = {"smoke": "smoking", "smoki": "smoking"}
_ELLIPTIC = re.compile(
    r"^(?:yes|yeah|yep|no|nope|none|never|not|sometimes|often|maybe|once|twice|about|only|just|since|a little"
    r"|a bit|i am afraid so|most of"
    r"|one was|some of|every|at least|less|more|both|i do|i did|i have|i am|it does|it did|they do|right there"
    r"|usually)\b(?! (?:a|been|had|noticed|hurt)\b)|\b(?:do|does|did|is|are|have|so)$"
)
_REFERS = re.compile(r"\b(?:1|some|them|it|that)\b")
_SUBJECT = re.compile(r"\b(?:i|it|they|he|she|we|there|that|you|my)\b")
_COMMAND = re.compile(
    r"\b(?:deep breath|let me (?:listen|look|see|check|examine|feel|take a look)|lie down|sit up|open your mouth"
    r"|tell me|i will (?:ask|test) (?:you|that)|say ah"
    r"|follow my finger|squeeze my|push against|have a seat|one moment)\b"
)
_MEASURED = re.compile(
    r"\b(?:pressure|pulse|heart rate|temperature|saturation|weight|rate)\b.*\b(?:is|was"
    r"|looks) (?:\w+ )?(?:\w+ )?(?:high|low|fine|good|normal|elevated|ok|okay)\b"
)
_WHEN = re.compile(r"\b(?:when|how soon|come back|see me|see you)\b")
_CONTINUES = re.compile(r"^(?:it|last time|they|one|that|this|the other)\b")
_MEDICATED = re.compile(r"\b(?:medicines?|medications?|pills|taking any)\b")
_AMOUNTS = frozenset(["quantity", "pressure", "range", "ratio"])
_DOSES = (" mg", " mcg", " g", " ml", " tablets", " capsules", " puffs", " units")
_CAPITAL = re.compile(r"I\b|[A-Z]{2}")
_BARE = 8
"""Words up to which an answer without a subject needs the topic of its question."""


def placed(sentences: Sequence[Sentence], complaint: str = "") -> Iterator[Placed]:
    """Lines of the note in the order of the conversation, the chief complaint first.

    Args:
        sentences: the conversation.
        complaint: as the context has it; empty if it has none.
    """
    findings = findings_of(sentences)
    chief = complaint or _chief(sentences, findings)
    if chief:
        yield Placed(_COMPLAINT, chief)
    opened = before = ""
    answered: set[int] = set()
    for sentence in sentences:
        if sentence.is_question:
            yield from _denied(sentence, sentences, findings)
            continue
        if _FILLER.match(sentence.reading.canonical) or (sentence.speaker == "clinician" and sentence.has(_COMMAND)):
            continue
        heading = _heading(sentence)
        opened = heading or opened
        about = [f for f in findings if f.sentence is sentence]
        section = heading or _section(sentence, about, before) or opened
        section = section or (_ILLNESS if sentence.speaker != "clinician" else "")
        before = section if sentence.speaker == "clinician" else before
        text = _answer(sentence, findings, again=id(sentence.question) in answered)
        answered.add(id(sentence.question))
        if section and text:
            yield Placed(section, text, sentence.text)


def _heading(sentence: Sentence) -> str:
    text = sentence.reading.canonical
    if sentence.speaker != "narrator":
        return ""
    return next((code for phrase, code in _HEADINGS if f"{text} ".startswith(f"{phrase} ")), "")


def _section(sentence: Sentence, findings: Sequence[Finding], before: str) -> str:
    """The section that the words of a statement, and those of its question, point to; empty for none."""
    about = sentence.question
    if sentence.has(_ALLERGY) or _ALLERGY.search(sentence.asked):
        return _ALLERGIES
    if sentence.speaker == "clinician":
        return _of_clinician(sentence, findings, before)
    if sentence.has(FAMILY) or FAMILY.search(sentence.asked):
        return _FAMILY
    if sentence.speaker == "narrator":
        return _of_narrator(sentence)
    if _PRESSED.search(sentence.asked):
        return _EXAM
    if sentence.medicines or (about is not None and about.medicines) or _MEDICATED.search(sentence.asked):
        return _MEDICATIONS
    if sentence.has(_SMOKING) or _SMOKING.search(sentence.asked):
        return _SOCIAL
    if sentence.has(PAST) or any(f.status is Status.PAST for f in findings):
        return _PAST
    return ""


def _of_clinician(sentence: Sentence, findings: Sequence[Finding], before: str) -> str:
    """The section of a clinician's statement; what nobody would write down has none.

    Args:
        sentence: the statement.
        findings: conditions named in it.
        before: section of the clinician's statement before it, which one without a subject goes on with.
    """
    valued = bool(sentence.reading.values)
    named = any(f.status in (Status.PRESENT, Status.UNCERTAIN) for f in findings)
    drug = bool(sentence.medicines)
    if sentence.has(_OPENING):
        return _ILLNESS
    pressure = any(item.kind == "pressure" for item in sentence.reading.values)
    if (sentence.has(_VITAL) and valued and not drug) or pressure or sentence.has(_MEASURED):
        return _VITALS
    if sentence.has(_RESULT) and (sentence.has(_SHOWS) or (valued and not sentence.has(_PLANS))):
        return _RESULTS
    if valued and before in (_RESULTS, _VITALS) and sentence.has(_CONTINUES):
        return before
    if sentence.has(_SEEN) or (sentence.has(_BODY) and sentence.has(_LOOKS) and not sentence.has(_PLANS)):
        return _EXAM
    if drug or any(i.kind == "frequency" or i.value.endswith(_DOSES) for i in sentence.reading.values):
        return PLAN
    if sentence.has(_BELIEVES) or (sentence.has(_THINKS) and (named or sentence.question is not None)):
        return _ASSESSMENT
    if sentence.has(_PLANS) or (valued and _WHEN.search(sentence.asked)):
        return PLAN
    if named:
        return _ASSESSMENT
    return _RESULTS if any(i.kind in _AMOUNTS for i in sentence.reading.values) else ""


_NARRATED: tuple[tuple[str, str], ...] = (
    ("blood pressure", _VITALS), ("heart rate", _VITALS), ("respiratory rate", _VITALS),
    ("oxygen saturation", _VITALS), ("temperature", _VITALS), ("smokes", _SOCIAL), ("smoker", _SOCIAL),
    ("alcohol", _SOCIAL), ("tobacco", _SOCIAL), ("lungs are", _EXAM), ("abdomen is", _EXAM), ("x ray", _RESULTS),
    ("hemoglobin", _RESULTS), ("follow up", PLAN), ("return in", PLAN), ("we will", PLAN), ("refer", PLAN),
)  # fmt: skip


def _of_narrator(sentence: Sentence) -> str:
    """A dictation: the word that tells, for this one sentence."""
    if sentence.medicines:
        return _MEDICATIONS
    return next((code for phrase, code in _NARRATED if f" {phrase} " in sentence.lower), "")


def _denied(question: Sentence, sentences: Sequence[Sentence], findings: Sequence[Finding]) -> Iterator[Placed]:
    """What the answer to a question denies."""
    first = next((s for s in sentences if s.question is question), None)
    where = (question, first) if first is not None and len(first.words) <= _BARE else (question,)
    names = [f.condition.name for f in findings if f.sentence in where and f.status is Status.DENIED]
    if names and not question.has(FAMILY):
        yield Placed(_REVIEW, f"Denies {_listed(names)}", first.text if first is not None else "")


def _answer(sentence: Sentence, findings: Sequence[Finding], *, again: bool) -> str:
    """A statement as it reads without its question; empty if it says nothing that is not written already.

    Args:
        sentence: the statement.
        findings: conditions named in the conversation.
        again: its question has been answered before, so that the topic is known.
    """
    question, text = sentence.question, sentence.text
    if question is None or again:
        return text
    words = sentence.reading.canonical
    conditions = [f.condition.name for f in findings if f.sentence is question]
    bare = len(sentence.words) <= _BARE
    if sentence.speaker == "clinician":
        if question.has(_WHEN) and bare and sentence.reading.values:
            return _with_topic("follow-up", text)
        return _with_topic(_listed(conditions), text) if conditions and bare else text
    denies = any(f.sentence is question and f.status is Status.DENIED for f in findings)
    own = [f for f in findings if f.sentence is sentence]
    if denies and no_of(sentence) and all(f.status is Status.DENIED for f in own) and (bare or not own):
        return "" if len(sentence.words) <= len(own) + _BARE // 2 else text
    drug = next(iter(question.medicines), None)
    if drug is not None and drug not in sentence.words:
        return _with_topic(drug, text)
    refers = bare and bool(conditions) and not own and _REFERS.search(words) is not None
    if refers or _ELLIPTIC.search(words) or (bare and not _SUBJECT.search(words)):
        return _with_topic(_listed(conditions) if conditions else _topic(question), text)
    return text


def _with_topic(topic: str, text: str) -> str:
    """A topic, a colon and what is said of it."""
    small = text if _CAPITAL.match(text) else text[:1].lower() + text[1:]
    return f"{topic[:1].upper()}{topic[1:]}: {small}" if topic else text


def _topic(question: Sentence) -> str:
    """What a question asks about, without the words that ask.

    >>> from workbench.scoring.reading import read
    >>> text = "Do you have any allergies?"
    >>> _topic(Sentence(text, read(text), "clinician", True, 0))
    'allergies'
    """
    if question.has(_OPENING):
        return ""
    if (habit := _HABIT.search(question.reading.canonical)) is not None:
        return _HABITS.get(habit.group()[:5], habit.group())
    text = question.text.rstrip("?. ")
    text = _ASKING.sub(r"\1 ", text) if _ASKING.match(text) else _LEAD.sub("", text)
    return _INNER.sub("", re.sub(r"\byour\b ?", "", text))


def _listed(names: Sequence[str]) -> str:
    """Names with commas and an "or"."""
    unique = list(dict.fromkeys(names))
    return unique[0] if len(unique) == 1 else ", ".join(unique[:-1]) + f" or {unique[-1]}"


def _chief(sentences: Sequence[Sentence], findings: Sequence[Finding]) -> str:
    """The first thing that is there, with its side and how long it has lasted; else the reason for the visit."""
    there = [f for f in findings if f.status is Status.PRESENT and not f.sentence.has(PAST)]
    known = diagnosed(sentences, findings, orders_of(sentences))
    first = next((f for f in there if not (f.sentence.is_question and f.sentence.speaker == "patient")), None)
    checkup = next((c.name for c, _ in known if c.code.startswith("Z")), None)
    if checkup is not None or first is None:
        name = checkup or (known[0][0].name if known else "")
        return name[:1].upper() + name[1:]
    name = first.condition.name
    return f"{name[:1].upper()}{name[1:]} {first.sentence.found(_LASTING) or ''}".strip()
