"""Stored runs against each other, and ``workbench compare`` as it is typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.scoring.metrics.records import session, spoken, untimed
from tests.stored import batch, failing, heard, store_run, stored
from workbench.cli.compare import compare
from workbench.comparing.changes import changed_utterances
from workbench.comparing.paired import adjust_metrics, compare_scores
from workbench.comparing.runs import compare_runs
from workbench.comparing.verdict import verdict
from workbench.errors import InputError
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import CellFacts, CorpusFacts
from workbench.units import NS_PER_MS

_SAID = [(250, "partial", "no"), (700, "final", "no chest pain"), (1100, "end", "")]


def scored(records):
    """Scores of records under the basic normaliser."""
    return [score_session(record, normaliser("basic")) for record in records]


def test_the_size_of_a_difference_of_few_utterances_is_uncertain():
    """Twelve of twelve worse is clear; five of five can be chance, whatever their size."""
    (found,) = adjust_metrics([compare_scores(scored(batch(12)), scored(batch(12, wrong=12)), seed=1)])
    said = verdict(found)
    assert said.sentence.startswith("WER is clearly worse, size uncertain: +33.3 points (+")
    assert "n = 12; " in said.sentence
    assert (said.enough, "wer" in said.worse) == (False, True)
    few = verdict(compare_scores(scored(batch(5)), scored(batch(5, wrong=5)), seed=1))
    assert few.worse == ()
    assert "WER is not shown to differ (5 utterances: an interval needs 6), n = 5" in few.sentence


def test_the_verdict_names_what_is_worse_and_what_is_better():
    """More errors, and 30 ms earlier; the amounts have their intervals."""
    found = compare_scores(scored(batch(delay=30)), scored(batch(wrong=12)), seed=1)
    said = verdict(found)
    assert "WER is worse by 16.7 points (+" in said.sentence
    assert "word latency p95 is better by 30 ms" in said.sentence
    assert said.sentence.endswith("coverage 83 % against 100 %")
    assert "wer" in said.worse
    assert "word_latency_p95" in said.better


def test_no_difference_shown_is_not_called_equal():
    """Nor is what is unknown."""
    records = batch(late_ms=60)
    said = verdict(compare_scores(scored(records), scored(records), seed=1))
    assert "WER is not shown to differ" in said.sentence
    assert "word latency p95 is unknown (no utterance has it on both sides)" in said.sentence
    assert said.worse == said.better == ()


def test_each_metric_has_its_own_n():
    """Latencies of most sessions are left out, their words are not."""
    ours = scored(batch(late_ms=60)[:15] + batch()[15:])
    said = verdict(compare_scores(ours, scored(batch(delay=40)), seed=1))
    assert "word latency p95 is clearly worse, size uncertain: +40 ms (+39 to +41 ms), n = 9" in said.sentence
    assert "wer" not in said.worse


def test_a_difference_within_the_noise_floor_does_not_count(tmp_path):
    """A/A differs by 50 ms, the candidate by 30."""
    again = stored(tmp_path, batch() + batch(repeat=1, delay=50), repeats=2)
    later = stored(tmp_path, batch(delay=30))
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
    assert changed[0].latency_ns == 0  # of the words that both sides have
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
    assert compare_runs([base, stored(tmp_path, batch())]).warnings == ()
    assert found.pairs[0].verdict.sentence == "not comparable: the runs differ in corpus"
    assert found.exit_code == 6
    with pytest.raises(InputError, match="compared with itself"):
        compare_runs([base, base])


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
    places = [ran.stdout.index(s) for s in ("Verdict: WER is worse", "Settings that", "Differences", "changed most")]
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


def test_noise_without_a_drift_takes_nothing_from_a_difference(tmp_path):
    """The same configuration twice differs by chance alone: 30 ms stay 30 ms, whatever the width of the noise."""
    shaken = [heard(utterance=f"u{i:02}", repeat=1, delay=(40 if i % 2 else -40) + i % 7) for i in range(24)]
    again = stored(tmp_path, batch() + shaken, repeats=2)
    found = compare_runs([again, stored(tmp_path, batch(delay=30))])
    assert found.floor.width("word_finality_p50") > 30 * NS_PER_MS
    (pair,) = found.pairs
    assert pair.verdict.of("word_finality_p50").level.is_worse


def test_first_partials_of_two_zeros_are_two_rows(tmp_path):
    """Onset of speech on one side and audio start alone on the other: nothing in common but the audio start."""
    timed = [session(spoken("no chest pain"), _SAID, utterance=f"u{i}") for i in range(8)]
    without = [session(untimed("no chest pain"), _SAID, utterance=f"u{i}") for i in range(8)]
    base, run = store_run(tmp_path, timed), store_run(tmp_path, without)
    done = CliRunner().invoke(compare, [base, run, "--store", str(tmp_path), "--json"], standalone_mode=False)
    rows = {row["metric"]: row for row in json.loads(done.stdout)["comparisons"][0]["metrics"]}
    assert (rows["first_partial"]["n"], rows["first_partial"]["level"]) == (0, "not comparable")
    start = rows["first_partial_audio_start"]
    assert (start["n"], start["baseline"], start["difference"]) == (8, 150.0, 0.0)


def test_both_clocks_are_shown_with_their_gap(tmp_path):
    """8 ms late by our own fault: from due 8 ms more, from sent nothing, and the gap says so."""
    base, run = (store_run(tmp_path, batch(delay=late, late_ms=late)) for late in (0, 8))
    done = CliRunner().invoke(compare, [base, run, "--store", str(tmp_path), "--json"], standalone_mode=False)
    rows = {row["metric"]: row for row in json.loads(done.stdout)["comparisons"][0]["metrics"]}
    found = [rows[name]["difference"] for name in ("word_latency_p50", "word_emission_p50", "send_gap_p95")]
    assert found == pytest.approx([8.0, 0.0, 8.0])
