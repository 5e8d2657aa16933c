"""The README says what is so: its help is the command line's, and its commands run."""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.within import within
from tests.documentation.commands import ROOT, blocks, commands, unknown_parts
from tests.documentation.generated import renewed
from tests.installed import clean_environment
from tests.ports import free_port

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
SERVERS = {"app": "http://", "simulate": "Suki simulator"}
"""Verbs that run until they are interrupted, and what they say when they are ready."""
GROUNDS = ("in the background", "in the foreground")
"""Of the app and of the simulator; the other way round in security/test_canaries.py and simulator/test_local.py."""


def test_the_help_is_that_of_the_command_line():
    """Renew it with ``python -m tests.documentation.generated``."""
    assert renewed("README.md") == TEXT


def test_the_readme_stays_readable():
    """Under 250 lines, an example run in it."""
    assert len(TEXT.splitlines()) < 250
    example = TEXT.partition("<!-- example of make demo -->")[2].partition("<!-- end of example -->")[0]
    assert "clean 16 kHz" in example


@pytest.mark.parametrize("command", commands(README))
def test_every_command_of_the_readme_exists_with_its_options(command):
    """Verbs and flags are looked up in the command line itself."""
    assert unknown_parts(command) == []


def test_every_console_line_is_a_command_that_a_test_runs():
    """Beside ours only the two of make, which a build runs, and the variables of a partner."""
    lines = "\n".join(blocks(README, "console")).splitlines()
    others = [line for line in lines if line and not line.startswith("workbench ")]
    assert others == ["make demo", "make test", "export SUKI_PARTNER_ID=... SUKI_PARTNER_TOKEN=..."]
    makefile = (ROOT / "Makefile").read_text()
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in ("demo", "test"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, recognising_service):
    """A folder as a reader would have it: examples, a corpus, two runs to compare, and a last one of two cells."""
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "examples", made / "examples")
    shutil.copytree(ROOT / "examples" / "corpus", made / "my-corpus")
    for verb in (["run"], ["run"], ["sweep", "--vary", "sample_rate_hz=16000,8000"]):
        done = within(*verb, "--corpus", "my-corpus", "--endpoint", recognising_service.url, cwd=made)
        assert done.returncode == 0, done.stderr
    return made


def run(words: list[str], folder: Path, timeout_s: float = 150) -> subprocess.CompletedProcess[str]:
    """A command in the folder."""
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        cwd=folder, capture_output=True, text=True, timeout=timeout_s, check=False,
        env=clean_environment(WORKBENCH_MODEL="general"),
    )  # fmt: skip


def as_played(command: str, folder: Path, staging: str) -> list[str]:
    """The command's words, with staging played by a simulator, runs by their ids, and no more than needs be."""
    base, cand = sorted(path.name for path in (folder / ".runs").iterdir() if path.is_dir())[:2]
    words = [{"BASE": base, "CAND": cand, "staging": staging}.get(word, word) for word in shlex.split(command)[1:]]
    if "--limit" in words and words[0] in ("run", "sweep") and "--dry-run" not in words:
        words += ["--limit", "1"]
    return words


@pytest.mark.slow
@pytest.mark.parametrize("command", [c for c in commands(README) if c.split()[1] not in SERVERS])
def test_every_command_of_the_readme_runs(command, folder, recognising_service):
    """In the order of the page; a gate and a busy machine may say no, with the exit code for it."""
    done = run(as_played(command, folder, recognising_service.url), folder)
    allowed = {"gate": (0, 1, 6), "doctor": (0, 6), "capacity": (0, 1, 6), "calibrate": (0, 6)}
    assert done.returncode in allowed.get(command.split()[1], (0,)), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "ground"),
    list(zip([c for c in commands(README) if c.split()[1] in SERVERS], GROUNDS, strict=True)),
    indirect=["ground"],
)
def test_every_server_of_the_readme_starts(command, tmp_path, ground):
    """It says where it is, and ends when it is interrupted."""
    words = shlex.split(command)[1:]
    words = [word for word in words if word != "--port" and not word.isdigit()] + ["--port", str(free_port())]
    environment = clean_environment(PYTHONUNBUFFERED="1", WORKBENCH_STORE=str(tmp_path), WORKBENCH_MODEL="general")
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", *words],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        ready = SERVERS[words[0]]
        assert any(ready in line for line in process.stdout), ready
        os.killpg(process.pid, signal.SIGINT)
        process.stdout.close()
        process.wait(200)
    finally:
        process.kill()  # what is still there would outlive the tests
        process.wait()


def test_the_python_of_the_readme_parses_and_uses_public_names():
    """What it plays is played by the notebooks."""
    import workbench as wb

    (block,) = blocks(README, "python")
    used = {
        node.attr
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "wb"
    }
    assert used <= set(wb.__all__)
    for name in ("df", "recordings", "words", "latency_figure", "session"):
        assert hasattr(wb.Run, name)


@pytest.mark.slow
def test_the_python_of_the_readme_runs_with_the_default_model(tmp_path):
    """One of its eight recordings, heard by whisper: what it says has capitals, digits and full stops."""
    (block,) = blocks(README, "python")
    assert "limit=8" in block
    shown = "assert run.complete\nprint([run.session(u).screen.text.iloc[-1] for u in run.df.utterance])"
    done = subprocess.run(
        [sys.executable, "-c", f"{block.replace('limit=8', 'limit=1')}\n{shown}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=150, check=False, env=clean_environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for text in ast.literal_eval(done.stdout):
        assert text[0].isupper()
        assert text.endswith(".")
