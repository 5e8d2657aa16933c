"""Facts of a result: what note, structured data and forms of a session have of what they should have.

The expected facts are those of the reference; they are written by hand and know nothing of the service. The results
are read from the REST frames of the record, in the vendor's shape. A note is prose, so a fact of it is there when its
section has the words; what a note invents is a value or a drug that nobody spoke of, and what it asserts although it
was denied. Everything else is coded, and what is coded and not expected is invented: a wrong dose is one fact lost
and one invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from workbench.protocol.endpoints import AMBIENT_CONTENT, AMBIENT_STRUCTURED_DATA, FORM_STRUCTURED_DATA
from workbench.protocol.messages import Product
from workbench.reference import Fact, Reference
from workbench.scoring.metrics.time_to_result import rest_frames
from workbench.scoring.reading import read
from workbench.scoring.reading.drugs import DRUGS
from workbench.scoring.view import SessionView

if TYPE_CHECKING:
    from workbench.scoring.reading import Reading

__all__ = ["FactTally", "Results", "fact_tally", "judge_facts"]

_KINDS = {Product.AMBIENT: ("note", "denied", "diagnosis", "order"), Product.FORM_FILLING: ("form",)}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class FactTally:
    """Facts of one result.

    Attributes:
        said: facts that the result should have.
        kept: of these, those that it has.
        right: facts that it has and may have, required or not.
        invented: what it says and should not.

    >>> FactTally(4, 3, 3, 1) + FactTally(1, 1, 2)
    FactTally(said=5, kept=4, right=5, invented=1)
    """

    said: int = 0
    kept: int = 0
    right: int = 0
    invented: int = 0

    def __add__(self, other: FactTally) -> FactTally:
        return FactTally(
            self.said + other.said, self.kept + other.kept, self.right + other.right, self.invented + other.invented
        )


@dataclass(frozen=True, slots=True)
class Results:
    """The result documents of a session, as JSON objects; None for one that it has not.

    Attributes:
        content: the note.
        structured: diagnoses and orders.
        forms: filled forms.
    """

    content: Any = field(default=None, repr=False)
    structured: Any = field(default=None, repr=False)
    forms: Any = field(default=None, repr=False)


def fact_tally(view: SessionView) -> FactTally:
    """What the result of a session has of the facts of its reference.

    Definition: recall is kept / said, precision right / (right + invented). Nothing is counted for a dictation, for a
    session that failed, and for a reference without facts of what the product gives.
    """
    record = view.record
    kinds = _KINDS.get(record.product, ())
    facts = [fact for fact in record.reference.facts if fact.kind in kinds]
    if not facts or record.outcome.failed:
        return FactTally()
    bodies = {frame.call: frame.body for frame, _, _ in rest_frames(view) if frame.status == 200}
    documents = (bodies.get(e.name) for e in (AMBIENT_CONTENT, AMBIENT_STRUCTURED_DATA, FORM_STRUCTURED_DATA))
    results = Results(*map(_decoded, documents))
    tally, _ = judge_facts(_of_forms(facts, results.forms), record.reference, results)
    return tally


def _of_forms(facts: Sequence[Fact], forms: Any) -> list[Fact]:  # noqa: ANN401  any JSON
    """The facts without those of forms that nobody asked for.

    A result names the types of the forms that it filled and the ids of those that it did not; which types the latter
    are is only known where no more types are missing than ids are given.
    """
    filled = {str(form.get("type", "")) for form in _objects(_at(forms, "structured_data", "generated_values"))}
    unfilled = len(list(_objects(_at(forms, "structured_data", "non_generated_values"))))
    missing = {fact.name.split(".")[0] for fact in facts if fact.kind == "form"} - filled
    types = filled | missing if len(missing) <= unfilled else filled
    return [fact for fact in facts if fact.kind != "form" or fact.name.split(".")[0] in types]


def judge_facts(facts: Sequence[Fact], reference: Reference, results: Results) -> tuple[FactTally, list[str]]:
    """The tally of some documents, and one line for each fact that was lost (``-``) or invented (``+``).

    Args:
        facts: what the results should have.
        reference: what was spoken: a note may name any value and drug of it.
        results: the documents.
    """
    kinds = {fact.kind for fact in facts}
    found: list[tuple[Fact, bool]] = []
    extra: list[str] = []
    if kinds & {"note", "denied"}:
        note = list(_sections(results.content))
        found += [(f, _in_note(f, note)) for f in facts if f.kind in ("note", "denied")]
        extra += _inventions(note, facts, reference)
    for kind, said in (
        ("diagnosis", _diagnoses(results.structured)),
        ("order", _orders(results.structured)),
        ("form", _forms(results.forms)),
    ):
        if kind in kinds:
            expected = [fact for fact in facts if fact.kind == kind]
            asserted = list(said)
            found += [(fact, any(_agrees(fact, *one) for one in asserted)) for fact in expected]
            extra += [f"{kind} {n} {v}" for n, v in asserted if not any(_agrees(fact, n, v) for fact in expected)]
    lost = [f"- {fact.kind} {fact.name} {fact.value}".rstrip() for fact, has in found if fact.required and not has]
    tally = FactTally(
        said=sum(fact.required for fact, _ in found),
        kept=sum(fact.required and has for fact, has in found),
        right=sum(has for _, has in found),
        invented=len(extra),
    )
    return tally, [*lost, *(f"+ {line}".rstrip() for line in extra)]


def _decoded(body: msgspec.Raw | None) -> Any:  # noqa: ANN401  any JSON
    if body is None:
        return None
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _at(document: Any, *path: str) -> Any:  # noqa: ANN401  any JSON
    """A member of nested objects; None if any of them lacks it."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _objects(value: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  any JSON
    return (one for one in value if isinstance(one, dict)) if isinstance(value, list) else iter(())


