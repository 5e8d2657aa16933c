"""Stored runs against each other, and ``workbench compare`` as it is typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.stored import batch, failing, heard, store_run, stored
from workbench.cli.compare import compare
from workbench.compare import compare_scores
from workbench.comparisons import compare_runs
from workbench.errors import InputError
from workbench.metrics.normalize import normaliser
from workbench.scoring import score_session
from workbench.store import CellFacts, CorpusFacts
from workbench.units import NS_PER_MS
from workbench.verdict import changed_utterances, verdict


def scored(records):
    """Scores of records under the basic normaliser."""
    return [score_session(record, normaliser("basic")) for record in records]


def test_too_few_utterances_have_no_verdict():
    """Seven are not enough, however large the difference."""
    found = compare_scores(scored(batch(7)), scored(batch(7, wrong=7)), seed=1)
    said = verdict(found)
    assert (said.sentence, said.enough, said.worse) == ("n = 7, not enough for a verdict", False, ())


def test_the_verdict_names_what_is_worse_and_what_is_better():
    """More errors, and 30 ms earlier; the amounts have their intervals."""
    found = compare_scores(scored(batch(delay=30)), scored(batch(wrong=12)), seed=1)
    said = verdict(found)
    assert "WER is worse by 16.7 points (+" in said.sentence
    assert "word latency p95 is better by 30 ms" in said.sentence
    assert said.sentence.endswith("; n = 24")
    assert "wer" in said.worse
    assert "word_latency_p95" in said.better


def test_no_difference_shown_is_not_called_equal():
    """Nor is what is unknown."""
    records = batch(late_ms=60)
    said = verdict(compare_scores(scored(records), scored(records), seed=1))
    assert "WER is not shown to differ" in said.sentence
    assert "word latency p95 is unknown (no utterance has it on both sides)" in said.sentence
    assert said.worse == said.better == ()


def test_a_metric_of_too_few_utterances_is_not_judged():
    """Latencies of most sessions are left out, their words are not."""
    ours = scored(batch(late_ms=60)[:15] + batch()[15:])
    said = verdict(compare_scores(ours, scored(batch(delay=40)), seed=1))
    assert "word latency p95 has n = 9, not enough for a verdict" in said.sentence
    assert said.worse == ()


def test_a_difference_within_the_noise_floor_does_not_count(tmp_path):
    """A/A differs by 50 ms, the candidate by 30."""
    again = stored(tmp_path, batch() + batch(repeat=1, delay=50), repeats=2)
    later = stored(tmp_path, batch(delay=80))
    found = compare_runs([again, later])
    assert found.floor_origin == again.run.run_id
    assert found.floor.width("word_latency_p95") == pytest.approx(50 * NS_PER_MS, rel=0.2)
    (pair,) = found.pairs
    assert "word latency p95 differs no more than the same configuration does from itself" in pair.verdict.sentence


def test_the_utterances_that_changed_most_come_first():
    """By errors, then by latency; unchanged ones are not listed."""
    ours = scored([heard(utterance=u) for u in "abcd"])
    theirs = scored(
        [heard(utterance="a"), heard("no", utterance="b"), heard(utterance="c", delay=90), heard("x", utterance="d")]
    )
    changed = changed_utterances(ours, theirs)
    assert [(c.utterance, c.errors) for c in changed] == [("d", 3), ("b", 2), ("c", 0)]
    assert changed[2].latency_ns == 90 * NS_PER_MS
    assert changed[0].latency_ns == -50 * NS_PER_MS
    assert len(changed_utterances(ours, theirs, limit=1)) == 1


def test_only_settings_that_differ_are_listed(tmp_path):
    """Within one run those of the cells; between runs also those of the runs."""
    one = stored(tmp_path, batch() + batch(cell="noise"))
    (pair,) = compare_runs([one]).pairs
    assert [(s.key, s.baseline, s.candidate) for s in pair.settings] == [
        ("noise", None, "pink"), ("snr_db", None, 20.0),
    ]  # fmt: skip
    two = stored(tmp_path, batch(), concurrency=9, cells=[CellFacts.of("clean", {"sample_rate_hz": 8_000})])
    (pair,) = compare_runs([one, two]).pairs
    assert {s.key: (s.baseline, s.candidate) for s in pair.settings} == {
        "sample_rate_hz": (16_000, 8_000), "concurrency": (2, 9),
    }  # fmt: skip


def test_runs_that_differ_in_what_matters_are_compared_under_warnings(tmp_path):
    """Corpus, target, scorer and seed are named; another corpus makes them unlike."""
    base = stored(tmp_path, batch())
    corpus = CorpusFacts(name="clinic", hash="d" * 64)
    other = stored(tmp_path, batch(), corpus=corpus, endpoint="staging", recogniser=None, seed=2)
    other.run.manifest.versions["jiwer"] = "3.0"
    found = compare_runs([base, other])
    for what in ("corpus", "target", "scorer", "seed"):
        assert any(f"in {what}:" in line for line in found.warnings), what
    assert found.unlike == ("corpus",)
    assert compare_runs([base, base]).warnings == ()


def test_runs_of_two_normalisers_are_scored_again_with_the_first(tmp_path):
    """In memory; the warning says so and the store keeps its scores."""
    base, other = stored(tmp_path, batch()), stored(tmp_path, batch(wrong=3), name="raw")
    found = compare_runs([base, other])
    assert found.pairs[0].comparison.normaliser == "basic"
    assert any("differs in normaliser: it was scored with raw" in line for line in found.warnings)
    assert other.run.normaliser.name == "raw"


def test_failed_left_out_and_missing_sessions_are_warned_about(tmp_path):
    """Each with its count."""
    base = stored(tmp_path, batch() + failing(2))
    other = stored(tmp_path, batch(late_ms=60), commit=False, planned=30)
    warnings = compare_runs([base, other]).warnings
    assert any("2 sessions failed" in line for line in warnings)
    assert any("latencies of 24 sessions left out" in line for line in warnings)
    assert any("is not complete: 24 of 30 sessions" in line for line in warnings)


@pytest.mark.slow
def test_an_aa_run_of_the_store_gives_the_noise_floor(tmp_path):
    """The newest on the same corpus and endpoint; also one whose second play is a second cell."""
    two = [CellFacts.of("a", {}), CellFacts.of("b", {})]
    aa = store_run(tmp_path, batch(cell="a") + batch(cell="b", delay=20), cells=two, settings={"kind": "aa"})
    store_run(tmp_path, batch() + batch(repeat=1), repeats=2, endpoint="staging")
    results = [stored(tmp_path, batch()), stored(tmp_path, batch())]
    found = compare_runs(results, tmp_path)
    assert (found.floor_origin, found.floor.n) == (aa, 24)
    assert found.floor.width("finalisation_p50") == pytest.approx(20 * NS_PER_MS, rel=0.3)
    assert compare_runs(results).floor is None
    assert "--repeats 2" in compare_runs(results).floor_origin


def test_one_configuration_alone_cannot_be_compared(tmp_path):
    """The message says what to name."""
    alone, other = stored(tmp_path, batch(2)), stored(tmp_path, batch(2, cell="a") + batch(2, cell="b"))
    with pytest.raises(InputError, match="Name a second run"):
        compare_runs([alone])
    with pytest.raises(InputError, match="no configuration that both runs have"):
        compare_runs([alone, other])


@pytest.fixture
def call(tmp_path):
    """Call the verb on the store."""

    def call(*words):
        ran = CliRunner().invoke(compare, [*words, "--store", str(tmp_path)], standalone_mode=False)
        if ran.exception is not None:
            raise ran.exception
        return ran

    return call


def test_text_has_verdict_settings_differences_and_utterances(tmp_path, call):
    """In this order, warnings on stderr."""
    base = store_run(tmp_path, batch() + batch(repeat=1), repeats=2)
    other = store_run(tmp_path, batch(wrong=12, cell="noise"), endpoint="staging")
    ran = call(base, other)
    places = [ran.stdout.index(s) for s in ("Verdict: WER is worse", "Settings that", "adjusted p", "changed most")]
    assert places == sorted(places)
    assert f"Noise floor: {base}, 24 utterances" in ran.stdout
    assert "in target: staging" in ran.stderr


def test_json_holds_the_same_in_full(tmp_path, call):
    """Every metric with interval, p and adjusted p; nothing but JSON on stdout."""
    store_run(tmp_path, batch() + batch(cell="noise", wrong=12))
    answer = json.loads(call("--json").stdout)
    assert answer["schema_version"] == 1
    (pair,) = answer["comparisons"]
    wer = pair["metrics"][0]
    assert (pair["baseline"], pair["candidate"], pair["pairs"], wer["metric"]) == ("clean", "noise", 24, "wer")
    assert wer["low"] < wer["difference"] < wer["high"]
    assert wer["p_value"] <= wer["p_adjusted"] < 0.05
    assert pair["verdict"]["worse"][0] == "wer"
    assert len(pair["changed"]) == 10
    assert answer["noise_floor"]["n"] is None


def test_transcripts_are_nowhere_in_the_output(tmp_path, call):
    """Utterances are named by their ids."""
    store_run(tmp_path, batch() + batch(cell="noise", wrong=12))
    assert "chest" not in call().stdout + call("--json").stdout
