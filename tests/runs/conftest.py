"""Fixtures of runs that several processes play."""

from __future__ import annotations

import pytest

from tests.quick import two_workers


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes; one that is killed is replaced."""
    with two_workers() as running:
        yield running
