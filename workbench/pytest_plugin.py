"""For the test suites of integrations: a simulator, runs against it, and an assertion on their change.

House rules: a suite that uses none of this pays for importing this file alone; everything else is imported inside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from workbench.results import Run
    from workbench.simulator.local import LocalSimulator

__all__ = ["assert_no_regression", "simulator", "suki_run"]


@pytest.fixture(scope="session")
def simulator() -> Iterator[LocalSimulator]:
    """A Suki on this machine with a real recogniser, for the whole session: ``url``, ``ws_url`` and credentials."""
    from workbench.simulator.local import LocalSimulator

    with LocalSimulator() as running:
        yield running


@pytest.fixture
def suki_run(simulator: LocalSimulator, tmp_path: Path) -> Callable[..., Run]:
    """Play a corpus to the simulator: takes what ``workbench.run`` takes, and stores in the test's own folder."""
    from workbench.api import run
    from workbench.settings import Credentials, Secret, Settings

    settings = Settings(
        endpoint=simulator.url,
        store=tmp_path / "runs",
        credentials=Credentials(simulator.partner_id, Secret(simulator.partner_token)),
    )

    def play(corpus: Any = "clinic", **asked: Any) -> Run:  # noqa: ANN401  as of workbench.run
        return run(corpus, **{"settings": settings, **asked})

    return play


def assert_no_regression(run: Run, baseline: Run, *, min_utterances: int | None = None, **margins: float) -> None:
    """Fail the test unless the run is shown to be no worse than the baseline by more than the margins.

    Too few utterances and an invalid measurement fail it too: neither shows anything.

    Args:
        run: the candidate.
        baseline: a run on the same corpus.
        min_utterances: below this nothing is shown; by default 20.
        margins: such as ``wer=0.01`` (a point) or ``word_latency_p95_ms=50``.

    Raises:
        AssertionError: with every check in a table.
        InputError: no margin, or an unknown metric.
    """
    __tracebackhide__ = True
    from workbench.gate import Judgement, markdown

    result = run.gate(margins=margins, against=baseline, min_utterances=min_utterances)
    if result.found.judgement is not Judgement.PASS:
        raise AssertionError(markdown(result.found))
