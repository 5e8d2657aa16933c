"""``workbench live``: words as they come, from a file; what is missing where there is no microphone."""

import asyncio
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tests.service import Service, serve
from workbench.cli import live_microphone
from workbench.store import open_run


async def live(*arguments, cwd, service=None):
    """Call the verb in a process of its own, against a bare service of this loop where one is given."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SUKI_", "WORKBENCH_")) or key == "WORKBENCH_MODEL"
    }
    if service is not None:
        arguments = (*arguments, "--endpoint", service.address.rest_url)
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "workbench", "live", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def tone(folder):
    """Half a second of a tone."""
    path = folder / "tone.wav"
    soundfile.write(path, (np.sin(np.arange(8_000) / 5) * 8_000).astype(np.int16), 16_000)
    return path


@pytest.mark.slow
async def test_partials_and_finals_of_a_file_are_shown_in_their_order_and_stored_on_request(tmp_path):
    """Where no terminal rewrites them, each has a line with its time."""
    async with serve(Service()) as service:
        done = await live("--file", str(tone(tmp_path)), "--save", cwd=tmp_path, service=service)
    assert done.returncode == 0, done.stderr
    kinds = [line.split()[2] for line in done.stdout.splitlines()]
    assert kinds == ["partial", "final"]
    assert "blood pressure" in done.stdout
    assert "WER –" in done.stderr  # nobody knows what was said
    (run,) = [path for path in (tmp_path / ".runs").iterdir() if path.name.startswith("2")]
    (record,) = open_run(tmp_path / ".runs", run.name).records()
    assert (record.hypothesis(), record.key.utterance) == ("blood pressure", "tone")


@pytest.mark.slow
async def test_json_says_what_came_of_it_and_nothing_else(tmp_path):
    """One object on standard output."""
    async with serve(Service()) as service:
        done = await live(
            "--file", str(tone(tmp_path)), "--reference", "blood pressure", "--json", cwd=tmp_path, service=service
        )
    said = json.loads(done.stdout)
    assert (said["outcome"], said["transcript"], said["wer"], said["run_id"]) == (
        "completed",
        "blood pressure",
        0.0,
        None,
    )


async def test_one_source_is_asked_for(tmp_path):
    """None and two are refused in one line."""
    for arguments in ((), ("--microphone", "--corpus", "clinic")):
        done = await live(*arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "one of --microphone, --file and --corpus" in done.stderr


def test_what_a_microphone_lacks_is_named(monkeypatch):
    """Package, system library, device: each has its own sentence and what to do."""

    def missing(error):
        def load(name):
            raise error

        return load

    said = []
    for error in (ImportError(), OSError("PortAudio library not found")):
        monkeypatch.setattr(live_microphone.importlib, "import_module", missing(error))
        try:
            live_microphone._device()
        except live_microphone.ConfigurationError as problem:
            said.append(str(problem))

    class Silent:
        PortAudioError = RuntimeError

        @staticmethod
        def query_devices(kind):
            raise ValueError("no input device")

    monkeypatch.setattr(live_microphone.importlib, "import_module", lambda name: Silent)
    try:
        live_microphone._device()
    except live_microphone.ConfigurationError as problem:
        said.append(str(problem))
    assert ["sounddevice" in said[0], "PortAudio" in said[1], "no microphone" in said[2]] == [True] * 3
