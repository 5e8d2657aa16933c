"""References for recordings that have none: drafted by a recogniser, confirmed by a person.

A draft stands in the manifest like any reference, so that an editor is all it takes to correct it, and is marked: no
run plays it before somebody has confirmed it. What was confirmed, or written by a person, is never drafted again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from workbench.corpus.load import Utterance, parse_corpus, read_utterance
from workbench.corpus.rows import AUDIO_ENDINGS, MANIFEST, ManifestRow, Problem, manifest_of, parse_rows
from workbench.corpus.write import write_rows
from workbench.errors import AudioError, CorpusError
from workbench.units import counted

__all__ = [
    "Drafts",
    "Transcribe",
    "confirm_drafts",
    "draft_references",
    "drafts_of",
    "drafts_sentence",
    "in_threads",
    "transcribed",
]

_One = TypeVar("_One")
_Done = TypeVar("_Done")

Transcribe = Callable[[NDArray[np.int16], int], str]
"""Text of a recording: int16, mono, shape (n,), and its sample rate in Hz."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """What drafting came to.

    Attributes:
        manifest: file that holds the drafts.
        drafted: ids that got a draft now.
        silent: those of them in which no word was heard; confirming one says that nothing is said in it.
        waiting: ids whose drafts are not confirmed, in the order of the manifest; the new ones among them.
        failed: ids of recordings that could not be read, and why.
    """

    manifest: Path
    drafted: tuple[str, ...]
    silent: tuple[str, ...]
    waiting: tuple[str, ...]
    failed: dict[str, str]


def draft_references(
    path: Path,
    transcribe: Transcribe,
    threads: int = 1,
    on_progress: Callable[[int, int], object] | None = None,
) -> Drafts:
    """Draft a reference for every recording that has none, and write them into the manifest.

    When the work is interrupted, what was drafted until then is written.

    Args:
        path: folder or manifest; a folder of recordings without a manifest gets one.
        transcribe: the recogniser.
        threads: recordings that it may transcribe at the same time.
        on_progress: called with the number of recordings that were transcribed, and of how many.

    Raises:
        CorpusError: there is no recording, the manifest cannot be written, or something else is wrong with it.
    """
    manifest = _begun(path)
    if not os.access(manifest.parent, os.W_OK):  # before an hour of decoding, not after it
        raise CorpusError(
            "drafts cannot be written here", item=str(manifest), got="no permission",
            action="Copy the corpus to a folder that you can write",
        )  # fmt: skip
    corpus, problems = parse_corpus(manifest, drafting=True)
    if problems:
        raise problems[0].error()
    rows = _rows(manifest)
    drafted: dict[str, str] = {}
    failed: dict[str, str] = {}
    try:
        wanted = [utterance for utterance in corpus.utterances if _is_bare(rows[utterance.id])]
        for utterance, text in transcribed(wanted, transcribe, threads, on_progress):
            if isinstance(text, AudioError):
                failed[utterance.id] = str(text)
            else:
                drafted[utterance.id] = text
    finally:
        rows |= {
            name: msgspec.structs.replace(rows[name], reference=text, draft=True) for name, text in drafted.items()
        }
        if drafted:
            write_rows(manifest, rows.values())
    silent = tuple(name for name, text in drafted.items() if not text)
    return Drafts(manifest, tuple(drafted), silent, _waiting(rows.values()), failed)


def confirm_drafts(path: Path, ids: Collection[str] = ()) -> tuple[str, ...]:
    """Say that drafts are what is said in their recordings: from now on they are references like any other.

    Args:
        path: folder or manifest.
        ids: which; empty for all.

    Returns:
        Ids that were confirmed.

    Raises:
        CorpusError: one of the ids has no draft.
    """
    manifest = manifest_of(path)
    rows = _rows(manifest)
    waiting = _waiting(rows.values())
    for name in ids:
        if name not in waiting:
            raise CorpusError(
                "this recording has no draft" if name in rows else "no such recording",
                item=str(manifest),
                got=name,
                expected=f"one of {', '.join(waiting)}" if waiting else "nothing: no draft waits here",
            )
    confirmed = tuple(name for name in waiting if not ids or name in ids)
    for name in confirmed:
        rows[name] = msgspec.structs.replace(rows[name], draft=False, silence=not rows[name].reference.strip())
    if confirmed:
        write_rows(manifest, rows.values())
    return confirmed


def drafts_of(utterances: Iterable[Utterance]) -> tuple[str, ...]:
    """Ids of utterances whose references are drafts."""
    return tuple(utterance.id for utterance in utterances if utterance.draft)


def drafts_sentence(drafts: Collection[str]) -> str:
    """Says how many recordings a run leaves out because their references are drafts, and what to do; at least one."""
    left_out = f"{counted(len(drafts), 'recording')} left out: the reference is a draft that nobody has confirmed"
    return f"{left_out}; `workbench datasets transcribe CORPUS --confirm ID` does so"


def _begun(path: Path) -> Path:
    """The manifest; one without references is made for a folder of recordings."""
    if not path.is_dir() or (path / MANIFEST).is_file():
        return manifest_of(path)
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in AUDIO_ENDINGS and file.is_file())
    if not files:
        raise CorpusError(
            "no recordings here", item=str(path), expected=f"a corpus, or files that end in {', '.join(AUDIO_ENDINGS)}"
        )
    names = [file.relative_to(path).as_posix() for file in files]
    stems = [name.rpartition(".")[0] for name in names]
    # Two files may differ in their ending only.
    ids = [stem if stems.count(stem) == 1 else name for stem, name in zip(stems, names, strict=True)]
    rows = (ManifestRow(id=one, audio=name, reference="") for one, name in zip(ids, names, strict=True))
    return write_rows(path / MANIFEST, rows)


def _rows(manifest: Path) -> dict[str, ManifestRow]:
    problems: list[Problem] = []
    rows = {row.id: row for _, row in parse_rows(manifest, ManifestRow, problems)}
    if problems:
        raise problems[0].error()
    return rows


def _is_bare(row: ManifestRow) -> bool:
    return not (row.reference.strip() or row.silence or row.draft)


def _waiting(rows: Iterable[ManifestRow]) -> tuple[str, ...]:
    return tuple(row.id for row in rows if row.draft)


def transcribed(
    utterances: Sequence[Utterance],
    transcribe: Transcribe,
    threads: int = 1,
    on_progress: Callable[[int, int], object] | None = None,
) -> Iterator[tuple[Utterance, str | AudioError]]:
    """The text of each recording, in their order, or why it could not be read; arguments as above."""

    def text(utterance: Utterance) -> str | AudioError:
        try:
            audio = read_utterance(utterance)
        except AudioError as error:
            return error
        return transcribe(audio.pcm, audio.sample_rate_hz)

    return in_threads(text, utterances, threads, on_progress)


def in_threads(
    work: Callable[[_One], _Done],
    items: Sequence[_One],
    threads: int,
    on_progress: Callable[[int, int], object] | None = None,
) -> Iterator[tuple[_One, _Done]]:
    """Each item, in their order, with what the work makes of it; what has not begun when this is left never does."""
    with ThreadPoolExecutor(threads) as pool:
        try:
            for done, pair in enumerate(zip(items, pool.map(work, items), strict=True), start=1):
                yield pair
                if on_progress is not None:
                    on_progress(done, len(items))
        finally:
            pool.shutdown(cancel_futures=True)
