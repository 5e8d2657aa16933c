"""The built-in set in which nobody speaks, and the one of names: what is in them, and that it is made by their code."""

from __future__ import annotations

import sys
from collections import Counter
from importlib import import_module

import numpy as np
import pytest

from tests.documentation.commands import ROOT
from tests.scoring.metrics.records import session, untimed
from workbench.corpus import find_corpus, load_corpus, read_utterance
from workbench.reference import Reference
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session

SILENCE, NAMES = (load_corpus(find_corpus(name)) for name in ("silence", "names"))


@pytest.fixture(scope="module")
def recordings():
    """What the build script makes now."""
    sys.path.insert(0, str(ROOT / "datasets"))
    try:
        found = import_module("build_silence").recordings()
    finally:
        sys.path.remove(str(ROOT / "datasets"))
    return {name: pcm for name, _, pcm in found}


def test_nothing_is_said_in_twenty_recordings_of_five_kinds():
    """Four each, 140 s together."""
    kinds = ("digital", "room", "keyboard", "hum", "breathing")
    assert Counter(u.tags[0] for u in SILENCE.utterances) == dict.fromkeys(kinds, 4)
    assert all(not u.reference.written and not u.reference.words for u in SILENCE.utterances)
    assert sum(u.duration_s for u in SILENCE.utterances) == 140


def test_the_recordings_are_those_that_the_code_makes(recordings):
    """To a step of the 16 bits: libraries of another version may round otherwise."""
    assert set(recordings) == {u.id for u in SILENCE.utterances}
    for u in SILENCE.utterances:
        kept = read_utterance(u).pcm.astype(np.int32)
        assert np.abs(kept - recordings[u.id]).max() <= 1, u.id


def test_every_word_heard_in_them_is_invented():
    """Two words in 4 s and none in 6 s are 12 a minute; a tag has its own rate."""
    records = [session(untimed(""), [(900, "final", text)], utterance=name, chunks=chunks)
               for name, text, chunks in (("a", "thank you", 40), ("b", "", 60))]  # fmt: skip
    (cell,) = score_run([score_session(record, normaliser("clinical")) for record in records], seed=1)
    assert cell.shown("silence_words").value == pytest.approx(2 * 60 / 10)


def test_the_names_are_ten_sentences_with_a_drug_each():
    """Written with accents and spoken without; both read the same."""
    assert len(NAMES.utterances) == 10
    assert [[t.kind for t in u.reference.terms].count("drug") for u in NAMES.utterances] == [1] * 10
    for u in NAMES.utterances:
        text = u.reference.spoken
        record = session(Reference(u.reference.written, text), [(900, "final", text)], utterance=u.id)
        assert score_session(record, normaliser("clinical")).words.errors == 0, u.id
        assert [word.text for word in u.reference.words] == text.split()
