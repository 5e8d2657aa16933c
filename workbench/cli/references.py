"""References of a corpus at the command line: drafted, confirmed, doubted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.screen import echo, note, print_rows
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.corpus import Corpus
    from workbench.runs.doubtful import Doubt

__all__ = ["confirm_and_print", "doubt_json", "doubts_of", "draft_and_print", "print_doubts"]


def draft_and_print(corpus: str, model: str, as_json: bool) -> None:
    """Draft what is missing, with progress, and say what waits to be confirmed."""
    from workbench.cli.screen import item_progress
    from workbench.corpus import find_corpus
    from workbench.corpus.draft import draft_references
    from workbench.simulator.local import usable_cores
    from workbench.simulator.recognition.whisper.offline import load_transcriber

    path = Path(corpus) if Path(corpus).is_dir() else find_corpus(corpus)
    threads = usable_cores()
    with item_progress("transcribing") as advance:
        drafts = draft_references(path, load_transcriber(model, threads), threads, advance)
    if as_json:
        print_rows(**(asdict(drafts) | {"manifest": str(drafts.manifest)}))
        return
    for name, reason in drafts.failed.items():
        note(f"{name}: {reason}")
    for name in drafts.silent:
        echo(f"{name}: no words were heard")
    echo(
        f"{drafts.manifest}: {counted(len(drafts.drafted), 'reference')} drafted, "
        f"{counted(len(drafts.waiting), 'draft')} to confirm"
    )
    if drafts.waiting:
        echo(
            f"Read and correct them there, then: workbench datasets transcribe {corpus} --confirm ID (or --confirm-all)"
        )


def confirm_and_print(corpus: str, ids: tuple[str, ...], as_json: bool) -> None:
    """Confirm drafts, all where no ids are given, and name them."""
    from workbench.corpus import find_corpus
    from workbench.corpus.draft import confirm_drafts

    confirmed = confirm_drafts(find_corpus(corpus), ids)
    if as_json:
        print_rows(confirmed=list(confirmed))
        return
    echo(f"{counted(len(confirmed), 'draft')} confirmed" + (f": {', '.join(confirmed)}" if confirmed else ""))


def doubts_of(corpus: Corpus, model: str | None, run_ids: Sequence[str], store: Path | None) -> list[Doubt]:
    """Decode every recording where a model is named, with progress, and compare; the most doubtful reference first."""
    from workbench.cli.screen import item_progress
    from workbench.runs.doubtful import doubtful_references
    from workbench.settings import load_settings
    from workbench.simulator.local import usable_cores
    from workbench.simulator.recognition.whisper.offline import load_transcriber
    from workbench.store import open_run

    root = load_settings(os.environ, store=store).store
    runs, threads = [open_run(root, run_id) for run_id in run_ids], usable_cores()
    if model is None:
        return doubtful_references(corpus.utterances, None, runs)
    with item_progress("transcribing") as advance:
        return doubtful_references(corpus.utterances, load_transcriber(model, threads), runs, threads, advance)


def doubt_json(doubt: Doubt) -> dict[str, object]:
    """One compared reference as ``--json`` gives it."""
    return {**asdict(doubt), "share": doubt.share, "doubtful": doubt.is_doubtful}


def print_doubts(doubts: Sequence[Doubt]) -> None:
    """Those that probably are wrong, with both texts, and how many were compared."""
    for doubt in doubts:
        if doubt.is_doubtful:
            echo(f"{doubt.utterance}: probably not what is said: {doubt.differing} of {doubt.words} words differ")
            echo(f"  reference  {doubt.reference}")
            echo(f"  heard      {doubt.heard}")
    if doubts:
        doubtful = sum(doubt.is_doubtful for doubt in doubts)
        echo(f"{counted(len(doubts), 'reference')} compared, {doubtful} probably wrong")
