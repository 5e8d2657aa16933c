"""A run in a tracker's own store: settings, numbers, report, and nothing that was said."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path

import pytest

from tests.quick import call
from tests.stored import TEXT, batch, failing, stored
from workbench.errors import ConfigurationError, InputError, ServiceError
from workbench.reporting.mlflow_export import differing_settings, export_to_mlflow, headline_metrics

pytest.importorskip("mlflow", reason="the extra mlflow is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::Warning:mlflow")


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Two configurations, one of them with errors and a failed session."""
    records = batch(24, wrong=2) + batch(24, wrong=12, cell="noisy") + failing(1, cell="noisy")
    return stored(tmp_path_factory.mktemp("runs"), records)


def tracked(folder: Path, ids: list[str]):
    """What the tracker has, read back with its own client."""
    tracking = importlib.import_module("mlflow.tracking")
    client = tracking.MlflowClient(tracking_uri=folder.as_uri())
    return client, [client.get_run(run_id) for run_id in ids]


def test_every_configuration_is_a_run_with_its_settings_numbers_and_report(result, tmp_path):
    """Params are what differs, metrics are those of the tables, the artifact is the page."""
    ids = export_to_mlflow(result, str(tmp_path / "tracker"))
    client, runs = tracked(tmp_path / "tracker", ids)
    assert len(runs) == 2
    assert client.get_experiment(runs[0].info.experiment_id).name == "clinic"
    clean, noisy = runs
    assert clean.data.params == {"noise": "none", "snr_db": "none"}
    assert noisy.data.params == {"noise": "pink", "snr_db": "20.0"}
    for run, cell in zip(runs, result.cells, strict=True):
        assert run.data.metrics["wer"] == pytest.approx(cell.words.rate)
        assert run.data.metrics["failed"] == cell.failed
        assert "word_latency_p95_ms" in run.data.metrics
        assert run.data.tags["workbench.run_id"] == result.run.run_id
        assert run.data.tags["workbench.cell"] == cell.cell
        assert run.info.status == "FINISHED"
        page = Path(client.download_artifacts(run.info.run_id, "report.html", str(tmp_path)))
        assert page.stat().st_size < 300_000
        assert TEXT not in page.read_text()
    everything = b"".join(path.read_bytes() for path in (tmp_path / "tracker").rglob("*") if path.is_file())
    assert TEXT.encode() not in everything


def test_a_database_says_what_it_needs(result, tmp_path):
    """The extra brings the client alone, which knows folders and servers."""
    if importlib.util.find_spec("mlflow.store.tracking.sqlalchemy_store") and importlib.util.find_spec("sqlalchemy"):
        ids = export_to_mlflow(result, f"sqlite:///{tmp_path / 'm.db'}")
        assert len(ids) == 2
        return
    with pytest.raises(ConfigurationError, match=r"needs the whole of MLflow .*pip install mlflow"):
        export_to_mlflow(result, f"sqlite:///{tmp_path / 'm.db'}")


def test_transcripts_go_only_on_request(result, tmp_path):
    """Then they are in the report."""
    ids = export_to_mlflow(result, (tmp_path / "t").as_uri(), experiment="with words", transcripts=True)
    client, _ = tracked(tmp_path / "t", ids)
    page = Path(client.download_artifacts(ids[0], "report.html", str(tmp_path)))
    assert "no test pain" in page.read_text() or TEXT in page.read_text()


def test_a_run_is_sent_once_into_an_experiment(result, tmp_path):
    """Another experiment takes it; an unreachable or unknown tracker is one line."""
    export_to_mlflow(result, str(tmp_path), experiment="one")
    with pytest.raises(InputError, match="in this experiment already"):
        export_to_mlflow(result, str(tmp_path), experiment="one")
    assert len(export_to_mlflow(result, str(tmp_path), experiment="two")) == 2
    with pytest.raises(ServiceError, match="the tracker cannot be used"):
        export_to_mlflow(result, "nothing://x")


def test_numbers_that_are_unknown_are_left_out(result):
    """A metric is a finite number; a run of one configuration has what differs from the default."""
    for metrics in headline_metrics(result).values():
        assert all(isinstance(value, float) for value in metrics.values())
    manifest = result.run.manifest
    manifest.cells[:], kept = manifest.cells[1:], list(manifest.cells)
    assert differing_settings(manifest) == {"noisy": {"noise": "pink", "snr_db": "20.0"}}
    manifest.cells[:] = kept


def test_without_the_extra_it_says_what_to_install(result, monkeypatch, tmp_path):
    """One line."""

    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("workbench.reporting.mlflow_export.importlib.import_module", absent)
    with pytest.raises(ConfigurationError, match=r"pip install .*\[mlflow\]"):
        export_to_mlflow(result, str(tmp_path))


def test_the_verb_sends_a_run(result, tmp_path):
    """With an address by flag or environment; without one it asks for it."""
    store = result.run.path.parent
    common = ("runs", "export", result.run.run_id, "--format", "mlflow", "--store", store)
    status, out, err = call(*common, "--to", tmp_path / "t", "--json", cwd=tmp_path)
    assert status == 0, err
    assert len(json.loads(out)["runs"]) == 2
    status, _, err = call(*common, cwd=tmp_path)
    assert (status, "--to" in err) == (2, True)
