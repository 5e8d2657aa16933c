"""However a command is stopped: one line, the right exit code, nothing half-written; in real processes."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.machine import FULL, ROWS
from tests.corpus.own_data_sound import speech
from tests.stored import batch, stored
from workbench.audio.files import write_audio
from workbench.store.files import write_atomic

WORKBENCH = [sys.executable, "-P", "-m", "workbench"]


@pytest.fixture
def corpus(tmp_path):
    write_audio(tmp_path / "a.wav", speech(), 16_000)
    row = {"id": "caf\u00e9 💊", "audio": "a.wav", "reference": "Seven words and not one more today."}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "list.csv").write_text("file,text\na.wav,one two\n")
    return tmp_path


def called(row, cwd):
    """Exit code and lines on stderr."""

    def bounded():
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell leaves what is in the background deaf to it
        if row.limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (row.limit, row.limit))

    reading, writing = os.pipe()
    if row.stdout == "gone":
        os.close(reading)
    out = open(row.stdout, "w") if row.stdout == FULL else writing  # noqa: PTH123, SIM115
    process = subprocess.Popen(
        [*WORKBENCH, *row.arguments], cwd=cwd, env=os.environ | row.env, stdin=subprocess.DEVNULL, stdout=out,
        stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=bounded,  # noqa: PLW1509  it sets a limit and nothing else
    )  # fmt: skip
    os.close(writing)
    for delay in row.interrupts:
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=300)
    if row.stdout == FULL:
        out.close()
    if row.stdout != "gone":
        os.close(reading)
    return process.returncode, [line for line in err.splitlines() if line]


def test_no_row_stands_twice():
    """And the table is as long as was promised."""
    assert len({row.kind for row in ROWS}) == len(ROWS) >= 15


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.kind, marks=[pytest.mark.slow] if row.slow else []) for row in ROWS]
)
def test_the_table_of_machines(corpus, row):
    """One line or none, the exit code, nothing half-written."""
    if row.stdout == FULL and not Path(FULL).exists():
        pytest.skip(f"needs {FULL}")
    if "--store" in row.arguments:
        stored(corpus / "runs", batch(3))
    for name in row.kept:
        (corpus / name).write_text("as it was")
    status, lines = called(row, corpus)
    assert status == row.status, lines
    spoken = [line for line in lines if line.startswith("workbench: ")]
    if row.says is None:
        assert lines == []
    else:
        assert len(spoken) == 1, lines
        assert lines[-1] == spoken[0]
        assert row.says in spoken[0]
    assert not [line for line in lines if line.startswith(("Traceback", "  File", "Exception ignored"))], lines
    assert not [name for name in row.gone if (corpus / name).exists()]
    assert all((corpus / name).read_text() == "as it was" for name in row.kept)
    assert not [path for path in corpus.rglob("*") if path.name.endswith((".part", ".partial"))]


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    """``--output /dev/stdout`` must not put a file in its place."""
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_atomic(tmp_path / "pipe", lambda file: file.write(b"text"))
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert not (tmp_path / "pipe").is_file()


@pytest.mark.parametrize("encoding", ["latin-1", "cp437"])
def test_what_a_terminal_cannot_show_is_replaced_and_json_is_escaped(corpus, encoding):
    """The id has a pill in it."""
    (corpus / "a.wav").unlink()

    def check(*more):
        return subprocess.run(
            [*WORKBENCH, "datasets", "check", ".", *more], cwd=corpus, env=os.environ | {"PYTHONIOENCODING": encoding},
            capture_output=True, encoding=encoding, check=False, timeout=300,
        )  # fmt: skip

    shown = check()
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "café ?: audio file is missing" in shown.stdout
    raw = check("--json")
    assert json.loads(raw.stdout)["problems"][0]["item"] == "café 💊"


def ended(*arguments, cwd):
    """Exit code and stderr of a Python with ``arguments``."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stderr


def test_after_the_last_line_python_complains_of_nothing(tmp_path):
    """Of what was cut off: a coroutine that nobody awaited, an object whose end fails."""
    code = (
        "from workbench.cli.ending import end_interrupted\n"
        "class Broken:\n"
        "    def __del__(self): raise RuntimeError('Event loop is closed')\n"
        "async def never(): pass\n"
        "left = [never(), Broken()]\n"
        "end_interrupted()\n"
    )
    assert ended("-P", "-c", code, cwd=tmp_path) == (130, "workbench: interrupted\n")


def test_ctrl_c_in_a_text_that_is_executed_ends_with_the_same_status(tmp_path):
    """Dataclasses are made so while modules are loaded; with ``-m`` Python would end by the signal."""
    (tmp_path / "called.py").write_text(
        "from workbench.cli.ending import end_interrupted\n"
        "try:\n"
        "    exec('raise KeyboardInterrupt')\n"
        "except KeyboardInterrupt:\n"
        "    end_interrupted()\n"
    )
    assert ended("-m", "called", cwd=tmp_path) == (130, "workbench: interrupted\n")


@pytest.mark.parametrize("module", ["workbench.cli.ending", "workbench.cli.screen", "workbench.cli.run"])
def test_ctrl_c_while_a_module_is_compiled_is_no_fault_of_the_module(tmp_path, module):
    """A compiler may turn what the handler raises into a SyntaxError; nothing is begun, so nothing is raised."""
    code = (
        "import os, signal, sys\n"
        "from workbench.__main__ import start\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}:\n"
        "            try:\n"
        "                os.kill(os.getpid(), signal.SIGINT)\n"
        "            except KeyboardInterrupt:\n"
        "                raise SyntaxError from None\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "sys.argv = ['workbench', 'run', '--help']\n"
        "start()\n"
    )
    assert ended("-P", "-c", code, cwd=tmp_path) == (130, "workbench: interrupted\n")
