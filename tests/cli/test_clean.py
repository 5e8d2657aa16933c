"""``workbench clean``: what lies outside of runs can be removed by a verb."""

import json

from click.testing import CliRunner

from tests.stored import batch, store_run
from workbench.cli import cli
from workbench.errors import InputError
from workbench.store import open_run


def test_recordings_and_cached_decodings_are_removed_and_runs_stay(tmp_path, monkeypatch):
    """Of the store that is named, and of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    from workbench.simulator.recognition.timelines import replay_folder

    store = tmp_path / "runs"
    run_id = store_run(store, batch(2))
    (store / "recordings" / "1").mkdir(parents=True)
    (store / "recordings" / "1" / "speech.wav").write_bytes(b"speech")
    (replay_folder() / "x").mkdir(parents=True)
    (replay_folder() / "x" / "words.steps").write_bytes(b"words")
    kept = CliRunner().invoke(cli, ["clean", "--recordings", "--store", str(store)], input="n\n")
    assert kept.exit_code != 0
    assert (store / "recordings" / "1" / "speech.wav").exists()
    done = CliRunner().invoke(cli, ["clean", "--recordings", "--replay", "--yes", "--store", str(store), "--json"])
    assert done.exit_code == 0, done.exception
    assert list(json.loads(done.output.partition("\n}")[0] + "\n}")["removed"].values()) == [1, 1]
    assert not (store / "recordings").exists()
    assert not replay_folder().exists()
    assert open_run(store, run_id).scores()


def test_what_to_remove_is_said_and_a_link_is_not_followed(tmp_path):
    """Nothing is removed by mistake."""
    assert isinstance(CliRunner().invoke(cli, ["clean"]).exception, InputError)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "recordings").symlink_to(outside)
    done = CliRunner().invoke(cli, ["clean", "--recordings", "--yes", "--store", str(tmp_path / "runs")])
    assert isinstance(done.exception, InputError)
    assert (outside / "precious").exists()
