"""``workbench runs`` as it is typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from tests.fakes import make_manifest, make_record
from workbench.cli.runs import runs
from workbench.errors import InputError, StoreError
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import NormaliserFacts, RunWriter, open_run


def facts(name="basic"):
    which = normaliser(name)
    return NormaliserFacts(name=which.name, version=which.version, hash=which.hash)


def stored(root, *, commit=True):
    with RunWriter.create(root, make_manifest(normaliser=facts(), planned=3)) as writer:
        for record in (make_record("u1"), make_record("u2", outcome=Outcome.STALLED)):
            writer.add(record)
        if commit:
            writer.commit([score_session(record, normaliser("basic")).to_row() for record in writer.records()])
    return writer.path


@pytest.fixture
def call(tmp_path):
    def call(*words, **more):
        ran = CliRunner().invoke(
            runs, [*words, "--store", str(tmp_path)], catch_exceptions=True, standalone_mode=False, **more
        )
        if ran.exception is not None:
            raise ran.exception
        return ran

    return call


def test_list_shows_every_run(tmp_path, call):
    """As a table and as JSON; an empty store says what to do."""
    assert call("list").stdout == ""
    assert "There is no run" in call("list").stderr
    one, two = stored(tmp_path), stored(tmp_path, commit=False)
    (tmp_path / "20200101T000000000Z-000000").mkdir()
    (tmp_path / "20200101T000000000Z-000000" / "manifest.json").write_text("{")
    shown = call("list").stdout
    assert one.name in shown
    assert two.name in shown
    assert "the manifest is damaged" in shown
    listed = json.loads(call("list", "--json").stdout)
    assert [run["status"] for run in listed["runs"]] == ["damaged", "committed", "interrupted"]
    assert listed["runs"][1]["counts"] == {"planned": 3, "sessions": 2, "failed": 1, "superseded": 0}


def test_verify_says_sound_or_names_the_damage(tmp_path, call):
    """Exit code 0 for a sound run, also an unfinished one; 1 for damage."""
    path = stored(tmp_path)
    sound = call("verify", "last")
    assert (sound.return_value, sound.stdout.splitlines()[-1]) == (
        0,
        f"run {path.name} is sound: 2 sessions, 2 remarks",
    )
    frames = path / "frames.parquet"
    frames.write_bytes(frames.read_bytes()[:-9] + b"123456789")
    damaged = call("verify", path.name)
    assert damaged.return_value == 1
    assert damaged.stdout.startswith("damage  frames.parquet: the file is not the one that was written")
    answer = json.loads(call("verify", "--json").stdout)
    assert answer["sound"] is False
    assert answer["findings"][0]["item"] == "frames.parquet"


def test_verify_does_not_rescore_with_another_normaliser(tmp_path, call):
    """Scores of an older version of a normaliser cannot be derived again; it says so."""
    run = open_run(tmp_path, stored(tmp_path))
    run.replace_scores(run.scores(), NormaliserFacts(name="basic", version="0", hash="0"))
    ran = call("verify")
    assert ran.return_value == 0
    assert "note    scores.parquet: made with basic 0" in ran.stdout


def test_recover_commits_what_a_killed_run_had(tmp_path, call):
    """Finished sessions are scored, those in flight are cancelled, verify is clean afterwards."""
    writer = RunWriter.create(tmp_path, make_manifest(normaliser=facts(), planned=3))
    writer.add(make_record("u1"))
    cut = make_record("u2", frames=FrameLog())
    writer.begin(cut)
    cut.frames.audio_sent(0, 1_600, 1, 2, 3, 4_300)
    writer._lock.release()
    assert "2 sessions stored, 1 of them failed, 1 never began" in call("recover").stdout
    assert json.loads(call("recover", "--json").stdout)["sessions"] == 2
    assert "nothing to recover" in call("recover").stderr
    assert open_run(tmp_path).committed
    assert len(open_run(tmp_path).scores()) == 2
    assert call("verify").return_value == 0


def test_export_writes_a_file_and_says_where(tmp_path, call, monkeypatch):
    """The name follows from run and format where none is given."""
    path = stored(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call("export", "--format", "csv").stdout == f"{path.name}.csv\n"
    assert (tmp_path / f"{path.name}.csv").is_file()
    captions = call("export", "--format", "srt", "--output", str(tmp_path / "captions"))
    assert captions.stdout == f"3 files in {tmp_path / 'captions'}\n"
    nemo = call("export", "--format", "nemo", "--output", str(tmp_path / "nemo.jsonl"), "--json")
    assert json.loads(nemo.stdout)["files"] == [str(tmp_path / "nemo.jsonl")]
    assert "audio is named by its utterance" in nemo.stderr
    with pytest.raises(InputError, match="no such export format"):
        call("export", "--format", "docx")


def test_rm_asks_and_removes(tmp_path, call):
    """No is no; yes removes the folder; a run that is being written stays."""
    import click

    path = stored(tmp_path)
    with pytest.raises(click.Abort):
        call("rm", path.name, input="n\n")
    assert path.exists()
    assert call("rm", path.name, input="y\n").stdout == f"removed {path.name}\n"
    assert list(tmp_path.glob("*Z-*")) == list(tmp_path.glob(".removed*")) == []
    other = stored(tmp_path)
    assert json.loads(call("rm", other.name, "--yes", "--json").stdout)["removed"] is True
    with RunWriter.create(tmp_path, make_manifest()) as writer, pytest.raises(StoreError, match="another writer"):
        call("rm", writer.path.name, "--yes")


def test_every_verb_has_an_example():
    """``--help`` shows how it is used."""
    for name, command in runs.commands.items():
        shown = CliRunner().invoke(runs, [name, "--help"]).output
        assert f"Example: workbench runs {name}" in shown
        assert command.help
