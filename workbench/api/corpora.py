"""Corpora from Python: load, check, align and import them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.corpus import Corpus, Problem, find_corpus
from workbench.corpus import check_corpus as _check_corpus
from workbench.corpus import load_corpus as _load_corpus
from workbench.corpus.align import AlignmentReport
from workbench.corpus.align import align_corpus as _align_corpus
from workbench.corpus.importers import ImportReport
from workbench.corpus.importers import import_corpus as _import_corpus

__all__ = ["align_corpus", "check_corpus", "import_corpus", "load_corpus"]


def load_corpus(name_or_path: str | Path) -> Corpus:
    """Load a built-in corpus by name, or one from a folder or manifest.

    Raises:
        CorpusError: naming the file, the line and what is wrong.

    >>> corpus = wb.load_corpus("my-corpus")
    >>> len(corpus.utterances), corpus.utterances[0].id
    (4, 'short-000')
    """
    return _load_corpus(find_corpus(str(name_or_path)))


def import_corpus(
    format_name: str,
    source: Path | str,
    target: Path | str,
    *,
    copy: bool = False,
    audio_root: Path | str | None = None,
    mapping: Mapping[str, str] | None = None,
    split_channels: bool = False,
    skip_bad: bool = False,
) -> ImportReport:
    """Convert a data set in another format into a corpus.

    Args:
        format_name: ``folder``, ``table``, ``nemo`` and the other formats of docs/own-data.md.
        source: file or folder to read.
        target: folder to write; must not hold a corpus yet.
        copy: copy the audio into the corpus instead of referring to it.
        audio_root: folder that relative audio paths start from; by default that of ``source``.
        mapping: column of a table for each key of a manifest, such as ``{"reference": "transcript"}``.
        split_channels: make one utterance of each channel.
        skip_bad: leave out bad rows; otherwise nothing is written when there are any.

    Returns:
        Counts and bad rows.

    Raises:
        CorpusError: unknown format, nothing to import, or ``target`` holds a corpus.

    >>> report = wb.import_corpus("nemo", "nemo.jsonl", "imported")
    >>> report.utterances, report.problems
    (1, ())
    """
    return _import_corpus(
        format_name,
        Path(source),
        Path(target),
        audio_root=None if audio_root is None else Path(audio_root),
        copy=copy,
        mapping=mapping,
        split_channels=split_channels,
        skip_bad=skip_bad,
    )


def check_corpus(name_or_path: str | Path) -> list[Problem]:
    """List the problems of a corpus, each with its file and line; empty for a good corpus.

    A problem with ``remark`` set does not keep its recording from being played.

    Raises:
        CorpusError: there is no such corpus.

    >>> [problem.what for problem in wb.check_corpus("my-corpus") if not problem.remark]
    []
    """
    return _check_corpus(find_corpus(str(name_or_path)))


def align_corpus(name_or_path: str | Path, *, replace: bool = False) -> AlignmentReport:
    """Find word times by forced alignment and store them next to the manifest.

    Args:
        name_or_path: built-in name, folder or manifest.
        replace: also replace word times that are already known.

    Raises:
        CorpusError: there is no such corpus, or its folder cannot be written.

    >>> report = wb.align_corpus("spoken")
    >>> report.aligned > 5
    True
    """
    return _align_corpus(load_corpus(name_or_path), replace=replace)
