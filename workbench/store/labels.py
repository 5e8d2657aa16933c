"""What people write on runs and references: names, notes and tags of runs, references that are marked as wrong.

All of it is one file beside the runs: a thousand runs are listed with their names at once, and a run itself stays as it
was recorded.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from workbench.errors import InputError, StoreError
from workbench.store.files import private_folder, storing, write_atomic
from workbench.store.remote import local_folder, remote_of, remote_store

__all__ = [
    "LABELS",
    "RunLabel",
    "check_label",
    "flag_reference",
    "flagged",
    "label_run",
    "label_tags",
    "marked_references",
    "reference_mark",
    "run_labels",
]

LABELS = ".labels.json"

_NAME, _NOTE, _TAGS = 120, 4_000, 20


class RunLabel(msgspec.Struct, frozen=True, omit_defaults=True):
    """What people call a run.

    Attributes:
        name: one line; empty if it has none.
        note: free text.
        tags: words to find it by.
    """

    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """Name and tags in one line; empty if there are neither."""
        return " ".join([self.name, *(f"#{tag}" for tag in self.tags)]).strip()


class _Labels(msgspec.Struct, frozen=True):
    runs: dict[str, RunLabel] = {}
    wrong: dict[str, dict[str, str]] = {}


def run_labels(root: Path | str) -> dict[str, RunLabel]:
    """Labels of runs by id; those without one are left out.

    Raises:
        StoreError: the file of labels is damaged.
    """
    return dict(_read(local_folder(root)).runs)


def label_run(root: Path | str, run_id: str, label: RunLabel) -> None:
    """Name a run; an empty label takes it away.

    Raises:
        InputError: it is too long.
        StoreError: it cannot be written, or the store is a remote one.
    """
    check_label(root, label, item=run_id)

    def changed(labels: _Labels) -> _Labels:
        runs = {key: value for key, value in labels.runs.items() if key != run_id}
        return msgspec.structs.replace(labels, runs=runs if label == RunLabel() else {**runs, run_id: label})

    _change(root, changed)


def check_label(root: Path | str, label: RunLabel, *, item: str | None = None) -> None:
    """Whether a run of a store can be called so.

    Raises:
        InputError: it is too long.
        StoreError: the store is a remote one.
    """
    if len(label.name) > _NAME or len(label.note) > _NOTE or len(label.tags) > _TAGS or "\n" in label.name:
        expected = f"a name of one line and {_NAME} characters, a note of {_NOTE:,}, {_TAGS} tags"
        raise InputError("too long for a label", item=item, expected=expected)
    _refuse_remote(root)


def label_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags as people type them, ``"#smoke release-1.8"``: one word each, without the hash sign, each once."""
    words = (word.lstrip("#") for text in texts for word in text.split())
    return tuple(dict.fromkeys(word for word in words if word))


def reference_mark(reference: str) -> str:
    """A short hash of a reference, by which a mark follows the text and not its place."""
    return hashlib.sha256(reference.encode()).hexdigest()[:16]


def flagged(root: Path | str, corpus: str) -> dict[str, str]:
    """References of a corpus that are marked as wrong: utterance to :func:`reference_mark`.

    Raises:
        StoreError: the file of labels is damaged.
    """
    return dict(_read(local_folder(root)).wrong.get(corpus, {}))


def marked_references(root: Path | str) -> dict[str, dict[str, str]]:
    """References that are marked as wrong, of every corpus that has some: see :func:`flagged`.

    Raises:
        StoreError: the file of labels is damaged.
    """
    return dict(_read(local_folder(root)).wrong)


def flag_reference(root: Path | str, corpus: str, utterance: str, reference: str | None) -> None:
    """Mark a reference as wrong, so that its sessions are excluded from results; None takes the mark away.

    A corrected reference is another text and not marked.

    Raises:
        StoreError: it cannot be written.
    """

    def changed(labels: _Labels) -> _Labels:
        marks = {key: mark for key, mark in labels.wrong.get(corpus, {}).items() if key != utterance}
        if reference is not None:
            marks[utterance] = reference_mark(reference)
        wrong = {key: value for key, value in labels.wrong.items() if key != corpus}
        return msgspec.structs.replace(labels, wrong={**wrong, corpus: marks} if marks else wrong)

    _change(root, changed)


def _read(root: Path) -> _Labels:
    path = root / LABELS
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Labels)
    except FileNotFoundError:
        return _Labels()
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            "labels of runs cannot be read", item=str(path), got=type(error).__name__,
            action="Move the file away; the runs are not touched by it",
        ) from None  # fmt: skip


def _change(root: Path | str, changed: Callable[[_Labels], _Labels]) -> None:
    _refuse_remote(root)
    folder = local_folder(root)
    with _locked(folder):
        new = changed(_read(folder))
        write_atomic(folder / LABELS, lambda file: file.write(msgspec.json.encode(new)))


def _refuse_remote(root: Path | str) -> None:
    if remote_store(root) is not None or remote_of(local_folder(root) / LABELS) is not None:
        raise StoreError(
            "names, notes and marks are kept in a folder of this machine only", item=str(root),
            got="a remote store", action="Copy the runs into a folder to label them",
        )  # fmt: skip


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Two tabs that write at the same time write one after the other."""
    private_folder(root)
    path = root / f"{LABELS}.lock"
    with storing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
