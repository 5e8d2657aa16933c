"""One loaded Whisper model: sound -> encoded window -> text -> times of its words.

This is the only module that knows CTranslate2. Calls may come from any thread; the interpreter lock is free while they
compute. int8 is what processors run; the same call gives the same text, whatever else is computed beside it.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.child_process import install_command
from workbench.errors import ConfigurationError, InputError
from workbench.simulator.recognition.whisper.features import HOP_SAMPLES, RATE_HZ, log_mel
from workbench.simulator.recognition.whisper.tokens import Vocabulary

__all__ = ["Encoded", "SpokenWord", "Transcript", "WhisperModel"]

LONGEST_WINDOW_SAMPLES = 30 * RATE_HZ

_FULL_SCALE = 32768.0
_STEP_SAMPLES = 2 * HOP_SAMPLES
"""Of the encoder, and so of all word times: 20 ms."""

_LONGEST_OUTPUT = 448
_CAREFUL = {"repetition_penalty": 1.1, "no_repeat_ngram_size": 4}

# Word starts come 85 ms early in the mean; their ends are late by less than their spread.
_START_BIAS_SAMPLES = 60 * RATE_HZ // 1000


@dataclass(frozen=True, slots=True)
class Encoded:
    """A window of sound after the encoder.

    Attributes:
        view: storage view of CTranslate2.
        samples: samples of sound; the rest of the window is silence.
    """

    view: Any = field(repr=False)
    samples: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """What the decoder made of a window.

    Attributes:
        ids: tokens, a forced prefix among them.
        mean_log_p: mean logarithm of the probability of its tokens.
        no_speech: probability that nothing is said.
        capped: whether it ended because it had as many tokens as it may.
    """

    ids: list[int] = field(repr=False)
    mean_log_p: float
    no_speech: float
    capped: bool


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word, its tokens, and where it lies in its piece of sound."""

    text: str = field(repr=False)
    ids: tuple[int, ...] = field(repr=False)
    start_sample: int
    end_sample: int


class WhisperModel:
    """A model in memory.

    Args:
        folder: ``model.bin``, ``config.json`` and a vocabulary, as CTranslate2's converter writes them.
        threads: windows that are computed at the same time; each takes one thread.

    Attributes:
        vocabulary: its tokens.

    Raises:
        InputError: no such folder, or not a Whisper model of CTranslate2, or a damaged one.
        ConfigurationError: CTranslate2 is not installed, or this processor cannot run it.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        _require_files(folder)
        self.vocabulary = Vocabulary.read(folder)
        library = _ctranslate2()
        try:
            self._model = library.models.Whisper(
                str(folder), device="cpu", compute_type="int8", inter_threads=threads, intra_threads=1
            )
        except (RuntimeError, ValueError) as error:
            raise InputError(
                "CTranslate2 cannot load this model", item=str(folder / "model.bin"), got=error, expected=_EXPECTED
            ) from None
        self._storage = library.StorageView
        self._bands: int = self._model.n_mels
        self._prompt = self.vocabulary.prompt(multilingual=self._model.is_multilingual)

    def encode(self, pcm: NDArray[np.int16], window_samples: int) -> Encoded:
        """Encode sound, padded with silence to a window.

        Args:
            pcm: int16 at 16 kHz, shape (n,), at most 30 s.
            window_samples: length wanted; never shorter than the sound, never over 30 s.
        """
        window = min(max(window_samples, len(pcm)), LONGEST_WINDOW_SAMPLES)
        # Whole steps of the encoder.
        x = np.zeros(-(-window // _STEP_SAMPLES) * _STEP_SAMPLES, np.float32)
        x[: len(pcm)] = pcm / np.float32(_FULL_SCALE)
        return Encoded(self._model.encode(self._storage.from_array(log_mel(x, self._bands)[None])), len(pcm))

    def transcribe(
        self,
        window: Encoded,
        *,
        beam: int,
        most_tokens: int,
        context: Sequence[int] = (),
        prefix: Sequence[int] = (),
        careful: bool = False,
    ) -> Transcript:
        """Text of a window, without times and without a second temperature.

        Args:
            window: encoded.
            beam: 1 is greedy.
            most_tokens: count of tokens after which it is cut off.
            context: tokens said before.
            prefix: tokens that the text begins with.
            careful: punishes repetitions.
        """
        before = [self.vocabulary.start_of_previous, *context] if context else []
        prompt = [*before, *self._prompt, *prefix]
        # CTranslate2 returns at most min(max_length / 2, max_length - prompt) tokens.
        length = min(max(2 * most_tokens, most_tokens + len(prompt)), _LONGEST_OUTPUT)
        result = self._model.generate(
            window.view, [prompt], beam_size=beam, max_length=length, return_scores=True, return_no_speech_prob=True,
            **(_CAREFUL if careful else {}),
        )[0]  # fmt: skip
        ids = [i for i in result.sequences_ids[0] if i < self.vocabulary.end]
        most = min(length // 2, length - len(prompt))
        # The score leaves out the end of the text, which is a token too.
        return Transcript(ids, result.scores[0] * len(ids) / (len(ids) + 1), result.no_speech_prob, len(ids) >= most)

    def align(self, window: Encoded, ids: Sequence[int]) -> list[SpokenWord]:
        """When each word of a text was said.

        Args:
            window: encoded.
            ids: tokens of the text.
        """
        words = self.vocabulary.words(ids)
        if not words:
            return []
        frames = window.samples // HOP_SAMPLES
        alignments = self._model.align(window.view, self._prompt, [list(ids)], frames)[0].alignments
        steps = np.array(alignments, dtype=np.int64).reshape(-1, 2)
        # The step at which each token begins; the end of the text is the last one.
        begins = steps[np.flatnonzero(np.diff(steps[:, 0], prepend=-1)), 1] * _STEP_SAMPLES
        first = np.cumsum([0, *(count for _, count in words)])
        starts = np.minimum(begins[first[:-1]] + _START_BIAS_SAMPLES, window.samples)
        ends = np.clip(begins[first[1:]], starts, window.samples)
        return [
            SpokenWord(text, tuple(ids[i : i + count]), int(start), int(end))
            for (text, count), i, start, end in zip(words, first[:-1], starts, ends, strict=True)
        ]


_EXPECTED = "a Whisper model that CTranslate2 has converted"


def _require_files(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError("no such folder", item=str(folder), expected=_EXPECTED)
    wanted = ("model.bin", "config.json")
    missing = [name for name in wanted if not (folder / name).is_file()]
    if not any((folder / name).is_file() for name in ("vocabulary.txt", "vocabulary.json")):
        missing.append("vocabulary.txt")
    if missing:
        raise InputError(
            "not a model folder of CTranslate2",
            item=str(folder),
            got=f"no {' and no '.join(missing)}",
            expected=_EXPECTED,
        )


def _ctranslate2() -> ModuleType:
    try:
        ctranslate2 = importlib.import_module("ctranslate2")
    except ImportError as error:
        # Missing, or built for instructions that this machine does not have.
        raise ConfigurationError(
            "the whisper recogniser is not installed",
            item="ctranslate2",
            got=error,
            action=f"Install it: {install_command('whisper')}, or use the model general",
        ) from None
    if "int8" not in ctranslate2.get_supported_compute_types("cpu"):
        raise ConfigurationError(
            "this processor lacks the instructions that whisper needs",
            item="ctranslate2",
            got=", ".join(sorted(ctranslate2.get_supported_compute_types("cpu"))),
            expected="int8 (SSE 4.1 or AVX2, or ARMv8)",
            action="Use the model general",
        )
    return ctranslate2
