"""Review of references at the command line: one after the other, a key each."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.screen import echo, note, print_rows
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.corpus import Corpus
    from workbench.runs.doubtful import Doubt
    from workbench.runs.review import ReviewItem

__all__ = ["review_and_print"]

_KEYS = "[k]eep it, [h]eard is right, [e]dit, [w]rong (exclude it from every number), [s]kip, [q]uit"


def review_and_print(
    corpus: str, against: str | None, run_ids: Sequence[str], export: Path | None, store: Path | None, as_json: bool
) -> None:
    """List what to review, or ask about one after the other where somebody sits at a terminal.

    Args:
        corpus: a name, a folder or a manifest.
        against: model that decodes each recording whole; None for stored runs alone.
        run_ids: runs to take; empty for the newest of each recogniser.
        export: file for the history of changes; nobody is asked then.
        store: folder of the runs.
        as_json: print JSON, and ask nobody.
    """
    from workbench.corpus import find_corpus, load_corpus
    from workbench.corpus.own import corrections
    from workbench.runs.review import to_review
    from workbench.settings import load_settings
    from workbench.store.labels import flagged

    loaded = load_corpus(find_corpus(corpus))
    doubts = _doubts(loaded, against, run_ids, store)
    items = to_review(loaded, doubts, flagged(load_settings(os.environ, store=store).store, loaded.name))
    if export is not None:
        _write_changes(loaded.root, export)
    if as_json:
        changes = [{"id": c.id, "when": c.when, "before": c.before, "after": c.after} for c in corrections(loaded.root)]
        print_rows(corpus=str(loaded.root), references=[item.row() for item in items], changes=changes)
        return
    if export is None and at_terminal():
        _ask_all(loaded, items, store)
    else:
        for item in items:
            _show(item)
    echo(f"{counted(len(items), 'reference')} to review" if items else "nothing to review")


def at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _doubts(corpus: Corpus, against: str | None, run_ids: Sequence[str], store: Path | None) -> list[Doubt]:
    from workbench.cli.references import doubts_of
    from workbench.runs.doubtful import newest_of_each
    from workbench.settings import load_settings
    from workbench.store import index_runs, open_run

    root = load_settings(os.environ, store=store).store
    ids = {utterance.id for utterance in corpus.utterances}
    # A run may have the name of the corpus and recordings of another.
    newest = [] if run_ids else newest_of_each(index_runs(root), corpus.name)
    found = [run_id for run_id in newest if ids & {key.utterance for key in open_run(root, run_id).outcomes()}]
    return doubts_of(corpus, against, [*run_ids, *found], store)


def _write_changes(folder: Path, target: Path) -> None:
    import msgspec

    from workbench.corpus.own import corrections
    from workbench.store.files import write_atomic

    changes = corrections(folder)
    lines = b"".join(msgspec.json.encode(change) + b"\n" for change in changes)
    write_atomic(target, lambda file: file.write(lines))
    note(f"{counted(len(changes), 'change')} in {target}")


def _show(item: ReviewItem) -> None:
    utterance = item.utterance
    why = {
        "doubtful": f"probably not what is said: {item.differing} of {item.words} words differ",
        "draft": "a draft that nobody has confirmed",
        "differs": f"{item.differing} of {item.words} words differ",
    }[item.why]
    echo(f"{utterance.id}: {why}")
    echo(f"  reference  {utterance.reference.written}")
    if item.heard is not None:
        echo(f"  heard      {item.heard}")


def _ask_all(corpus: Corpus, items: Sequence[ReviewItem], store: Path | None) -> None:
    """One after the other; what was answered stays answered, whenever somebody quits."""
    for number, item in enumerate(items, start=1):
        _show(item)
        begins_s = item.utterance.start_sample / item.utterance.sample_rate_hz
        echo(f"  sound      {item.utterance.audio}, from {begins_s:g} s")
        echo(f"  {number} of {len(items)}: {_KEYS}")
        if not _answered(corpus, item, store):
            return


def _answered(corpus: Corpus, item: ReviewItem, store: Path | None) -> bool:
    """Ask until something is decided; False to quit."""
    from workbench.errors import CorpusError
    from workbench.runs.review import settle_reference
    from workbench.settings import load_settings
    from workbench.store.labels import flag_reference

    utterance = item.utterance
    while (key := click.getchar().lower()) != "q":
        if key == "s":
            return True
        if key == "w":
            root = load_settings(os.environ, store=store).store
            flag_reference(root, corpus.name, utterance.id, utterance.reference.written)
            echo("  marked as wrong")
            return True
        text = {"k": utterance.reference.written, "h": item.heard}.get(key)
        if key == "e":
            text = click.prompt("  what is said", default=utterance.reference.written, err=True)
        if text is None:
            continue
        try:
            echo(f"  {settle_reference(corpus.root, utterance, text)}")
        except CorpusError as error:
            note(str(error))
            continue
        return True
    return False
