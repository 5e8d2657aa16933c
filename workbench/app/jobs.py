"""Long work in processes of the command line: started here, remembered on disk, watched from any tab.

A job belongs to the store, not to a tab or to this process: its folder says what was asked, and its output
and its end are read from there. A job is alive as long as it holds the lock that it inherited; a process id alone may
have been given to somebody else. Stopping sends SIGTERM once: what an app that was itself started in the background has
started may be deaf to SIGINT.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from workbench.child_process import python_command
from workbench.errors import InputError, StoreError, WorkbenchError
from workbench.store import StoredRun, index_runs
from workbench.store.files import is_held, lock_holder, private_folder, storing, write_atomic
from workbench.store.manifest import is_run_id

__all__ = ["JOBS", "Job", "JobState", "ask", "forget", "jobs", "output", "run_of", "said", "start", "state_of", "stop"]

JOBS = ".jobs"

JobState = Literal["running", "stopping", "done", "stopped", "failed"]

_RECORD, _OUT, _ERR, _ALIVE, _STOP = "job.json", "stdout", "stderr", "alive", "stop"
_PROGRESS = re.compile(r"^\s*(\d+) of (\d+) sessions")
_ID = re.compile(r"\d{13}-[0-9a-f]{6}")
_MOST = 200_000

# Children of this process; looked at on every listing so that an ended one does not linger in the process table.
_CHILDREN: list[subprocess.Popen[bytes]] = []


class Job(msgspec.Struct, kw_only=True, frozen=True):
    """One started command.

    Attributes:
        job_id: name of its folder; sorts by age.
        title: what people read.
        arguments: arguments of ``workbench``; nothing secret is among them.
        started: Unix time, s.
        pid: id of the process.
        run_id: id of the run it resumes; None if it resumes none.
    """

    job_id: str
    title: str
    arguments: tuple[str, ...]
    started: float
    pid: int
    run_id: str | None = None


def start(
    store: Path,
    title: str,
    arguments: Sequence[str],
    *,
    run_id: str | None = None,
    files: dict[str, bytes] | None = None,
) -> Job:
    """Start ``workbench`` with ``arguments`` in a process of its own, which outlives this one.

    Args:
        store: folder of the runs; passed to the command through the environment.
        title: what people read.
        arguments: arguments of the command; ``{folder}`` stands for the folder of the job.
        run_id: id of the run it resumes; None if it resumes none.
        files: written into the folder first, for instance a sweep file.

    Raises:
        StoreError: the store cannot be written.
    """
    job_id = f"{int(time.time() * 1000):013d}-{secrets.token_hex(3)}"
    folder = store / JOBS / job_id
    with storing(folder):
        private_folder(store / JOBS)
        private_folder(folder)
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
    command_line = tuple(argument.replace("{folder}", str(folder.resolve())) for argument in arguments)
    alive = os.open(folder / _ALIVE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(alive, fcntl.LOCK_EX)
        with (folder / _OUT).open("wb") as out, (folder / _ERR).open("wb") as err:
            child = subprocess.Popen(
                python_command("workbench", *command_line),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=os.environ | {"WORKBENCH_STORE": str(store.resolve())},
                pass_fds=(alive,),
                # Ctrl-C in the terminal of the app ends the app, not what it has started.
                start_new_session=True,
            )
    finally:
        os.close(alive)
    _CHILDREN.append(child)
    job = Job(job_id=job_id, title=title, arguments=command_line, started=time.time(), pid=child.pid, run_id=run_id)
    write_atomic(folder / _RECORD, lambda file: file.write(msgspec.json.encode(job)))
    return job


def jobs(store: Path) -> list[Job]:
    """Every job of the store that is not forgotten, newest first; what cannot be read is left out."""
    _CHILDREN[:] = [child for child in _CHILDREN if child.poll() is None]
    try:
        names = sorted((path.name for path in (store / JOBS).iterdir() if _ID.fullmatch(path.name)), reverse=True)
    except OSError:
        return []
    readable = []
    for name in names:
        with contextlib.suppress(OSError, msgspec.DecodeError, UnicodeError, RecursionError):
            job = msgspec.json.decode((store / JOBS / name / _RECORD).read_bytes(), type=Job)
            if job.job_id == name and (job.run_id is None or is_run_id(job.run_id)):
                readable.append(job)
    return readable


def state_of(store: Path, job: Job) -> JobState:
    """What a job is doing, or how it ended: a command that ends well prints JSON, a stopped one was told to stop."""
    folder = store / JOBS / job.job_id
    stopping = (folder / _STOP).exists()
    if is_held(folder / _ALIVE):
        return "stopping" if stopping else "running"
    if output(store, job) is not None:
        return "stopped" if stopping and _incomplete(store, job) else "done"
    return "stopped" if stopping else "failed"


def _incomplete(store: Path, job: Job) -> bool:
    run_id = run_of(store, job)
    if run_id is None:
        return False
    try:
        return StoredRun(store / run_id).status != "committed"
    except StoreError:
        return False


def output(store: Path, job: Job) -> dict[str, Any] | None:
    """The JSON object that the command printed; None while there is none."""
    try:
        answer = msgspec.json.decode((store / JOBS / job.job_id / _OUT).read_bytes())
    except (OSError, msgspec.DecodeError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def said(store: Path, job: Job) -> tuple[list[str], tuple[int, int] | None]:
    """What the command told people, and its newest progress.

    Returns:
        Lines of its standard error, and (done, of how many) where it counts sessions.
    """
    try:
        with (store / JOBS / job.job_id / _ERR).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _MOST))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return [], None
    counted = [match for line in lines if (match := _PROGRESS.match(line))]
    return lines, (int(counted[-1][1]), int(counted[-1][2])) if counted else None


def run_of(store: Path, job: Job) -> str | None:
    """Id of the run that the command writes or wrote; None before it has begun one."""
    if job.run_id is not None:
        return job.run_id
    answer = output(store, job)
    if answer is not None and is_run_id(str(answer.get("run_id"))):
        return str(answer["run_id"])
    began = time.strftime("%Y%m%dT%H%M%S", time.gmtime(job.started - 1))
    try:
        recent = [summary.run_id for summary in index_runs(store) if summary.run_id >= began]
    except WorkbenchError:
        return None
    return next((run_id for run_id in recent if lock_holder(store / run_id) == job.pid), None)


def stop(store: Path, job: Job) -> None:
    """Ask the command to end, as Ctrl-C does; nothing recorded is lost. Asking again changes nothing.

    Raises:
        InputError: it has ended already.
    """
    folder = store / JOBS / job.job_id
    if not is_held(folder / _ALIVE):
        raise InputError("this work has ended already", item=job.title, action="Start it again")
    if (folder / _STOP).exists():
        return
    (folder / _STOP).touch(0o600)
    with contextlib.suppress(ProcessLookupError):
        os.kill(job.pid, signal.SIGTERM)


def forget(store: Path, job: Job) -> None:
    """Remove what a job that has ended left behind; its run stays.

    Raises:
        InputError: it still runs.
    """
    folder = store / JOBS / job.job_id
    if is_held(folder / _ALIVE):
        raise InputError("this work has not ended", item=job.title, action="Stop it first")
    with storing(folder):
        shutil.rmtree(folder)


def ask(
    store: Path, arguments: Sequence[str], timeout_s: float = 60.0, files: dict[str, bytes] | None = None
) -> dict[str, Any]:
    """Run a short command to its end and return the JSON object that it prints, whatever its exit code says.

    Args:
        store: folder of the runs.
        arguments: arguments of ``workbench``; ``{folder}`` stands for a folder that holds ``files``.
        timeout_s: time after which it is ended.
        files: written first, for instance a sweep file.

    Raises:
        InputError: it printed none; with the line that it told people.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        for name, content in (files or {}).items():
            (Path(folder) / name).write_bytes(content)
        return _answer(store, [argument.replace("{folder}", folder) for argument in arguments], timeout_s)


def _answer(store: Path, arguments: Sequence[str], timeout_s: float) -> dict[str, Any]:
    environment = os.environ | {"WORKBENCH_STORE": str(store.resolve())}
    command = python_command("workbench", *arguments)
    name = f"workbench {arguments[0]}"
    try:
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, env=environment, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            "no answer in time",
            item=name,
            got=f"nothing after {timeout_s:.0f} s",
            action="Try again; the machine may be busy",
        ) from None
    try:
        answer: dict[str, Any] = msgspec.json.decode(ended.stdout, type=dict[str, Any])
    except msgspec.DecodeError:
        lines = ended.stderr.decode("utf-8", "replace").splitlines()
        problem = lines[-1].removeprefix("workbench: ") if lines else f"exit code {ended.returncode}, and no word"
        raise InputError(problem, item=name) from None
    return answer
