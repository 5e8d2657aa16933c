"""Data sets of one's own: kept by name beside the runs, found like the built-in ones, corrected with a history."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path
from typing import TypeVar

import msgspec

from workbench.corpus.rows import MANIFEST, WORDS, ManifestRow, Problem, WordsRow, parse_header, parse_rows
from workbench.corpus.write import write_manifest, write_words, writing
from workbench.errors import CorpusError
from workbench.settings import load_settings

__all__ = [
    "Correction",
    "approve_reference",
    "approved",
    "copy_to_own",
    "correct_reference",
    "corrections",
    "own_corpora",
    "own_folder",
    "own_place",
    "remove_own",
]

_HISTORY = "history.jsonl"

_Row = TypeVar("_Row", bound=msgspec.Struct)
_NAME = re.compile(r"[^\W_][\w.-]{0,63}")


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a reference, or a look at it that changed nothing.

    Attributes:
        id: of the utterance.
        when: UTC, RFC 3339.
        before, after: the reference; equal where somebody found it right.
    """

    id: str
    when: str
    before: str
    after: str

    def __repr__(self) -> str:
        return f"Correction({self.id!r}, {self.when})"


def own_folder() -> Path:
    """Folder of the data sets of one's own: ``datasets`` in the folder of the runs."""
    return load_settings(os.environ).store / "datasets"


def own_corpora() -> dict[str, Path]:
    """Name and folder of every data set of one's own, sorted by name."""
    return {path.parent.name: path.parent for path in sorted(own_folder().glob(f"[!.]*/{MANIFEST}"))}


def own_place(name: str, taken: tuple[str, ...] = ()) -> Path:
    """Where a new data set of this name goes.

    Args:
        name: of letters, digits, dots, dashes and underscores.
        taken: further names that it may not have.

    Raises:
        CorpusError: a name that cannot be one, or that is taken.
    """
    if not _NAME.fullmatch(name):
        raise CorpusError(
            "not a name of a data set", got=name[:80] or "nothing",
            expected="up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
        )  # fmt: skip
    place = own_folder() / name
    if name in taken or place.exists():
        raise CorpusError("a data set of this name exists", item=name, action="Choose another name")
    return place


def copy_to_own(source: Path, name: str, taken: tuple[str, ...] = ()) -> Path:
    """Copy a data set with its sound to one of one's own, whose references can be corrected.

    Args:
        source: folder of the data set.
        name: of the copy.
        taken: further names that it may not have.

    Returns:
        Folder of the copy.

    Raises:
        CorpusError: a name that cannot be one or is taken, or the copy cannot be written.
    """
    place = own_place(name, taken)
    # The list of data sets leaves out what begins with a dot: half a copy is never in it.
    part = place.with_name(f".{name}.part")
    with writing(place):
        shutil.rmtree(part, ignore_errors=True)
        for file in (path for path in source.rglob("*") if path.is_file()):
            target = part / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
        header = parse_header(source / MANIFEST, [])
        write_manifest(part, _rows(part / MANIFEST, ManifestRow), msgspec.structs.replace(header, name=name))
        part.rename(place)
    return place


def remove_own(name: str) -> None:
    """Remove a data set of one's own with its sound; runs that played it stay.

    Raises:
        CorpusError: there is none of this name.
    """
    place = own_corpora().get(name)
    if place is None or place.is_symlink():
        raise CorpusError(
            "no such data set of yours",
            item=name,
            expected=", ".join(own_corpora()) or "none, because you have imported none",
        )
    shutil.rmtree(place)


def correct_reference(folder: Path, utterance: str, text: str) -> None:
    """Replace what is said in an utterance; the old text stays in the history.

    Its spoken form, word times and the terms that no longer stand in it are dropped: they belonged to the old text.

    Args:
        folder: of the data set.
        utterance: id.
        text: new reference.

    Raises:
        CorpusError: no such utterance, an empty text, or several speakers, whose turns would no longer fit.
    """
    text = " ".join(text.split())
    manifest = folder / MANIFEST
    rows = _rows(manifest, ManifestRow)
    row = next((row for row in rows if row.id == utterance), None)
    if row is None:
        raise CorpusError("no such utterance", item=folder.name, got=utterance, expected="an id of its manifest")
    if not text:
        raise CorpusError("empty reference", item=utterance, expected="what is said in the audio")
    if row.turns:
        raise CorpusError("a reference of several speakers", item=utterance, action=f"Edit its turns in {manifest}")
    if text == row.reference:
        return
    terms = tuple(term for term in row.terms if term.text in text)
    new = msgspec.structs.replace(row, reference=text, spoken=None, terms=terms, silence=False)
    _remember(folder, utterance, row.reference, text)
    if (folder / WORDS).is_file():
        write_words(folder, [times for times in _rows(folder / WORDS, WordsRow) if times.id != utterance])
    write_manifest(folder, [new if one is row else one for one in rows], parse_header(manifest, []))


def approve_reference(folder: Path, utterance: str, text: str) -> None:
    """Remember that somebody listened and found a reference right; nothing but the history changes.

    Args:
        folder: of the data set.
        utterance: id.
        text: the reference as it stands.
    """
    _remember(folder, utterance, text, text)


def approved(folder: Path) -> dict[str, str]:
    """Utterances to the reference that somebody gave them or found right last."""
    return {entry.id: entry.after for entry in corrections(folder)}


def _remember(folder: Path, utterance: str, before: str, after: str) -> None:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    try:
        with (folder / _HISTORY).open("ab") as file:
            file.write(msgspec.json.encode(Correction(id=utterance, when=when, before=before, after=after)) + b"\n")
    except OSError as error:
        raise CorpusError(
            "references cannot be changed here", item=str(folder), got=error.strerror,
            action="Copy the data set to a folder that you can write",
        ) from None  # fmt: skip


def corrections(folder: Path) -> list[Correction]:
    """Changes of references, oldest first; what cannot be read is left out."""
    path = folder / _HISTORY
    return [row for _, row in parse_rows(path, Correction, [])] if path.is_file() else []


def _rows(path: Path, kind: type[_Row]) -> list[_Row]:
    problems: list[Problem] = []
    rows = [row for _, row in parse_rows(path, kind, problems)]
    if problems:
        raise CorpusError("the data set is damaged", item=str(path), action="`workbench datasets check` lists problems")
    return rows
