"""Columns and percentiles that are chosen on the command line, lists of runs, and what every verb does alike."""

from __future__ import annotations

import json
import sys

import click
import pytest
from click.testing import CliRunner

from tests.instrument.capacity.test_levels import GOOD
from tests.quick import ask, short_corpus
from tests.stored import batch, store_run
from workbench.cli import cli, main
from workbench.cli.capacity import print_capacity
from workbench.cli.options import in_flags, quiet_option, store_option
from workbench.cli.run import run
from workbench.cli.screen import hint, item_progress, note, store_flag
from workbench.errors import InputError, StoreError
from workbench.instrument.capacity.level import Objective, judge
from workbench.instrument.capacity.ramp import HISTORY, Capacity
from workbench.instrument.history import append_result, stored_results
from workbench.reporting.tables.chosen import chosen_metrics, percentiles
from workbench.runs.evaluate import evaluate
from workbench.scoring.measures import METRICS
from workbench.settings import Settings
from workbench.store.labels import RunLabel, check_label, label_run, run_labels


@pytest.fixture
def call(tmp_path, monkeypatch):
    """The command line over the store of the test, at a width that needs no second block."""
    monkeypatch.setenv("COLUMNS", "900")

    def calling(*words):
        return CliRunner().invoke(cli, [*words, "--store", str(tmp_path)], prog_name="workbench")

    return calling


def cells(shown, first):
    """Cells of the row that begins so, and the headings, by two blanks."""
    lines = shown.stdout.splitlines()
    head = next(i for i, line in enumerate(lines) if line.startswith("──"))
    row = next(line for line in lines if line.startswith(first))
    return [c.strip() for c in lines[head - 1].split("  ") if c.strip()], [
        c.strip() for c in row.split("  ") if c.strip()
    ]


def test_clinical_results_and_stability_are_columns_of_show(tmp_path, call):
    """Of 24 utterances of three words the first 6 have one word wrong: 6 of 72; nothing is taken back."""
    store_run(tmp_path, batch(24, wrong=6))
    headings, row = cells(
        call("show", "last", "--columns", "wer,negations_kept,unstable_ratio,unsafe_flicker_ms"), "clean"
    )
    assert headings == ["audio", "sessions", "failed", "normaliser", "WER [%]", "negations [%]", "unstable [%]",
                        "unsafe flicker [ms]", "trust"]  # fmt: skip
    assert row[:4] == ["clean", "24", "0", "basic"]
    assert row[4].startswith("8.3 (")
    assert row[5].startswith("100.0 (")
    assert row[7] == "0"


def test_a_group_stands_for_its_metrics_and_json_has_them(tmp_path, call):
    """With value, interval and utterances, by name."""
    store_run(tmp_path, batch(24, wrong=6))
    chosen = json.loads(call("show", "last", "--columns", "clinical,stability", "--json").stdout)["cells"][0]["chosen"]
    assert {"critical_errors", "negations_kept", "term_recall", "value_accuracy", "normalised_erasure"} <= set(chosen)
    assert chosen["negations_kept"] == {"value": 1.0, "low": chosen["negations_kept"]["low"], "high": 1.0, "n": 24}
    assert 0.5 < chosen["negations_kept"]["low"] < 1


def test_sessions_take_columns_too(tmp_path, call):
    """The second utterance has a word wrong, the third none."""
    store_run(tmp_path, batch(6, wrong=2))
    shown = call("show", "last", "--sessions", "--columns", "wer,negations_kept")
    assert [line.split()[-2:] for line in shown.stdout.splitlines() if " u0" in line][1:3] == [
        ["33.3", "100.0"], ["0.0", "100.0"],
    ]  # fmt: skip


def test_percentiles_of_latencies_are_chosen(tmp_path, call):
    """Finals come i modulo 7 ms after 100 ms: of 24 the median is 102 or 103, the largest 106."""
    store_run(tmp_path, batch(24))
    headings, row = cells(call("show", "last", "--columns", "wer", "--percentiles", "50,99.9"), "clean")
    shown = dict(zip(headings, row, strict=True))
    assert shown["final p50 [ms]"].split()[0] in ("102", "103")
    assert shown["final p99.9 [ms]"].split()[0] == "106"


