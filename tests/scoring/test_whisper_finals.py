"""The whole of scoring over what whisper wrote of the built-in corpora, and over a perfect written transcript.

The finals are kept by ``python benchmarks/recogniser.py --condition clean --write tests/data/whisper_finals.json``.
"""

import functools
import json
from pathlib import Path

import jiwer
import pytest

from tests.scoring.metrics.records import session
from workbench.corpus import builtin_corpora, load_corpus
from workbench.reporting.tables.cells import accuracy_table, cells_table, summary_table
from workbench.scoring.cells import score_run
from workbench.scoring.measured import pooled
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Counts, Pooled
from workbench.scoring.metrics.normalize import DEFAULT, NORMALISERS
from workbench.scoring.session import score_session

FINALS = json.loads((Path(__file__).parents[1] / "data" / "whisper_finals.json").read_text(encoding="utf-8"))


@functools.cache
def corpus(name):
    return load_corpus(builtin_corpora()[name])


def record(utterance, finals):
    """A session that says the finals, each 0.8 s after its audio."""
    messages = [(end_ms + 800 + place, "final", text) for place, (text, _, end_ms) in enumerate(finals)]
    end_ms = 1000 * utterance.samples // utterance.sample_rate_hz
    chunks = -(-end_ms // 100)
    return session(utterance.reference, [*messages, (end_ms + 2_000, "end", "")], chunks=chunks, utterance=utterance.id)


@functools.cache
def scores(name, normaliser="clinical"):
    return [
        score_session(record(corpus(name).utterance(utterance), finals), NORMALISERS[normaliser])
        for utterance, finals in FINALS[name].items()
    ]


@pytest.mark.parametrize(
    ("name", "errors", "words"), [("clinic", 105, 678), ("librivox", 3, 96), ("visits", 51, 1_396)]
)
def test_the_error_rates_are_those_that_were_measured(name, errors, words):
    """15.5, 3.1 and 3.7 %; counted once more by jiwer over the same normalised words."""
    (cell,) = score_run(scores(name), seed=0)
    assert len(scores(name)) == len(corpus(name).utterances)
    assert (cell.words.errors, cell.words.reference) == (errors, words)
    ours = [DEFAULT(one.reference.spoken) for one in corpus(name).utterances]
    theirs = [DEFAULT(" ".join(text for text, _, _ in FINALS[name][one.id])) for one in corpus(name).utterances]
    again = jiwer.process_words(ours, theirs)
    assert again.substitutions + again.deletions + again.insertions == errors


@pytest.mark.parametrize("name", FINALS)
def test_written_text_goes_through_every_measure_and_table(name):
    """Nothing breaks on digits, units and punctuation; what was kept is never more than what was said."""
    (cell,) = score_run(scores(name), seed=0)
    for table in (summary_table([cell]), cells_table([cell]), accuracy_table([cell])):
        assert list(table.text_rows())
    for score in scores(name):
        meaning = score.meaning
        for tally in (meaning.values, meaning.terms, meaning.drugs, meaning.negations, meaning.sides):
            assert tally.said == tally.kept + tally.changed + tally.lost, score.utterance
    clinical, raw = (sum(s.words.errors for s in scores(name, which)) for which in ("clinical", "raw"))
    assert clinical < raw
    assert pooled(scores(name), METRICS["punctuation_error"]) < 0.5


@pytest.mark.parametrize("name", FINALS)
def test_a_perfect_written_transcript_has_no_error_in_any_measure(name):
    """0.0 % where less is better, 100 % where more is, in every rate of the list that has something to count."""
    perfect = [
        score_session(record(one, [(one.reference.written, 0, 1000 * one.samples // one.sample_rate_hz)]), DEFAULT)
        for one in corpus(name).utterances
    ]
    found = {}
    for metric in METRICS.values():
        if isinstance(metric.source, Counts | Pooled) and metric.tested:
            value = pooled(perfect, metric)
            if value is not None:
                found[metric.key] = value == (0.0 if metric.better == "lower" else 1.0)
    assert found["wer"]
    assert len(found) > 8
    assert [key for key, right in found.items() if not right] == []
