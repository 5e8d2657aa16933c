"""Candidates that try to look better than they are, judged by compare and gate: none is better, none passes.

Each is a stored run with the behaviour, judged by the command line: sentence, table, JSON and exit code say the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cli.within import within
from tests.scoring.metrics.records import session, spoken
from tests.stored import store_run
from workbench.recording.record import Outcome
from workbench.store import CorpusFacts

TEXT = "take five mg now she has no pain in leg"
WORDS = TEXT.split()
N = 60


def played(i, messages, **more):
    """One session of ten words, 200 ms each; its messages come ``i % 5`` ms late."""
    messages = [(at + i % 5, kind, text) for at, kind, text in messages]
    return session(spoken(TEXT), messages, utterance=f"u{i:03}", chunks=20, **more)


def honest(i, *, wrong=0, delay=0, **more):
    """Every word 300 ms after its end, then the final; the last ``wrong`` words are others."""
    words = [*WORDS[: 10 - wrong], *["xx"] * wrong]
    shown = [(200 * (k + 1) + 300 + delay, "partial", " ".join(words[: k + 1])) for k in range(9)]
    return played(i, [*shown, (2300 + delay, "final", " ".join(words)), (2400 + delay, "end", "")], **more)


def baseline():
    """Two fifths of the utterances are hard: four words of ten are wrong."""
    return [honest(i, wrong=4 if i % 5 < 2 else 0) for i in range(N)]


def failing(i):
    """Fails what is hard."""
    return honest(i, outcome=Outcome.NO_TERMINAL) if i % 5 < 2 else honest(i)


def silent(i):
    """Says two words of ten, early."""
    return played(i, [(450, "partial", "take"), (500, "final", "take five"), (2400, "end", "")])


def guessing(i):
    """The whole text at once, taken back, then as the baseline has it; so no word is right sooner for good."""
    wrong = 4 if i % 5 < 2 else 0
    words = [*WORDS[: 10 - wrong], *["xx"] * wrong]
    shown = [(200 * (k + 1) + 300, "partial", " ".join(words[: k + 1])) for k in range(9)]
    guess = [(30, "partial", TEXT), (60, "partial", "zz")]
    return played(i, [*guess, *shown, (2300, "final", " ".join(words)), (2400, "end", "")])


def junk(i):
    """A first partial that says nothing of what was said."""
    wrong = 4 if i % 5 < 2 else 0
    words = [*WORDS[: 10 - wrong], *["xx"] * wrong]
    shown = [(200 * (k + 1) + 300, "partial", " ".join(words[: k + 1])) for k in range(9)]
    return played(i, [(30, "partial", "uh"), *shown, (2300, "final", " ".join(words)), (2400, "end", "")])


def repeating(i):
    """Says its final twice over."""
    wrong = 4 if i % 5 < 2 else 0
    words = " ".join([*WORDS[: 10 - wrong], *["xx"] * wrong])
    shown = [(200 * (k + 1) + 300, "partial", " ".join(words.split()[: k + 1])) for k in range(9)]
    return played(i, [*shown, (2300, "final", words), (2310, "final", words), (2400, "end", "")])


def flickering(i):
    """Shows another dose for a second."""
    wrong = 4 if i % 5 < 2 else 0
    words = [*WORDS[: 10 - wrong], *["xx"] * wrong]
    shown = []
    for k in range(9):
        text = words[: k + 1]
        if 1 <= k < 6:
            text = ["take", "fifty", *text[2:]]
        shown.append((200 * (k + 1) + 300, "partial", " ".join(text)))
    return played(i, [*shown, (2300, "final", " ".join(words)), (2400, "end", "")])


def early(i):
    """Gets its audio a second before anybody could have said it."""
    return honest(i, wrong=4 if i % 5 < 2 else 0, delay=-900, late_ms=-1000)


@dataclass
class Said:
    """What the two verbs say of a candidate."""

    pair: dict[str, Any]
    compared: int
    table: str
    gate: dict[str, Any]
    gated: int
    alone: dict[str, Any]
    alone_gated: int

    @property
    def sentence(self):
        """The verdict."""
        return self.pair["verdict"]["sentence"]

    def level(self, metric):
        """What the JSON says of a metric."""
        return next(row["level"] for row in self.pair["metrics"] if row["metric"] == metric)


def call(store, *words):
    """Exit code and output of a verb."""
    ran = within(*words, "--store", store, cwd=store)
    return ran.returncode, ran.stdout


MARGINS = ("wer=0.2", "word_latency_p95_ms=100", "first_partial_ms=100")
LIMITS = ("wer=0.9", "word_latency_p95_ms=900", "first_partial_ms=900")


def judged(store, theirs, ours=None, **changes):
    """Both verbs on a stored candidate."""
    base = store_run(store, ours or baseline())
    run = store_run(store, theirs, **changes)
    code, text = call(store, "compare", base, run, "--json")
    margins = [word for margin in MARGINS for word in ("--margin", margin)]
    limits = [word for limit in LIMITS for word in ("--limit", limit)]
    gated, gate = call(store, "gate", run, "--against", base, *margins, "--json")
    alone, by_itself = call(store, "gate", run, *limits, "--json")
    return Said(
        json.loads(text)["comparisons"][0], code, call(store, "compare", base, run)[1], json.loads(gate), gated,
        json.loads(by_itself), alone,
    )  # fmt: skip


CHEATS = {
    "failing": failing, "silent": silent, "guessing": guessing, "junk": junk, "repeating": repeating,
    "flickering": flickering, "early": early,
}  # fmt: skip


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What is said of each candidate, played once."""
    known = {}

    def said(name):
        if name not in known:
            known[name] = judged(tmp_path_factory.mktemp(name), [CHEATS[name](i) for i in range(N)])
        return known[name]

    return said