# -- the note -----------------------------------------------------------------------------------------------------


def _sections(content: Any) -> Iterator[tuple[str, list[Reading]]]:  # noqa: ANN401  any JSON
    """Code of each section, and its sentences as they are read."""
    for section in _objects(_at(content, "summary")):
        text = section.get("content")
        if isinstance(text, str):
            sentences = re.split(r"(?<=[.?!])\s+|\n+", text)
            yield str(section.get("loinc_code", "")), [read(one) for one in sentences if one.strip()]


def _in_note(fact: Fact, note: Sequence[tuple[str, list[Reading]]]) -> bool:
    """Whether a section that may have the fact has it: a denied one where it is negated, any other where it is not."""
    codes = fact.name.split("|")
    phrases = [_words(read(one)) for one in fact.value.split("|")]
    readings = [r for code, sentences in note if code in codes or _ANY in codes for r in sentences]
    if fact.kind == "denied":
        return any(_negated(r, at, phrase) for r in readings for phrase in phrases for at in _places(r, phrase))
    return any(_has(readings, phrase) for phrase in phrases)


def _has(readings: Sequence[Reading], phrase: tuple[str, ...]) -> bool:
    """Whether one sentence has the phrase, or all its words; "and" between them asks for no order."""
    return any(list(_places(r, phrase)) or set(phrase) - {"and"} <= set(_words(r)) for r in readings)


def _words(reading: Reading) -> tuple[str, ...]:
    """Words of a sentence; a note that says "about 10 days" has the fact "10 days"."""
    return tuple(word.removeprefix("~") for word in reading.words)


def _places(reading: Reading, phrase: tuple[str, ...]) -> Iterator[int]:
    words, size = _words(reading), len(phrase)
    return (at for at in range(len(words) - size + 1) if words[at : at + size] == phrase)


_RESOLVED = re.compile(r"^(?:[a-z]+ )*(?:no|none|never|denies|denied|negative)\b")


