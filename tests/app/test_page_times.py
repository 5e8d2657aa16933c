"""What Inspect and Data sets take over a thousand runs and a thousand recordings, in processor time.

The budget is 150 ms a rerun. It is given in passes of a fixed piece of Python, timed beside it, which takes 7 ms
on the two cores where the budget was set: a slower or a busier machine slows both.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.app.conftest import Draw
from tests.app.stores import texts
from tests.stored import batch, store_run
from workbench.corpus import ManifestRow, write_manifest
from workbench.store import CorpusFacts

pytestmark = [pytest.mark.timing, pytest.mark.slow]

BUDGET_MS, PASS_MS = 150.0, 7.0
ROWS = [{"name": f"recording-{n}", "words": list(range(20)), "share": n / 7} for n in range(1_000)]


def processor_ms(work: Callable[[], object], times: int = 7) -> float:
    """Least of several: nothing makes a rerun faster than it is."""
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(1000 * (time.process_time() - begun))
    return min(taken)


def budget_ms() -> float:
    """What 150 ms are on this machine now."""
    return BUDGET_MS * processor_ms(lambda: json.dumps(json.loads(json.dumps(ROWS))), 15) / PASS_MS


@pytest.mark.parametrize("page", ["inspect", "datasets"])
def test_a_rerun_over_a_thousand_runs_stays_in_its_budget(page: str, draw: Draw, thousand_runs: Path) -> None:
    """Drawn once, then again without a change."""
    test = draw(page, thousand_runs)
    assert not test.exception
    taken, allowed = processor_ms(test.run), budget_ms()
    assert taken <= allowed


def test_a_rerun_of_a_run_of_a_thousand_recordings_stays_in_its_budget(draw: Draw, tmp_path: Path) -> None:
    """The recording is read once."""
    store_run(tmp_path, batch(1_000, wrong=300))
    test = draw("inspect", tmp_path)
    assert not test.exception
    taken, allowed = processor_ms(test.run), budget_ms()
    assert taken <= allowed


def test_a_rerun_of_a_data_set_of_a_thousand_recordings_stays_in_its_budget(draw: Draw, tmp_path: Path) -> None:
    """Two recognisers contradict 300 of its references."""
    folder = tmp_path / "datasets" / "mine"
    folder.mkdir(parents=True)
    soundfile.write(folder / "a.wav", np.zeros(16_000, np.int16), 16_000)
    write_manifest(folder, [ManifestRow(id=f"u{n:02}", audio="a.wav", reference="no chest pain") for n in range(1_000)])
    facts = CorpusFacts(name="mine", hash="0" * 64, location=str(folder))
    for recogniser in ("one", "two"):
        store_run(tmp_path, batch(1_000, wrong=300), recogniser=recogniser, corpus=facts)
    test = draw("datasets", tmp_path, query={"datasets_set": "mine"})
    assert not test.exception
    assert "295 more follow" in texts(test)
    taken, allowed = processor_ms(test.run), budget_ms()
    assert taken <= allowed
