"""Runs on disk: ``.runs/<run_id>/`` with a manifest, sessions, frames and scores.

While a run is live its sessions go to an append-only journal, from which a killed run is read and recovered. A commit
writes Parquet, whole or not at all. A second process may read at any time. The directory has mode 0700.
"""

from workbench.store.host import Host
from workbench.store.index import RunSummary, index_runs
from workbench.store.journal import Journal
from workbench.store.manifest import (
    SCHEMA_VERSION,
    CellFacts,
    CorpusFacts,
    Counts,
    Manifest,
    NormaliserFacts,
    new_run_id,
)
from workbench.store.queries import Lateness, lateness_by_cell, query, score_percentiles
from workbench.store.reader import StoredRun, list_runs, open_run
from workbench.store.request import Part, RunRequest
from workbench.store.verify import Finding, verify_run
from workbench.store.writer import RunWriter

__all__ = [
    "SCHEMA_VERSION",
    "CellFacts",
    "CorpusFacts",
    "Counts",
    "Finding",
    "Host",
    "Journal",
    "Lateness",
    "Manifest",
    "NormaliserFacts",
    "Part",
    "RunRequest",
    "RunSummary",
    "RunWriter",
    "StoredRun",
    "index_runs",
    "lateness_by_cell",
    "list_runs",
    "new_run_id",
    "open_run",
    "query",
    "score_percentiles",
    "verify_run",
]
