"""The manifest format, and its parser: it finds every problem and stops at none.

A corpus is a folder with

* ``manifest.jsonl``: one utterance a line (``ManifestRow``);
* ``words.jsonl``, optional: word times, one utterance a line (``WordsRow``), in samples from the utterance's start;
* ``corpus.json``, optional: name, licence, note, and the folder that audio paths are relative to (``HeaderRow``).

Audio must lie inside the corpus folder, or inside the one that the header names openly: no single row can lead a run
to any other file of this machine.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from workbench.corpus.locate import Inside, existing_file
from workbench.errors import CorpusError

__all__ = [
    "AUDIO_ENDINGS",
    "HEADER",
    "MANIFEST",
    "MAX_ROW_BYTES",
    "TERM_KINDS",
    "WORDS",
    "DuplicateKeyError",
    "FactRow",
    "HeaderRow",
    "ManifestRow",
    "Problem",
    "TermRow",
    "TurnRow",
    "WordRow",
    "WordsRow",
    "bounded_lines",
    "manifest_of",
    "parse_header",
    "parse_rows",
    "resolve_audio",
    "unique_keys",
]

MANIFEST = "manifest.jsonl"
WORDS = "words.jsonl"
HEADER = "corpus.json"
MAX_ROW_BYTES = 16 * 1024 * 1024
"""Greatest row that is read: an hour of turns and words takes a hundredth of it."""

TERM_KINDS = ("drug", "dose", "medical", "negation", "laterality", "value")

AUDIO_ENDINGS = (
    ".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".webm", ".wma", ".aac", ".amr", ".aiff", ".aif", ".au",
    ".caf", ".w64", ".sph",
)  # fmt: skip
"""Of files that are taken for recordings where nothing else says what they are."""

_Row = TypeVar("_Row", bound=msgspec.Struct)


class TermRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A marked term: ``text`` as it stands in the reference, ``kind`` one of ``TERM_KINDS``."""

    text: str
    kind: str


class FactRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """An expected fact of the result; see :class:`workbench.reference.Fact`."""

    kind: str
    name: str
    value: str = ""
    required: bool = True


class TurnRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A speaker's turn: words from ``start_sample`` up to ``end_sample``, at the row's rate.

    ``text`` is its part of the reference, ``spoken`` the same as it was said where that is known.
    """

    speaker: str
    start_sample: int
    end_sample: int
    text: str
    spoken: str | None = None


class ManifestRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, omit_defaults=True):
    """One utterance of a manifest.

    Attributes:
        id: unique in the corpus.
        audio: path, relative to the corpus folder (or to ``audio_root`` of its header).
        sha256: hash of the audio file's bytes; None is unverified.
        reference: as a clinician would expect it on screen.
        spoken: as it was said, words only; None if no other form is known.
        terms: marked terms of the reference.
        speaker, tags: groups.
        licence, source: where the audio comes from and what may be done with it.
        sample_rate_hz, samples: sample rate and length of the utterance; None if the file is to be asked.
        start_sample: where the utterance begins in the file.
        channel: channel of the file to play, from 0; None mixes all of them.
        turns: who spoke when, where there are several speakers.
        form: values of a form filled from this audio, in words of the corpus; not scored.
        facts: expected facts of note, diagnoses, orders and forms, which results are scored by.
        note: anything a reader of the corpus should know.
        silence: nothing is said in it, so that the reference is empty.
        draft: the reference was written by a recogniser and nobody has confirmed it: it is not played or scored.
    """

    id: str
    audio: str
    reference: str
    sha256: str | None = None
    spoken: str | None = None
    terms: tuple[TermRow, ...] = ()
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    licence: str | None = None
    source: str | None = None
    sample_rate_hz: int | None = None
    samples: int | None = None
    start_sample: int = 0
    channel: int | None = None
    turns: tuple[TurnRow, ...] = ()
    form: dict[str, str | int | float | bool | None] | None = None
    facts: tuple[FactRow, ...] = ()
    note: str | None = None
    silence: bool = False
    draft: bool = False


class WordRow(msgspec.Struct, array_like=True, frozen=True, omit_defaults=True):
    """``[text, start_sample, end_sample]`` or ``[text, start_sample, end_sample, speaker]``."""

    text: str
    start_sample: int
    end_sample: int
    speaker: str | None = None


class WordsRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Word times of one utterance, and where they come from."""

    id: str
    origin: str
    words: tuple[WordRow, ...]


