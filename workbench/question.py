"""What is asked of a run: which utterances under which configurations, prepared and planned.

Preparing reads, degrades and encodes the audio; it happens before the timed phase, never in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from workbench.audio.degrade import prepare
from workbench.audio.files import Audio
from workbench.client.calls import Context
from workbench.corpus import Corpus, Utterance, read_utterance
from workbench.errors import CorpusError, InputError
from workbench.flows import transport_for
from workbench.metrics.normalize import Normaliser, normaliser
from workbench.network import find_profile
from workbench.plan import SessionPlan, build_plan
from workbench.protocol.messages import Dialect, Product
from workbench.recording import SessionKey
from workbench.runner import Job
from workbench.shards import Shard
from workbench.sweep import Cell, play_order

__all__ = ["Question", "blocks", "join", "prepare_jobs", "select", "session_keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of a run.

    Attributes:
        corpus: where the utterances come from.
        utterances: those that are played.
        cells: configurations; every one plays every utterance.
        repeats: how often each session is played.
        seed: of noise, network, order and bootstrap.
        concurrency: sessions at a time.
        normaliser: of the first scores.
        product, dialect: what is spoken.
        transport: ``websockets`` or ``picows``; ``auto`` becomes one of them, by the sessions at a time.
        realtime: ask the system for real-time priority while sessions are played.
        kernel_stamps: let the kernel stamp arrivals, where no TLS hides them.
        noise_floor: an A/A run: the same sessions twice, for the differences that mean nothing.
        push_to_talk: utterances of one speaker are connections of one dictation session.
        context: what ambient and form-filling sessions are told.
        form_templates: ids, names or types of the templates that form filling fills.

    Raises:
        InputError: what the product does not have, or audio that its socket does not take.
    """

    corpus: Corpus
    utterances: tuple[Utterance, ...]
    cells: tuple[Cell, ...]
    repeats: int = 1
    seed: int = 0
    concurrency: int = 4
    normaliser: Normaliser = field(default_factory=lambda: normaliser("basic"))
    product: Product = Product.DICTATION
    dialect: Dialect = Dialect.LIVE
    transport: str = "auto"
    realtime: bool = False
    kernel_stamps: bool = False
    noise_floor: bool = False
    push_to_talk: bool = False
    context: Context | None = field(default=None, repr=False)
    form_templates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        product = self.product.value
        if self.transport == "auto":
            object.__setattr__(self, "transport", transport_for(self.concurrency))
        if self.noise_floor and self.repeats < 2:
            raise InputError("an A/A run plays everything twice", item="--aa", got="--repeats 1", expected="2 or more")
        if self.push_to_talk and self.product is not Product.DICTATION:
            raise InputError(
                "push-to-talk is for dictation", item="--push-to-talk", got=product, expected="--product dictation"
            )
        if self.context is not None and self.product is Product.DICTATION:
            raise InputError("dictation has no context", item="--context", expected="--product ambient or form-filling")
        if self.form_templates and self.product is not Product.FORM_FILLING:
            raise InputError(
                "only form filling has templates",
                item="--form-template",
                got=product,
                expected="--product form-filling",
            )
        in_context = self.context is not None and self.context.form_filling is not msgspec.UNSET
        if self.product is Product.FORM_FILLING and not (self.form_templates or in_context):
            raise InputError(
                "form filling needs a template", item="--form-template", got="none", expected="a name or an id"
            )
        if self.product is not Product.DICTATION:
            self._check_stream_audio()
        elif self.dialect is not Dialect.LIVE:
            self._check_rate()

    def _check_rate(self) -> None:
        """No message of this dialect says a rate; its documents show one."""
        for cell in self.cells:
            if cell.audio.sample_rate_hz != 16_000:
                raise InputError(
                    f"the dialect {self.dialect.value} takes one rate only",
                    item=cell.name,
                    got=f"{cell.audio.sample_rate_hz} Hz",
                    expected="16000 Hz",
                )

    def _check_stream_audio(self) -> None:
        """``/ws/stream`` declares no audio configuration: it takes one rate and one length of chunks (S-153)."""
        for cell in self.cells:
            audio = cell.audio
            if (audio.sample_rate_hz, audio.chunk_ms) != (16_000, 100):
                raise InputError(
                    f"{self.product.value} takes one kind of audio only",
                    item=cell.name,
                    got=f"{audio.sample_rate_hz} Hz in chunks of {audio.chunk_ms} ms",
                    expected="16000 Hz in chunks of 100 ms",
                )

    @property
    def sessions(self) -> int:
        """How many sessions will be played."""
        return len(self.utterances) * len(self.cells) * self.repeats


def join(corpora: Sequence[Corpus]) -> Corpus:
    """Several corpora as one; its hash covers theirs.

    Raises:
        CorpusError: two utterances share an id.
    """
    if len(corpora) == 1:
        return corpora[0]
    owner: dict[str, str] = {}
    for corpus in corpora:
        for utterance in corpus.utterances:
            if utterance.id in owner:
                raise CorpusError(
                    "two corpora have an utterance of this id",
                    item=utterance.id,
                    got=f"{owner[utterance.id]} and {corpus.name}",
                    action="Rename one, or play the corpora apart",
                )
            owner[utterance.id] = corpus.name
    return Corpus(
        name="+".join(corpus.name for corpus in corpora),
        root=corpora[0].root,
        utterances=tuple(u for corpus in corpora for u in corpus.utterances),
        sha256=hashlib.sha256("".join(corpus.sha256 for corpus in corpora).encode()).hexdigest(),
        parts=tuple(corpora),
    )