def _negated(reading: Reading, at: int, phrase: tuple[str, ...]) -> bool:
    """Whether the words of a phrase are denied: behind a negation of their sentence, or before a "no"."""
    if any(negation.first < at for negation in reading.negations):
        return True
    return _RESOLVED.match(" ".join(reading.words[at + len(phrase) :])) is not None


_ONLY_IF = re.compile(r"\b(?:if|in case|unless|whether|until|may|might|could|watch for|signs of|risk of|history of)\b")


def _asserted(reading: Reading, at: int, phrase: tuple[str, ...]) -> bool:
    """Whether a phrase is said to be so: neither denied nor only thought of."""
    return not _negated(reading, at, phrase) and not _ONLY_IF.search(" ".join(reading.words[:at]))


def _inventions(
    note: Sequence[tuple[str, list[Reading]]], facts: Sequence[Fact], reference: Reference
) -> Iterator[str]:
    """What the note says and nobody did."""
    spoken = read(reference.written)
    allowed = {i.value for i in spoken.values} | {i.value for i in read(reference.spoken).values}
    allowed |= {i.value for fact in facts for one in fact.value.split("|") for i in read(one).values}
    words = set(spoken.words)
    denied = [phrase for f in facts if f.kind == "denied" for phrase in (_words(read(v)) for v in f.value.split("|"))]
    for code, sentences in note:
        for reading in sentences:
            yield from (
                f"note {code} {item.value}"
                for item in reading.values
                if item.value not in allowed and _amount(item.value)
            )
            yield from (f"note {code} {word}" for word in reading.words if word in DRUGS and word not in words)
            for phrase in denied:
                if any(_asserted(reading, at, phrase) for at in _places(reading, phrase)):
                    yield f"note {code} {' '.join(phrase)}, which was denied"


def _amount(value: str) -> bool:
    return any(character.isdigit() for character in value)


# -- what is coded ------------------------------------------------------------------------------------------------


def _diagnoses(structured: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON
    for diagnosis in _objects(_at(structured, "structured_data", "diagnoses", "values")):
        for code in _objects(diagnosis.get("codes")):
            yield str(code.get("code", "")), ""


def _orders(structured: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON
    """Status, doses, frequency and timing of every order, complete or not."""
    orders = _at(structured, "structured_data", "orders", "medication_orders")
    for order in (*_objects(_at(orders, "values")), *_objects(_at(orders, "partial_values"))):
        drug = str(order.get("drug_name", "")).lower()
        yield drug, str(order.get("status", ""))
        dose = order.get("dosage")
        if isinstance(dose, dict) and isinstance(dose.get("quantity"), int | float):
            yield drug, f"{dose['quantity']:g} {dose.get('unit') or ''}".strip()
        for name in ("frequency", "medication_timing"):
            code = _at(order, name, "structured_value")
            if isinstance(code, str) and code:
                yield drug, code
        strength = _at(order, "strength", "raw_value")
        if isinstance(strength, str) and strength:
            yield drug, strength


def _forms(forms: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON
    """Every field that has a value, as ``TYPE.field``."""
    for form in _objects(_at(forms, "structured_data", "generated_values")):
        data = form.get("data")
        for name, value in data.items() if isinstance(data, dict) else ():
            if isinstance(value, str | int | float) and value != "":
                yield f"{form.get('type', '')}.{name}", f"{value:g}" if isinstance(value, float) else str(value)


def _agrees(fact: Fact, name: str, value: str) -> bool:
    """Whether what a result says is the fact."""
    if fact.kind == "order":
        named = any(one.lower() in name.split() for one in fact.name.split("|"))
    else:
        named = any(name == one or (one.endswith("*") and name.startswith(one[:-1])) for one in fact.name.split("|"))
    return named and (fact.kind == "diagnosis" or any(_same(one, value) for one in fact.value.split("|")))


def _same(wanted: str, value: str) -> bool:
    """Whether two values are equal, as numbers with their units or as text without regard to case."""
    if wanted == _ANY:
        return True
    return wanted.casefold() == value.casefold() or read(wanted).words == read(value).words
