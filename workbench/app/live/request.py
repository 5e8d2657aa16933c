"""What is asked of a live session: a clip or a microphone, in one to four lanes."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from workbench.corpus import corpus_of_file, find_corpus, load_corpus
from workbench.errors import InputError
from workbench.runs.resolve import resolve
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.spec import RunSpec
from workbench.runs.sweep import Cell, cell_from, unique

__all__ = ["MAX_LANES", "Clip", "Lane", "Microphone", "Value", "check_lanes", "run_of_clip"]

MAX_LANES = 4

_NAME = re.compile(r"\w[\w -]{0,79}")

Value = str | int | float | bool | None


class Lane(msgspec.Struct, frozen=True):
    """One configuration and who hears it.

    Attributes:
        name: above its transcript.
        settings: as :func:`workbench.runs.sweep.cell_from` takes them.
        model: model of a simulator of this machine; None is the one that is set.
        endpoint: who answers; None is the one that is set, or the simulator where a model is named.
    """

    name: str
    settings: dict[str, Value] = {}
    model: str | None = None
    endpoint: str | None = None

    @property
    def elsewhere(self) -> tuple[str, str | None] | None:
        """Endpoint and model of a service of its own; None for the one that is set."""
        if self.model is None and self.endpoint is None:
            return None
        return self.endpoint or "simulator", self.model

    def cell(self) -> Cell:
        """The configuration of the run.

        Raises:
            InputError: a setting that is not allowed.
        """
        if "service" in self.settings:
            raise InputError(
                "lanes are played against the service of the app",
                item=f"{self.name}.service",
                expected="no service among the settings of a lane",
            )
        return cell_from({**self.settings, "name": self.name}, item=self.name)


class Clip(msgspec.Struct, frozen=True, tag="clip"):
    """A recording, played as it would be spoken.

    Attributes:
        lanes: one to four; all are played at the same time.
        corpus: built-in name or folder; None if ``audio`` is given.
        utterance: id in the corpus, or a name for ``audio``.
        audio: a sound file of its own.
        reference: words spoken in ``audio``; None if nobody knows.
        count_in_s: from all lanes being connected to their common start; a screen gets its sound ready meanwhile.
    """

    lanes: tuple[Lane, ...]
    utterance: str
    corpus: str | None = None
    audio: str | None = None
    reference: str | None = None
    count_in_s: float = 0.0


class Microphone(msgspec.Struct, frozen=True, tag="microphone"):
    """Somebody speaks; 16 kHz, chunks of 100 ms.

    Attributes:
        name: name of the recording.
        facts: how the sound was taken, such as ``echo_cancellation``.
        lanes: one to four; all of them hear the same sound at the same time.

    Raises:
        InputError: a name that is no name of a file, the sound is kept under it; no or too many lanes, or one that
            changes the sound: that is done to recordings.
    """

    name: str
    facts: dict[str, Value] = {}
    lanes: tuple[Lane, ...] = (Lane("microphone"),)

    def __post_init__(self) -> None:
        check_lanes(self.lanes)
        if changed := next((lane for lane in self.lanes if lane.settings), None):
            raise InputError(
                "a microphone is streamed as it is", item=changed.name, action="Play the recording again to change it"
            )
        if _NAME.fullmatch(self.name) is None:
            raise InputError("not a name for a recording", expected="letters, digits, blanks and dashes, up to 80")


def check_lanes(lanes: tuple[Lane, ...]) -> None:
    """Refuse what cannot stand side by side.

    Raises:
        InputError: no or too many lanes, or two of one name.
    """
    if not 1 <= len(lanes) <= MAX_LANES:
        raise InputError("not a number of lanes", got=len(lanes), expected=f"1 to {MAX_LANES}")
    names = [lane.name for lane in lanes]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError("two lanes have one name", item=twice, action="Give each its own name")


def run_of_clip(clip: Clip, seed: int = 0) -> ResolvedRun:
    """The run that a clip stands for: prepared, played and stored by the same functions as any other.

    Raises:
        InputError: no or too many lanes, two of one name, a setting that is not allowed.
        CorpusError: no such corpus or utterance.
        AudioError: the audio cannot be used.
    """
    check_lanes(clip.lanes)
    if clip.audio is None:
        corpus = load_corpus(find_corpus(clip.corpus or ""))
        utterance = corpus.utterance(clip.utterance)
    else:
        corpus = corpus_of_file(Path(clip.audio), clip.utterance, clip.reference)
        utterance = corpus.utterances[0]
    return resolve(
        RunSpec(concurrency=len(clip.lanes), seed=seed),
        corpus=corpus,
        utterances=(utterance,),
        cells=unique([lane.cell() for lane in clip.lanes]),
    )
