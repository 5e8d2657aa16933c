"""Fixtures for the test suites of integrations: a simulator, runs against it, and an assertion on their change.

docs/pytest.md describes them; examples/pytest is a project that uses them.

A suite that uses none of this pays for importing this file alone; everything else is imported inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from typing import Unpack

    from workbench.corpus import Corpus
    from workbench.reporting.notebook import Run
    from workbench.runs.keywords import RunKeywords
    from workbench.settings import Settings
    from workbench.simulator.local import LocalSimulator

__all__ = ["AssertNoRegression", "LocalSimulator", "PlayRun", "assert_no_regression", "simulator", "suki_run"]


def __getattr__(name: str) -> object:
    """The type of the fixture ``simulator``, imported when a suite asks for it."""
    if name == "LocalSimulator":
        from workbench.simulator.local import LocalSimulator

        return LocalSimulator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class PlayRun(Protocol):
    """Type of the fixture :func:`suki_run`."""

    def __call__(
        self,
        corpus: str | Path | Corpus = "clinic",
        *,
        settings: Settings | None = None,
        **options: Unpack[RunKeywords],
    ) -> Run:
        """Play a corpus: see :func:`workbench.run`."""


class AssertNoRegression(Protocol):
    """Type of the fixture :func:`assert_no_regression`."""

    def __call__(
        self,
        run: Run,
        baseline: Run,
        *,
        min_utterances: int | None = None,
        uncertified: bool = False,
        **margins: float,
    ) -> None:
        """Fail the test on a regression: see :func:`assert_no_regression`."""


@pytest.fixture(scope="session")
def simulator() -> Iterator[LocalSimulator]:
    """A local simulator with a real speech recogniser, for the whole session: ``url``, ``ws_url`` and credentials."""
    from workbench.simulator.local import LocalSimulator

    with LocalSimulator() as running:
        yield running


@pytest.fixture
def suki_run(simulator: LocalSimulator, tmp_path: Path) -> PlayRun:
    """Play a corpus to the simulator: takes what ``workbench.run`` takes, and stores runs in the test's ``tmp_path``.

    Pass ``settings`` to play to another service.
    """
    from workbench.api import run
    from workbench.settings import Credentials, Secret, Settings

    here = Settings(
        endpoint=simulator.url,
        store=tmp_path / "runs",
        credentials=Credentials(simulator.partner_id, Secret(simulator.partner_token)),
    )

    def play(
        corpus: str | Path | Corpus = "clinic", *, settings: Settings | None = None, **options: Unpack[RunKeywords]
    ) -> Run:
        return run(corpus, settings=settings or here, **options)

    return play


@pytest.fixture(name="assert_no_regression")
def _assert_no_regression() -> AssertNoRegression:
    """The function :func:`assert_no_regression`, without an import."""
    return assert_no_regression


def assert_no_regression(
    run: Run, baseline: Run, *, min_utterances: int | None = None, uncertified: bool = False, **margins: float
) -> None:
    """Fail the test unless the run is shown to be no worse than the baseline by more than the margins.

    Too few utterances and an invalid measurement fail it too: neither shows anything. A fixture of the same name
    gives this function.

    Args:
        run: the candidate.
        baseline: a run on the same corpus.
        min_utterances: minimum number of utterances for a pass; 20 if not given.
        uncertified: accept runs without certified timing and judge only their words.
        margins: such as ``wer=0.01`` (a point) or ``word_latency_p95_ms=50``.

    Raises:
        AssertionError: with every check in a table.
        InputError: no margin, or an unknown metric.
    """
    __tracebackhide__ = True
    from workbench.comparing.gate import Judgement, markdown

    result = run.gate(margins=margins, against=baseline, min_utterances=min_utterances, uncertified=uncertified)
    if result.found.judgement is not Judgement.PASS:
        raise AssertionError(markdown(result.found))
