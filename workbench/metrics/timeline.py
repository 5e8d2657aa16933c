"""The reference words against the messages of a session: which message first held which word, and which final.

House rules: messages after the terminal frame are not part of the session. Finals are joined in arrival order and
aligned with the whole reference once; each segment then owns a stretch of the reference, and its partials are
aligned with that stretch alone, so that a sentence lost early does not shift everything behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workbench.metrics.alignment import align, shown_words
from workbench.metrics.normalize import Normaliser
from workbench.protocol.messages import EndOfResults, Final, Partial
from workbench.recording import Received
from workbench.reference import Reference

__all__ = ["Segment", "Sighting", "reference_tokens", "segments", "sightings"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One final and the partials before it.

    Attributes:
        partials: (received_ns, text) in order of arrival; empty texts included.
        final: (received_ns, text), None where the stream ended on a partial.
    """

    partials: tuple[tuple[int, str], ...]
    final: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """When one reference word was seen, ns of arrival; None for never.

    Attributes:
        shown_ns: first message that contains the word.
        low_ns, high_ns: the same under the most and the least generous of the equally good alignments.
        final_ns: the final that covers it.
    """

    shown_ns: int | None = None
    low_ns: int | None = None
    high_ns: int | None = None
    final_ns: int | None = None


def segments(messages: Iterable[Received]) -> list[Segment]:
    """Transcript messages cut at the finals, up to the terminal frame.

    A final without partials is a segment; partials without a final are the last segment.
    """
    found: list[Segment] = []
    partials: list[tuple[int, str]] = []
    for item in messages:
        match item.message:
            case EndOfResults():
                break
            case Partial(text=text):
                partials.append((item.received_ns, text))
            case Final(text=text):
                found.append(Segment(tuple(partials), (item.received_ns, text)))
                partials = []
            case _:
                pass
    if partials:
        found.append(Segment(tuple(partials), None))
    return found


def reference_tokens(reference: Reference, normaliser: Normaliser) -> tuple[list[str], list[int]]:
    """Normalised tokens of the spoken reference, and to which word each belongs.

    With word times the words are those of ``reference.words``; without them, the tokens themselves. A word may
    give several tokens ("x-ray") or none (a lone dash).
    """
    if not reference.words:
        tokens = normaliser.tokens(reference.spoken)
        return tokens, list(range(len(tokens)))
    tokens, owners = [], []
    for index, word in enumerate(reference.words):
        for token in normaliser.tokens(word.text):
            tokens.append(token)
            owners.append(index)
    return tokens, owners


def sightings(tokens: list[str], found: list[Segment], normaliser: Normaliser) -> list[Sighting]:
    """For each reference token, when it was first shown and when it became final.

    Empty input: no tokens give an empty list, no messages give sightings of None.
    """
    stamps: dict[str, list[int | None]] = {k: [None] * len(tokens) for k in ("shown", "low", "high", "final")}
    # A stream that broke off shows its last partial: it stands for the final that never came.
    closing = [normaliser.tokens((s.final or s.partials[-1])[1]) for s in found]
    for segment, words, (start, stop, pairs) in zip(found, closing, _stretches(tokens, closing), strict=True):
        if segment.final:
            for i, j in pairs:
                if tokens[i] == words[j]:
                    stamps["final"][i] = segment.final[0]
        if stop > start:
            _note_segment(segment, tokens[start:stop], start, normaliser, stamps)
    for i, at in enumerate(stamps["final"]):
        # What the whole alignment finds in a final was shown by it at the latest.
        for name in ("shown", "low", "high"):
            if at is not None and stamps[name][i] is None:
                stamps[name][i] = at
    return [Sighting(*values) for values in zip(*(stamps[k] for k in ("shown", "low", "high", "final")), strict=True)]


def _stretches(tokens: list[str], closing: list[list[str]]) -> list[tuple[int, int, list[tuple[int, int]]]]:
    """For each segment: start and stop of its stretch of the reference, and its pairs with positions inside it.

    Words that no final covers belong to the segment before them.
    """
    joined = [word for words in closing for word in words]
    pairs = align(tokens, joined)
    result: list[tuple[int, int, list[tuple[int, int]]]] = []
    offset, at = 0, 0
    for words in closing:
        mine = []
        while at < len(pairs) and pairs[at][1] < offset + len(words):
            mine.append((pairs[at][0], pairs[at][1] - offset))
            at += 1
        offset += len(words)
        stop = pairs[at][0] if at < len(pairs) else len(tokens)
        result.append((mine[0][0], stop, mine) if mine else (0, 0, mine))
    return result


def _note_segment(
    segment: Segment, stretch: list[str], start: int, normaliser: Normaliser, stamps: dict[str, list[int | None]]
) -> None:
    items = [*segment.partials, *([segment.final] if segment.final else [])]
    shown = shown_words(stretch, [normaliser.tokens(text) for _, text in items])
    last = items[-1][0]
    for k in range(len(stretch)):
        chosen, earliest, certain = int(shown.chosen[k]), int(shown.earliest[k]), int(shown.certain[k])
        if chosen < 0:
            continue
        stamps["shown"][start + k] = items[chosen][0]
        stamps["low"][start + k] = items[earliest][0]
        stamps["high"][start + k] = items[certain][0] if certain >= 0 else last
