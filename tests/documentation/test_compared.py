"""Every row of docs/compared.md shows what it says: its command runs, or its page is there."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from tests.documentation.commands import ROOT, unknown_parts
from tests.quick import resolved, short_corpus
from tests.stored import batch, heard, store_run
from workbench.app.routes import app_routes
from workbench.cli import cli
from workbench.corpus import builtin_corpora, load_corpus
from workbench.corpus.importers import import_corpus
from workbench.playing.stop import Stop
from workbench.runs.evaluate import evaluate
from workbench.runs.sweep import cell_from
from workbench.settings import Settings
from workbench.store import CorpusFacts

PAGE = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| \d.*$", PAGE, re.MULTILINE)]
SHOWN = [re.findall("`([^`]*)`", row[-1]) for row in ROWS]
COMMANDS = sorted({one for shown in SHOWN for one in shown if one.startswith("workbench ")})

ELSEWHERE = {
    "workbench capacity --sessions 20 --seconds 5": (
        "instrument/capacity/test_capacity.py",
        '"capacity", "--sessions"',
    ),
    "workbench capacity --sessions 20 --arrivals": ("instrument/capacity/test_capacity.py", "arrivals=True"),
    "workbench run --cluster tcp://scheduler:8786": ("runs/test_cluster.py", '"--cluster", cluster.scheduler_address'),
    "workbench run --offline-baseline --limit 4": ("runs/test_offline_baseline.py", "offline_baseline=True"),
    "workbench simulate --scenario faults.toml": ("faults/test_scenario.py", '"--scenario"'),
    "workbench simulate --port 8765": ("simulator/test_local.py", '"simulate"'),
    "workbench calibrate --sessions 10": ("security/test_canaries.py", '"calibrate", "--sessions"'),
}
"""What needs seconds, a second machine or a model: the test that runs it, and where in it."""
MOMENT = ["--set", "pace=inf"]
PLAYED = {
    "workbench run --corpus clinic --limit 4": MOMENT,
    "workbench run --aa --limit 4": MOMENT,
    "workbench resume last": [],
    "workbench watch watch.toml --times 1": [],
}
"""What is run against a scripted service, and what is added so that it takes a moment."""


def test_eighty_rows_in_order_each_with_something_to_see():
    """Sixty that others have, twenty that none has; a row without a command or page is a *no* that gives its reason."""
    assert [int(row[0]) for row in ROWS] == list(range(1, 81))
    assert [len(row) for row in ROWS] == [5] * 60 + [4] * 20
    assert all(len(shown) == 1 for row, shown in zip(ROWS, SHOWN, strict=True) if row[-1] != "–")
    refused = [row[3] for row in ROWS[:60] if row[-1] == "–" or row[3].startswith("no")]
    assert len(refused) == 9
    assert all(re.match("no: .{15}", reason) for reason in refused)


def test_every_address_is_a_page_of_the_app():
    """As its table of routes has them."""
    wanted = {one for shown in SHOWN for one in shown if not one.startswith("workbench ")}
    assert len(wanted) == 6
    assert wanted <= {getattr(route, "path", None) for route in app_routes()}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two stored runs of a corpus that is there, and the files that commands name."""
    made = tmp_path_factory.mktemp("compared")
    corpus = load_corpus(builtin_corpora()["librivox"])
    utterance = corpus.utterances[0]
    facts = CorpusFacts(name="librivox", hash=corpus.sha256, location=str(corpus.root))
    words = {}
    for name, delay in (("BASE", 0), ("CAND", 5)):
        played = heard(utterance=utterance.id, chunks=-(-utterance.samples // 1_600), delay=delay)
        played.samples = utterance.samples
        records = [played, *batch(6, delay=delay, wrong=1, speaker="ann")]
        words[name] = store_run(made / "runs", records, corpus=facts)
    pair = {"reference": "no chest pain", "hypothesis": "no chest pains"}
    (made / "pairs.jsonl").write_text(json.dumps(pair) + "\n")
    return made, words | {"ID": utterance.id}


@pytest.mark.parametrize("command", [one for one in COMMANDS if one not in ELSEWHERE | PLAYED])
def test_every_command_that_needs_no_service_runs(command, place, monkeypatch):
    """A gate of six utterances may not judge; everything else ends well, and says something."""
    made, table = place
    if "mlflow" in command:
        pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
    if command.endswith("my-corpus"):
        monkeypatch.chdir(import_from(made, new="import" in command))
    else:
        monkeypatch.chdir(made)
    monkeypatch.setenv("WORKBENCH_STORE", str(made / "runs"))
    words = [table.get(word, word) for word in shlex.split(command)[1:]]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None, done.exception
    assert (done.return_value or 0) in ((0, 1, 6) if words[0] == "gate" else (0,)), done.output
    assert done.output


def import_from(made, *, new):
    """A folder with a file of NeMo of one recording; with the data set ``my-corpus`` too unless it is ``new``."""
    folder = made / ("new" if new else "imported")
    folder.mkdir()
    utterance = load_corpus(builtin_corpora()["librivox"]).utterances[0]
    row = {"audio_filepath": str(utterance.audio), "text": utterance.reference.spoken, "duration": 1.0}
    (folder / "data.jsonl").write_text(json.dumps(row) + "\n")
    if not new:
        import_corpus("nemo", folder / "data.jsonl", folder / "my-corpus")
    return folder


@pytest.mark.parametrize("command", PLAYED)
def test_every_command_that_plays_runs(command, scripted_service, tmp_path, monkeypatch):
    """On a service that says one sentence to everybody."""
    for name, value in (("ID", scripted_service.partner_id), ("TOKEN", scripted_service.partner_token)):
        monkeypatch.setenv(f"SUKI_PARTNER_{name}", value)
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    if "watch" in command:
        text = f'corpus = "{short_corpus(tmp_path / "short", 1)}"\n[base]\npace = "inf"\n[watch]\nevery = "1min"\n'
        (tmp_path / "watch.toml").write_text(text)
    if "resume" in command:
        stopped_run(short_corpus(tmp_path / "short", 3), scripted_service.url, tmp_path / "runs")
    words = [*shlex.split(command)[1:], *PLAYED[command], "--endpoint", scripted_service.url]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert (done.exception, done.return_value or 0) == (None, 0), done.output
    assert done.output


def stopped_run(folder, url, store):
    """A run that was stopped after its first session."""
    stop = Stop()
    corpus = load_corpus(folder)
    cells = (cell_from({"pace": "inf"}, item="test"),)
    asked = resolved(corpus=corpus, utterances=corpus.utterances, cells=cells, concurrency=1)
    begun = evaluate(asked, Settings(endpoint=url, store=store), on_session=lambda *_: stop.request(), stop=stop)
    assert not begun.complete


@pytest.mark.parametrize("command", ELSEWHERE)
def test_every_other_command_exists_and_is_run_elsewhere(command):
    """Verbs and flags, as ``--help`` has them."""
    assert unknown_parts(command) == []
    file, words = ELSEWHERE[command]
    assert words in (ROOT / "tests" / file).read_text(encoding="utf-8")
