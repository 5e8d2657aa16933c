"""Work in processes of the command line: started, watched, stopped, remembered."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stored import batch, store_run
from workbench.app import jobs
from workbench.app.jobs import Job
from workbench.app.parts import jobs as panel
from workbench.errors import InputError


def ended(store: Path, job: Job) -> None:
    """Wait for the process itself, no longer than it takes."""
    for child in list(jobs._CHILDREN):
        if child.pid == job.pid:
            child.wait(300)


@pytest.fixture
def waiting(tmp_path: Path) -> Callable[[], Job]:
    """A command that runs until it is stopped: a simulator with scripted answers."""
    return lambda: jobs.start(tmp_path, "a simulator", ("simulate", "--recogniser", "scripted", "--port", "0"))


def test_a_command_that_ends_well_is_done_and_its_output_is_kept(tmp_path: Path) -> None:
    """It works on the store of the app, whatever the environment said before."""
    run_id = store_run(tmp_path, batch(2))
    job = jobs.start(tmp_path, "A list", ("runs", "list", "--json"))
    ended(tmp_path, job)
    assert jobs.state_of(tmp_path, job) == "done"
    found = jobs.output(tmp_path, job)
    assert found is not None
    assert [run["run_id"] for run in found["runs"]] == [run_id]


def test_a_command_that_fails_says_why_in_its_last_line(tmp_path: Path) -> None:
    """The line that a person at a terminal would have read."""
    job = jobs.start(tmp_path, "Nothing there", ("score", "no-such-run", "--json"))
    ended(tmp_path, job)
    assert jobs.state_of(tmp_path, job) == "failed"
    lines, _ = jobs.said(tmp_path, job)
    assert "no-such-run" in lines[-1]


def test_work_that_runs_can_be_stopped_once_and_belongs_to_no_tab(tmp_path: Path, waiting: Callable[[], Job]) -> None:
    """What was started is read from the disk by whoever looks."""
    job = waiting()
    assert jobs.state_of(tmp_path, job) == "running"
    assert [found.job_id for found in jobs.jobs(tmp_path)] == [job.job_id]
    jobs.stop(tmp_path, job)
    jobs.stop(tmp_path, job)
    ended(tmp_path, job)
    assert jobs.state_of(tmp_path, job) == "stopped"
    with pytest.raises(InputError, match="ended already"):
        jobs.stop(tmp_path, job)


def test_work_that_has_just_begun_can_be_stopped_at_once(
    tmp_path: Path, waiting: Callable[[], Job], ground: str
) -> None:
    """Also where the app was started in the background."""
    job = waiting()
    jobs.stop(tmp_path, job)
    ended(tmp_path, job)
    assert jobs.state_of(tmp_path, job) == "stopped"


def test_work_that_runs_is_not_forgotten(tmp_path: Path, waiting: Callable[[], Job]) -> None:
    """Only what has ended can be dismissed, and its run stays."""
    job = waiting()
    with pytest.raises(InputError, match="not ended"):
        jobs.forget(tmp_path, job)
    jobs.stop(tmp_path, job)
    ended(tmp_path, job)
    jobs.forget(tmp_path, job)
    assert jobs.jobs(tmp_path) == []


def test_progress_is_read_from_what_the_command_tells_people(tmp_path: Path) -> None:
    """The newest count wins; other lines are left alone."""
    job = jobs.start(tmp_path, "x", ("runs", "list", "--json"))
    ended(tmp_path, job)
    told = "about 70 s\n  3 of 36 sessions\n  7 of 36 sessions, 1 failed\n"
    (tmp_path / jobs.JOBS / job.job_id / "stderr").write_text(told)
    assert jobs.said(tmp_path, job)[1] == (7, 36)


def test_the_folder_of_the_jobs_is_private_and_no_run(tmp_path: Path) -> None:
    """What commands print may hold names of utterances."""
    job = jobs.start(tmp_path, "x", ("runs", "list", "--json"))
    ended(tmp_path, job)
    assert stat.S_IMODE((tmp_path / jobs.JOBS).stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / jobs.JOBS / job.job_id).stat().st_mode) == 0o700
    found = jobs.output(tmp_path, job)
    assert found is not None
    assert found["runs"] == []


def test_a_record_that_cannot_be_read_is_left_out_of_the_list(tmp_path: Path) -> None:
    """Half a file from a full disk does not take the page away."""
    job = jobs.start(tmp_path, "x", ("runs", "list", "--json"))
    ended(tmp_path, job)
    (tmp_path / jobs.JOBS / job.job_id / "job.json").write_bytes(b"{")
    assert jobs.jobs(tmp_path) == []


def test_a_process_id_that_somebody_else_has_now_is_not_taken_for_the_job(tmp_path: Path) -> None:
    """A job is alive as long as it holds its lock; stopping signals nobody else."""
    job = jobs.start(tmp_path, "x", ("runs", "list", "--json"))
    ended(tmp_path, job)
    ours = Job(job_id=job.job_id, title="x", arguments=(), started=job.started, pid=os.getpid())
    with pytest.raises(InputError):
        jobs.stop(tmp_path, ours)


def test_a_short_command_answers_at_once_or_says_why_not(tmp_path: Path) -> None:
    """JSON whatever the exit code; else the line that people were told."""
    assert jobs.ask(tmp_path, ("runs", "list", "--json"))["runs"] == []
    with pytest.raises(InputError, match="no-such-corpus"):
        jobs.ask(tmp_path, ("datasets", "check", "no-such-corpus", "--json"))


def test_secrets_are_in_no_record_of_a_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is inherited, never written down."""
    monkeypatch.setenv("SUKI_PARTNER_ID", "partner-quillfeather")
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "token-quillfeather")
    job = jobs.start(tmp_path, "x", ("runs", "list", "--json"))
    ended(tmp_path, job)
    for file in (tmp_path / jobs.JOBS / job.job_id).iterdir():
        assert b"quillfeather" not in file.read_bytes()


def test_the_end_of_work_is_drawn_by_the_page_and_not_by_the_panel_that_watched_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A button that is drawn twice in a moment is lost to whoever clicks on the first one."""

    class AgainError(Exception):
        """The script ends here, as at a rerun."""

    def again(scope: str) -> None:
        raise AgainError(scope)

    ended(tmp_path, jobs.start(tmp_path, "A list", ("runs", "list", "--json")))
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    drawn: list[str] = []
    monkeypatch.setattr(panel, "_draw", lambda page, _: drawn.append(page))
    monkeypatch.setattr(panel.st, "rerun", again)
    with pytest.raises(AgainError, match="app"):
        panel._watched("sweep")
    assert drawn == []
