"""The diagnostics bundle: what somebody who helps needs to know, without a word that was said and without a secret.

Built from a list of what goes in, never by leaving out of everything; text of sessions, ids of utterances,
contexts, paths and credentials do not go in at all.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbench.app import jobs
from workbench.errors import WorkbenchError
from workbench.runs.listing import RunListing
from workbench.settings import Settings
from workbench.store import Manifest, open_run
from workbench.store.host import host_facts, library_versions

__all__ = ["about", "bundle"]

_RUNS = 20


def about(settings: Settings) -> dict[str, Any]:
    """Versions, machine and settings; credentials only as whether there are any."""
    return {
        "versions": library_versions(),
        "host": msgspec.to_builtins(host_facts()),
        "settings": {
            "endpoint": settings.endpoint if "@" not in settings.endpoint else "an address with credentials in it",
            "credentials": settings.names_credentials,
            "certificate_authority": settings.ca_file is not None,
            "limits": msgspec.to_builtins(settings.limits),
        },
    }


def bundle(settings: Settings, lines: Sequence[RunListing]) -> bytes:
    """A ZIP archive: ``about.json``, ``runs.json``, manifests of the newest runs and the state of background work.

    Args:
        settings: settings of this process.
        lines: every run, newest first.
    """
    store = settings.store
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, content: object) -> None:
            archive.writestr(name, msgspec.json.format(msgspec.json.encode(content), indent=2))

        put("about.json", about(settings))
        put("runs.json", [_line(line) for line in lines])
        for line in lines[:_RUNS]:
            put(f"manifests/{line.summary.run_id}.json", _manifest(store, line))
        put("jobs.json", [_job(store, job) for job in jobs.jobs(store)])
    return packed.getvalue()


def _line(line: RunListing) -> dict[str, Any]:
    summary = msgspec.to_builtins(line.summary)
    # Why a run cannot be read names its folder.
    return {
        **{key: summary[key] for key in ("run_id", "created", "status", "recogniser", "cells", "counts")},
        "readable": line.summary.problem is None,
        "normaliser": line.normaliser,
        "invalid_pacing": line.left_out,
    }


_KEPT = (
    "schema_version", "run_id", "created", "seed", "concurrency", "repeats", "dialect", "product", "recogniser",
    "settings", "versions", "host", "anchor_start", "anchor_end", "counts", "status", "normaliser",
)  # fmt: skip


def _manifest(store: Path, line: RunListing) -> dict[str, Any]:
    try:
        manifest: Manifest = open_run(store, line.summary.run_id).manifest
    except WorkbenchError as error:
        return {"run_id": line.summary.run_id, "problem": error.problem}
    fields = msgspec.to_builtins(manifest)
    cells = [{"settings": cell.config, "hash": cell.hash} for cell in manifest.cells]
    corpus = {"hash": manifest.corpus.hash, "utterances": manifest.corpus.utterances}
    return {key: fields[key] for key in _KEPT if key in fields} | {"cells": cells, "corpus": corpus}


def _job(store: Path, job: jobs.Job) -> dict[str, Any]:
    """What was started and how it stands; of its words only how many there are, because they name utterances."""
    lines, counted = jobs.said(store, job)
    return {
        "verb": job.arguments[0] if job.arguments else None,
        "started": job.started,
        "state": jobs.state_of(store, job),
        "run_id": jobs.run_of(store, job),
        "progress": counted,
        "lines": len(lines),
    }
