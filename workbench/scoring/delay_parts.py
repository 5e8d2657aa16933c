"""What the delay of a word is made of, from its end to its final; the parts of every word add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.scoring.cells import latest_attempts
from workbench.scoring.metrics.latency import Latency
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_MS

__all__ = ["PARTS", "MedianWord", "delay_parts", "median_word", "median_words"]

PARTS = ("chunk", "sending", "until shown", "until settled", "until final")


def delay_parts(latency: Latency) -> list[tuple[int, ...] | None]:
    """Parts of the delay of each reference word, ns, in the order of :data:`PARTS`; they add up to its word finality.

    They follow each other in time, so that nothing is counted twice and nothing is left. ``chunk``: from the end of the
    word until the chunk that completes it was due; a word waits for its chunk to fill. ``sending``: from then until
    that chunk was sent, our own lateness. ``until shown``: from the send to the first message that shows the word,
    network and recogniser together. ``until settled``: from first shown to the start of its last uninterrupted run on
    screen. ``until final``: from then to the final that has it.

    None where any of them is unknown; empty for scores that were stored before the waiting for the chunk was. Parts may
    be negative: a word may be shown before its chunk is complete.
    """
    columns = zip(
        latency.word_waiting_ns, latency.word_latency_ns, latency.word_emission_ns, latency.word_settled_ns,
        latency.word_finality_ns, strict=False,
    )  # fmt: skip
    return [_parts(*word) for word in columns]


def _parts(
    waiting: int | None, shown: int | None, emitted: int | None, settled: int | None, final: int | None
) -> tuple[int, ...] | None:
    if waiting is None or shown is None or emitted is None or settled is None or final is None:
        return None
    return (waiting, shown - emitted, emitted, settled - shown, final - waiting - settled)


@dataclass(frozen=True, slots=True)
class MedianWord:
    """The median word of a configuration.

    Attributes:
        words: how many words it stands for.
        sums_ns: each part, added up over them.
    """

    words: int
    sums_ns: tuple[int, ...]

    @property
    def parts_ms(self) -> dict[str, float]:
        """Mean of each part."""
        return {name: total / self.words / NS_PER_MS for name, total in zip(PARTS, self.sums_ns, strict=True)}

    @property
    def total_ms(self) -> float:
        """Mean from the end of the word to its final."""
        return sum(self.sums_ns) / self.words / NS_PER_MS


def median_word(scores: Sequence[SessionScore]) -> MedianWord | None:
    """Mean over the words whose delay lies between the 45th and the 55th percentile: medians alone do not add up.

    Args:
        scores: sessions of one configuration; those whose timing does not count are left out.

    Returns:
        None if no word has every part.
    """
    timed = [score for score in latest_attempts(scores) if score.timed]
    words = sorted((parts for s in timed for parts in delay_parts(s.latency) if parts is not None), key=sum)
    if not words:
        return None
    first = len(words) * 45 // 100
    middle = words[first : max(first + 1, -(-len(words) * 55 // 100))]
    return MedianWord(len(middle), tuple(sum(column) for column in zip(*middle, strict=True)))


def median_words(scores: Sequence[SessionScore], cells: Sequence[str]) -> dict[str, MedianWord]:
    """The median word of each configuration, in the order of ``cells``; without those that have none."""
    members: dict[str, list[SessionScore]] = {cell: [] for cell in cells}
    for score in scores:
        members[score.cell].append(score)
    medians = {cell: median_word(found) for cell, found in members.items()}
    return {cell: median for cell, median in medians.items() if median is not None}
