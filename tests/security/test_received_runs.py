"""A run or a store from elsewhere leads nowhere: its ids are the names of its folders, its links are not followed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fakes import make_manifest
from tests.stored import batch, store_run
from workbench.app import jobs
from workbench.cli import cli
from workbench.errors import StoreError
from workbench.reporting.html_report import write_report
from workbench.runs.result import load_result
from workbench.store import RunWriter, index_runs, open_run
from workbench.store.files import WriterLock
from workbench.store.remote import remote_of, remote_store


def edited(run: Path, **changes: object) -> Path:
    """A run whose manifest says something else."""
    file = run / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return run


@pytest.mark.parametrize(
    "run_id", ["../../precious", "/etc", "--store=/elsewhere", "20260101T000000000Z-abcdef", "", "."]
)
@pytest.mark.parametrize("verb", [
    ("show",), ("score",), ("report",), ("runs", "verify"), ("runs", "export", "--format", "csv"),
    ("runs", "rm", "--yes"),
    ("resume",), ("gate", "--limit", "wer=1"), ("compare",), ("runs", "recover"),
])  # fmt: skip
def test_a_run_that_is_not_called_as_its_folder_is_damaged(run_id, verb, tmp_path, monkeypatch):
    """For every verb; nothing is written or removed anywhere."""
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "runs"
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    name = store_run(store, batch(2))
    edited(store / name, run_id=run_id)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    done = CliRunner().invoke(cli, [*verb, "--store", str(store), "--", name])
    assert isinstance(done.exception, StoreError), done.exception
    assert "its id is not the name of its folder" in str(done.exception)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.name != ".index.json"}
    assert set(after) == set(before)
    assert [line.status for line in index_runs(store)] == ["damaged"]


def test_one_bad_manifest_disables_nothing_else(tmp_path):
    """Nested without end, not JSON, or longer than any manifest is."""
    good = store_run(tmp_path, batch(2))
    bad = {
        "20200101T000000000Z-00000a": b'{"settings":' + b'{"a":' * 100_000,
        "20200101T000000000Z-00000b": b"[" * 1_000_000,
        "20200101T000000000Z-00000c": b'{"schema_version": 1, "cells": 3}',
        "20200101T000000000Z-00000d": b'{"schema_version": 2, "request": [[]]}',
        "20200101T000000000Z-00000e": b" " * (17 * 1024 * 1024),
    }
    for name, data in bad.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_bytes(data)
    assert {line.run_id: line.status for line in index_runs(tmp_path)} == {
        **dict.fromkeys(bad, "damaged"), good: "committed"
    }  # fmt: skip
    assert open_run(tmp_path, good).run_id == good
    for name in bad:
        with pytest.raises(StoreError, match="damaged"):
            open_run(tmp_path, name)
    for verb in (["runs", "list"], ["show", good], ["sweep", "--vary", "chunk_ms=50,100", "--limit", "1", "--dry-run"]):
        done = CliRunner().invoke(cli, [*verb, "--store", str(tmp_path)])
        assert done.exit_code == 0, done.exception


def test_the_note_of_a_store_is_believed_in_the_own_spool_only(tmp_path, monkeypatch):
    """Elsewhere it would have scores uploaded and other people's runs removed."""
    import fsspec

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fsspec.filesystem("memory").store.clear()
    theirs = RunWriter.create("memory://victim/runs", make_manifest())
    with theirs:
        theirs.commit([])
    assert remote_of(theirs.path) is not None
    store = tmp_path / "received"
    name = store_run(store, batch(2))
    (store / ".store").write_text("memory://victim/runs")
    assert remote_of(store / name) is None
    before = dict(fsspec.filesystem("memory").store)
    assert CliRunner().invoke(cli, ["score", name, "--store", str(store)]).exit_code == 0
    assert CliRunner().invoke(cli, ["runs", "rm", name, "--yes", "--store", str(store)]).exit_code == 0
    assert dict(fsspec.filesystem("memory").store) == before
    assert remote_store("memory://victim/runs") is not None
    fsspec.filesystem("memory").store.clear()


@pytest.mark.parametrize("job", [
    {"job_id": "../../precious"}, {"job_id": "1700000000000-abcdef", "run_id": "--store=/elsewhere"},
])  # fmt: skip
def test_a_job_of_a_received_store_names_no_folder_and_no_option(job, tmp_path):
    """Forgetting it would remove the folder; resuming it would hand the app's job an option."""
    folder = tmp_path / "runs" / jobs.JOBS / "1700000000000-abcdef"
    folder.mkdir(parents=True)
    facts = {"job_id": folder.name, "title": "t", "arguments": [], "started": 0.0, "pid": 1, **job}
    (folder / "job.json").write_text(json.dumps(facts))
    assert jobs.jobs(tmp_path / "runs") == []


def test_an_id_is_no_option_of_the_apps_job(tmp_path, monkeypatch):
    """It stands behind the two dashes."""
    from workbench.app.parts import jobs as panel

    started = []
    monkeypatch.setattr(panel.jobs, "start", lambda store, title, arguments, **_: started.append(arguments))
    monkeypatch.setattr(panel, "store_root", lambda: tmp_path)
    panel.resume_run("--store=/elsewhere")
    assert started == [("resume", "--json", "--", "--store=/elsewhere")]


