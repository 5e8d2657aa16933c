"""Recogniser models to practise on: three real points on any picture of accuracy against latency.

``general`` is the shipped model. ``vocabulary`` adds the drug names of the built-in corpora to its dictionary, 23 of 32
common ones are missing from it. ``lite`` searches in narrow beams: visibly worse, about twice as fast. The first and
the last two stand in for a service before and after a release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.audio.shipped import shipped_datasets
from workbench.errors import InputError

if TYPE_CHECKING:
    from pocketsphinx import Decoder

__all__ = ["MODELS", "check_model", "load_decoder", "read_dictionary", "words_of"]

MODELS = ("general", "vocabulary", "lite")

_LITE = {"beam": 1e-40, "pbeam": 1e-40, "wbeam": 1e-20}


def load_decoder(model: str = "general") -> Decoder:
    """A pocketsphinx decoder; takes 0.6 s and 95 MB.

    Args:
        model: one of :data:`MODELS`, or the path of a dictionary (``word PHONE PHONE …`` a line) to add to the
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


def check_model(model: str) -> None:
    """Raise InputError for a model that does not exist or a dictionary that cannot be read, before any worker does."""
    for _ in words_of(model):
        pass


def words_of(model: str) -> Iterator[tuple[str, str]]:
    """Words that a model has on top of the shipped dictionary, with their phones."""
    if model == "vocabulary":
        for path in sorted(shipped_datasets().glob("*/vocabulary.dict")):
            yield from read_dictionary(path)
    elif model not in MODELS:
        if not Path(model).is_file():
            raise InputError(
                "no such model", item="--model", got=model, expected=f"{', '.join(MODELS)} or a dictionary"
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
