"""Runs that were stored before the packages got their present places open, and score as they did then.

``fixtures/before`` was written by the workbench of then: two runs, one of the scripted recogniser with an attempt that
was cut off and one that failed, one of pocketsphinx that failed once; and what ``show`` and ``score`` said of them.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import cli
from workbench.runs.result import load_result
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import score_session
from workbench.store import open_run

BEFORE = Path(__file__).parent / "fixtures" / "before"
RUNS = sorted(path.name for path in (BEFORE / "runs").iterdir())
VERBS = {
    "show": ["show", "--sessions"],
    "basic": ["score", "--normaliser", "basic"],
    "raw": ["score", "--normaliser", "raw"],
}


@pytest.fixture
def store(tmp_path):
    """A copy: what is opened may be scored again."""
    return shutil.copytree(BEFORE / "runs", tmp_path / "runs")


def differences(then: object, now: object, where: str = "") -> list[str]:
    """Where ``now`` lacks something of ``then`` or says it otherwise; what is new may stand beside it."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [line for key, value in then.items() for line in differences(value, now.get(key), f"{where}.{key}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [line for i, (one, other) in pairs for line in differences(one, other, f"{where}[{i}]")]
    return [] if then == now and type(then) is type(now) else [f"{where}: {then!r} then, {now!r} now"]


# What the one reading of clinical text changed in runs of before. Shown as stored, what older rules called meaning is
# unknown; scored again, a number of several words is shown and complete as one, and flicker is about meaning.
UNKNOWN = ("medical_wer", "term_recall", "term_precision", "term_f1", "drug_recall", "value_accuracy", "value_written")
SCORED = {
    "61121T060000000Z-0000b2": [".cells[0].word_latency_p95_ms: 726.133077 then, 673.01777 now"],
    "61126T134044833Z-8bb18e": [".cells[1].unsafe_flicker_ms: 0.0 then, 3157.849134 now"],
}
# Intervals follow from the scores; they were too short for two to four utterances, and had no width without errors.
INTERVALS = (".wer_low:", ".wer_high:")
COLUMNS = ("latency_word_", "latency_reasons", "latency_matched_words", "stability_unsafe_flicker_ns")


# The same reason in other words.
_THIN = re.compile(r"\.reasons\.\w+: 'thin sample: n=(\d+) < (\d+)' then, 'needs \2 recordings; \1 here' now$")


def moved(run_id: str, said: str, found: list[str]) -> list[str]:
    """What else differs than that."""
    found = [line for line in found if not any(end in line for end in INTERVALS) and not _THIN.search(line)]
    if said == "show":
        return [line for line in found if not line.endswith("None now") or not any(f".{n}:" in line for n in UNKNOWN)]
    return [line for line in found if line not in SCORED[run_id[3:]]]


@pytest.mark.parametrize("run_id", RUNS)
@pytest.mark.parametrize("said", VERBS)
def test_the_verbs_say_of_a_run_of_before_what_they_said_then(run_id, said, store):
    """Every number is the same to the last bit, shown as stored or scored again, save for those named above."""
    told = CliRunner().invoke(cli, [*VERBS[said], run_id, "--store", str(store), "--json"])
    assert told.exit_code == 0, told.output
    expected = json.loads((BEFORE / f"{run_id}.{said}.json").read_text())
    now = json.loads(told.stdout)
    assert moved(run_id, said, differences(expected, now)) == []
    for cell in now["cells"] if said == "show" else ():
        why = [cell["reasons"][name] for name in ("critical_errors", "value_accuracy")]
        assert all(text.startswith("scored by older rules") for text in why)


@pytest.mark.parametrize("run_id", RUNS)
def test_every_column_of_a_score_of_before_is_made_again(run_id, store):
    """The records hold what was scored: each stored row follows from its record."""
    run = open_run(store, run_id)
    stored = {(row["cell"], row["utterance"], row["repeat"], row["attempt"]): row for row in run.scores()}
    for record in run.iter_records():
        key = record.key
        row = stored.pop((key.cell, key.utterance, key.repeat, key.attempt))
        kept = {name: value for name, value in row.items() if not name.startswith(("meaning_", "values_", *COLUMNS))}
        assert differences(kept, score_session(record, NORMALISERS["basic"]).to_row(), str(key)) == []
    assert stored == {}


def test_the_runs_of_before_hold_what_they_are_kept_for(store):
    """Two configurations each; sessions that failed, were played again, and are in no latency."""
    results = [load_result(open_run(store, run_id)) for run_id in RUNS]
    assert [[cell.n for cell in result.cells] for result in results] == [[4, 4], [3, 3]]
    assert [sum(cell.failed for cell in result.cells) for result in results] == [1, 1]
    assert [result.run.manifest.counts.superseded for result in results] == [1, 0]
    assert all(any(cell.word_latency_p50_ns is not None for cell in result.cells) for result in results)
    assert any(cell.left_out for result in results for cell in result.cells)
