"""Old runs open: each released schema is kept as a run that was written with it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fakes import make_record
from workbench.recording.record import Outcome
from workbench.runs.manifest import settings_of, spec_of
from workbench.runs.spec import RunSpec
from workbench.scoring.session import SessionScore
from workbench.settings import Settings
from workbench.store import SCHEMA_VERSION, open_run
from workbench.store.migrations import MIGRATIONS, migrate

FIXTURES = Path(__file__).parent / "fixtures"


def test_every_older_schema_has_its_migration_and_its_run():
    """From the first release to now no step is missing."""
    assert sorted(MIGRATIONS) == list(range(1, SCHEMA_VERSION))
    assert {f"schema-{version}" for version in MIGRATIONS} == {path.name for path in FIXTURES.iterdir()}


@pytest.mark.parametrize("version", sorted(MIGRATIONS))
def test_a_run_of_an_old_schema_opens_with_identical_scores(version, tmp_path):
    """Records and scores are those of then, and the files are left as they were."""
    root = tmp_path / "runs"
    shutil.copytree(FIXTURES / f"schema-{version}", root)
    before = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
    run = open_run(root)
    expected = json.loads((root / "scores.json").read_text())
    assert run.manifest.schema_version == SCHEMA_VERSION
    assert run.scores() == expected
    assert [SessionScore.from_row(row).key.utterance for row in run.scores()] == ["u1", "u2", "u3"]
    assert run.records() == [
        make_record("u1"),
        make_record("u2", said="metformin 500 mg twice daily", heard="met forming 500 mg twice daily"),
        make_record("u3", outcome=Outcome.CLOSED_EARLY),
    ]
    assert before == {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_a_request_of_schema_2_becomes_a_whole_specification(tmp_path):
    """Nothing that resuming takes is lost: what was in the request, and what was in the manifest alone."""
    shutil.copytree(FIXTURES / "schema-2", tmp_path / "runs")
    manifest = open_run(tmp_path / "runs").manifest
    request = manifest.request
    assert (request.utterance_ids, request.limits.rest_s, request.shard) == (["u1", "u2", "u3"], 7.0, "2/3")
    expected = RunSpec(
        corpus="clinic", seed=7, concurrency=2, normaliser="raw", endpoint="staging", model="lite", recogniser="replay",
        transport="picows", realtime=True, kernel_stamps=True, noise_floor=True, push_to_talk=True,
        provider_id="ada-1", ca_file="/etc/ssl/clinic.pem", webhook_port=8443,
    )  # fmt: skip
    assert spec_of(manifest) == expected
    settings = settings_of(manifest, Settings(endpoint="staging"))
    assert (settings.endpoint, settings.model, settings.recogniser) == ("staging", "lite", "replay")
    assert (settings.provider_id, settings.limits.rest_s) == ("ada-1", 7.0)


def test_steps_are_applied_in_order_from_where_a_manifest_stands():
    """A manifest that is up to date is left alone."""
    assert migrate({"schema_version": SCHEMA_VERSION}, SCHEMA_VERSION) == {"schema_version": SCHEMA_VERSION}
    old = {"schema_version": 1, "counts": {"planned": 3}}
    assert migrate(old, 2) == {"schema_version": 2, "counts": {"planned": 3, "superseded": 0}, "files": {}}
