"""Names, notes and tags of runs, and references that are marked as wrong."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from tests.stored import batch, store_run
from workbench.cli import cli
from workbench.errors import InputError, StoreError
from workbench.runs.result import load_result
from workbench.store import open_run
from workbench.store.labels import LABELS, RunLabel, flag_reference, flagged, label_run, run_labels


def invoke(*arguments: str) -> Result:
    """The command line in this process."""
    return CliRunner().invoke(cli, arguments)


def test_a_run_is_named_found_by_name_and_the_name_is_taken_away(tmp_path: Path) -> None:
    """The run itself stays as it was."""
    run_id = store_run(tmp_path, batch(2))
    before = {path.name: path.read_bytes() for path in (tmp_path / run_id).iterdir()}
    label = RunLabel("Friday smoke test", "two mics", ("release-1.8",))
    label_run(tmp_path, run_id, label)
    assert run_labels(tmp_path) == {run_id: label}
    label_run(tmp_path, run_id, RunLabel())
    assert run_labels(tmp_path) == {}
    assert {path.name: path.read_bytes() for path in (tmp_path / run_id).iterdir()} == before
    with pytest.raises(InputError, match="too long"):
        label_run(tmp_path, run_id, RunLabel("x" * 121))


def test_damaged_labels_are_named_and_nothing_is_written_over_them(tmp_path: Path) -> None:
    """In one line, with the file."""
    (tmp_path / LABELS).write_text("{")
    with pytest.raises(StoreError, match="labels"):
        label_run(tmp_path, "x", RunLabel("a"))
    assert (tmp_path / LABELS).read_text() == "{"


def test_a_wrong_reference_is_left_out_of_every_result_and_counted(tmp_path: Path) -> None:
    """Of 4 utterances one has a word wrong; without it there is no error left."""
    run = open_run(tmp_path, store_run(tmp_path, batch(4, wrong=1)))
    whole = load_result(run)
    worst = next(score for score in whole.scores if score.words.errors)
    record = next(record for record in run.iter_records() if record.key == worst.key)
    corpus = run.manifest.corpus.name
    flag_reference(tmp_path, corpus, worst.utterance, record.reference.written)
    rest = load_result(run)
    assert rest.excluded == (worst.utterance,)
    assert sum(score.words.errors for score in rest.scores) == 0
    assert len(rest.scores) == 3
    assert {record.key.utterance for record in rest.iter_records()} == {score.utterance for score in rest.scores}
    assert (rest.excluded_sessions, whole.excluded_sessions) == (1, 0)
    # Another text is another reference, and the mark can be taken away.
    flag_reference(tmp_path, corpus, worst.utterance, "something else")
    assert load_result(run).excluded == ()
    flag_reference(tmp_path, corpus, worst.utterance, None)
    assert flagged(tmp_path, corpus) == {}


def test_names_stand_in_list_and_show_and_the_beginning_of_an_id_is_enough(tmp_path: Path) -> None:
    """Two runs that begin alike are told apart by more of the id."""
    first, second = store_run(tmp_path, batch(2)), store_run(tmp_path, batch(2))
    label_run(tmp_path, first, RunLabel("Friday", tags=("smoke",)))
    listed = msgspec.json.decode(invoke("runs", "list", "--store", str(tmp_path), "--json").stdout)
    assert [run["label"] for run in listed["runs"]] == [{"name": "Friday", "tags": ["smoke"]}, {}]
    assert "Friday #smoke" in invoke("runs", "list", "--store", str(tmp_path)).stdout
    short = next(first[:n] for n in range(8, len(first) + 1) if not second.startswith(first[:n]))
    shown = invoke("show", short, "--store", str(tmp_path))
    assert "Friday #smoke" in shown.stdout
    assert msgspec.json.decode(invoke("show", short, "--store", str(tmp_path), "--json").stdout)["run_id"] == first
    with pytest.raises(StoreError, match="several runs begin like this"):
        open_run(tmp_path, first[:8])
    with pytest.raises(StoreError, match="no such run"):
        open_run(tmp_path, "19990101")


def marked(root: Path, run_id: str) -> str:
    """Mark the reference of the one utterance with an error; returns its id."""
    run = open_run(root, run_id)
    worst = next(score for score in load_result(run).scores if score.words.errors)
    reference = next(record for record in run.iter_records() if record.key == worst.key).reference.written
    flag_reference(root, run.manifest.corpus.name, worst.utterance, reference)
    return worst.utterance


def test_compare_says_what_is_excluded_and_scores_it_nowhere(tmp_path: Path) -> None:
    """Under warnings and as JSON, also where the candidate is scored again with the baseline's normaliser."""
    base = store_run(tmp_path, batch(12, wrong=1))
    candidate = store_run(tmp_path, batch(12, wrong=1), name="clinical")
    worst = marked(tmp_path, base)
    told = invoke("compare", base, candidate, "--store", str(tmp_path))
    for run_id in (base, candidate):
        assert f"warning: {run_id}: 1 session excluded, 1 reference marked as wrong: {worst}" in told.stderr
    found = msgspec.json.decode(invoke("compare", base, candidate, "--store", str(tmp_path), "--json").stdout)
    assert found["excluded"] == {base: [worst], candidate: [worst]}
    (pair,) = found["comparisons"]
    assert pair["pairs"] == 11
    assert [row["candidate"] for row in pair["metrics"] if row["metric"] == "wer"] == [0]
    assert any("excluded" in line for line in found["warnings"])
    found = msgspec.json.decode(invoke("trend", "--store", str(tmp_path), "--json").stdout)
    assert [(point["value"], point["n"]) for point in found["trend"]["points"]] == [(0.0, 11)]


