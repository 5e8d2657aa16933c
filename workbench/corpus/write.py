"""Write manifests and word times: whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from workbench.corpus.rows import HEADER, MANIFEST, WORDS, HeaderRow, ManifestRow, WordsRow
from workbench.errors import CorpusError
from workbench.trust.whole_file import replace_file

__all__ = ["write_manifest", "write_rows", "write_words", "writing"]


def write_manifest(folder: Path, rows: Iterable[ManifestRow], header: HeaderRow | None = None) -> Path:
    """Write a corpus's manifest and, where given, its header; rows may be a generator of any length.

    Returns:
        The manifest's path.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    manifest = write_rows(folder / MANIFEST, rows)
    if header is not None:  # last: where the rows end in an error, what was there before stays as it was
        _replace(folder / HEADER, [msgspec.json.format(msgspec.json.encode(header), indent=2)])
    return manifest


def write_rows(manifest: Path, rows: Iterable[ManifestRow]) -> Path:
    """Write the rows of a manifest whatever it is called; the folder must exist.

    Returns:
        The manifest's path.
    """
    return _replace(manifest, (msgspec.json.encode(row) for row in rows))


def write_words(folder: Path, rows: Iterable[WordsRow]) -> Path:
    """Write the word times of a corpus."""
    return _replace(folder / WORDS, (msgspec.json.encode(row) for row in rows))


def _replace(path: Path, lines: Iterable[bytes]) -> Path:
    with writing(path):
        replace_file(path, lambda file: file.writelines(line + b"\n" for line in lines))
    return path


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one line why the operating system does not let this block write to ``path``.

    Raises:
        CorpusError: a full disk, a folder of somebody else, ….
    """
    try:
        yield
    except OSError as error:
        raise CorpusError(
            "the corpus cannot be written here",
            item=str(path),
            got=(error.strerror or type(error).__name__).lower(),
            action="Free some space, or name a folder that you can write",
        ) from error
