"""Paired comparison of scores."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.comparing.paired import adjust_metrics, compare_scores, noise_floor
from workbench.errors import InputError
from workbench.recording.record import Outcome
from workbench.reference import Reference, Term
from workbench.scoring.measures import METRICS
from workbench.scoring.metric import Percentile
from workbench.scoring.metrics.inference import weighted_holm
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.units import NS_PER_MS

PAIN = spoken("no chest pain")


def scores(texts, *, delay=0, normalise="basic", reference=PAIN, **kwargs):
    """One score an utterance ``u0``, ``u1``, … with the given final texts."""
    return [
        score_session(
            session(
                reference,
                [(250 + delay, "partial", "no"), (700 + delay, "final", text), (1100 + delay, "end", "")],
                utterance=f"u{i}",
                **kwargs,
            ),
            normaliser(normalise),
        )
        for i, text in enumerate(texts)
    ]


def named(comparison, metric):
    """The difference called ``metric``."""
    return next(d for d in comparison.differences if d.metric == metric)


def test_a_run_against_itself_does_not_differ():
    """Difference 0, p = 1, in every metric."""
    same = scores(["no chest pain", "no pain", "no test pain", "chest pain"])
    found = compare_scores(same, same, seed=1)
    known = [d for d in found.differences if d.difference is not None]
    assert {d.difference for d in known} == {0}
    assert {d.p_value for d in known} == {1.0}
    assert {d.metric for d in found.differences} - {d.metric for d in known} == {
        "medical_wer", "term_recall", "drug_recall", "value_accuracy", "sides_kept", "silence_words", "fact_recall",
        "fact_precision",
    }  # fmt: skip
    assert found.n == 4


def test_the_difference_is_candidate_minus_baseline():
    """One more error in each of twelve utterances of three words."""
    found = compare_scores(scores(["no chest pain"] * 12), scores(["no pain"] * 12), seed=1)
    wer = named(found, "wer")
    assert (wer.baseline, wer.candidate, wer.difference) == (0, pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert wer.interval.low < 1 / 3 < wer.interval.high
    assert wer.interval.low > 0
    assert wer.p_value < 0.001


def test_a_constant_delay_is_found_in_every_latency():
    """30 ms later on each of six utterances; the interval is as wide as the instrument's resolution."""
    texts = ["no chest pain"] * 6
    found = compare_scores(scores(texts), scores(texts, delay=30), seed=1)
    latencies = [key for key, row in METRICS.items() if row.compared and isinstance(row.source, Percentile)]
    latencies.remove("send_gap_p95")
    assert len(latencies) == 11
    for name in latencies:
        difference = named(found, name)
        assert difference.difference == 30 * NS_PER_MS
        assert (difference.interval.low, difference.interval.high) == (29 * NS_PER_MS, 31 * NS_PER_MS)


def test_what_cannot_be_paired_is_named_with_its_reason():
    """Missing on one side, or failed on one."""
    ours = scores(["no chest pain"] * 3)
    theirs = scores(["no chest pain"] * 4)[1:3] + scores(["x"], outcome=Outcome.NO_TERMINAL)
    found = compare_scores(ours[:2], theirs, seed=1)
    assert found.n == 1
    assert {(u.utterance, u.reason) for u in found.unpaired} == {
        ("u0", "failed in the candidate: no terminal frame in time"),
        ("u2", "not in the baseline"),
    }


def test_sessions_with_invalid_pacing_are_compared_by_their_words_alone():
    """WER keeps its pairs, latency has none."""
    texts = ["no chest pain"] * 3
    found = compare_scores(scores(texts), scores(texts, late_ms=60), seed=1)
    assert named(found, "wer").n == 3
    latency = named(found, "word_latency_p50")
    assert (latency.n, latency.difference, latency.reason) == (0, None, "no utterance has it on both sides")


def test_one_utterance_has_a_difference_and_no_interval():
    """And says why."""
    found = compare_scores(scores(["no chest pain"]), scores(["no pain"]), seed=1)
    assert all(d.interval is None and d.p_value is None and d.reason for d in found.differences)
    assert named(found, "wer").difference == pytest.approx(1 / 3)


def test_all_failed_gives_reasons_instead_of_numbers():
    """Nothing in common."""
    bad = scores(["x"], outcome=Outcome.CRASHED)
    found = compare_scores(bad, bad, seed=1)
    assert found.n == 0
    assert all(d.difference is None and d.reason for d in found.differences if d.metric != "failed")


def test_sides_with_different_normalisers_are_refused():
    """The message names both."""
    with pytest.raises(InputError, match=r"got basic .* and raw .*; expected one normaliser"):
        compare_scores(scores(["x"]), scores(["x"], normalise="raw"), seed=1)