@pytest.mark.parametrize("name", CHEATS)
def test_it_is_never_called_better_and_never_passes(said, name):
    """Not in the JSON, not in the sentence, not in the table, not by the exit code."""
    found = said(name)
    assert found.pair["verdict"]["better"] == []
    assert "better by" not in found.sentence
    assert "also better" not in found.sentence
    assert found.sentence in found.table
    assert not [row["metric"] for row in found.pair["metrics"] if row["level"] == "better"]
    assert found.gated in (1, 6)
    assert found.gate["verdict"] != "pass"
    assert found.gate["comparison"][0].endswith(found.sentence)


def test_failing_is_named_bounded_and_fails(said):
    """24 of 60 sessions; with these wholly wrong the WER is higher."""
    found = said("failing")
    assert "only the candidate failed 24 of 60 sessions (u000, u001, u005 and 21 more)" in found.sentence
    assert "with these counted as wholly wrong, WER is 24.0 points higher" in found.sentence
    assert "failed sessions is worse by 40.0 points" in found.sentence
    assert found.pair["failed_in_candidate_only"] == 24
    assert (found.gated, found.alone_gated) == (1, 1)
    checks = {(c["metric"], c["kind"]): c["verdict"] for c in found.gate["checks"]}
    assert checks["failed", "guard"] == "fail"


def test_silence_shows_in_coverage(said):
    """Two words of ten: nothing is earlier on the words that both have."""
    found = said("silent")
    assert "coverage 20 % against 84 %" in found.sentence
    assert found.level("coverage") == "worse"
    assert found.gated == found.alone_gated == 1


def test_a_guess_gains_nothing(said):
    """The first showing is 2 s earlier, the settled one is not; the limit judges the settled one."""
    found = said("guessing")
    assert "words that were shown do not last" in found.sentence
    assert found.level("word_latency_p95") == "not comparable"
    assert found.gated == 1
    limit = next(c for c in found.alone["checks"] if c["metric"] == "word_latency_p95_ms")
    assert limit["value"] > 200
    assert "taken back" in limit["reason"]


def test_junk_wins_no_first_partial(said):
    """The first word that lasts comes no sooner."""
    assert said("junk").level("first_partial") == "not comparable"


def test_flicker_fails_the_gate_unasked(said):
    """Half a minute of another dose on screen."""
    found = said("flickering")
    assert found.level("unsafe_flicker") == "worse"
    assert next(c["verdict"] for c in found.gate["checks"] if c["metric"] == "unsafe_flicker_ms") == "fail"


