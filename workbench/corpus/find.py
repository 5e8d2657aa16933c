"""Corpora by name: the built-in ones and those of one's own, or any path."""

from __future__ import annotations

from pathlib import Path

from workbench.audio.shipped import shipped_datasets
from workbench.corpus.own import own_corpora
from workbench.corpus.rows import MANIFEST
from workbench.errors import CorpusError

__all__ = ["builtin_corpora", "find_corpus"]


def builtin_corpora() -> dict[str, Path]:
    """Name and folder of every built-in corpus, sorted by name."""
    return {path.parent.name: path.parent for path in sorted(shipped_datasets().glob(f"*/{MANIFEST}"))}


def find_corpus(name_or_path: str) -> Path:
    """Folder or manifest of a corpus.

    Args:
        name_or_path: a built-in name (``clinic``, or ``datasets/clinic`` from anywhere), the name of a data set of
            one's own, a folder or a manifest. What exists on disk wins over a name.

    Raises:
        CorpusError: nothing of that name.
    """
    path = Path(name_or_path).expanduser()
    if path.is_file() or (path / MANIFEST).is_file():
        return path
    builtin = builtin_corpora()
    name = name_or_path.removeprefix("datasets/").rstrip("/")
    if name in builtin:
        return builtin[name]
    own = own_corpora()
    if name in own:
        return own[name]
    problem = f"no {MANIFEST} in this folder" if path.is_dir() else "no such corpus"
    raise CorpusError(
        problem, item=name_or_path, expected=f"one of {', '.join([*builtin, *own])}, a folder or a manifest"
    )
