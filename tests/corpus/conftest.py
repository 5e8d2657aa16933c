"""What tests of corpora share."""

import pytest


@pytest.fixture(autouse=True)
def fact_cache(tmp_path_factory, monkeypatch):
    """A folder of their own for facts about decoded files; the user's is never touched."""
    folder = tmp_path_factory.mktemp("facts")
    monkeypatch.setattr("workbench.corpus.fact_cache.user_cache", lambda: folder)
    return folder