def test_compare_has_the_percentiles_that_are_asked_for(tmp_path, call):
    """Thirty milliseconds later throughout; in JSON too."""
    base = store_run(tmp_path, batch(12))
    other = store_run(tmp_path, batch(12, delay=30))
    shown = call("compare", base, other, "--percentiles", "90")
    row = next(line.split() for line in shown.stdout.splitlines() if line.startswith("finalisation p90 [ms]"))
    assert row[-5:] == ["+30", "+29", "to", "+31", "12"]
    (pair,) = json.loads(call("compare", base, other, "--percentiles", "90", "--json").stdout)["comparisons"]
    of = {row["metric"]: row for row in pair["percentiles"]}
    assert of["finalisation_p90_ms"]["difference"] == pytest.approx(30)


@pytest.mark.parametrize("text", ["", "50,x", "0", "100", "50,,90", "nan", "-1"])
def test_what_is_no_percentile_is_named(text):
    """The option, what was got and what was expected."""
    with pytest.raises(InputError) as raised:
        percentiles(text, item="percentiles")
    said = str(in_flags(raised.value, run))
    assert said.startswith("--percentiles: not percentiles")
    assert "50,90,95,99" in said


def test_an_unknown_column_lists_all_metrics():
    """As the option is called."""
    with pytest.raises(InputError) as raised:
        chosen_metrics("wer,weather", item="columns")
    said = str(in_flags(raised.value, run))
    assert said.startswith("--columns: unknown column (got weather; expected accuracy, clinical, stability, latency")
    assert all(metric.name in said for metric in METRICS.values())


@pytest.mark.parametrize("verb", ["run", "show", "demo", "resume"])
def test_columns_help_lists_every_metric(verb, monkeypatch):
    """Nothing is played or opened for it."""
    monkeypatch.setenv("COLUMNS", "200")
    shown = CliRunner().invoke(cli, [verb, "--columns", "help"])
    assert shown.exit_code == 0
    assert all(metric.name in shown.stdout and metric.definition in shown.stdout for metric in METRICS.values())


def test_columns_are_checked_before_anything_is_played(tmp_path):
    """A typing error costs no run."""
    shown = CliRunner().invoke(cli, ["run", "--columns", "weather", "--store", str(tmp_path / "runs")])
    assert isinstance(shown.exception, InputError)
    assert not (tmp_path / "runs").exists()


def test_runs_are_filtered_and_sorted(tmp_path, call):
    """By text in any column, by one column, by number; unknown values last."""
    good = store_run(tmp_path, batch(6))
    bad = store_run(tmp_path, batch(6, wrong=6, cell="noise"))
    live = store_run(tmp_path, batch(6), commit=False)
    label_run(tmp_path, good, RunLabel("Friday", "", ("smoke",)))

    def ids(*words):
        return [run["run_id"] for run in json.loads(call("runs", "list", "--json", *words).stdout)["runs"]]

    assert ids() == [good, bad, live]
    assert ids("--sort", "-wer") == [bad, good, live]
    assert ids("--sort", "wer") == [good, bad, live]
    assert ids("--filter", "settings=noise") == [bad]
    assert ids("--filter", "smoke") == ids("--filter", "name=FRIDAY") == [good]
    assert ids("--filter", "clinic", "--filter", "state=interrupted") == [live]
    headings, row = cells(call("runs", "list"), good)
    assert headings[:6] == ["run", "name", "begun", "state", "data set", "settings"]
    assert dict(zip(headings, row, strict=True))["WER [%]"] == "0.0"
    assert "unknown column (got colour" in str(call("runs", "list", "--sort", "colour").exception)
    assert "3 runs without --filter" in call("runs", "list", "--filter", "nothing like it").stderr


@pytest.mark.parametrize("words", [[], ["runs"], ["datasets"], ["models"]])
def test_a_group_without_a_verb_prints_its_help(words, monkeypatch, capsys):
    """Asked for, so exit code 0."""
    monkeypatch.setattr(sys, "argv", ["workbench", *words])
    monkeypatch.setattr(sys.modules["__main__"], "__package__", "")  # else the usage is that of `python -m pytest`
    with pytest.raises(SystemExit) as ended:
        main()
    shown = capsys.readouterr()
    assert ended.value.code == 0
    assert shown.out.startswith("Usage: workbench")
    assert "Commands:" in shown.out
    assert not shown.err


@click.command()
@quiet_option
@store_option
def talkative(store):
    """Says a hint, a warning and some progress."""
    hint(f"look again: workbench show last{store_flag()}")
    with item_progress("decoding") as advance:
        advance(1, 2)
    note("warning: careful")


