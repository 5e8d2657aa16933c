"""Which sessions a run plays, in which order, and how they are cut into shards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.corpus import Corpus, Utterance
from workbench.errors import InputError
from workbench.recording.record import SessionKey
from workbench.runs.resolved_run import ResolvedRun, refuse_drafts

__all__ = ["Shard", "blocks", "play_order", "select", "session_keys", "talk_of"]


def select(
    corpus: Corpus, limit: int | None = None, seed: int = 0, *, ids: Sequence[str] = (), tags: Sequence[str] = ()
) -> tuple[Utterance, ...]:
    """Utterances to play, in manifest order: all, those named, and of these ``limit``, spread over tags and speakers.

    Recordings whose reference is a draft are left out.

    Args:
        corpus: source.
        limit: how many, drawn by seed; None for all.
        seed: random seed of the draw.
        ids: only these utterances; empty for all.
        tags: only utterances that have at least one of these; empty for all.

    Raises:
        InputError: a limit below one, or nothing is left.
        CorpusError: no such utterance, or one that is named has no reference but a draft, or all have.
    """
    named = _candidates(corpus, ids, tags)
    candidates = tuple(utterance for utterance in named if not utterance.draft)
    if ids or not candidates:
        refuse_drafts(named)
    if limit is None or limit >= len(candidates):
        return candidates
    if limit < 1:
        raise InputError("no utterance would be played", item="limit", got=limit, expected="1 or more")
    shuffled = play_order([u.id for u in candidates], ["-"], 1, seed)
    position = {identity: rank for rank, (identity, _, _) in enumerate(shuffled)}
    seen: dict[tuple[object, ...], int] = {}
    spread = []
    for utterance in sorted(candidates, key=lambda u: position[u.id]):
        group = (utterance.speaker, utterance.tags)
        seen[group] = seen.get(group, 0) + 1
        spread.append((seen[group], position[utterance.id], utterance))
    chosen = {utterance.id for _, _, utterance in sorted(spread, key=lambda item: item[:2])[:limit]}
    return tuple(utterance for utterance in candidates if utterance.id in chosen)


def _candidates(corpus: Corpus, ids: Sequence[str], tags: Sequence[str]) -> tuple[Utterance, ...]:
    named = {corpus.utterance(identity).id for identity in ids}
    chosen = [u for u in corpus.utterances if (not ids or u.id in named) and (not tags or set(tags) & set(u.tags))]
    if not chosen:
        known = sorted({tag for utterance in corpus.utterances for tag in utterance.tags})
        raise InputError(
            "no utterance has this tag" if not ids else "none of these utterances has this tag",
            item="tags",
            got=", ".join(tags),
            expected=f"one of {', '.join(known)}" if known else "none, because this corpus has no tags",
        )
    return tuple(chosen)


def session_keys(resolved: ResolvedRun, shard: Shard | None = None) -> list[SessionKey]:
    """Every session of a run once, in the order of playing, or those of one shard in the same order.

    A shard takes whole blocks: all configurations of an utterance, with push-to-talk all utterances of a speaker, so
    that what is paired is played by one machine.
    """
    ids, names = [u.id for u in resolved.utterances], [c.name for c in resolved.cells]
    order = play_order(ids, names, resolved.spec.repeats, resolved.spec.seed)
    keys = [SessionKey(cell, utterance, repeat) for utterance, cell, repeat in order]
    speaker = {u.id: u.speaker or "" for u in resolved.utterances}
    if resolved.spec.push_to_talk:
        rank = {talk_of(key, speaker): place for place, key in reversed(list(enumerate(keys)))}
        # Stable: one session's utterances keep their order of play.
        keys.sort(key=lambda key: rank[talk_of(key, speaker)])
    if shard is None:
        return keys
    held = {key for place, block in enumerate(blocks(resolved, keys)) if shard.holds(place) for key in block}
    return [key for key in keys if key in held]


def blocks(resolved: ResolvedRun, keys: Sequence[SessionKey]) -> list[list[SessionKey]]:
    """Sessions that one machine must play, because they are paired or share a connection, in the order of playing."""
    speaker = {u.id: u.speaker for u in resolved.utterances}
    by_unit: dict[tuple[str | None, int], list[SessionKey]] = {}
    for key in keys:
        unit = speaker[key.utterance] if resolved.spec.push_to_talk else key.utterance
        by_unit.setdefault((unit, key.repeat), []).append(key)
    return list(by_unit.values())


def talk_of(key: SessionKey, speaker: Mapping[str, str]) -> str:
    """Name of the push-to-talk session that a session is an utterance of: one a configuration, repeat and speaker."""
    return f"{key.cell}#{key.repeat}/{speaker[key.utterance]}"


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of equal size.

    Attributes:
        number: which part, from 1.
        of: how many there are.

    Raises:
        InputError: there is no such part.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.of:
            raise InputError(
                "there is no such shard", item="shard", got=str(self), expected=f"1/{self.of} to {self.of}/{self.of}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """``2/4`` is the second of four.

        >>> Shard.parse("2/4").holds(5)
        True

        Raises:
            InputError: not of this form, or no such part.
        """
        parts = re.fullmatch(r"([1-9][0-9]{0,5})/([1-9][0-9]{0,5})", text.strip())
        if parts is None:
            raise InputError("not a shard", item="shard", got=text, expected="NUMBER/TOTAL, such as 2/4")
        return cls(int(parts[1]), int(parts[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    def holds(self, place: int) -> bool:
        """Whether the block at ``place`` of the order of playing belongs to it."""
        return place % self.of == self.number - 1


def play_order(utterances: Sequence[str], cells: Sequence[str], repeats: int, seed: int) -> list[tuple[str, str, int]]:
    """Every (utterance, cell, repeat) once: utterances shuffled, and within each the cells shuffled.

    The same utterance is played under all cells close in time, which is what pairs them.

    >>> sorted(play_order(["a"], ["x", "y"], 1, 7))
    [('a', 'x', 0), ('a', 'y', 0)]
    """
    digest = hashlib.sha256(f"order {seed}".encode()).digest()
    draw = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    order = []
    for repeat in range(repeats):
        for u in draw.permutation(len(utterances)):
            order += [(utterances[u], cells[c], repeat) for c in draw.permutation(len(cells))]
    return order
