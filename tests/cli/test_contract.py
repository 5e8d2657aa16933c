"""``workbench run`` over the whole contract: dialect, products and Single Auth, each at a simulator started for it."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli.run import run
from workbench.errors import InputError
from workbench.protocol.messages import Dialect
from workbench.store import open_run

CLIP = Path(__file__).parents[2] / "datasets" / "librivox" / "audio" / "cards-003.flac"


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Play one short utterance with further arguments; its record."""
    for name in ("SUKI_PROVIDER_ID", "SUKI_PARTNER_ID", "SUKI_PARTNER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    shutil.copy(CLIP, tmp_path / "clip.flac")
    row = {"id": "clip", "audio": "clip.flac", "reference": "seven of clubs"}
    (tmp_path / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "workbench.toml").write_text("[limits]\npoll_first_s = 0.1\npoll_max_s = 0.2\n")
    monkeypatch.chdir(tmp_path)

    def playing(*arguments):
        found = CliRunner().invoke(run, ["--corpus", str(tmp_path), "--json", *arguments], catch_exceptions=False)
        said = json.loads(found.stdout)
        (record,) = open_run(tmp_path / ".runs", said["run_id"]).records()
        return record

    return playing


def calls(record):
    """Names of the REST calls, in their order."""
    return [json.loads(f.text)["call"] for f in record.frames.frames() if f.kind.value == "rest"]


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    "product",
    ["dictation", pytest.param("ambient", marks=SLOW), pytest.param("form-filling", marks=SLOW)],
)
def test_a_run_in_the_other_dialect_starts_a_simulator_that_speaks_it(play, product):
    """Every product comes to its result."""
    forms = ["--form-template", "vitals_assessment"] if product == "form-filling" else []
    record = play("--dialect", "asyncapi", "--product", product, *forms)
    assert (record.outcome.value, record.error) == ("completed", None)
    assert record.dialect is Dialect.ASYNCAPI
    texts = [f.text for f in record.frames.frames() if f.kind.value == "text"]
    assert all(record.remote_id in text for text in texts)
    assert record.final_transcript or product == "form-filling"


def test_a_run_for_a_provider_registers_it_and_names_it_everywhere(play):
    """Single Auth: the simulator refuses every call without the header, and an unknown provider."""
    record = play("--provider-id", "ada-1", "--product", "ambient")
    assert (record.outcome.value, record.error) == ("completed", None)
    assert calls(record)[:2] == ["create_ambient", "seed_ambient_context"]


def test_a_rate_that_the_other_dialect_cannot_say_is_refused(play):
    """Before anything is started."""
    with pytest.raises(InputError, match=r"asyncapi takes one rate only.*8000 Hz"):
        play("--dialect", "asyncapi", "--sample-rate", "8000")