def test_quiet_leaves_warnings_and_a_hint_names_the_store():
    """As it was typed, quoted for a shell."""
    assert CliRunner().invoke(talkative, ["--quiet"]).stderr == "warning: careful\n"
    told = CliRunner().invoke(talkative, ["--store", "my runs"]).stderr
    assert told.splitlines()[0] == "look again: workbench show last --store 'my runs'"
    assert "--store" not in CliRunner().invoke(talkative, []).stderr


def test_errors_name_the_store_and_the_program_once(tmp_path, monkeypatch, capsys):
    """What can be pasted finds the same runs; a child's own beginning is dropped."""
    monkeypatch.setattr(sys, "argv", ["workbench", "show", "2026", "--store", str(tmp_path)])
    with pytest.raises(SystemExit):
        main()
    assert f"See `workbench runs list --store {tmp_path}`" in capsys.readouterr().err

    def failing(*_, **__):
        raise StoreError("simulator did not start", got="workbench: no such model")

    monkeypatch.setattr("workbench.store.open_run", failing)
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.count("workbench: ") == 1


def test_a_run_is_named_before_it_is_played(tmp_path, monkeypatch):
    """The label goes with the question; what cannot be a label is refused before a service is opened."""
    seen = {}
    monkeypatch.setattr("workbench.cli.playing.play_and_print", lambda *found: seen.update(label=found[-1]))
    monkeypatch.setattr("workbench.cli.playing.exit_code", lambda *_: 0)
    words = ["--name", " Friday ", "--note", "after the update", "--run-tag", "#smoke", "--run-tag", "v2"]
    CliRunner().invoke(run, words, catch_exceptions=False)
    assert seen["label"] == RunLabel("Friday", "after the update", ("smoke", "v2"))
    with pytest.raises(InputError, match="too long"):
        check_label(tmp_path, RunLabel("x" * 200))


def test_a_run_has_its_name_while_it_is_played(scripted_service, tmp_path):
    """From before its first session on: a list shows what is running."""
    corpus = short_corpus(tmp_path / "short", 1)
    settings = Settings(endpoint=scripted_service.url, store=tmp_path / "runs")
    seen = []
    label = RunLabel("Friday", tags=("smoke",))
    found = evaluate(
        ask(corpus, cells=1), settings, label=label, on_begin=lambda _: seen.append(run_labels(settings.store))
    )
    assert seen == [{found.run.run_id: label}]


def test_load_tests_are_kept_and_listed(tmp_path, call, capsys):
    """Newest last, beside the runs, for their owner alone."""
    level = judge(GOOD, Objective())
    for held in (100, None):
        found = Capacity(endpoint="simulator", recogniser="scripted", arrivals=False, seconds=20.0, objective={},
                         levels=[level], held_sessions=held, gave_way=None if held else "client", reason=None,
                         created="2026-01-05T08:15:00Z")  # fmt: skip
        path = append_result(tmp_path, HISTORY, found)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.held_sessions for one in stored_results(tmp_path, HISTORY, Capacity)] == [100, None]
    shown = call("capacity", "--list").stdout.splitlines()
    assert [line.split()[-2:] for line in shown[2:4]] == [["100", "–"], ["–", "client"]]
    print_capacity(found)
    assert capsys.readouterr().out.splitlines()[-1] == "No level passed; the client was the bottleneck"
    path.write_text("{}\n")
    assert f"{path}:1: a result cannot be read" in str(call("capacity", "--list").exception)


def test_an_empty_list_says_how_to_fill_it(tmp_path, call):
    """Both that measure this machine."""
    for verb in ("capacity", "calibrate"):
        assert f"workbench {verb} --store {tmp_path}" in call(verb, "--list").stderr
    assert list(tmp_path.iterdir()) == []


def test_parts_take_any_percentile(tmp_path, call):
    """One that no table lists, too; of a run with one speaker it is that of the run."""
    store_run(tmp_path, batch(7, speaker="slt"))
    found = json.loads(call("show", "last", "--by", "speaker", "--percentiles", "99.9", "--json").stdout)["parts"]
    assert [(row["slice"], row["n"]) for row in found] == [("slt", 7)]
    shown = json.loads(call("show", "last", "--percentiles", "99.9", "--json").stdout)["cells"][0]["chosen"]
    assert found[0]["word_latency_p99.9_ms"] == shown["word_latency_p99.9_ms"]["value"]
