"""What verbs print of stored runs at four widths: ``python -m tests.cli.golden_tables`` writes ``tests/cli/golden``.

Nothing is played. The runs are made by hand, with delays of many seconds, failed sessions and two speakers, so that
numbers of every size stand in the tables.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from unittest import mock

import numpy as np
from click.testing import CliRunner

from tests.fakes import make_manifest
from tests.instrument.capacity.test_levels import GOOD
from tests.scoring.metrics.records import session, spoken
from workbench.cli import cli
from workbench.cli.capacity import print_capacity
from workbench.cli.demo import print_verdicts
from workbench.cli.results import print_result
from workbench.comparing.runs import compare_runs
from workbench.instrument.capacity.level import Objective, judge
from workbench.instrument.capacity.ramp import Capacity
from workbench.recording.record import Outcome, SessionRecord
from workbench.runs.result import RunResult, load_result
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.settings import load_settings
from workbench.store import CellFacts, CorpusFacts, NormaliserFacts, RunWriter, StoredRun, open_run

FOLDER = Path(__file__).parent / "golden"
WIDTHS = (60, 80, 120, 200)
FIRST, SECOND = "20260105T081500000Z-3fa9c1", "20260112T093000000Z-b07e42"

_SAID = "she takes 5 mg of lisinopril and has no pain in the left knee"
_HEARD = {
    0: _SAID,
    1: "she takes 50 mg of lisinopril and has no pain in the left knee",
    2: "she takes 5 mg of lisinopril and has pain in the right knee",
    3: "she takes 5 mg of listening and has no pain left knee",
}
_CELLS = {
    "clean 16 kHz": ({}, 0, 0),
    "pink noise 20 dB": ({"noise": "pink", "snr_db": 20.0}, 9, 180),
    "8 kHz, opus 12 kbit/s": ({"sample_rate_hz": 8000, "codec": "opus", "codec_kbps": 12.0}, 4, 11_400),
}


def _record(cell: str, place: int, wrong: int, delay: int) -> SessionRecord:
    text = _HEARD[1 + place % 3] if place < wrong else _SAID
    late = delay + place % 7
    messages = [(250 + late, "partial", "she takes"), (2_900 + late, "final", text), (3_200 + late, "end", "")]
    return session(
        spoken(_SAID), messages, cell=cell, utterance=f"note-{place:03}", chunks=28, speaker=("ann", "bob")[place % 2]
    )


def _store(root: Path, run_id: str, records: list[SessionRecord]) -> None:
    which = normaliser("clinical")
    cells = dict.fromkeys(record.key.cell for record in records)
    manifest = make_manifest(
        cells=[CellFacts.of(cell, _CELLS[cell][0]) for cell in cells],
        corpus=CorpusFacts(name="clinic", hash="c" * 64, utterances=12),
        recogniser="whisper-base-int8",
        normaliser=NormaliserFacts(name=which.name, version=which.version, hash=which.hash),
        planned=len(records),
        seed=1,
    )
    manifest.run_id = run_id
    manifest.created = f"{run_id[:4]}-{run_id[4:6]}-{run_id[6:8]}T08:15:00.000Z"
    with RunWriter.create(root, manifest) as writer:
        for record in records:
            writer.add(record)
        writer.commit([score_session(record, which).to_row() for record in records])


def make_runs(root: Path) -> None:
    """Two runs: one of three configurations, of which two sessions failed, and one of a single configuration."""
    records = [_record(cell, i, wrong, delay) for cell, (_, wrong, delay) in _CELLS.items() for i in range(12)]
    records += [
        session(spoken(_SAID), [], cell="clean 16 kHz", utterance=f"lost-{i}", outcome=Outcome.REFUSED, chunks=0,
                speaker="ann")
        for i in range(2)
    ]  # fmt: skip
    _store(root, FIRST, records)
    _store(root, SECOND, [_record("clean 16 kHz", i, 2, 40) for i in range(12)])


def _capacity() -> Capacity:
    """A load test whose third level the service did not hold."""
    slow = {"finalisation_ns": np.full(100, 11_612_400_000), "sessions": 400, "played": 400}
    changes = ({}, {"sessions": 200, "played": 200}, slow, {"outcomes": Counter({"handshake refused": 3})})
    levels = [judge(replace(GOOD, **change), Objective()) for change in changes]
    return Capacity(
        endpoint="simulator", recogniser="scripted", arrivals=False, seconds=20.0, objective={}, levels=levels,
        held_sessions=200, gave_way="service", reason=levels[2].reason,
    )  # fmt: skip


def _result(root: Path) -> RunResult:
    from workbench.runs.result import load_result

    return load_result(open_run(root, FIRST))


def _printed(root: Path) -> dict[str, Callable[[], object]]:
    """What is printed by verbs that play, from a stored run."""
    settings = load_settings({}, store=root)
    played = partial(print_result, _result(root), settings)
    return {
        "workbench run --corpus clinic": played,
        "workbench demo": lambda: (played(), print_verdicts(_result(root))),
        "workbench capacity --sessions 400": lambda: print_capacity(_capacity()),
    }


_TYPED = (
    ("show", FIRST),
    ("show", SECOND),
    ("show", FIRST, "--sessions"),
    ("compare", FIRST),
    ("gate", SECOND, "--limit", "wer=0.05", "--limit", "word_latency_p95_ms=900", "--against", FIRST,
     "--margin", "wer=0.01"),
    ("score", FIRST),
    ("runs", "list"),
)  # fmt: skip


@contextlib.contextmanager
def _loaded_once() -> Iterator[None]:
    """Scores and comparisons take longer than printing: of a run they are made once, for all widths."""
    kept: dict[str, RunResult] = {}
    compared = cache(lambda ids: compare_runs([kept[run_id] for run_id in ids]))

    def load(run: StoredRun) -> RunResult:
        if run.run_id not in kept:
            kept[run.run_id] = load_result(run)
        return kept[run.run_id]

    with (
        mock.patch("workbench.runs.result.load_result", load),
        mock.patch(
            "workbench.comparing.runs.compare_runs",
            lambda results, *_, **__: compared(tuple(result.run.run_id for result in results)),
        ),
    ):
        yield


def golden(root: Path) -> dict[int, str]:
    """Everything that is printed, each behind its command, by width."""
    with _loaded_once():
        return {width: _golden(root, width) for width in WIDTHS}


def _golden(root: Path, width: int) -> str:
    parts = []
    with mock.patch.dict(os.environ, {"COLUMNS": str(width)}):
        for words in _TYPED:
            shown = CliRunner().invoke(cli, [*words, "--store", str(root)], prog_name="workbench")
            assert shown.exception is None or isinstance(shown.exception, SystemExit), shown.output
            parts.append(f"$ workbench {' '.join(words)}\n{shown.stdout}")
        for command, show in _printed(root).items():
            with contextlib.redirect_stdout(io.StringIO()) as out:
                show()
            parts.append(f"$ {command}\n{out.getvalue()}")
    return "\n".join(parts)


def main() -> None:
    """Write the golden texts."""
    with tempfile.TemporaryDirectory() as folder:
        make_runs(Path(folder))
        for width, text in golden(Path(folder)).items():
            (FOLDER / f"{width}.txt").write_text(text)


if __name__ == "__main__":
    main()
