"""Cached loaders: strings in, the right run out."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest
from streamlit.runtime.caching.cache_utils import CachedFunc

from tests.stored import batch, store_run
from workbench import app
from workbench.app import data


def cached() -> Iterator[tuple[str, object]]:
    """Every cached function of the app."""
    for module in pkgutil.walk_packages(app.__path__, "workbench.app."):
        # The scripts are run, never imported.
        if ".script" not in module.name and not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, CachedFunc):
                    yield f"{module.name}.{name}", value


def test_cached_functions_take_nothing_but_strings() -> None:
    """Streamlit hashes large frames by a sample: with a frame as key one run's numbers appear under another's name."""
    found = dict(cached())
    assert len(found) >= 5
    for name, function in found.items():
        wrapped = inspect.unwrap(function)  # type: ignore[arg-type]
        hints = get_type_hints(wrapped)
        taken = {key: hints.get(key) for key in inspect.signature(wrapped).parameters}
        assert set(taken.values()) <= {str}, f"{name} takes {taken}"


def test_cached_functions_are_bounded() -> None:
    """No store, however large, fills the memory."""
    for name, function in cached():
        assert function._info.max_entries is not None, name  # type: ignore[attr-defined]


def test_a_run_that_is_scored_again_is_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of the content changes when any file of the run does."""
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    run_id = store_run(tmp_path, batch(3))
    before = data.chosen(run_id)
    scores = tmp_path / run_id / "scores.parquet"
    scores.write_bytes(scores.read_bytes() + b" ")
    assert data.chosen(run_id).content != before.content


def test_two_runs_never_share_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same corpus, same names, other numbers."""
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    runs = [data.chosen(store_run(tmp_path, batch(4, wrong=wrong))) for wrong in (0, 4)]
    rates = [data.result(run.run_id, run.content).cells[0].words.rate for run in runs]
    assert rates == [0, pytest.approx(1 / 3)]
