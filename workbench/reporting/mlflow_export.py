"""Runs for experiment trackers: MLflow (extra ``mlflow``), one run there for every configuration here.

Numbers and settings go; what was said does not, unless it is asked for. MLflow's own reports about its use
are switched off, because a clinical tool calls nobody but who it was told to.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workbench.child_process import install_command
from workbench.errors import ConfigurationError, InputError, ServiceError
from workbench.reporting.html_report import write_report
from workbench.reporting.tables.cells import cell_json
from workbench.runs.result import RunResult
from workbench.runs.sweep import DEFAULTS
from workbench.settings import in_the_clear, is_loopback
from workbench.store import Manifest

__all__ = ["differing_settings", "export_to_mlflow", "headline_metrics"]

_RUN, _CELL = "workbench.run_id", "workbench.cell"


def differing_settings(manifest: Manifest) -> dict[str, dict[str, str]]:
    """By configuration, the settings that are not the same in all of them; every differing one of a run of one."""
    configs = {cell.name: DEFAULTS | cell.config for cell in manifest.cells}
    keys = list(dict.fromkeys(key for config in configs.values() for key in config))
    if len(configs) > 1:
        varied = [key for key in keys if len({str(config.get(key)) for config in configs.values()}) > 1]
    else:
        varied = [key for key in keys if any(str(c.get(key)) != str(DEFAULTS.get(key)) for c in configs.values())]
    return {name: {key: _text(config.get(key)) for key in varied} for name, config in configs.items()}


def _text(value: object) -> str:
    """As a flag takes it."""
    return "none" if value is None else str(value)


def headline_metrics(result: RunResult) -> dict[str, dict[str, float]]:
    """By configuration, every number of its row in tables: rates as ratios, times in ms; unknown ones are left out."""
    metrics: dict[str, dict[str, float]] = {}
    for cell in result.cells:
        row = cell_json(cell)
        row |= {f"pacing_{key}": value for key, value in row.pop("pacing").items()}
        metrics[cell.cell] = {
            key: float(value)
            for key, value in row.items()
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        }
    return metrics


_DATABASES = ("sqlite:", "mysql:", "postgresql:", "mssql:")


def export_to_mlflow(
    result: RunResult, uri: str, *, experiment: str | None = None, transcripts: bool = False
) -> list[str]:
    """Send a run to a tracking server, or into a tracking folder.

    Args:
        result: the run with its scores.
        uri: ``http://…``, ``https://…``, ``file:…``, a folder, or, with the whole of MLflow, ``sqlite:///FILE``.
        experiment: MLflow experiment, made if it is not there; the name of the corpus if not given.
        transcripts: leave what was said in the report; it is patient data.

    Returns:
        Ids of the tracker's runs, one a configuration.

    Raises:
        ConfigurationError: something is not installed, or plain HTTP to another machine.
        InputError: the run is in the experiment already.
        ServiceError: the tracker cannot be reached or refused.
    """
    host = _host(uri)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # A folder is what a user without a server has; MLflow keeps it behind a switch since 3.14.
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    try:
        tracking: Any = importlib.import_module("mlflow.tracking")
        entities: Any = importlib.import_module("mlflow.entities")
    except ImportError:
        raise ConfigurationError("MLflow is not installed", item="uri", action=install_command("mlflow")) from None
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    try:
        with _straight(host):
            client = tracking.MlflowClient(tracking_uri=uri if "://" in uri else Path(uri).resolve().as_uri())
            return _send(client, entities, result, experiment or result.run.manifest.corpus.name, transcripts)
    except InputError:
        raise
    except Exception as error:
        if uri.startswith(_DATABASES):
            raise ConfigurationError(
                "this kind of address needs the whole of MLflow",
                item="uri",
                got=uri.partition(":")[0],
                action="pip install mlflow, or name a folder or a tracking server",
            ) from error
        # Its messages quote requests and answers; the kind of error says enough.
        raise ServiceError(
            "the tracker cannot be used",
            item=uri,
            got=type(error).__name__,
            action="Check the address and its credentials",
        ) from error


def _host(uri: str) -> str:
    """The host of an address, or "". Raises ConfigurationError for plain HTTP to another machine."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme == "http" and not is_loopback(host):
        raise in_the_clear("uri", f"http://{host}")
    return host


@contextlib.contextmanager
def _straight(host: str) -> Iterator[None]:
    """MLflow's requests ask the environment for a proxy, also for this machine; so this machine is named there."""
    if not is_loopback(host):
        yield
        return
    before = {name: os.environ.get(name) for name in ("no_proxy", "NO_PROXY")}
    os.environ.update(dict.fromkeys(before, ",".join(filter(None, [*before.values(), host]))))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _send(client: Any, entities: Any, result: RunResult, name: str, transcripts: bool) -> list[str]:  # noqa: ANN401
    manifest = result.run.manifest
    known = client.get_experiment_by_name(name)
    experiment = known.experiment_id if known is not None else client.create_experiment(name)
    if client.search_runs([experiment], f"tags.`{_RUN}` = '{manifest.run_id}'"):
        raise InputError(
            "the run is in this experiment already", item=manifest.run_id, got=name, action="Name another experiment"
        )
    params, metrics = differing_settings(manifest), headline_metrics(result)
    begun_ms = manifest.anchor_start.wall_ns // 1_000_000
    ended_ms = (manifest.anchor_end or manifest.anchor_start).wall_ns // 1_000_000
    ids = []
    with tempfile.TemporaryDirectory(prefix="workbench-") as folder:
        page = Path(folder) / "report.html"
        write_report(page, result, redact=not transcripts, light=True)
        for cell in result.cells:
            tags = _tags(manifest) | {_CELL: cell.cell}
            run_id = client.create_run(experiment, begun_ms, tags, f"{cell.cell} {manifest.run_id}").info.run_id
            client.log_batch(
                run_id,
                metrics=[entities.Metric(key, value, ended_ms, 0) for key, value in metrics[cell.cell].items()],
                params=[entities.Param(key, value) for key, value in params.get(cell.cell, {}).items()],
            )
            client.log_artifact(run_id, str(page))
            client.set_terminated(run_id, "FINISHED" if result.complete else "KILLED", ended_ms)
            ids.append(run_id)
    return ids


def _tags(manifest: Manifest) -> dict[str, str]:
    facts = {
        _RUN: manifest.run_id,
        "workbench.corpus": f"{manifest.corpus.name} {manifest.corpus.hash[:12]}",
        "workbench.endpoint": manifest.endpoint,
        "workbench.recogniser": manifest.recogniser,
        "workbench.seed": manifest.seed,
        "workbench.repeats": manifest.repeats,
        "workbench.normaliser": manifest.normaliser.name if manifest.normaliser else None,
        "workbench.version": manifest.versions.get("suki-workbench"),
    }
    return {key: str(value) for key, value in facts.items() if value is not None}
