"""A run whose answers are replayed: the words of the real decoder, any number of sessions at a time."""

import pytest

from tests.quick import resolved
from workbench.corpus import find_corpus, load_corpus
from workbench.runs.evaluate import evaluate
from workbench.runs.service import cap_concurrency
from workbench.runs.sweep import cell_from
from workbench.settings import Settings


@pytest.mark.slow
def test_a_run_of_known_speech_says_replayed_and_hears_the_same(tmp_path, monkeypatch):
    """The first run learns; the second decodes nothing, plays more at a time, and finds the same words."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    corpus = load_corpus(find_corpus("librivox"))
    short = min(corpus.utterances, key=lambda u: u.duration_s)
    spec = resolved(corpus=corpus, utterances=(short,), cells=(cell_from({}, item="t"),), concurrency=8, repeats=8)
    settings = Settings(store=tmp_path / "runs", recogniser="replay", model="general")
    assert cap_concurrency(spec, settings).spec.concurrency == 8
    first = evaluate(spec, settings)
    monkeypatch.setattr("workbench.simulator.recognition.replay.WorkerPool", None)
    second = evaluate(spec, settings)
    assert first.run.manifest.recogniser == "replayed pocketsphinx general"
    assert [score.failed for score in second.scores] == [False] * 8
    words = {record.hypothesis() for result in (first, second) for record in result.run.iter_records()}
    assert len(words) == 1
    assert words != {""}
