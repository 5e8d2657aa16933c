"""Every built-in corpus against itself, as written and as spoken: nothing is wrong, everything is covered."""

import dataclasses

import pytest

from tests.scoring.metrics.records import CHUNK, RATE_HZ, session
from workbench.corpus import builtin_corpora, load_corpus
from workbench.reference import Word
from workbench.scoring.metrics.normalize import DEFAULT
from workbench.scoring.session import score_session

UTTERANCES = [
    (f"{name}/{one.id}", one.reference)
    for name, folder in builtin_corpora().items()
    for one in load_corpus(folder).utterances
    if name != "silence"
]


def _timed(reference):
    """The reference with 100 ms a word, whatever its audio."""
    words = tuple(
        Word(text, k * CHUNK, (k + 1) * CHUNK)
        for k, text in enumerate([w.text for w in reference.words] or reference.spoken.split())
    )
    return dataclasses.replace(reference, words=words)


@pytest.mark.parametrize("form", ["written", "spoken"])
@pytest.mark.parametrize("speech", ["at once", "in two finals"])
def test_a_perfect_text_in_either_form_is_perfect_in_every_measure(form, speech):
    """WER 0, all that matters kept, nothing invented, every word has its latency."""
    for name, given in UTTERANCES:
        reference = _timed(given)
        text = getattr(reference, form)
        end = len(reference.words) * CHUNK * 1000 // RATE_HZ
        parts = [text] if speech == "at once" else _halves(text)
        messages = [(end + 100 + 10 * k, "final", part) for k, part in enumerate(parts)]
        record = session(reference, [*messages, (end + 500, "end", "")], chunks=len(reference.words), utterance=name)
        score = score_session(record, DEFAULT)
        found = score.meaning
        assert score.words.errors == 0, name
        for tally in (found.values, found.terms, found.drugs, found.negations, found.sides):
            assert (tally.kept, tally.changed, tally.lost, tally.invented) == (tally.said, 0, 0, 0), name
        assert found.critical == 0, name
        assert score.latency.coverage == 1.0, name
        assert None not in score.latency.word_latency_ns, name


def _halves(text):
    words = text.split()
    cut = len(words) // 2
    return [" ".join(words[:cut]), " ".join(words[cut:])] if cut else [text]


def test_the_corpora_hold_what_they_are_measured_on():
    """Values, drugs, negations and sides all occur."""
    scores = [score_session(session(_timed(r), [(9_000_000, "final", r.written)], chunks=1), DEFAULT).meaning
              for _, r in UTTERANCES]  # fmt: skip
    for kind, least in (("values", 100), ("drugs", 10), ("negations", 10), ("sides", 3)):
        assert sum(getattr(s, kind).said for s in scores) >= least, kind
