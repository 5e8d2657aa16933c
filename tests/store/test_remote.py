"""Stores behind an address: published whole, read through a private copy."""

from __future__ import annotations

import stat
from pathlib import Path

import fsspec
import pytest

from tests.fakes import PLAIN, RAW, make_manifest, make_record
from workbench.errors import StoreError
from workbench.store import RunWriter, index_runs, list_runs, open_run, verify_run
from workbench.store.remote import local_folder, remote_of, remote_store

SCORES = [{"cell": "clean", "utterance": "u1", "repeat": 0, "attempt": 0, "wer": 0.5}]


@pytest.fixture
def url(tmp_path, monkeypatch):
    """A store in memory, and a machine with an empty cache."""
    machine(tmp_path, monkeypatch, "one")
    fsspec.filesystem("memory").store.clear()
    yield "memory://bucket/runs"
    fsspec.filesystem("memory").store.clear()


def machine(tmp_path, monkeypatch, name):
    """From here on we are another machine with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / name))


def published(url, utterance="u1"):
    with RunWriter.create(url, make_manifest(planned=1)) as writer:
        writer.add(make_record(utterance))
        writer.commit(SCORES)
    return writer.path


def test_a_committed_run_is_there_for_another_machine(url, tmp_path, monkeypatch):
    """Records and scores come back equal, and the run is sound."""
    first, second = published(url), published(url, "u2")
    machine(tmp_path, monkeypatch, "two")
    assert [run.run_id for run in index_runs(url)] == [first.name, second.name]
    run = open_run(url)
    assert run.path.is_relative_to(tmp_path / "two")
    assert run.records() == [make_record("u2")]
    assert (run.scores(), run.normaliser) == (SCORES, RAW)
    assert open_run(url, first.name).records() == [make_record("u1")]
    assert [str(f) for f in verify_run(open_run(url, first.name))] == []
    assert [run.run_id for run in list_runs(url)] == [first.name, second.name]
    assert stat.S_IMODE(run.path.stat().st_mode) == 0o700


def test_nothing_is_published_before_the_commit(url, tmp_path, monkeypatch):
    """Others see a run whole or not at all; this machine sees and resumes what it has."""
    with RunWriter.create(url, make_manifest()) as writer:
        writer.add(make_record("u1"))
        assert open_run(url).status == "live"
    machine(tmp_path, monkeypatch, "two")
    assert index_runs(url) == []
    with pytest.raises(StoreError, match="there is no run yet"):
        open_run(url)
    machine(tmp_path, monkeypatch, "one")
    with RunWriter.resume(open_run(url, writer.path.name).path) as again:
        again.add(make_record("u2"))
        again.commit([])
    machine(tmp_path, monkeypatch, "two")
    assert len(open_run(url).records()) == 2


def test_rescoring_reaches_the_others(url, tmp_path, monkeypatch):
    """New scores are uploaded, and fetched where the run was opened before."""
    published(url)
    machine(tmp_path, monkeypatch, "two")
    assert open_run(url).scores() == SCORES
    machine(tmp_path, monkeypatch, "one")
    open_run(url).replace_scores([{"wer": 0.0}], PLAIN)
    machine(tmp_path, monkeypatch, "two")
    assert open_run(url).scores() == [{"wer": 0.0}]
    assert open_run(url).normaliser == PLAIN


def test_a_removed_run_is_gone_everywhere(url, tmp_path, monkeypatch):
    """Copies on other machines go when they next look; runs that were never published stay."""
    published(url)
    machine(tmp_path, monkeypatch, "two")
    assert len(index_runs(url)) == 1
    with RunWriter.create(url, make_manifest()) as own:
        own.add(make_record("u1"))
    machine(tmp_path, monkeypatch, "one")
    open_run(url).remove()
    assert index_runs(url) == []
    assert not [file for file in fsspec.filesystem("memory").find("/bucket") if "manifest" in file]
    machine(tmp_path, monkeypatch, "two")
    assert [run.run_id for run in index_runs(url)] == [own.path.name]
    open_run(url).remove()
    assert index_runs(url) == []


def test_files_that_are_here_are_not_fetched_again(url, monkeypatch):
    """Frames are large and never change under one manifest."""
    published(url)
    system = fsspec.filesystem("memory")
    fetched = []
    real = type(system).cat_file
    monkeypatch.setattr(
        type(system), "cat_file", lambda self, path, **kw: fetched.append(path) or real(self, path, **kw)
    )
    open_run(url)
    assert not [path for path in fetched if path.endswith(("frames.parquet", "sessions.parquet"))]


def test_a_store_that_fails_is_one_line_and_the_run_stays_here(url, monkeypatch):
    """The commit is done on this machine; publishing can be tried again by resuming and committing."""
    system = fsspec.filesystem("memory")

    def refuse(*_, **__):
        raise ConnectionError("no route to host")

    with RunWriter.create(url, make_manifest()) as writer:
        writer.add(make_record("u1"))
        with monkeypatch.context() as patched:
            patched.setattr(type(system), "put_file", refuse)
            with pytest.raises(
                StoreError, match=r"memory://bucket/runs: the store cannot be reached .*ConnectionError"
            ):
                writer.commit(SCORES)
    assert open_run(url).committed
    assert open_run(url).records() == [make_record("u1")]
    assert not fsspec.filesystem("memory").find("/bucket")
    with RunWriter.resume(writer.path) as again:
        again.commit(SCORES)
    assert fsspec.filesystem("memory").find("/bucket")


def test_an_address_is_told_from_a_folder(tmp_path):
    """Also when it went through a path; ``file:`` is a folder."""
    assert remote_store(Path("memory://bucket/runs")).url == "memory://bucket/runs"
    assert remote_store(tmp_path) is None
    assert remote_store(".runs") is None
    assert remote_store("C:/runs") is None
    assert remote_store(f"file://{tmp_path}") is None
    assert local_folder(f"file://{tmp_path}") == local_folder(tmp_path) == tmp_path
    assert remote_of(tmp_path / "run") is None
    with RunWriter.create(f"file://{tmp_path}", make_manifest()) as writer:
        assert writer.path.parent == tmp_path
    assert open_run(f"file://{tmp_path}").path == writer.path


@pytest.mark.parametrize("address", ["nosuch://bucket/runs", "memory2://x"])
def test_an_unknown_kind_of_store_is_one_line(address):
    """The address is named."""
    with pytest.raises(StoreError, match=f"{address}: the store cannot be opened") as caught:
        open_run(address)
    assert "\n" not in str(caught.value)
