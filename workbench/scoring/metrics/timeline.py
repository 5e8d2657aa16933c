"""The reference words against the messages of a session: which message first held which word, and which final.

Both sides are compared as they are read (:mod:`workbench.scoring.reading`): "98.6" shows "ninety eight point six".
Messages after the terminal frame are not part of the session. Finals are joined in arrival order and
aligned with the whole reference once; each segment then owns a stretch of the reference, and its partials are
aligned with that stretch alone, so that a sentence lost early does not shift everything behind it. A message that
speaks of another stretch (a final that comes again, a partial that overtakes the final before it) counts there.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from workbench.protocol.messages import EndOfResults, Final, Partial
from workbench.recording.record import Received
from workbench.reference import Reference
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.shown import shown_words
from workbench.scoring.reading import read

__all__ = ["Segment", "Sighting", "SpokenTokens", "last_of", "read_words", "segments", "sightings", "spoken_tokens"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One final and the partials before it.

    Attributes:
        partials: (received_ns, text) in order of arrival; empty texts included.
        final: (received_ns, text), None if the stream ended on a partial.
    """

    partials: tuple[tuple[int, str], ...]
    final: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """When one reference token was seen, ns of arrival; None for never.

    Attributes:
        shown_ns: first message that contains it, whatever is repeated later.
        low_ns, high_ns: the same under the most and the least generous of the equally good alignments.
        settled_ns: start of its last uninterrupted run up to its segment's final; None if that lacks it.
        final_ns: first final that contains it.
    """

    shown_ns: int | None = None
    low_ns: int | None = None
    high_ns: int | None = None
    settled_ns: int | None = None
    final_ns: int | None = None


@dataclass(frozen=True, slots=True)
class SpokenTokens:
    """Words as they are read.

    Attributes:
        tokens: canonical words.
        owners: for each, the first and the last word that it stands for: "fifty" and "five" are one 55, "BP" is two.
    """

    tokens: list[str]
    owners: list[tuple[int, int]]

    def by_word(self) -> dict[int, list[int]]:
        """The tokens of each word, in order; a word without any (a lone dash) is left out."""
        tokens: dict[int, list[int]] = {}
        for token, (first, last) in enumerate(self.owners):
            for word in range(first, last + 1):
                tokens.setdefault(word, []).append(token)
        return dict(sorted(tokens.items()))


def segments(messages: Iterable[Received]) -> list[Segment]:
    """Transcript messages cut at the finals, up to the terminal frame.

    A final without partials is a segment; partials without a final are the last segment.
    """
    parts: list[Segment] = []
    partials: list[tuple[int, str]] = []
    for item in messages:
        match item.message:
            case EndOfResults():
                break
            case Partial(text=text):
                partials.append((item.received_ns, text))
            case Final(text=text):
                parts.append(Segment(tuple(partials), (item.received_ns, text)))
                partials = []
            case _:
                pass
    if partials:
        parts.append(Segment(tuple(partials), None))
    return parts


def last_of(stamps: Sequence[int | None]) -> int | None:
    """What is made of several parts is there when its last part is; None if one never came, and for no parts.

    >>> last_of([3, 5]), last_of([3, None]), last_of([])
    (5, None, None)
    """
    if len(stamps) == 1:  # most words
        return stamps[0]
    known = [s for s in stamps if s is not None]
    return max(known, default=None) if len(known) == len(stamps) else None


def read_words(words: Sequence[str]) -> SpokenTokens:
    """Single words read as one text.

    >>> read_words("temperature thirty seven point five today".split()).owners
    [(0, 0), (1, 4), (5, 5)]
    """
    reading = read(" ".join(words))
    ends = list(accumulate(len(word) + 1 for word in words))
    owners = [(bisect_right(ends, start), bisect_right(ends, end - 1)) for start, end in reading.spans]
    return SpokenTokens(list(reading.words), owners)


def spoken_tokens(reference: Reference) -> SpokenTokens:
    """The spoken reference as it is read; without word times each token is a word of its own."""
    if reference.words:
        return read_words([word.text for word in reference.words])
    tokens = list(read(reference.spoken).words)
    return SpokenTokens(tokens, [(i, i) for i in range(len(tokens))])


@dataclass(frozen=True, slots=True)
class _Item:
    """One message as it is read."""

    at: int
    words: tuple[str, ...]
    final: bool


def sightings(tokens: Sequence[str], segments: Sequence[Segment]) -> list[Sighting]:
    """For each reference token, when it was first shown, when for good, and when it became final.

    Empty input: no tokens give an empty list, no messages give sightings of None.
    """
    names = ("shown", "low", "high", "settled", "final")
    stamps: dict[str, list[int | None]] = {name: [None] * len(tokens) for name in names}
    # A stream that broke off shows its last partial: it stands for the final that never came.
    texts = [(s.final or s.partials[-1])[1] for s in segments]
    stretches = _stretches(tokens, texts)
    for segment, (_, _, equal) in zip(segments, stretches, strict=True):
        for i in equal if segment.final else ():
            stamps["final"][i] = segment.final[0] if segment.final else None
    placed = _placed(tokens, segments, stretches)
    for (start, stop, _), items in zip(stretches, placed, strict=True):
        if items and stop > start:
            _note_stretch(tokens[start:stop], start, items, stamps)
    for number, (start, stop, _) in enumerate(stretches):
        # What a message has beyond its own stretch may be the beginning of the next, which says it again.
        longer = [item for item in placed[number] if len(item.words) > stop - start > 0]
        following = next((later for _, later, _ in stretches[number + 1 :] if later > stop), stop)
        if longer and following > stop:
            _note_earlier(tokens[start:following], start, longer, stamps)
    for i, at in enumerate(stamps["final"]):
        # What the whole alignment finds in a final was shown by it at the latest.
        for name in ("shown", "low", "high", "settled"):
            if at is not None and stamps[name][i] is None:
                stamps[name][i] = at
    return [Sighting(*values) for values in zip(*(stamps[k] for k in names), strict=True)]


