"""Recogniser models to practise on, of two engines: real points on any picture of accuracy against latency.

``whisper``, ``whisper-vocabulary`` and ``whisper-lite`` write as a dictation service does
(:mod:`workbench.simulator.recognition.whisper`). pocketsphinx writes lower-case words and needs no weights beyond its
package: ``general`` is its shipped model, ``vocabulary`` adds the drug names of the built-in corpora, 23 of 32 common
ones are missing from it, ``lite`` searches in narrow beams. Pairs of them stand in for a service before and after a
release.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbench.audio.shipped import shipped_datasets
from workbench.errors import ConfigurationError, InputError
from workbench.settings import DEFAULT_MODEL

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = [
    "MODELS",
    "POCKETSPHINX",
    "Engine",
    "check_model",
    "engine_of",
    "load_decoder",
    "model_name",
    "read_dictionary",
    "words_of",
]

Engine = Literal["whisper", "pocketsphinx"]

POCKETSPHINX = ("general", "vocabulary", "lite")
MODELS = (DEFAULT_MODEL, "whisper-vocabulary", "whisper-lite", *POCKETSPHINX)

_LITE = {"beam": 1e-40, "pbeam": 1e-40, "wbeam": 1e-20}


def engine_of(model: str) -> Engine:
    """Which engine decodes a model: a folder is a Whisper model of CTranslate2, a file a pocketsphinx dictionary."""
    return "whisper" if model.startswith("whisper") or Path(model).is_dir() else "pocketsphinx"


def model_name(model: str) -> str:
    """Recogniser as tables and manifests name it.

    >>> model_name("whisper"), model_name("general")
    ('whisper', 'pocketsphinx general')
    """
    engine = engine_of(model)
    return model if engine == "whisper" and model in MODELS else f"{engine} {model}"


def load_decoder(model: str = "general") -> Decoder:
    """A pocketsphinx decoder; takes 0.6 s and 95 MB.

    Args:
        model: one of :data:`POCKETSPHINX`, or the path of a dictionary (``word PHONE PHONE …`` a line) to add to the
            shipped one.

    Raises:
        InputError: no such model, or a dictionary line that cannot be used.
    """
    from pocketsphinx import Decoder

    # fwdflat costs 170 ms at the end of an utterance and 1 point of word error rate; maxhmmpf bounds the worst
    # 100 ms chunk at 90 ms instead of 240 without a loss.
    decoder = Decoder(loglevel="FATAL", fwdflat=False, maxhmmpf=5000, **(_LITE if model == "lite" else {}))
    new = {word: phones for word, phones in words_of(model) if decoder.lookup_word(word) is None}
    for place, (word, phones) in enumerate(new.items(), start=1):
        try:
            decoder.add_word(word, phones, place == len(new))  # the search is rebuilt once, with the last word
        except RuntimeError:
            raise InputError("pronunciation cannot be used", item=word, got=phones, expected="ARPABET phones") from None
    return decoder


def check_model(model: str, *, join: bool = True) -> None:
    """Refuse a model that cannot be loaded, before any worker tries.

    Args:
        model: a name, a folder or a dictionary.
        join: put the weights of installed packages into the cache (148 MB, once); False only looks for them.

    Raises:
        InputError: no such model, or a dictionary that cannot be read.
        ConfigurationError: its weights are not on this machine; the message names the command that gets them.
    """
    if engine_of(model) == "whisper":
        from workbench.simulator.recognition.whisper.variants import weights_of

        if importlib.util.find_spec("ctranslate2") is None:
            raise ConfigurationError(
                "whisper is not installed",
                item="ctranslate2",
                action="Install the extra `whisper`, or use the model general",
            )
        weights_of(model, join=join)
        return
    for _ in words_of(model):
        pass


def words_of(model: str) -> Iterator[tuple[str, str]]:
    """Words that a model has on top of the shipped dictionary, with their phones."""
    if model == "vocabulary":
        for path in sorted(shipped_datasets().glob("*/vocabulary.dict")):
            yield from read_dictionary(path)
    elif model not in POCKETSPHINX:
        if not Path(model).is_file():
            raise InputError(
                "no such model", item="model", got=model, expected=f"{', '.join(MODELS)}, a folder or a dictionary"
            )
        yield from read_dictionary(Path(model))


def read_dictionary(path: Path) -> Iterator[tuple[str, str]]:
    """Words and their phones.

    Raises:
        InputError: naming the line that has no phones.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        word, _, phones = line.strip().partition(" ")
        if not phones.strip():
            raise InputError("no pronunciation", item=f"{path} line {number}", got=word, expected="word PHONE PHONE …")
        yield word.lower(), phones.strip()
