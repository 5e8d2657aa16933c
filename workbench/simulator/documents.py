"""Transcript and note of an ambient session, made by plain rules.

The service writes notes with language models; this simulator does not pretend to. Its rules are: an utterance that
names a heading of a note ("past medical history", "assessment") opens that section; one that holds a telling word
("allergic", "milligrams") goes to the section of that word; what is left belongs to the section that is open, at
first the History of Present Illness. Words are those that were recognised, with a capital letter and a full stop
added. Sections without a rule stay empty and are left out, and so is what belongs to a section not asked for. The
verbosity of a provider's preferences is stored and changes nothing here; the style of a section does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET

from workbench.protocol.context import AmbientContext, Personalization
from workbench.protocol.results import AmbientTranscript, Content, NoteSection, Offset, TranscriptSegment
from workbench.protocol.vocabulary import SECTION_TITLES
from workbench.simulator.segments import Segment, Utterance

__all__ = ["LANGUAGE", "content", "transcript", "utterances_of"]

LANGUAGE = "en"
"""Of every segment: the recogniser knows English only."""

_ASSESSMENT_AND_PLAN = "51847-2"
_TITLES = SECTION_TITLES | {_ASSESSMENT_AND_PLAN: "Assessment and Plan"}
_FIRST = "10164-2"

_HEADINGS: tuple[tuple[str, str], ...] = (
    ("chief complaint", "10154-3"),
    ("history of present illness", "10164-2"),
    ("past medical history", "11348-0"),
    ("current medications", "10160-0"),
    ("family history", "10157-6"),
    ("social history", "29762-2"),
    ("review of systems", "10187-3"),
    ("vital signs", "8716-3"),
    ("physical exam", "29545-1"),
    ("on exam", "29545-1"),
    ("results", "30954-2"),
    ("assessment", "51848-0"),
    ("impression", "51848-0"),
    ("plan", "18776-5"),
)
"""Spoken headings; they open a section for what follows."""

_TELLING: tuple[tuple[str, str], ...] = (
    ("blood pressure", "8716-3"),
    ("heart rate", "8716-3"),
    ("respiratory rate", "8716-3"),
    ("oxygen saturation", "8716-3"),
    ("temperature", "8716-3"),
    ("allergic", "48765-2"),
    ("allergy", "48765-2"),
    ("allergies", "48765-2"),
    ("milligrams", "10160-0"),
    ("milligram", "10160-0"),
    ("tablets", "10160-0"),
    ("smokes", "29762-2"),
    ("smoker", "29762-2"),
    ("alcohol", "29762-2"),
    ("tobacco", "29762-2"),
    ("mother", "10157-6"),
    ("father", "10157-6"),
    ("lungs are", "29545-1"),
    ("abdomen is", "29545-1"),
    ("x ray", "30954-2"),
    ("hemoglobin", "30954-2"),
    ("follow up", "18776-5"),
    ("return in", "18776-5"),
    ("we will", "18776-5"),
    ("refer", "18776-5"),
)
"""Words that place the one utterance they stand in."""


def utterances_of(segments: Iterable[Segment]) -> list[Utterance]:
    """What was said, in order, without empty utterances."""
    return [u for segment in segments for u in segment.utterances if u.text.strip()]


def transcript(segments: Sequence[Segment]) -> AmbientTranscript:
    """The transcript with the place of each utterance in its recording (S-139)."""
    return AmbientTranscript(
        [
            TranscriptSegment(
                transcript=said.text,
                transcript_id=said.id,
                recording_id=segment.recording_id,
                lang_id=LANGUAGE,
                start_time=_written(segment.at(said.start_ms)),
                end_time=_written(segment.at(said.end_ms)),
                start_offset=_offset(said.start_ms),
                end_offset=_offset(said.end_ms),
            )
            for segment in segments
            for said in utterances_of([segment])
        ]
    )


def content(segments: Sequence[Segment], context: AmbientContext, style: Personalization) -> Content:
    """The note.

    Args:
        segments: of one session, or of several sessions of a visit.
        context: its ``sections`` choose what is written; without them all that the rules know.
        style: narrative or bulleted, by section.
    """
    wanted = None if context.sections is UNSET else [section.loinc for section in context.sections]
    found: dict[str, list[str]] = {}
    opened = _FIRST
    for said in utterances_of(segments):
        heading = _first_of(_HEADINGS, said.text)
        opened = heading or opened
        place = _placed(heading or _first_of(_TELLING, said.text) or opened, wanted)
        if place is not None:
            found.setdefault(place, []).append(said.text)
    styles: dict[str, str] = {} if style.section_format is UNSET else {f.loinc: f.style for f in style.section_format}
    return Content(
        [
            NoteSection(title, code, _prose(found[code], bulleted=styles.get(code) == "BULLETED"))
            for code, title in _TITLES.items()
            if code in found
        ]
    )


def _placed(code: str, wanted: Sequence[str] | None) -> str | None:
    """The section an utterance goes to when only some are wanted; None leaves it out."""
    if wanted is None or code in wanted:
        return code
    if code in ("51848-0", "18776-5") and _ASSESSMENT_AND_PLAN in wanted:
        return _ASSESSMENT_AND_PLAN
    return None


def _first_of(phrases: Iterable[tuple[str, str]], text: str) -> str | None:
    padded = f" {text.lower()} "
    return next((code for phrase, code in phrases if f" {phrase} " in padded), None)


def _prose(texts: Sequence[str], *, bulleted: bool) -> str:
    """Utterances as sentences.

    >>> _prose(["no fever", "no cough"], bulleted=False)
    'No fever. No cough.'
    """
    sentences = [text[:1].upper() + text[1:].rstrip(".") + "." for text in texts]
    return "\n".join(f"- {sentence}" for sentence in sentences) if bulleted else " ".join(sentences)


def _offset(ms: int) -> Offset:
    seconds, rest_ms = divmod(ms, 1000)
    return Offset(seconds // 3600, seconds // 60 % 60, seconds % 60, rest_ms * 1_000_000)


def _written(moment: datetime) -> str:
    """RFC 3339 with nanoseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"
