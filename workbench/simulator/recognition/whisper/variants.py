"""Models to practise on, and everything besides the audio that decides what a stream says.

``whisper`` is the design that measured best. ``whisper-vocabulary`` is told the drug names of the built-in corpora in
one sentence before it begins. ``whisper-lite`` searches greedily, without context and in shorter windows: about three
points worse. Any folder with a Whisper model that CTranslate2 has converted is decoded as ``whisper`` is.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict
from pathlib import Path
from typing import cast

from workbench.audio.shipped import shipped_datasets
from workbench.errors import ConfigurationError, InputError
from workbench.simulator.recognition.whisper.fetch import installed_parts, unpack
from workbench.simulator.recognition.whisper.model import WhisperModel
from workbench.simulator.recognition.whisper.passes import Recipe
from workbench.simulator.recognition.whisper.stream import Partials, Settings
from workbench.simulator.recognition.whisper.tokens import Vocabulary
from workbench.simulator.recognition.whisper.weights import FILES, cache_folder, sha256_of, verify, wrong_file

__all__ = ["VARIANTS", "find_weights", "fingerprint", "load_whisper", "settings_of", "weights_of"]

VARIANTS = ("whisper", "whisper-vocabulary", "whisper-lite")

_VERSION = 2
"""Of everything in this package that can change a text; raise it with such a change."""


def find_weights(*, join: bool = True) -> Path:
    """The folder of the weights. From the installed packages they are joined into it once; nothing is ever fetched.

    Args:
        join: False only looks whether they could be joined, which takes no time and no place.

    Raises:
        ConfigurationError: they are not on this machine.
        InputError: a file has not the length, or when it is joined not the hash, that it should have.
    """
    folder = cache_folder()
    missing = [file.name for file in FILES if not (folder / file.name).is_file()]
    if missing:
        parts = installed_parts()
        if parts is None:
            raise ConfigurationError(
                "its weights are not on this machine",
                item="whisper",
                got=f"no {', no '.join(missing)} in {folder}",
                action="Get them with `workbench models fetch` (148 MB, once), or use the model general",
            )
        if not join:
            return folder
        unpack(parts, folder)
    for file in FILES:
        size = (folder / file.name).stat().st_size
        if size != file.size:
            raise wrong_file(str(folder / file.name), file, size, sha256_of(folder / file.name))
    return folder


def weights_of(model: str, *, join: bool = True) -> Path:
    """The folder of a model.

    Args:
        model: one of :data:`VARIANTS`, or the path of a folder.
        join: as of :func:`find_weights`.

    Raises:
        ConfigurationError, InputError: as :func:`find_weights`, or there is no such folder.
    """
    if model in VARIANTS:
        return find_weights(join=join)
    if not Path(model).is_dir():
        raise InputError("no such model", item="model", got=model, expected=f"{', '.join(VARIANTS)} or a folder")
    return Path(model)


def load_whisper(model: str, threads: int) -> WhisperModel:
    """Load a model: 0.4 s of processor time and 150 MB.

    Args:
        model: one of :data:`VARIANTS`, or the path of a folder.
        threads: windows that are computed at the same time.

    Raises:
        ConfigurationError, InputError: as :func:`weights_of` and :class:`WhisperModel`; a wrong byte in the weights is
            refused, which takes 0.2 s.
    """
    folder = weights_of(model)
    if model in VARIANTS:
        verify(folder)
    return WhisperModel(folder, threads)


def settings_of(
    model: str, vocabulary: Vocabulary, partials: Partials = "settled", partial_every_s: float = 0.5
) -> Settings:
    """How streams of a model are decoded.

    Args:
        model: one of :data:`VARIANTS`, or the path of a folder.
        vocabulary: vocabulary of the loaded model.
        partials: see :class:`Settings`.
        partial_every_s: likewise.
    """
    recipe = Recipe()
    if model == "whisper-lite":
        recipe = Recipe(beam=1, context_tokens=0, window_s=8.0)
    elif model == "whisper-vocabulary":
        recipe = Recipe(carrier=tuple(vocabulary.encode(_carrier_sentence())))
    return Settings(recipe, partials, partial_every_s)


def fingerprint(model: str, partials: str, partial_every_s: float) -> str:
    """Everything besides the audio that decides what is heard: library, weights, settings.

    Raises:
        ConfigurationError, InputError: as :func:`weights_of`.
    """
    folder = weights_of(model)
    facts = {
        "version": _VERSION,
        "library": importlib.metadata.version("ctranslate2"),
        "weights": sha256_of(folder / "model.bin"),
        "settings": asdict(settings_of(model, Vocabulary.read(folder), cast("Partials", partials), partial_every_s)),
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _carrier_sentence() -> str:
    """The drug names of the built-in corpora, as something that a clinician might have said before."""
    names: dict[str, None] = {}
    for manifest in sorted(shipped_datasets().glob("*/manifest.jsonl")):
        for line in manifest.read_text(encoding="utf-8").splitlines():
            terms = json.loads(line).get("terms", ())
            names.update((term["text"].lower(), None) for term in terms if term["kind"] == "drug")
    return f" The patient takes {', '.join(names)}."