class HeaderRow(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What holds for a whole corpus.

    Attributes:
        name: None is the folder's name.
        audio_root: folder that audio paths are relative to; None is the corpus folder.
        description, licence, note: for people.
    """

    name: str | None = None
    audio_root: str | None = None
    description: str | None = None
    licence: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a corpus.

    Attributes:
        path: the manifest or words file.
        line: from 1; None if the file as a whole is meant.
        item: id of the utterance, where it is known.
        what: what is wrong, with the value and what was expected.
        cause: one word for grouping equal problems, such as ``silence``; empty if there is none.
        remark: whether the utterance can be played all the same.

    >>> str(Problem("manifest.jsonl", 3, "visit-7", "the audio is silent"))
    'manifest.jsonl:3: visit-7: the audio is silent'
    """

    path: str
    line: int | None
    item: str | None
    what: str
    cause: str = ""
    remark: bool = False

    def __str__(self) -> str:
        """One line: ``file:line: utterance: what is wrong``."""
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.item}: {self.what}" if self.item else f"{where}: {self.what}"

    def error(self) -> CorpusError:
        """The same as an exception.

        >>> Problem("manifest.jsonl", 3, None, "not JSON").error().item
        'manifest.jsonl:3'
        """
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        what = f"{self.item}: {self.what}" if self.item else self.what
        return CorpusError(what, item=where, action="`workbench datasets check` lists every problem")


def manifest_of(path: Path) -> Path:
    """The manifest of a corpus folder, or the manifest itself.

    Raises:
        CorpusError: neither.
    """
    manifest = path / MANIFEST if path.is_dir() else path
    if not manifest.is_file():
        raise CorpusError(
            "no corpus here",
            item=str(path),
            expected=f"a folder with {MANIFEST}, or a manifest",
            action="`workbench datasets list` names the built-in ones",
        )
    return manifest


def bounded_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines of a file; None for one that is longer than any row, which is passed over without being held."""
    while line := file.readline(MAX_ROW_BYTES + 1):
        if len(line) <= MAX_ROW_BYTES:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_ROW_BYTES)
        yield None


def parse_rows(path: Path, kind: type[_Row], problems: list[Problem]) -> Iterator[tuple[int, _Row]]:
    """Rows of a JSONL file with their line numbers; bad ones become problems and are left out.

    Args:
        path: the file; read line by line.
        kind: type of a row.
        problems: bad lines are added here.
    """
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as file:
        for line, text in enumerate(bounded_lines(file), start=1):
            if text is None:
                problems.append(Problem(str(path), line, None, f"a row of more than {MAX_ROW_BYTES} bytes"))
                continue
            if line == 1:
                text = text.removeprefix(codecs.BOM_UTF8)  # as editors of Windows write it
            if not text.strip():
                continue
            try:
                row = decoder.decode(text)
                if twice := _duplicate_key(text):
                    problems.append(Problem(str(path), line, None, f"duplicate key (got {twice} twice)"))
                    continue
                yield line, row
            except RecursionError:
                problems.append(Problem(str(path), line, None, "not a valid row: nested too deeply"))
            except msgspec.ValidationError as error:
                problems.append(Problem(str(path), line, None, f"not a valid row: {error}"))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                problems.append(Problem(str(path), line, None, f"not JSON: {error}"))


class DuplicateKeyError(ValueError):
    """A key stands twice in one object; programs differ in which of its values they take."""


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs, for ``object_pairs_hook``.

    Raises:
        DuplicateKeyError: with the first key that stands twice.
    """
    row = dict(pairs)
    if len(row) != len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKeyError(next(key for key in keys if keys.count(key) > 1))
    return row


def _duplicate_key(text: bytes) -> str | None:
    """A key that stands twice in an object of a row."""
    try:
        json.loads(text, object_pairs_hook=unique_keys)
    except DuplicateKeyError as error:
        return str(error)
    return None


def parse_header(manifest: Path, problems: list[Problem]) -> HeaderRow:
    """The header beside a manifest; an empty one if there is none."""
    path = manifest.parent / HEADER
    if not path.is_file():
        return HeaderRow()
    try:
        return msgspec.json.decode(path.read_bytes().removeprefix(codecs.BOM_UTF8), type=HeaderRow)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(Problem(str(path), None, None, f"not a valid header: {error}"))
        return HeaderRow()


def resolve_audio(folder: Inside, audio: str) -> Path | str:
    """Where an audio file of a folder lies, or what is wrong with its path."""
    path = folder.root / audio
    try:
        if folder.relative(path) is None or not folder.has(path):
            return f"audio lies outside the corpus folder (got {audio}; expected a path inside {folder.root})"
        found = existing_file(path)
    except (OSError, ValueError):  # too long, or with characters that no path may have
        return f"audio is no path (got {len(audio)} characters)"
    return found or f"audio file is missing (expected {path})"
