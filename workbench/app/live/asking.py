"""What is asked of a live session: a clip under one or two configurations, or a microphone."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from workbench.corpus import corpus_of_file, find_corpus, load_corpus
from workbench.errors import InputError
from workbench.question import Question
from workbench.sweep import Cell, cell_from, unique

__all__ = ["MAX_LANES", "Clip", "Lane", "Microphone", "Value", "question_of"]

MAX_LANES = 2

_NAME = re.compile(r"\w[\w -]{0,79}")

Value = str | int | float | bool | None


class Lane(msgspec.Struct, frozen=True):
    """One configuration.

    Attributes:
        name: above its transcript.
        settings: as :func:`workbench.sweep.cell_from` takes them.
    """

    name: str
    settings: dict[str, Value] = {}

    def cell(self) -> Cell:
        """The configuration of the run.

        Raises:
            InputError: a setting that is not allowed.
        """
        return cell_from({**self.settings, "name": self.name}, item=self.name)


class Clip(msgspec.Struct, frozen=True, tag="clip"):
    """A recording, played as it would be spoken.

    Attributes:
        lanes: one or two; both are played at the same time.
        corpus: built-in name or folder; None where ``audio`` is given.
        utterance: id in the corpus, or a name for ``audio``.
        audio: a sound file of its own.
        reference: what is said in ``audio``; None where nobody knows.
    """

    lanes: tuple[Lane, ...]
    utterance: str
    corpus: str | None = None
    audio: str | None = None
    reference: str | None = None


class Microphone(msgspec.Struct, frozen=True, tag="microphone"):
    """Somebody speaks; 16 kHz, chunks of 100 ms.

    Attributes:
        name: of the recording.
        facts: how the sound was taken, such as ``echo_cancellation``.

    Raises:
        InputError: a name that is no name of a file; the sound is kept under it.
    """

    name: str
    facts: dict[str, Value] = {}

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise InputError("not a name for a recording", expected="letters, digits, blanks and dashes, up to 80")


def question_of(clip: Clip, seed: int = 0) -> Question:
    """The run that a clip stands for: prepared, played and stored by the same functions as any other.

    Raises:
        InputError: no or too many lanes, two of one name, a setting that is not allowed.
        CorpusError: no such corpus or utterance.
        AudioError: the audio cannot be used.
    """
    if not 1 <= len(clip.lanes) <= MAX_LANES:
        raise InputError("not a number of lanes", got=len(clip.lanes), expected=f"1 to {MAX_LANES}")
    if clip.audio is None:
        corpus = load_corpus(find_corpus(clip.corpus or ""))
        utterance = corpus.utterance(clip.utterance)
    else:
        corpus = corpus_of_file(Path(clip.audio), clip.utterance, clip.reference)
        utterance = corpus.utterances[0]
    return Question(
        corpus=corpus,
        utterances=(utterance,),
        cells=unique([lane.cell() for lane in clip.lanes]),
        concurrency=len(clip.lanes),
        seed=seed,
    )
