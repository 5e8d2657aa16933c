"""Runs on disk: ``.runs/<run_id>/`` with a manifest, sessions, frames and scores.

While a run is live its sessions go to an append-only journal, from which a killed run is read and recovered. A commit
writes Parquet, whole or not at all. A second process may read at any time. The directory has mode 0700.
"""

from workbench.store.export import FORMATS, export_run
from workbench.store.index import RunSummary, index_runs
from workbench.store.journal import Journal
from workbench.store.manifest import (
    SCHEMA_VERSION,
    Asked,
    CellFacts,
    CorpusFacts,
    Counts,
    Host,
    Manifest,
    NormaliserFacts,
    Part,
    new_run_id,
)
from workbench.store.queries import Lateness, lateness_by_cell, query, score_percentiles
from workbench.store.reader import StoredRun, list_runs, open_run
from workbench.store.verify import Finding, verify_run
from workbench.store.writer import RunWriter

__all__ = [
    "FORMATS",
    "SCHEMA_VERSION",
    "Asked",
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
    "RunSummary",
    "RunWriter",
    "StoredRun",
    "export_run",
    "index_runs",
    "lateness_by_cell",
    "list_runs",
    "new_run_id",
    "open_run",
    "query",
    "score_percentiles",
    "verify_run",
]
