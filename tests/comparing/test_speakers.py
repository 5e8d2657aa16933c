"""Speakers as the unit of evidence: said where they are few, judged by where that is asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from tests.cli.within import within
from tests.stored import heard, store_run
from workbench.comparing.paired import compare_scores
from workbench.reporting.tables.cells import cells_table
from workbench.runs.result import load_result
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import open_run


def spoken_by(speakers, wrong, each=8):
    """``each`` utterances a speaker, those of the first ``wrong`` speakers with one word of three wrong."""
    return [
        heard("no test pain" if s < wrong else "no chest pain", utterance=f"u{s:02}-{i}", speaker=f"s{s}", delay=i)
        for s in range(speakers)
        for i in range(each)
    ]


def test_few_speakers_are_said_in_table_and_sentence(tmp_path):
    """Three speakers: of these; twelve need no remark."""
    base, run = (store_run(tmp_path, spoken_by(3, wrong)) for wrong in (0, 1))
    sentence = within("compare", base, run, "--store", tmp_path, cwd=tmp_path).stdout
    assert "valid for these 3 speakers only" in sentence
    cells = load_result(open_run(tmp_path, run)).cells
    assert any("of these 3 speakers; over speakers WER is" in note for note in cells_table(cells).notes)
    many = load_result(open_run(tmp_path, store_run(tmp_path, spoken_by(12, 3)))).cells
    assert not any("speakers" in note for note in cells_table(many).notes)


def test_one_bad_speaker_of_three_is_no_difference_by_speaker(tmp_path):
    """Eight utterances of one are worse: over utterances shown, over speakers not; the JSON has both intervals."""
    base, run = (store_run(tmp_path, spoken_by(3, wrong)) for wrong in (0, 1))
    words = ("compare", base, run, "--store", tmp_path, "--json")
    by_utterance, by_speaker = (
        json.loads(within(*words, *more, cwd=tmp_path).stdout)["comparisons"][0] for more in ((), ("--by-speaker",))
    )
    assert "wer" in by_utterance["verdict"]["worse"]
    assert by_speaker["verdict"]["worse"] == []
    assert "judged by speaker (3)" in by_speaker["verdict"]["sentence"]
    row = next(r for r in by_utterance["metrics"] if r["metric"] == "wer")
    assert row["low"] > 0 > row["speaker_low"]
    assert row["speakers"] == 3
    again = next(r for r in by_speaker["metrics"] if r["metric"] == "wer")
    assert (again["low"], again["high"]) == (row["speaker_low"], row["speaker_high"])
    margin = ("gate", run, "--against", base, "--margin", "wer=0.02", "--store", tmp_path)
    assert within(*margin, cwd=tmp_path).returncode == 1
    assert within(*margin, "--by-speaker", cwd=tmp_path).returncode == 6


def test_equal_speakers_are_judged_by_the_t_test_of_their_means():
    """scipy's, on the difference of each speaker."""
    rng = np.random.default_rng(2)
    sides = []
    for _ in range(2):
        texts = rng.choice(["no chest pain", "no test pain", "no", "x y z"], 48)
        records = [heard(str(t), utterance=f"u{i:02}", speaker=f"s{i % 6}") for i, t in enumerate(texts)]
        sides.append([score_session(r, normaliser("basic")) for r in records])
    found = compare_scores(*sides, seed=1, by_speaker=True).wer
    change = np.array([b.words.errors - a.words.errors for a, b in zip(*sides, strict=True)])
    means = [change[s::6].sum() / 24 for s in range(6)]
    assert found.p_value == pytest.approx(ttest_1samp(means, 0).pvalue)
    assert found.speakers == 6


def test_speakers_that_are_not_named_cannot_be_judged_by(tmp_path):
    """No interval, and the reason."""
    records = [heard(utterance=f"u{i}") for i in range(8)]
    scores = [score_session(r, normaliser("basic")) for r in records]
    found = compare_scores(scores, scores, seed=1, by_speaker=True).wer
    assert (found.interval, found.p_value) == (None, None)
    assert "speakers are not named" in found.reason