# -- links and modes -------------------------------------------------------------------------------------------------


def test_a_link_is_not_removed_through(tmp_path):
    """It was called removed and stayed, and what it led to was lost."""
    name = store_run(tmp_path / "elsewhere", batch(2))
    store = tmp_path / "runs"
    store.mkdir()
    (store / name).symlink_to(tmp_path / "elsewhere" / name)
    done = CliRunner().invoke(cli, ["runs", "rm", name, "--yes", "--store", str(store)])
    assert isinstance(done.exception, StoreError)
    assert "link" in str(done.exception)
    assert open_run(tmp_path / "elsewhere", name).scores()


@pytest.mark.parametrize("inside", [".writer.lock", "journal"])
def test_no_verb_writes_through_a_link_in_a_run(inside, tmp_path):
    """The lock emptied what it led to; a journal was written elsewhere."""
    name = store_run(tmp_path / "runs", batch(2), commit=False)
    run, outside = tmp_path / "runs" / name, tmp_path / "outside"
    if inside == "journal":
        shutil.move(run / inside, outside)
    else:
        (run / inside).unlink()
        outside.write_text("precious")
    (run / inside).symlink_to(outside)
    before = {path: path.read_bytes() for path in [outside, *outside.glob("*")] if path.is_file()}
    for verb in (["resume", name, "--endpoint", "simulator"], ["runs", "recover", name], ["runs", "rm", name, "--yes"]):
        done = CliRunner().invoke(cli, [*verb, "--store", str(tmp_path / "runs")])
        if inside == "journal" and verb[1] == "rm":
            assert done.exit_code == 0  # the link goes, what it leads to stays
        else:
            assert done.exit_code != 0
    assert {path: path.read_bytes() for path in [outside, *outside.glob("*")] if path.is_file()} == before
    if inside == ".writer.lock":
        with pytest.raises(StoreError, match="link"):
            WriterLock(run)


@pytest.mark.parametrize("there", ["a file for everybody", "a link"])
@pytest.mark.parametrize("what", ["report", "csv", "junit", "clip"])
def test_what_is_written_is_private_and_never_goes_through_a_link(what, there, tmp_path):
    """Over whatever lies there; the old content of a link's target stays."""
    store = tmp_path / "runs"
    name = store_run(store, batch(3))
    victim = tmp_path / "victim"
    victim.write_text("precious")
    victim.chmod(0o644)
    target = tmp_path / "out"
    if there == "a link":
        target.symlink_to(victim)
    else:
        target.write_text("old")
        target.chmod(0o644)
    if what == "report":
        write_report(target, load_result(open_run(store, name)), light=True)
    elif what == "csv":
        CliRunner().invoke(
            cli, ["runs", "export", name, "--format", "csv", "--output", str(target), "--store", str(store)]
        )
    elif what == "junit":
        CliRunner().invoke(cli, ["gate", name, "--limit", "wer=1", "--junit", str(target), "--store", str(store)])
    else:
        from workbench.reporting.session import Clip

        Clip(b"RIFF", 1.0).save(target)
    assert not target.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert target.read_bytes() not in (b"old", b"precious")
    assert victim.read_text() == "precious"


def test_unfinished_files_have_names_that_nobody_can_guess(tmp_path, monkeypatch):
    """Somebody laid links under the name with the process id."""
    seen = []
    real = os.open
    monkeypatch.setattr(
        "workbench.trust.whole_file.os.open",
        lambda path, flags, *mode: seen.append((path, flags)) or real(path, flags, *mode),
    )
    from workbench.store.files import write_atomic

    write_atomic(tmp_path / "x", lambda file: file.write(b"1"))
    write_atomic(tmp_path / "x", lambda file: file.write(b"2"))
    partial = [(path, flags) for path, flags in seen if str(path).endswith(".partial")]
    assert len({path for path, _ in partial}) == 2
    assert all(flags & os.O_EXCL and flags & os.O_NOFOLLOW for _, flags in partial)


def test_notebooks_and_copies_of_audio_do_not_follow_links_of_the_target(tmp_path):
    """A dangling link was filled; a linked folder took the audio."""
    target = tmp_path / "notebooks"
    target.mkdir()
    from workbench.cli.notebooks import shipped_notebooks

    first = shipped_notebooks()[0].name
    (target / first).symlink_to(tmp_path / "outside.ipynb")
    assert CliRunner().invoke(cli, ["notebooks", str(target)]).exit_code == 0
    assert not (tmp_path / "outside.ipynb").exists()
    from tests.quick import short_corpus

    source = short_corpus(tmp_path / "source", 1)
    audio = next(path for path in source.rglob("*") if path.suffix in (".wav", ".flac"))
    rows = tmp_path / "nemo" / "rows.jsonl"
    rows.parent.mkdir()
    shutil.copy(audio, rows.parent / "a.wav")
    rows.write_text(json.dumps({"audio_filepath": "a.wav", "text": "no pain", "duration": 1.0}) + "\n")
    corpus, outside = tmp_path / "corpus", tmp_path / "elsewhere"
    outside.mkdir()
    corpus.mkdir()
    (corpus / "audio").symlink_to(outside)
    done = CliRunner().invoke(cli, ["datasets", "import", "nemo", str(rows), str(corpus), "--copy"])
    assert done.exit_code != 0
    assert list(outside.iterdir()) == []
