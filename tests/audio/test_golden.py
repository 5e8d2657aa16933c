"""Same seed, same bytes, across processes and days: rendered audio against hashes that were written down."""

import importlib.util
import json
from pathlib import Path

import pytest

from workbench.audio.config import AudioConfig

_spec = importlib.util.spec_from_file_location("golden", Path(__file__).with_name("golden.py"))
golden = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(golden)

ROWS = json.loads(golden.PATH.read_text())


def test_the_written_hashes_are_those_of_the_listed_configurations():
    """At least thirty, and none is forgotten."""
    assert [row["settings"] for row in ROWS] == list(golden.CONFIGURATIONS)
    assert len(ROWS) >= 30
    assert len({(row["sha256"], str(row.get("levels"))) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=[AudioConfig(**row["settings"]).label() for row in ROWS])
def test_the_bytes_are_those_that_were_written_down(row):
    """Where a library's version decides the bytes and is another one here, the hash says nothing. Of codecs that work
    in floating point the levels are compared: their last bits depend on the processor.
    """
    here = golden.libraries(AudioConfig(**row["settings"]))
    if here != row["libraries"]:
        pytest.skip(f"written with {row['libraries']}, here is {here}: these libraries decide the bytes")
    assert golden.rendered_sha256(golden.exact(row["settings"])) == row["sha256"]
    if "levels" in row:
        assert golden.levels(row["settings"]) == pytest.approx(row["levels"], rel=0.02, abs=2)
