"""Transcript and note of an ambient session, made by plain rules.

The service writes notes with language models; this simulator does not pretend to. Questions are dropped and their
answers kept, with the topic of the question where the answer does not name it; what is denied stands as denied. A
sentence goes to the section that its words point to (:mod:`workbench.simulator.notes.placing`). Words are those that
were recognised, with a capital letter and a full stop. Sections without a rule stay empty and are left out, and so is
what belongs to a section not asked for. The verbosity of a provider's preferences is stored and changes nothing here;
the style of a section does.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET

from workbench.protocol.context import AmbientContext, Personalization
from workbench.protocol.results import AmbientTranscript, Content, NoteSection, Offset, TranscriptSegment
from workbench.protocol.vocabulary import SECTION_TITLES
from workbench.simulator.notes.placing import PLAN, Placed, placed
from workbench.simulator.notes.segments import Segment, Utterance
from workbench.simulator.notes.sentences import sentences_of

__all__ = ["LANGUAGE", "content", "transcript"]

LANGUAGE = "en"
"""Of every segment: the recogniser knows English only."""

_ASSESSMENT_AND_PLAN = "51847-2"
_ASSESSMENT, _REVIEW, _PRESENT_ILLNESS = "51848-0", "10187-3", "10164-2"
_TITLES = SECTION_TITLES | {_ASSESSMENT_AND_PLAN: "Assessment and Plan"}


def _utterances(segment: Segment) -> list[Utterance]:
    """What was recognised, in order, without empty utterances."""
    return [utterance for utterance in segment.utterances if utterance.text.strip()]


def transcript(segments: Sequence[Segment]) -> AmbientTranscript:
    """The transcript with the place of each utterance in its recording (S-139)."""
    return AmbientTranscript(
        [
            TranscriptSegment(
                transcript=utterance.text,
                transcript_id=utterance.id,
                recording_id=segment.recording_id,
                lang_id=LANGUAGE,
                start_time=_written(segment.at(utterance.start_ms)),
                end_time=_written(segment.at(utterance.end_ms)),
                start_offset=_offset(utterance.start_ms),
                end_offset=_offset(utterance.end_ms),
            )
            for segment in segments
            for utterance in _utterances(segment)
        ]
    )


def content(segments: Sequence[Segment], context: AmbientContext, style: Personalization) -> Content:
    """The note.

    Args:
        segments: segments of one session, or of several sessions of a visit.
        context: its ``sections`` choose what is written; without them all that the rules know. Its chief complaint
            stands in the note as it is.
        style: narrative or bulleted, by section.
    """
    wanted = None if context.sections is UNSET else [section.loinc for section in context.sections]
    given = UNSET if context.visit is UNSET else context.visit.chief_complaint
    lines: dict[str, list[Placed]] = {}
    for line in placed(sentences_of(segments), "" if given is UNSET else given):
        code = _section(line.section, wanted)
        if code is not None and line.text not in {other.text for other in lines.get(code, ())}:
            lines.setdefault(code, []).append(line)
    styles: dict[str, str] = {} if style.section_format is UNSET else {f.loinc: f.style for f in style.section_format}
    return Content(
        [
            NoteSection(
                title,
                code,
                _prose([line.text for line in lines[code]], bulleted=styles.get(code) == "BULLETED"),
                list(dict.fromkeys(line.source for line in lines[code] if line.source)) or UNSET,
            )
            for code, title in _TITLES.items()
            if code in lines
        ]
    )


def _section(code: str, wanted: Sequence[str] | None) -> str | None:
    """The section a line goes to when only some are wanted; None leaves it out."""
    if wanted is None or code in wanted:
        return code
    if code in (_ASSESSMENT, PLAN) and _ASSESSMENT_AND_PLAN in wanted:
        return _ASSESSMENT_AND_PLAN
    # What is denied belongs to the illness where no review of systems is wanted.
    return _PRESENT_ILLNESS if code == _REVIEW and _PRESENT_ILLNESS in wanted else None


def _prose(texts: Sequence[str], *, bulleted: bool) -> str:
    """Lines as sentences.

    >>> _prose(["no fever", "no cough"], bulleted=False)
    'No fever. No cough.'
    """
    sentences = [text[:1].upper() + text[1:].rstrip(".?! ") + "." for text in texts]
    return "\n".join(f"- {sentence}" for sentence in sentences) if bulleted else " ".join(sentences)


def _offset(ms: int) -> Offset:
    seconds, rest_ms = divmod(ms, 1000)
    return Offset(seconds // 3600, seconds // 60 % 60, seconds % 60, rest_ms * 1_000_000)


def _written(moment: datetime) -> str:
    """RFC 3339 with nanoseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}000Z"
