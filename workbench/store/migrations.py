"""Numbered migrations of manifests: old runs open, and stay as they were written.

A run is evidence, so nothing on disk is changed: a manifest is brought up to date when it is read. Migration ``n``
turns schema ``n`` into schema ``n + 1``; a released migration is never edited.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["MIGRATIONS", "migrate"]


def _file_facts(manifest: dict[str, Any]) -> None:
    """Schema 2 records hash and rows of each file, and counts earlier attempts; both were not known before."""
    manifest["files"] = {}
    manifest["counts"].setdefault("superseded", 0)


def _run_spec(manifest: dict[str, Any]) -> None:
    """Schema 3 keeps the whole specification of a run in its request; some fields were in the manifest alone."""
    request = manifest.pop("asked", None)
    if request is None:
        return
    others = {name: request.pop(name) for name in ("utterance_ids", "limits", "shard") if name in request}
    corpus = manifest["corpus"]
    spec = request | {name: manifest[name] for name in ("seed", "concurrency", "repeats", "dialect", "product")}
    spec |= {
        "corpus": corpus.get("location") or corpus["name"],
        "normaliser": (manifest.get("normaliser") or {"name": "basic"})["name"],
    }
    if spec.get("recogniser") == "pocketsphinx":
        spec["recogniser"] = "live"
    manifest["request"] = others | {"spec": spec}


MIGRATIONS: dict[int, Callable[[dict[str, Any]], None]] = {1: _file_facts, 2: _run_spec}


def migrate(manifest: dict[str, Any], to_version: int) -> dict[str, Any]:
    """A decoded manifest at ``to_version``; each missing step is applied in order.

    Raises:
        KeyError: the manifest lacks what its own schema demands.
    """
    for version in range(manifest["schema_version"], to_version):
        MIGRATIONS[version](manifest)
        manifest["schema_version"] = version + 1
    return manifest
