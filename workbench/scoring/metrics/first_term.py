"""How soon the first marked medical term stands right on the screen, and until it is final."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.scoring.meant import marked
from workbench.scoring.metrics.timeline import last_of
from workbench.scoring.reading import read
from workbench.scoring.view import SessionView
from workbench.units import samples_to_ns

__all__ = ["FirstTerm", "first_term"]


@dataclass(frozen=True, slots=True)
class FirstTerm:
    """The marked term of a session that stands whole on the screen first, ns; None if none ever does.

    Attributes:
        shown_ns: the first message that has all its words minus the due time of the chunk that completes it.
        final_ns: the final that has all its words minus the end of the term; None if no final has them.
    """

    shown_ns: int | None = None
    final_ns: int | None = None


def first_term(view: SessionView) -> FirstTerm:
    """Time to the first correct medical term or drug, and to its final.

    A term is right when every word of it is matched as the ``clinical`` normaliser reads them.

    Empty input: both are None without marked terms, without word times, or where no term was recognised.
    """
    record, audio = view.record, view.audio
    tokens, owners = view.spoken.tokens, view.spoken.owners
    wanted = {read(text).words for kind in marked(record.reference) for text in kind}
    if not record.reference.words or record.start_ns is None:
        return FirstTerm()
    found: list[tuple[int, int, int | None]] = []
    for term in filter(None, wanted):
        for start in range(len(tokens) - len(term) + 1):
            if tokens[start] != term[0] or tuple(tokens[start : start + len(term)]) != term:
                continue
            stretch = range(start, start + len(term))
            shown = last_of([view.sightings[k].shown_ns for k in stretch])
            if shown is not None:
                final = last_of([view.sightings[k].final_ns for k in stretch])
                found.append((shown, owners[stretch.stop - 1][1], final))
    if not found:
        return FirstTerm()
    shown_ns, last, final_ns = min(found, key=lambda one: one[:2])
    end = record.reference.words[last].end_sample
    chunk = int(np.searchsorted(audio.end_sample, end))
    due = int(audio.due_ns[chunk]) if chunk < audio.end_sample.size else None
    ended = record.start_ns + samples_to_ns(end, record.sample_rate_hz)
    return FirstTerm(
        None if due is None else shown_ns - due,
        None if final_ns is None else final_ns - ended,
    )
