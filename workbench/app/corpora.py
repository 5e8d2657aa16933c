"""Data sets as they are on the disk now, for the pages; cached as :mod:`workbench.app.data` caches."""

from __future__ import annotations

import contextlib

import streamlit as st

from workbench.corpus import Corpus, builtin_corpora, find_corpus, load_corpus, own_corpora
from workbench.corpus.rows import MANIFEST, WORDS

__all__ = ["corpora", "corpus_named"]


def corpora() -> list[str]:
    """Names of one's own data sets and of the built-in ones; others are named by their path."""
    return [*own_corpora(), *builtin_corpora()]


def corpus_named(name: str) -> Corpus:
    """A data set as it is on the disk now, by name, folder or manifest.

    Raises:
        WorkbenchError: it cannot be read.
    """
    place = find_corpus(name)
    folder = place if place.is_dir() else place.parent
    stamps = []
    for file in (MANIFEST, WORDS):
        with contextlib.suppress(OSError):
            stamps.append(str((folder / file).stat().st_mtime_ns))
    return _corpus(str(place), " ".join(stamps))


@st.cache_resource(max_entries=8, show_spinner="Reading the corpus …")
def _corpus(location: str, content: str, view: str = "corpus") -> Corpus:
    """A corpus by built-in name, folder or manifest.

    Raises:
        WorkbenchError: it cannot be read.
    """
    return load_corpus(find_corpus(location))
