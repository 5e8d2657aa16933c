"""Stores of every size that the pages are shown, and a way to draw one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from tests.app.stores import copies, two_cells
from workbench.app.privacy import KEY

Draw = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _packages_are_read_once() -> Iterator[None]:
    """Drawing a page reads the metadata of every installed package, which takes as long as the page itself."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(scope="session")
def one_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of one run: two configurations, 24 utterances, the second one worse."""
    root = tmp_path_factory.mktemp("one")
    two_cells(root)
    return root


@pytest.fixture(scope="session")
def thousand_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of a thousand runs, made once by copying."""
    root = tmp_path_factory.mktemp("thousand")
    copies(root, two_cells(root), 999)
    return root


@pytest.fixture
def draw(monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Draw a page over a store: ``draw("runs", store)``; caches of earlier tests are forgotten."""

    def drawn(page: str, store: Path, *, query: dict[str, str] | None = None, private: bool = False) -> AppTest:
        monkeypatch.setenv("WORKBENCH_STORE", str(store))
        monkeypatch.delenv("WORKBENCH_PRIVACY", raising=False)
        test = AppTest.from_string(f"from workbench.app.pages.{page} import page\npage()", default_timeout=300)
        for key, value in (query or {}).items():
            test.query_params[key] = value
        if private:
            test.session_state[KEY] = True
        return test.run()

    return drawn


@pytest.fixture(autouse=True)
def _forgetful() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()
