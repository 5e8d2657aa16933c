"""Every row of docs/compared.md shows what it says: its command runs, or its page is there."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from tests.documentation.commands import ROOT, unknown_parts
from tests.stored import batch, heard, store_run
from workbench.app.routes import app_routes
from workbench.cli import cli
from workbench.corpus import builtin_corpora, load_corpus
from workbench.store import CorpusFacts

PAGE = (ROOT / "docs" / "compared.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\| \d.*$", PAGE, re.MULTILINE)]
SHOWN = [re.findall("`([^`]*)`", row[-1]) for row in ROWS]
COMMANDS = sorted({one for shown in SHOWN for one in shown if one.startswith("workbench ")})

NEEDS_MORE = re.compile("workbench (run |simulate|capacity|calibrate|watch|resume|datasets (align|import))|.*mlflow")
"""What needs a service, minutes, an extra, or somebody's files."""


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


@pytest.mark.parametrize("command", [one for one in COMMANDS if not NEEDS_MORE.match(one)])
def test_every_command_that_reads_stored_runs_runs(command, place, monkeypatch):
    """A gate of six utterances may not judge; everything else ends well, and says something."""
    made, table = place
    monkeypatch.chdir(made)
    monkeypatch.setenv("WORKBENCH_STORE", str(made / "runs"))
    words = [table.get(word, word) for word in shlex.split(command)[1:]]
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None, done.exception
    assert (done.return_value or 0) in ((0, 1, 6) if words[0] == "gate" else (0,)), done.output
    assert done.output


@pytest.mark.parametrize("command", [one for one in COMMANDS if NEEDS_MORE.match(one)])
def test_every_other_command_exists_with_its_options(command):
    """Verbs and flags, as ``--help`` has them."""
    assert unknown_parts(command) == []
