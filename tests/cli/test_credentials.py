"""Credentials are looked for when a service is opened, and by nothing that only reads."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from tests.stored import batch, store_run
from workbench.cli import VERBS, cli
from workbench.errors import InputError

READING = {
    "runs list": [], "runs label": ["last", "--name", "x"], "runs verify": ["last"], "runs recover": ["last"],
    "runs export": ["last", "--format", "csv"],
    "runs rm": ["last", "--yes"], "show": [], "score": [], "compare": [], "gate": ["--limit", "wer=0.9"],
    "report": ["--light"], "case": ["last", "u00"], "trend": [], "datasets list": [], "datasets check": ["clinic"],
    "datasets review": ["clinic"], "datasets show": ["clinic"],
    "sweep": ["--vary", "snr_db=20,10", "--dry-run"], "run": ["--dry-run"],
}  # fmt: skip
"""Verbs that open no service."""


@pytest.fixture
def half(monkeypatch, tmp_path):
    """A store with a run, the partner's id in the environment, no token, and nobody may look for one."""

    def look(partner: str) -> str:
        raise AssertionError(f"the token of {partner} was looked for")

    store_run(tmp_path / "runs", batch(2) + batch(2, cell="noisy"))
    monkeypatch.setenv("SUKI_PARTNER_ID", "partner-7")
    monkeypatch.delenv("SUKI_PARTNER_TOKEN", raising=False)
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "runs"))
    monkeypatch.setattr("workbench.client.credentials._keyring_token", look)
    monkeypatch.setattr("workbench.client.credentials._typed_token", look)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", READING)
def test_a_verb_that_only_reads_looks_for_no_token(verb, half):
    """The partner's id alone is no reason to ask for a secret."""
    done = CliRunner().invoke(cli, [*verb.split(), *READING[verb]], standalone_mode=False)
    assert done.exception is None, done.exception
    assert "Partner token" not in done.output


def test_every_verb_is_either_in_this_list_or_opens_a_service():
    """A new verb is decided about."""
    names = {f"{verb} {c}" if isinstance(loaded, click.Group) else verb
             for verb in VERBS if (loaded := cli.get_command(click.Context(cli), verb)) is not None
             for c in (loaded.commands if isinstance(loaded, click.Group) else [verb])}  # fmt: skip
    playing = {"demo", "simulate", "resume", "live", "calibrate", "capacity", "doctor", "watch"}
    elsewhere = {
        "notebooks", "app", "runs merge", "datasets import", "datasets transcribe", "datasets align", "datasets render",
        "models list", "models fetch", "models verify", "trust", "clean",
    }  # fmt: skip
    assert names == set(READING) | playing | elsewhere


def test_a_service_that_is_opened_asks_for_the_token(half):
    """Before any audio is prepared."""
    words = ["run", "--endpoint", "staging", "--limit", "1"]
    with pytest.raises(AssertionError, match="token of partner-7"):
        CliRunner().invoke(cli, words, standalone_mode=False, catch_exceptions=False)


def test_a_local_simulator_asks_for_no_token(half, monkeypatch):
    """It has credentials of its own."""
    monkeypatch.setattr("workbench.runs.evaluate.evaluate", lambda *_, **__: (_ for _ in ()).throw(InputError("begun")))
    with pytest.raises(InputError, match="begun"):
        CliRunner().invoke(cli, ["run", "--limit", "1"], standalone_mode=False, catch_exceptions=False)
