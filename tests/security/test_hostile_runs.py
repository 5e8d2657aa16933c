"""Forty runs and stores that mean harm, through every verb that reads one; some of each kind through the pages.

Each is refused in one line, shown as damaged, or shown as what it is; nothing is written outside of where the command
writes, nothing that lies beside is read, changed or removed, and no command takes 700 MB.
"""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from tests.security.hostile import HOSTILE
from tests.stored import batch, store_run
from workbench.app import jobs
from workbench.app.router import PAGES

VERBS = (
    "show R",
    "show R --sessions",
    "show R --text",
    "score R --normaliser basic",
    "compare R",
    "gate R --limit wer=1",
    "report R --output out/report.html",
    "runs list",
    "runs label R --name x",
    "runs verify R",
    "runs recover R",
    "resume R",
    "runs export R --format csv --output out/x.csv",
    "runs export R --format webvtt --output out/x",
    "runs export R --format jsonl --output out/x.jsonl",
    "runs merge R",
    "sweep --vary chunk_ms=50,100 --limit 1 --dry-run",
    "runs rm R --yes",
)

# All verbs of a case in one process, forked from one that has imported what they need, which takes longer than a case.
PROGRAM = """
import contextlib, importlib, io, json, os, pkgutil, resource, sys
from workbench import cli, comparing, reporting, runs, scoring, store
for package in (cli, comparing, reporting, runs, scoring, store):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

def play(case):
    os.chdir(case["folder"])
    os.environ.update(case["environment"])
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    resource.setrlimit(resource.RLIMIT_FSIZE, (6 << 30, 6 << 30))
    told = []
    for words in case["asked"]:
        out, err = io.StringIO(), io.StringIO()
        sys.argv = ["workbench", *words]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main()
            except SystemExit as end:
                code = end.code
        told.append([words, code, out.getvalue(), err.getvalue()])
    # Of this program alone: ru_maxrss begins with what the process that started it had.
    return [told, int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024]

for line in sys.stdin:
    assert len(os.listdir("/proc/self/task")) == 1, "a fork would lose threads"
    if os.fork() == 0:
        print(json.dumps(play(json.loads(line))), flush=True)
        sys.exit()
    if os.wait()[1] != 0:
        sys.exit("a case has ended badly")
"""


@pytest.fixture(scope="module")
def program():
    """Plays one case after another, each in a process of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUKI_", "WORKBENCH_")) or k == "WORKBENCH_MODEL"}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", PROGRAM], env=kept, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        yield running
        running.stdin.close()


def fingerprint(*roots):
    """Everything below some folders, links as what they are."""
    seen = {}
    for root in roots:
        for path in sorted([root, *root.rglob("*")]):
            link = str(path.readlink()).encode() if path.is_symlink() else None
            content = path.read_bytes() if link is None and path.is_file() else b""
            seen[str(path)] = (link, hashlib.sha256(content).hexdigest(), path.lstat().st_mode)
    return seen


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A store with a sound run, things beside it that are precious, and a home."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home" / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    for name in ("precious", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("precious")
    (tmp_path / "work" / "out").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("name", HOSTILE)
def test_no_verb_is_led_astray(name, place, program):
    """Codes are ours, lines are one, memory is small, and what lies beside stays as it is."""
    store = place / "runs"
    run_id = store_run(store, batch(2))
    HOSTILE[name](store / run_id)
    before = fingerprint(place / "precious", place / "outside")
    asked = [[run_id if word == "R" else word for word in verb.split()] + ["--store", str(store)] for verb in VERBS]
    places = {name: os.environ[name] for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME")}
    program.stdin.write(json.dumps({"asked": asked, "folder": str(place / "work"), "environment": places}) + "\n")
    program.stdin.flush()
    line = program.stdout.readline()
    assert line, program.stderr.read()[-2000:]
    told, megabytes = json.loads(line)
    for words, code, out, err in told:
        assert code in (0, 1, 2, 3, 4, 5, 6), (words, err)
        assert "workbench: internal error" not in err, (words, err)
        assert "Traceback" not in err, (words, err)
        assert "\x1b" not in out + err, words
        assert "198.51.100.7" not in err or "not trusted" in err or code == 0
    assert megabytes < 700, megabytes
    assert fingerprint(place / "precious", place / "outside") == before
    assert {path.name for path in place.iterdir()} <= {"runs", "precious", "outside", "work", "home"}
    assert {path.name for path in (place / "work").iterdir()} == {"out"}


# Of each kind some; to draw five pages takes seconds.
PAGED = (
    "id is an option",
    "nested objects",
    "terminal escapes",
    "corpus of somebody else",
    "footer that lies",
    "text bomb",
    "nested facts",
    "scores of other kinds",
    "journal that nests",
    "index of lies",
    "job that climbs",
)


@pytest.mark.parametrize("name", PAGED)
def test_no_page_is_led_astray(name, place, monkeypatch):
    """Every page that has runs draws, with the run chosen where it can be."""
    pytest.importorskip("streamlit", reason="the extra 'app' is not installed")
    from streamlit.testing.v1 import AppTest

    store = place / "runs"
    run_id = store_run(store, batch(2))
    HOSTILE[name](store / run_id)
    before = fingerprint(place / "precious", place / "outside")
    monkeypatch.setenv("WORKBENCH_STORE", str(store))
    monkeypatch.chdir(place / "work")
    for facts in PAGES:
        if facts.name not in ("runs", "compare", "latency", "accuracy", "inspect"):
            continue
        drawn = AppTest.from_string(
            f"from workbench.app.pages import {facts.name}\n{facts.name}.page()", default_timeout=300
        )
        drawn.query_params[f"{facts.name}_run"] = run_id
        drawn.run()
        assert not drawn.exception, (facts.name, drawn.exception)
    assert jobs.jobs(store) == []
    assert fingerprint(place / "precious", place / "outside") == before