def test_an_empty_side_is_refused():
    """The message names the side."""
    with pytest.raises(InputError, match="candidate: nothing to compare"):
        compare_scores(scores(["x"]), [], seed=1)


def test_the_matched_pairs_test_stands_beside_the_bootstrap():
    """One segment an utterance; ten of them one error worse, four two errors worse."""
    ours = scores(["no chest pain"] * 14)
    theirs = scores(["no test pain"] * 10 + ["no"] * 4)
    found = compare_scores(ours, theirs, seed=1).matched_pairs
    assert (found.segments, found.mean) == (14, pytest.approx(18 / 14))
    assert found.p_value < 0.001


def test_every_metric_of_every_comparison_is_in_one_family():
    """Holm over all known p-values, four fifths of it for the primary ones; unknown ones stay unknown."""
    base = scores(["no chest pain"] * 6)
    first, second = (compare_scores(base, scores(t * 3), seed=1) for t in (["no pain", "no chest pain"], ["no", "x y"]))
    every = [d for c in (first, second) for d in (*c.differences, *c.others) if d.p_value is not None]
    primary = [METRICS[d.metric].primary for d in every]
    share = {True: 0.8 / sum(primary), False: 0.2 / (len(every) - sum(primary))}
    adjusted = adjust_metrics([first, second])
    found = [d.p_adjusted for c in adjusted for d in (*c.differences, *c.others) if d.p_adjusted is not None]
    assert found == pytest.approx(weighted_holm([d.p_value for d in every], [share[one] for one in primary]))
    assert all((d.p_adjusted is None) == (d.p_value is None) for c in adjusted for d in c.differences)


def test_the_noise_floor_is_the_second_play_minus_the_first():
    """Later by 30 ms the second time; sessions that failed once, or were played once, are not in it."""
    texts = ["no chest pain"] * 8
    first = scores(texts)
    again = [replace(s, repeat=1) for s in scores(texts[:7], delay=30)]
    again[6] = replace(again[6], failed=True)
    floor = noise_floor([*first, *again], 1)
    assert floor.n == 6
    assert floor.width("word_finality_p50") == 31 * NS_PER_MS
    assert 0 < floor.width("wer") < 0.5
    assert floor.width("value_accuracy") is floor.width("nothing of the kind") is None
    assert noise_floor(first, 1) is None


def test_plays_of_one_utterance_under_many_cells_are_one_block():
    """Two cells, two utterances, two plays: n counts utterances."""
    plays = [replace(s, cell=c, repeat=r) for c in ("a", "b") for r in (0, 1) for s in scores(["no pain", "no"])]
    assert noise_floor(plays, 1).n == 2


def test_clinical_rates_are_compared_where_the_reference_has_any():
    """A missed term lowers recall and raises medical WER; utterances without terms are not in n."""
    marked = Reference(PAIN.written, PAIN.spoken, PAIN.words, (Term("chest pain", "medical"),))

    def side(text):
        told = [
            score_session(session(marked, [(700, "final", text)], utterance=f"m{i}"), normaliser("basic"))
            for i in range(3)
        ]
        return told + scores(["no chest pain"])

    found = compare_scores(side("no chest pain"), side("no"), seed=1)
    recall, medical = named(found, "term_recall"), named(found, "medical_wer")
    assert (recall.n, recall.baseline, recall.candidate) == (3, 1.0, 0.0)
    assert medical.difference == pytest.approx(1.0)
    assert found.n == 4


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["no chest pain", "no pain", "no", "x y z a"]), min_size=2, max_size=5), st.data())
def test_swapping_the_sides_turns_the_sign(texts, data):
    """The difference changes sign, its p-value does not change."""
    others = data.draw(st.permutations(texts))
    one = compare_scores(scores(texts), scores(others, delay=10), seed=3)
    two = compare_scores(scores(others, delay=10), scores(texts), seed=3)
    for a, b in zip(one.differences, two.differences, strict=True):
        assert (a.difference is None) == (b.difference is None)
        if a.difference is not None:
            assert a.difference == pytest.approx(-b.difference)
            assert a.p_value == pytest.approx(b.p_value)


def test_first_partials_of_two_zeros_are_never_pooled():
    """Sessions without word times have a first partial from audio start alone, and that is another row."""
    timed, without = scores(["no chest pain"] * 3), scores(["no chest pain"] * 3, reference=untimed("no chest pain"))
    mixed = [*timed[:2], *without[2:]]
    assert named(compare_scores(mixed, mixed, seed=1), "first_partial").n == 2
    alone = compare_scores(without, without, seed=1)
    assert (named(alone, "first_partial").n, named(alone, "first_partial").baseline) == (0, None)
    other = named(alone, "first_partial_audio_start")
    assert (other.n, other.baseline) == (3, without[0].latency.first_partial_audio_start_ns)
    assert named(compare_scores(timed, without, seed=1), "first_partial").n == 0
