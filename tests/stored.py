"""Stored runs built by hand: many utterances, known errors, known delays."""

from __future__ import annotations

from pathlib import Path

from tests.fakes import make_manifest
from tests.scoring.metrics.records import session, spoken
from workbench.recording.record import Outcome, SessionRecord
from workbench.runs.result import RunResult, load_result
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import CellFacts, NormaliserFacts, RunWriter, open_run

TEXT = "no chest pain"


def heard(
    text: str = TEXT, *, utterance: str = "u00", cell: str = "clean", repeat: int = 0, delay: float = 0, **more: object
) -> SessionRecord:
    """A session of ``TEXT`` whose final says ``text``, every message ``delay`` ms late."""
    messages = [(250 + delay, "partial", "no"), (700 + delay, "final", text), (1100 + delay, "end", "")]
    return session(spoken(TEXT), messages, utterance=utterance, cell=cell, repeat=repeat, **more)  # type: ignore[arg-type]


def batch(n: int = 24, *, wrong: int = 0, jitter: int = 7, **more: object) -> list[SessionRecord]:
    """``n`` utterances, the first ``wrong`` of them with one word wrong; delays vary by utterance."""
    delay = float(more.pop("delay", 0))  # type: ignore[arg-type]
    return [
        heard("no test pain" if i < wrong else TEXT, utterance=f"u{i:02}", delay=delay + i % jitter, **more)  # type: ignore[arg-type]
        for i in range(n)
    ]


def failing(n: int, **more: object) -> list[SessionRecord]:
    """``n`` further sessions that were refused."""
    return [heard(utterance=f"f{i}", outcome=Outcome.REFUSED, chunks=0, **more) for i in range(n)]  # type: ignore[arg-type]


def store_run(
    root: Path, records: list[SessionRecord], *, name: str = "basic", commit: bool = True, **changes: object
) -> str:
    """Store and score records as one run; returns its id."""
    which = normaliser(name)
    facts = NormaliserFacts(name=which.name, version=which.version, hash=which.hash)
    cells = dict.fromkeys(record.key.cell for record in records)
    asked: dict[str, object] = {
        "cells": [CellFacts.of(cell, {} if cell == "clean" else {"snr_db": 20.0, "noise": "pink"}) for cell in cells],
        "normaliser": facts,
        "planned": len(records),
        "seed": 1,
    }
    with RunWriter.create(root, make_manifest(**(asked | changes))) as writer:
        for record in records:
            writer.add(record)
        if commit:
            writer.commit([score_session(record, which).to_row() for record in records])
    return writer.path.name


def stored(root: Path, records: list[SessionRecord], **changes: object) -> RunResult:
    """As :func:`store_run`, loaded again."""
    return load_result(open_run(root, store_run(root, records, **changes)))  # type: ignore[arg-type]
