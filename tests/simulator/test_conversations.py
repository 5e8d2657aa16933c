"""What the rules make of whole consultations with perfect words: those of the corpus, and others."""

import re
from itertools import pairwise

import pytest

from tests.simulator.conversations import documents, judged, unseen, visits
from tests.simulator.test_documents import said
from workbench.scoring.metrics.facts import FactTally
from workbench.simulator.notes.sentences import sentences_of


@pytest.mark.parametrize("conversation", [*visits(), *unseen()], ids=lambda c: c.name)
def test_the_facts_are_there_and_none_is_invented(conversation):
    """Of each at least nine of ten; nothing that nobody said."""
    tally, lines = judged(conversation)
    assert tally.invented == 0, lines
    assert tally.kept >= 0.9 * tally.said, lines


@pytest.mark.parametrize("conversations", [visits, unseen])
def test_over_all_conversations(conversations):
    """The figures of the documentation."""
    tally = sum((judged(c)[0] for c in conversations()), FactTally())
    assert (tally.kept, tally.invented) == (tally.said, 0)


@pytest.mark.parametrize(("conversations", "invented"), [(visits, 0), (unseen, 2)])
def test_words_without_marks_and_capitals_do_nearly_as_well(conversations, invented):
    """As a plain recogniser writes them; a turn is an utterance."""
    tally = FactTally()
    for conversation in conversations():
        texts = [re.sub(r"[.,?!](?=\s|$)", "", text).lower() for _, text in conversation.turns]
        tally += judged(conversation, texts)[0]
    assert tally.invented <= invented
    assert tally.kept >= 0.88 * tally.said


@pytest.mark.parametrize("conversations", [visits, unseen])
def test_turns_that_share_an_utterance_do_as_well(conversations):
    """A recogniser cuts at pauses, not at speakers."""
    tally = FactTally()
    for conversation in conversations():
        texts = [text for _, text in conversation.turns]
        joined = [f"{one} {other}" for one, other in zip(texts[::2], [*texts[1::2], ""], strict=False)]
        tally += judged(conversation, joined)[0]
    assert tally.kept >= 0.9 * tally.said
    assert tally.invented == 0


def test_speakers_are_told_by_what_they_say():
    """Nineteen of twenty sentences; the recogniser knows none."""
    right = wrong = 0
    for conversation in [*visits(), *unseen()]:
        for sentence in sentences_of(said(*(text for _, text in conversation.turns))):
            as_written = conversation.turns[sentence.utterance][0] == sentence.speaker[0].upper()
            right, wrong = right + as_written, wrong + (not as_written)
    assert right >= 19 * wrong, (right, wrong)


def test_no_question_stands_in_a_note_and_the_complaint_comes_first():
    """Whatever the visit."""
    for conversation in [*visits(), *unseen()]:
        summary = documents([text for _, text in conversation.turns]).content["summary"]
        assert summary[0]["loinc_code"] == "10154-3"
        assert not any("?" in section["content"] for section in summary)
        asked = {t.lower() for _, text in conversation.turns for t in re.findall(r"[^.?!]+\?", text)}
        for section in summary:
            assert not any(question.rstrip("?").strip() in section["content"].lower() for question in asked)


def test_a_conversation_is_the_same_however_its_segments_are_cut():
    """Utterances of one segment, or a segment each."""
    for conversation in visits():
        texts = [text for _, text in conversation.turns]
        together = [(s.text, s.speaker) for s in sentences_of(said(*texts))]
        apart = [(s.text, s.speaker) for s in sentences_of([segment for t in texts for segment in said(t)])]
        assert together == apart


def test_results_do_not_depend_on_what_was_made_before():
    """The same conversation twice, another in between."""
    for one, other in pairwise(unseen()):
        first = documents([text for _, text in one.turns])
        documents([text for _, text in other.turns])
        assert documents([text for _, text in one.turns]) == first