def test_a_gate_says_what_is_excluded_and_does_not_call_it_unplayed(tmp_path: Path) -> None:
    """With and without a baseline, in the text, the JSON, the Markdown and the JUnit file."""
    run_id, base = store_run(tmp_path, batch(24, wrong=1)), store_run(tmp_path, batch(24))
    worst = marked(tmp_path, run_id)
    page, junit = tmp_path / "gate.md", tmp_path / "gate.xml"
    files = ("--markdown", str(page), "--junit", str(junit))
    gate = ("gate", run_id, "--limit", "wer=0", "--store", str(tmp_path), *files)
    line = f"{run_id}: 1 session excluded, 1 reference marked as wrong: {worst}"
    told = invoke(*gate)
    assert (told.exit_code, f"warning: {line}" in told.stderr) == (0, True)
    assert f"- warning: {line}" in page.read_text()
    assert line in junit.read_text()
    found = msgspec.json.decode(invoke(*gate, "--json").stdout)
    assert (found["warnings"], found["excluded"]) == ([line], {run_id: [worst]})
    both = msgspec.json.decode(invoke(*gate, "--against", base, "--json").stdout)
    assert both["excluded"] == {run_id: [worst], base: [worst]}
    assert line in both["warnings"]
    flag_reference(tmp_path, open_run(tmp_path, run_id).manifest.corpus.name, worst, None)
    assert msgspec.json.decode(invoke(*gate, "--json").stdout)["excluded"] == {}


def test_a_run_is_labelled_at_the_command_line(tmp_path: Path) -> None:
    """What is not given stays, what is given empty goes; without options it is shown."""
    run_id = store_run(tmp_path, batch(2))

    def label(*words: str) -> dict[str, object]:
        done = invoke("runs", "label", run_id[:20], *words, "--store", str(tmp_path), "--json")
        assert done.exit_code == 0, done.stderr
        found = msgspec.json.decode(done.stdout)
        assert found["run_id"] == run_id
        return found["label"]  # type: ignore[no-any-return]

    assert label() == {}
    full = {"name": "Friday", "note": "two mics", "tags": ["smoke", "release-1.8"]}
    assert label("--name", " Friday ", "--note", "two mics", "--tag", "#smoke", "--tag", "release-1.8 smoke") == full
    assert run_labels(tmp_path) == {run_id: RunLabel("Friday", "two mics", ("smoke", "release-1.8"))}
    assert label() == full
    shown = invoke("runs", "label", "last", "--store", str(tmp_path)).stdout
    assert shown == f"run {run_id}: Friday #smoke #release-1.8\ntwo mics\n"
    assert label("--tag", "") == {"name": "Friday", "note": "two mics"}
    assert label("--note", "") == {"name": "Friday"}
    assert label("--name", "") == {}
    assert run_labels(tmp_path) == {}
    assert "no name" in invoke("runs", "label", "last", "--store", str(tmp_path)).stdout


def test_labels_that_cannot_be_kept_are_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines for a name, no such run, a remote store; nothing is written for any."""
    run_id = store_run(tmp_path, batch(2))
    for words in (("last", "--name", "a\nb"), ("last", *(f"--tag=t{i}" for i in range(21))), ("nobody", "--name", "a")):
        done = CliRunner().invoke(cli, ["runs", "label", *words, "--store", str(tmp_path)])
        assert isinstance(done.exception, InputError | StoreError), words
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="a remote store"):
        label_run("memory://bucket/runs", run_id, RunLabel("a"))
    assert run_labels(tmp_path) == {}
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [run_id]
