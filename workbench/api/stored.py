"""Stored runs from Python: list, load, compare and judge them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.api.loops import twin
from workbench.reporting.dataframe import typed_frame
from workbench.reporting.judged import Compared, Gated
from workbench.reporting.notebook import Run
from workbench.reporting.tables.runs import runs_table
from workbench.runs.listing import run_listings
from workbench.runs.result import load_result
from workbench.scoring.breakdown import Grouping
from workbench.settings import load_settings
from workbench.store import open_run

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["compare", "compare_async", "gate", "list_runs", "load", "load_async", "run_store"]


def run_store(store: Path | str | None) -> Path:
    """Folder of the runs: as given, or as environment and ``workbench.toml`` say."""
    return load_settings(os.environ, store=None if store is None else Path(store)).store


def load(which: str | Path = "last", *, store: Path | str | None = None) -> Run:
    """Load a stored run by id, by folder, or the newest.

    Raises:
        StoreError: there is no such run, or it is damaged.

    >>> wb.load("last").id == run.id
    True
    """
    return Run(load_result(open_run(run_store(store), which)))


def list_runs(*, store: Path | str | None = None) -> pd.DataFrame:
    """List stored runs, newest first: id, start, state, corpus, service, sessions, lowest WER and its delay.

    Damaged runs are listed too, with their state.

    Raises:
        StoreError: the folder cannot be read.

    >>> runs = wb.list_runs()
    >>> runs["run_id"].tolist() == [run.id, base.id], runs["n"].tolist()
    (True, [24, 24])
    """
    return typed_frame(runs_table(run_listings(run_store(store))))


def compare(
    base: Run | str | Path = "last", *candidates: Run | str | Path, store: Path | str | None = None
) -> Compared:
    """Compare runs with the first of them, or the configurations of one run with its first, paired by utterance.

    Args:
        base: the baseline, or a run with several configurations.
        candidates: runs to compare with it.
        store: folder of the runs.

    Raises:
        InputError: there is nothing to compare.

    >>> compared = wb.compare(base, run)
    >>> compared.df["metric"][0], compared.df["difference"].round(3).tolist()[0]
    ('wer', 0.167)
    """
    root = run_store(store)
    runs = [_loaded(which, root) for which in (base, *candidates)]
    return runs[0].compare(*runs[1:], store=root)


def gate(
    run: Run | str | Path = "last",
    *,
    limits: Mapping[str, float] | None = None,
    margins: Mapping[str, float] | None = None,
    against: Run | str | Path | None = None,
    against_first: bool = False,
    min_utterances: int | None = None,
    groups: Sequence[Grouping] = (),
    by_speaker: bool = False,
    uncertified: bool = False,
    store: Path | str | None = None,
) -> Gated:
    """Judge a run by limits, and by how much worse than a baseline it is.

    Failed sessions, coverage and certified timing are also checked; with a baseline, so are critical errors, flicker
    and words taken back.

    Args:
        run: the run to judge.
        limits: highest value of a metric (lowest where more is better); shares are ratios, times are ms.
        margins: how much worse than ``against`` a metric may be.
        against: the baseline.
        against_first: take the first configuration of ``run`` as the baseline of its others.
        min_utterances: minimum number of utterances for a pass; 20 if not given.
        groups: also judge each ``tag``, ``speaker``, ``length`` or ``duration``.
        by_speaker: use speakers instead of utterances as the units of the tests.
        uncertified: accept runs without certified timing and judge only their words.
        store: folder of the runs.

    Raises:
        InputError: no limit and no margin, an unknown metric, margins without a baseline, or two baselines.

    >>> wb.gate(run, limits={"wer": 0.5}).verdict
    'pass'
    >>> wb.gate(run, margins={"wer": 0.01}, against=base).exit_code
    1
    """
    root = run_store(store)
    baseline = None if against is None else _loaded(against, root)
    return _loaded(run, root).gate(
        limits, margins, baseline, min_utterances, against_first=against_first, groups=groups, by_speaker=by_speaker,
        uncertified=uncertified,
    )  # fmt: skip


def _loaded(which: Run | str | Path, root: Path) -> Run:
    return which if isinstance(which, Run) else load(which, store=root)


load_async = twin(load, '>>> asyncio.run(wb.load_async("last")).id == run.id\nTrue')
compare_async = twin(compare, ">>> len(asyncio.run(wb.compare_async(base, run)).verdicts)\n1")