def test_audio_ahead_of_time_is_an_invalid_measurement(said):
    """No latency of it is compared; the gate is not open, whatever is asked."""
    found = said("early")
    assert found.level("word_latency_p95") == "not comparable"
    assert found.gated == found.alone_gated == 6
    assert "timing not certified in 60 of 60 sessions" in json.dumps(found.gate)


def test_an_honest_improvement_is_called_better_and_passes(tmp_path):
    """The guards take nothing from who is faster and more accurate."""
    found = judged(tmp_path, [honest(i, delay=-100) for i in range(N)])
    assert {"wer", "word_latency_p95", "first_partial", "coverage"} <= set(found.pair["verdict"]["better"])
    assert "WER is better by 16.0 points" in found.sentence
    assert "word latency p95 is better by 100 ms" in found.sentence
    assert (found.compared, found.gated, found.alone_gated) == (0, 0, 0)


def test_a_gate_against_itself_is_misuse(tmp_path):
    """Exit code 2, and one line; so is a comparison with itself."""
    run = store_run(tmp_path, baseline())
    for words in (("gate", run, "--against", run, "--margin", "wer=0.1"), ("compare", run, run)):
        ran = within(*words, "--store", tmp_path, cwd=tmp_path)
        assert ran.returncode == 2
        assert "Play" in ran.stderr
    assert call(tmp_path, "gate", "last", "--against", "last", "--margin", "wer=0.1")[0] == 2


@pytest.mark.parametrize("corpus", [None, CorpusFacts(name="clinic", hash="d" * 64)])
def test_other_references_are_not_compared(tmp_path, corpus):
    """The same ids, other words; whether or not the corpora admit it."""
    other = [
        session(spoken("a b c"), [(700, "final", "a b c"), (1100, "end", "")], utterance=f"u{i:03}") for i in range(N)
    ]
    found = judged(tmp_path, other, **({"corpus": corpus} if corpus else {}))
    why = "the runs differ in corpus" if corpus else "60 of 60 utterances have other references"
    assert found.sentence == f"not comparable: {why}"
    assert (found.compared, found.gated) == (6, 6)
    assert found.pair["verdict"]["worse"] == []


def test_certainty_does_not_come_from_nothing(tmp_path):
    """All ties: the interval has a width, a tiny margin is not met, a sensible one is."""
    perfect = [honest(i) for i in range(20)]
    found = judged(tmp_path, perfect, perfect)
    wer = next(row for row in found.pair["metrics"] if row["metric"] == "wer")
    assert wer["low"] < -0.01 < 0.01 < wer["high"]
    base, run = (store_run(tmp_path, perfect) for _ in range(2))
    assert call(tmp_path, "gate", run, "--against", base, "--margin", "wer=0.000001")[0] == 6
    assert call(tmp_path, "gate", run, "--against", base, "--margin", "wer=0.1")[0] == 0


def test_few_utterances_and_a_large_difference_do_not_contradict(tmp_path):
    """Compare says clearly worse, the gate fails; at n = 2 neither says anything."""
    ours, theirs = [honest(i) for i in range(12)], [honest(i, wrong=4 + i % 2) for i in range(12)]
    found = judged(tmp_path, theirs, ours)
    assert "WER is clearly worse, size uncertain: +45.0 points" in found.sentence
    assert (found.compared, found.gated) == (0, 1)
    few = judged(tmp_path, theirs[:2], ours[:2])
    assert few.pair["verdict"]["worse"] == []
    assert few.gated == 6


def test_more_repeats_change_nothing(tmp_path):
    """One play against three of the same: no error more, and nothing is said to have changed."""
    ours = baseline()
    theirs = [honest(i, wrong=4 if i % 5 < 2 else 0, repeat=r) for r in range(3) for i in range(N)]
    found = judged(tmp_path, theirs, ours, repeats=3)
    assert found.pair["changed"] == []
    assert {row["difference"] for row in found.pair["metrics"]} <= {0, None}


def test_the_order_of_completion_changes_no_digit(tmp_path):
    """The same sessions, ended in another order."""
    theirs = [honest(i, wrong=i % 3) for i in range(30)]
    ours = [honest(i, wrong=i % 4) for i in range(30)]
    one, other = judged(tmp_path, theirs, ours), judged(tmp_path, theirs[::-1], ours)
    assert one.pair["metrics"] == other.pair["metrics"]