def select(corpus: Corpus, limit: int | None = None, seed: int = 0) -> tuple[Utterance, ...]:
    """All utterances, or ``limit`` of them: drawn by seed, in manifest order, spread over tags and speakers.

    Raises:
        InputError: a limit below one.
    """
    if limit is None or limit >= len(corpus.utterances):
        return corpus.utterances
    if limit < 1:
        raise InputError("no utterance would be played", item="--limit", got=limit, expected="1 or more")
    shuffled = play_order([u.id for u in corpus.utterances], ["-"], 1, seed)
    position = {identity: rank for rank, (identity, _, _) in enumerate(shuffled)}
    seen: dict[tuple[object, ...], int] = {}
    spread = []
    for utterance in sorted(corpus.utterances, key=lambda u: position[u.id]):
        group = (utterance.speaker, utterance.tags)
        seen[group] = seen.get(group, 0) + 1
        spread.append((seen[group], position[utterance.id], utterance))
    chosen = {utterance.id for _, _, utterance in sorted(spread, key=lambda item: item[:2])[:limit]}
    return tuple(utterance for utterance in corpus.utterances if utterance.id in chosen)


def session_keys(question: Question, shard: Shard | None = None) -> list[SessionKey]:
    """Every session of a question once, in the order of playing, or those of one shard in the same order.

    A shard takes whole blocks: all configurations of an utterance, with push-to-talk all utterances of a speaker, so
    that what is paired is played by one machine.
    """
    ids, names = [u.id for u in question.utterances], [c.name for c in question.cells]
    order = play_order(ids, names, question.repeats, question.seed)
    keys = [SessionKey(cell, utterance, repeat) for utterance, cell, repeat in order]
    speaker = {u.id: u.speaker or "" for u in question.utterances}
    if question.push_to_talk:
        rank = {_talk(key, speaker): place for place, key in reversed(list(enumerate(keys)))}
        # Stable: one session's utterances keep their order of play.
        keys.sort(key=lambda key: rank[_talk(key, speaker)])
    if shard is None:
        return keys
    held = {key for place, block in enumerate(blocks(question, keys)) if shard.holds(place) for key in block}
    return [key for key in keys if key in held]


def blocks(question: Question, keys: Sequence[SessionKey]) -> list[list[SessionKey]]:
    """Sessions that one machine must play, because they are paired or share a connection, in the order of playing."""
    speaker = {u.id: u.speaker for u in question.utterances}
    found: dict[tuple[str | None, int], list[SessionKey]] = {}
    for key in keys:
        unit = speaker[key.utterance] if question.push_to_talk else key.utterance
        found.setdefault((unit, key.repeat), []).append(key)
    return list(found.values())


def _talk(key: SessionKey, speaker: Mapping[str, str]) -> str:
    return f"{key.cell}#{key.repeat}/{speaker[key.utterance]}"


def prepare_jobs(
    question: Question,
    on_progress: Callable[[int, int], object] | None = None,
    *,
    keys: Sequence[SessionKey] | None = None,
) -> list[Job]:
    """Prepared, planned and encoded sessions in the order of playing; a plan is shared by its repeats.

    Args:
        question: what is asked.
        on_progress: called with how many plans are made, and of how many.
        keys: of the sessions to prepare; all of the question where not given.

    Raises:
        AudioError: naming the file that cannot be read.
    """
    keys = session_keys(question) if keys is None else keys
    wanted = {(key.utterance, key.cell) for key in keys}
    plans: dict[tuple[str, str], SessionPlan] = {}
    for utterance in question.utterances:
        cells = [cell for cell in question.cells if (utterance.id, cell.name) in wanted]
        if not cells:
            continue
        audio = read_utterance(utterance)
        for cell in cells:
            plans[utterance.id, cell.name] = _plan(question, utterance, cell, audio)
            if on_progress is not None:
                on_progress(len(plans), len(wanted))
    speaker = {u.id: u.speaker or "" for u in question.utterances}
    return [
        Job(
            key,
            plans[key.utterance, key.cell],
            talk=_talk(key, speaker) if question.push_to_talk else None,
            context=question.context,
        )
        for key in keys
    ]


def _plan(question: Question, utterance: Utterance, cell: Cell, audio: Audio) -> SessionPlan:
    prepared = prepare(
        audio.pcm,
        audio.sample_rate_hz,
        utterance.reference,
        cell.audio,
        seed=question.seed,
        key=utterance.id,
        speaker=utterance.speaker,
    )
    return build_plan(
        prepared.pcm,
        prepared.sample_rate_hz,
        utterance_id=utterance.id,
        cell=cell.name,
        reference=prepared.reference,
        chunk_ms=cell.audio.chunk_ms,
        product=question.product,
        dialect=question.dialect,
        pace=cell.pace,
        facts=prepared.facts,
        speaker=utterance.speaker,
        tags=utterance.tags,
        network=find_profile(cell.network),
        seed=question.seed,
    )
