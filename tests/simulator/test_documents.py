"""Notes by rules: sections, styles, places."""

from datetime import UTC, datetime

import pytest

from workbench.protocol.context import AmbientContext, Personalization, Section, SectionFormat
from workbench.simulator.notes.documents import content, transcript
from workbench.simulator.notes.segments import Segment, Utterance

AT = datetime(2026, 4, 25, 12, 34, 56, tzinfo=UTC)


def said(*texts: str) -> list[Segment]:
    segment = Segment(AT)
    segment.utterances = [Utterance(text, 1500 * i, 1500 * i + 1000) for i, text in enumerate(texts)]
    return [segment]


def sections(segments, context=None, style=None) -> dict[str, str]:
    note = content(segments, context or AmbientContext(), style or Personalization())
    return {section.loinc_code: section.content for section in note.summary}


def test_a_spoken_heading_opens_its_section():
    """What follows belongs to it until the next one."""
    segments = said("cough for a week", "past medical history of asthma", "nothing else", "plan", "rest")
    assert sections(segments) == {
        "10154-3": "Cough for a week.",
        "10164-2": "Cough for a week.",
        "11348-0": "Past medical history of asthma. Nothing else.",
        "18776-5": "Plan. Rest.",
    }


def test_a_telling_word_places_its_own_utterance_only():
    """The open section goes on behind it."""
    segments = said("cough for a week", "she is allergic to penicillin", "no fever")
    assert sections(segments) == {
        "10154-3": "Cough for a week.",
        "10164-2": "Cough for a week. No fever.",
        "48765-2": "She is allergic to penicillin.",
    }


def test_words_are_matched_whole():
    """``planet`` is no plan."""
    assert set(sections(said("the planet earth"))) == {"10164-2"}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([], {}),
        (["18776-5"], {"18776-5": "Plan to rest."}),
        (["51847-2"], {"51847-2": "Assessment is a cold. Plan to rest."}),
        (["8716-3"], {}),
    ],
)
def test_only_sections_that_were_asked_for_are_written(wanted, expected):
    """Assessment and plan share a section where that one is wanted."""
    segments = said("cough", "assessment is a cold", "plan to rest")
    assert sections(segments, AmbientContext(sections=[Section(code) for code in wanted])) == expected


def test_a_style_is_for_its_section():
    """Bullets where they are preferred."""
    style = Personalization(section_format=[SectionFormat("18776-5", "BULLETED")])
    found = sections(said("cough", "plan to rest", "and to drink"), style=style)
    assert found == {"10154-3": "Cough.", "10164-2": "Cough.", "18776-5": "- Plan to rest.\n- And to drink."}


def test_the_transcript_says_where_and_when():
    """Offsets of hours, minutes, seconds and nanoseconds; times with nine decimals; nothing empty."""
    segment = Segment(AT)
    segment.utterances = [Utterance("", 0, 10), Utterance("no fever", 3_661_250, 3_662_000)]
    (part,) = transcript([segment]).final_transcript
    assert (part.transcript, part.lang_id, part.recording_id) == ("no fever", "en", segment.recording_id)
    offset = part.start_offset
    assert (offset.hours, offset.minutes, offset.seconds, offset.nanos) == (1, 1, 1, 250_000_000)
    assert part.start_time == "2026-04-25T13:35:57.250000000Z"


def test_no_repr_shows_speech():
    """Segments and utterances are patient data."""
    assert "fever" not in repr(said("no fever"))