_Stretch = tuple[int, int, list[int]]


def _stretches(tokens: Sequence[str], texts: Sequence[str]) -> list[_Stretch]:
    """For each segment: start and stop of its stretch of the reference, and the tokens that its text has.

    The texts are read as one, because a value may begin in one and end in the next: it belongs to that. Words that no
    final covers belong to the segment before them.
    """
    joined = read(" ".join(texts))
    ends = list(accumulate(len(text) + 1 for text in texts))
    pairs = align(tokens, joined.words)
    result: list[_Stretch] = []
    at = 0
    for number in range(len(texts)):
        mine = []
        while at < len(pairs) and bisect_right(ends, joined.spans[pairs[at][1]][1] - 1) <= number:
            mine.append(pairs[at])
            at += 1
        stop = pairs[at][0] if at < len(pairs) else len(tokens)
        result.append((mine[0][0], stop, [i for i, j in mine if tokens[i] == joined.words[j]]) if mine else (0, 0, []))
    return result


def _placed(tokens: Sequence[str], segments: Sequence[Segment], stretches: Sequence[_Stretch]) -> list[list[_Item]]:
    """The messages that speak of each stretch, in order of arrival."""
    placed: list[list[_Item]] = [[] for _ in segments]
    owned = [number for number, (start, stop, _) in enumerate(stretches) if stop > start]
    for number, segment in enumerate(segments):
        items = [_Item(at, read(text).words, final=False) for at, text in segment.partials]
        if segment.final is not None:
            items.append(_Item(segment.final[0], read(segment.final[1]).words, final=True))
        after = [k for k in owned if k > number][:1]
        if stretches[number][1] > stretches[number][0]:
            ahead = _overtaking(tokens, items, stretches[number], [stretches[k] for k in after])
            placed[number] += items[: len(items) - ahead - 1] + items[-1:] if ahead else items
            for k in after:
                placed[k] += items[len(items) - ahead - 1 : -1] if ahead else []
            continue
        # Nothing of the reference is left for it: it repeats what was final, or is put right by the next.
        near = [k for k in owned if k < number][-1:] + after
        for item in items:
            costs = {k: cost for k in near if (cost := _cost(tokens, item.words, stretches[k])) is not None}
            if costs:
                placed[min(costs, key=lambda k: costs[k])].append(item)
    return [sorted(items, key=lambda item: item.at) for items in placed]


def _overtaking(tokens: Sequence[str], items: Sequence[_Item], own: _Stretch, following: Sequence[_Stretch]) -> int:
    """How many of the last partials before a final speak of what follows it."""
    count = 0
    for item in reversed(items[:-1] if items and items[-1].final else ()):
        if not following or not item.words or item.words[:1] == tuple(tokens[own[0] : own[0] + 1]):
            break
        there, here = _cost(tokens, item.words, following[0]), _cost(tokens, item.words, own)
        if there is None or (here is not None and here <= there):
            break
        count += 1
    return count


def _cost(tokens: Sequence[str], words: Sequence[str], stretch: _Stretch) -> int | None:
    """Edits between a message and the beginning of a stretch; None if less than half of it is there."""
    ours = tokens[stretch[0] : stretch[1]]
    pairs = align(ours, words, open_end=True)
    equal = sum(ours[i] == words[j] for i, j in pairs)
    if not equal or 2 * equal < len(words):
        return None
    return len(words) - equal + pairs[-1][0] + 1 - len(pairs)


def _note_stretch(
    stretch: Sequence[str], start: int, items: Sequence[_Item], stamps: dict[str, list[int | None]]
) -> None:
    """First and settled sightings of one stretch; what is repeated behind its final moves nothing."""
    shown = shown_words(stretch, [item.words for item in items])
    closing = next((k for k, item in enumerate(items) if item.final), len(items) - 1)
    until = shown_words(stretch, [item.words for item in items[: closing + 1]]) if items[closing + 1 :] else shown
    last = items[closing].at
    columns = (shown.chosen, shown.earliest, shown.certain, until.settled)
    for k, (chosen, earliest, certain, settled) in enumerate(zip(*(c.tolist() for c in columns), strict=True)):
        if chosen < 0:
            continue
        stamps["shown"][start + k] = items[chosen].at
        stamps["low"][start + k] = items[earliest].at
        stamps["high"][start + k] = items[certain].at if certain >= 0 else max(last, items[chosen].at)
        stamps["settled"][start + k] = items[settled].at if settled >= 0 else None
        if items[chosen].final and stamps["final"][start + k] is not None:
            stamps["final"][start + k] = min(items[chosen].at, stamps["final"][start + k] or 0)


def _note_earlier(
    stretch: Sequence[str], start: int, items: Sequence[_Item], stamps: dict[str, list[int | None]]
) -> None:
    """First sightings that come before those known."""
    shown = shown_words(stretch, [item.words for item in items])
    for k, chosen in enumerate(map(int, shown.chosen)):
        known = stamps["shown"][start + k]
        if chosen >= 0 and known is not None and items[chosen].at < known:
            for name in ("shown", "low", "high"):
                stamps[name][start + k] = items[chosen].at
