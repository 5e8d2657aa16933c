"""Marks, capitals, speakers, finals and the text on screen at a time."""

import json

import pytest

from tests.scoring.metrics.records import RATE_HZ, START_NS, session, spoken, untimed
from workbench.reference import Reference, Word
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.screen import Screen, screen, visible_errors
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

BASIC = normaliser("basic")


def shown(written, final, **kwargs):
    """The written form of a session with one final."""
    return screen(SessionView(session(Reference(written, written), [(700, "final", final)], **kwargs)), BASIC)


@pytest.mark.parametrize(
    ("written", "final", "counts"),
    [
        ("No pain. OK?", "No pain. OK?", ErrorCounts(2, 0, 0, 0)),
        ("No pain. OK?", "No pain, OK?", ErrorCounts(1, 1, 0, 0)),
        ("No pain. OK?", "No pain OK?", ErrorCounts(1, 0, 1, 0)),
        ("No pain", "No, pain", ErrorCounts(0, 0, 0, 1)),
        ("2.5 mg at 10:30", "2.5 mg at 10:30", ErrorCounts()),
        ("", "", ErrorCounts()),
    ],
)
def test_marks_are_counted_in_an_alignment_of_words_and_marks(written, final, counts):
    """A mark inside a number is no mark."""
    assert shown(written, final).punctuation == counts


def test_the_punctuation_error_rate_divides_by_hits_too():
    """(S + D + I) / (S + D + I + C), unknown without marks."""
    assert shown("No pain. OK?", "No pain, OK?").punctuation_error_rate == 0.5
    assert shown("No pain", "No pain").punctuation_error_rate is None


def test_case_is_compared_on_words_that_match_without_it():
    """A wrong word is not a case error."""
    found = shown("Give Lisinopril to Anna", "give lisinopril to Hanna")
    assert (found.case_words, found.case_errors) == (3, 2)
    assert shown("a", "b").case_error_rate is None


def test_the_finals_are_kept_beside_the_services_own_text():
    """What the streaming penalty is made of."""
    found = shown("no chest pain", "no chess pain", final_transcript="no chest pain")
    assert (found.finals.rate, found.has_transcript) == (pytest.approx(1 / 3), True)
    assert shown("a", "a").reasons["streaming_penalty"] == "the service gave no transcript of its own"


def with_speakers(labels):
    """Six words of two speakers, and a final that labels them."""
    text = "how are you fine thank you"
    words = [Word(w, i * 3200, (i + 1) * 3200, "doctor" if i < 3 else "patient") for i, w in enumerate(text.split())]
    frame = {
        "transcript": {
            "transcript": text,
            "words": [{"word": w, "speaker": {"id": s}} for w, s in zip(text.split(), labels, strict=True)],
        },
        "is_final": True,
        "transcript_id": "t",
    }
    return session(Reference(text, text, tuple(words)), [(1300, "raw", json.dumps(frame))])


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        (["S1"] * 3 + ["S2"] * 3, 0),
        (["S2"] * 3 + ["S1"] * 3, 0),
        (["S1"] * 4 + ["S2"] * 2, 1),
        (["S1"] * 6, 3),
        (["S1", "S3", "S1", "S2", "S2", "S2"], 1),
    ],
)
def test_speakers_are_matched_one_to_one_before_they_are_compared(labels, wrong):
    """Labels are arbitrary; a label that is left over is wrong."""
    found = screen(SessionView(with_speakers(labels)), BASIC)
    assert (found.speaker_words, found.speaker_errors) == (6, wrong)
    assert found.wder == wrong / 6


def test_without_speakers_there_is_no_speaker_error():
    """The side that names none is in the reason."""
    assert shown("a b", "a b").reasons["wder"] == "the reference has no speakers"
    record = with_speakers(["S1"] * 6)
    record.frames._texts[-1] = json.dumps({"transcript": {"transcript": "how", "words": []}, "is_final": True})
    found = screen(SessionView(record), BASIC)
    assert (found.wder, found.reasons["wder"]) == (None, "no word of the finals names a speaker")


def test_written_forms_add():
    """Counts add; a reason stays while nothing was counted."""
    one, two = shown("No pain.", "no pain."), shown("No, pain.", "No pain.")
    both = one + two
    assert both.punctuation == ErrorCounts(2, 0, 1, 0)
    assert (both.case_words, both.case_errors) == (4, 1)
    assert "wder" in both.reasons
    assert isinstance(both, Screen)


def test_the_text_on_screen_is_scored_against_what_was_said_by_then():
    """Words not due yet do not count; a word shown early is an insertion until it was said."""
    record = session(spoken("no chest pain"), [(250, "partial", "no"), (450, "partial", "no chest pain")])
    times = [START_NS + at * NS_PER_MS for at in (100, 210, 300, 410, 500, 700)]
    errors = [(c.errors, c.reference) for c in visible_errors(record, times)]
    assert errors == [(0, 0), (1, 1), (0, 1), (1, 2), (1, 2), (0, 3)]


def test_without_word_times_the_screen_has_no_error_over_time():
    """Unknown, not empty."""
    assert visible_errors(session(untimed("no"), []), [START_NS]) is None
    assert RATE_HZ == 16_000
