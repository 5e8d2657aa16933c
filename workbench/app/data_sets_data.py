"""What the page of a data set shows beside its recordings: doubtful references, and how the recordings are spread.

Cached as :mod:`workbench.app.data` caches: by strings, and bounded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import streamlit as st

from workbench.app import data
from workbench.app.corpora import corpus_named
from workbench.audio.align import spoken_tokens
from workbench.audio.pronunciations import read_dictionary, shipped_dictionary
from workbench.corpus.check import active_levels
from workbench.runs.doubtful import Doubt, doubtful_references, newest_of_each

__all__ = ["Spread", "doubts", "spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How the recordings of a data set are spread.

    Attributes:
        seconds: length of each.
        levels_dbfs: level of the speech in each that has some.
        once: words that are said once, sorted.
        unknown: words that the dictionary of the simulator's recogniser lacks, sorted.
    """

    seconds: tuple[float, ...]
    levels_dbfs: tuple[float, ...]
    once: tuple[str, ...] = field(repr=False)
    unknown: tuple[str, ...] = field(repr=False)


def doubts(name: str) -> Sequence[Doubt]:
    """What stored runs of two recognisers agree on against the references of a data set, the most doubtful first.

    Raises:
        WorkbenchError: there is no such data set, or a run is damaged.
    """
    found = corpus_named(name)
    summaries = [line.summary for line in reversed(data.lines())]
    runs = [data.chosen(run_id) for run_id in newest_of_each(summaries, found.name)]
    if len(runs) < 2:
        return []
    view = json.dumps([run.run_id for run in runs])
    return _doubts(name, f"{found.sha256} {' '.join(run.content for run in runs)}", view)


@st.cache_resource(max_entries=8, show_spinner="Comparing references with runs …")
def _doubts(name: str, content: str, view: str) -> Sequence[Doubt]:
    return doubtful_references(
        corpus_named(name).utterances, None, [data.opened(run_id) for run_id in json.loads(view)]
    )


def spread(name: str) -> Spread:
    """How the recordings of a data set are spread.

    Raises:
        WorkbenchError: there is no such data set.
    """
    return _spread(name, corpus_named(name).sha256)


@st.cache_resource(max_entries=8, show_spinner="Measuring every recording …")
def _spread(name: str, content: str, view: str = "spread") -> Spread:
    found = corpus_named(name)
    tokens = (token for u in found.utterances for _, token in spoken_tokens(u.reference.spoken))
    # No dictionary has numbers in digits.
    words = Counter(token for token in tokens if any(sign.isalpha() for sign in token))
    known = read_dictionary(shipped_dictionary())
    return Spread(
        tuple(utterance.duration_s for utterance in found.utterances),
        tuple(level for level in active_levels(found).values() if level is not None),
        tuple(sorted(word for word, count in words.items() if count == 1)),
        tuple(sorted(word for word in words if word not in known)),
    )
