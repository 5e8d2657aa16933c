"""Recordings that somebody drops on the app: unpacked, paired with their texts, looked at before anything is imported.

Nothing that is dropped decides where it is written or how much of the disk it takes: names lose every way out of the
folder, archives with such names or with links are refused whole, and what they unpack to is counted as it is written.
"""

from __future__ import annotations

import io
import re
import shutil
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from workbench.audio.files import audio_info
from workbench.corpus import Problem
from workbench.corpus.importers import ImportReport, import_corpus
from workbench.corpus.importers.columns import guess_columns
from workbench.corpus.importers.folder_formats import TEXT_ENDINGS, read_folder
from workbench.corpus.importers.items import Found, Item, text_of
from workbench.corpus.importers.layout import survey
from workbench.corpus.importers.table_formats import read_table
from workbench.corpus.importers.tables import column_names, table_rows
from workbench.corpus.rows import AUDIO_ENDINGS
from workbench.errors import AudioError, CorpusError, InputError
from workbench.store.files import private_folder

__all__ = ["LIMITS", "Limits", "Received", "Row", "Trouble", "import_rows", "pair", "receive", "table_columns"]

_TABLE_ENDINGS = (".csv", ".tsv")
_UNSAFE = re.compile(r"[^\w. +()-]+")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be dropped at a time.

    Attributes:
        files: sound files, texts and tables, those in archives among them.
        bytes: on the disk, unpacked.
        text_bytes: of one text or table.
        ratio: unpacked bytes of an archive for each of its own.
    """

    files: int = 10_000
    bytes: int = 4 * 1024**3
    text_bytes: int = 64 * 1024**2
    ratio: int = 100


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of problem and everything that has it.

    Attributes:
        what: what is wrong, and what to do.
        items: names of files or rows.
    """

    what: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """What lies in the folder now.

    Attributes:
        folder: where it was unpacked.
        sounds, texts, tables: paths from the folder, sorted.
        troubles: what was not taken.
    """

    folder: Path
    sounds: tuple[str, ...]
    texts: tuple[str, ...]
    tables: tuple[str, ...]
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One recording that can be imported.

    Attributes:
        id: unique in the set.
        audio: path from the folder.
        reference: what is said.
        seconds: length.
        speaker: label; None if nobody says.
        tags: further columns of its row, ``column:value``.
        cells: its row of a table that an importer reads.
    """

    id: str
    audio: str
    reference: str = field(repr=False)
    seconds: float
    speaker: str | None = None
    tags: tuple[str, ...] = ()
    cells: Mapping[str, Any] = field(default_factory=dict, repr=False)


def receive(folder: Path, files: Iterable[tuple[str, IO[bytes]]], limits: Limits = LIMITS) -> Received:
    """Write dropped files into a folder, archives unpacked.

    Args:
        folder: private to its owner; emptied first.
        files: name as the browser gives it, which may be a path, and content.
        limits: how much is taken.

    Raises:
        InputError: too many, too large, or an archive that reaches out of its folder; nothing is kept then.
    """
    shutil.rmtree(folder, ignore_errors=True)
    private_folder(folder)
    basket = _Basket(folder, limits)
    try:
        for name, content in files:
            if name.lower().endswith(".zip"):
                _unpack(name, content, basket)
            else:
                basket.put(name, content, basket.left)
    except BaseException:
        # Whatever stops it: what was written so far is private sound that nobody would ask for again.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return basket.received()


class _Basket:
    """Counts what is written and sorts it by what it is."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self.limits, self.left = folder, limits, limits.bytes
        self._by_kind: dict[str, list[str]] = {"sound": [], "text": [], "table": []}
        self._troubles: dict[str, list[str]] = defaultdict(list)

    def put(self, name: str, content: IO[bytes], most: int) -> None:
        """Write one file, or note that it is none of ours."""
        path = _safe(name)
        kind = _kind(path)
        if path is None or any(part.startswith((".", "__MACOSX")) for part in path.parts):
            return  # what systems put beside files
        if kind is None:
            self._troubles["neither sound, nor text (.txt), nor a table (.csv, .tsv): left out"].append(path.name)
            return
        if sum(map(len, self._by_kind.values())) >= self.limits.files:
            raise InputError("too many files in one drop", expected=f"at most {self.limits.files:,}")
        target = self.folder / path
        if target.exists():
            self._troubles["a second file of the same name: left out"].append(path.name)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        most = min(most, self.left) if kind == "sound" else min(most, self.left, self.limits.text_bytes)
        written = 0
        with target.open("wb") as file:
            while block := content.read(_BLOCK):
                written += len(block)
                if written > most:
                    raise InputError(
                        "too much data in one drop",
                        item=path.name,
                        expected=f"at most {most / 1024**2:,.0f} MB here",
                        action="Drop fewer files; more can be imported as another data set",
                    )
                file.write(block)
        self.left -= written
        self._by_kind[kind].append(path.as_posix())

    def received(self) -> Received:
        sounds, texts, tables = (tuple(sorted(self._by_kind[kind])) for kind in ("sound", "text", "table"))
        troubles = tuple(Trouble(what, tuple(items)) for what, items in self._troubles.items())
        return Received(self.folder, sounds, texts, tables, troubles)


def _safe(name: str) -> PurePosixPath | None:
    """A path below the folder with nothing in it that a system could take for more; None where nothing is left."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    cleaned = [_UNSAFE.sub("_", part)[-120:] for part in parts]
    return PurePosixPath(*cleaned) if cleaned else None


def _kind(path: PurePosixPath | None) -> str | None:
    ending = path.suffix.lower() if path else ""
    if ending in AUDIO_ENDINGS:
        return "sound"
    if ending in TEXT_ENDINGS:
        return "text"
    return "table" if ending in _TABLE_ENDINGS else None


def _unpack(name: str, content: IO[bytes], basket: _Basket) -> None:
    try:
        packed = content.seek(0, io.SEEK_END)
        content.seek(0)
        with zipfile.ZipFile(content) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            for entry in entries:
                _refuse_escapes(name, entry)
            most = max(packed * basket.limits.ratio, _BLOCK)
            for entry in entries:
                before = basket.left
                with archive.open(entry) as file:
                    basket.put(entry.filename, file, most)
                most -= before - basket.left
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        why = "it needs a password" if "password" in str(error) else "damaged, or packed in an unknown way"
        raise InputError("the archive cannot be read", item=name, got=why, expected="a zip of files") from None


def _refuse_escapes(name: str, entry: zipfile.ZipInfo) -> None:
    path = entry.filename.replace("\\", "/")
    if path.startswith("/") or ".." in path.split("/") or re.match(r"[A-Za-z]:", path):
        raise InputError(
            "the archive holds a path that leaves its folder",
            item=name,
            got=_UNSAFE.sub("_", path)[:80],
            expected="paths below the archive itself",
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise InputError("the archive holds a link", item=name, got=_UNSAFE.sub("_", path)[:80], expected="files only")


# -- tables and texts -------------------------------------------------------------------------------------------------


def table_columns(received: Received, table: str) -> tuple[str, ...]:
    """Heads of a table.

    Raises:
        CorpusError: it is no table, or has no two columns.
    """
    names = tuple(name for name in column_names(received.folder / table) if name)
    if len(names) < 2:
        raise CorpusError("no table", item=table, got="fewer than two columns", expected="a head with names")
    return names


def pair(
    received: Received, table: str | None = None, columns: Mapping[str, str] | None = None
) -> tuple[list[Row], list[Trouble]]:
    """Recordings with their texts, and what is wrong with the others, grouped.

    Args:
        received: what was dropped.
        table: the table that says what is said; None pairs texts by name.
        columns: its columns, ``audio``, ``reference`` and perhaps ``speaker``; others are guessed from their names.

    Raises:
        CorpusError: the table cannot be read.
    """
    troubles: dict[str, list[str]] = defaultdict(list)
    if table:
        found = list(_from_table(received, table, columns or {}, troubles))
    else:
        items = _good(read_folder(received.folder), troubles)
        found = [(i, {"audio": i.audio, "reference": i.reference, "channel": i.channel}) for i in items]
    layout = survey((item for item, _ in found), received.folder)
    rows = []
    for item, cells in found:
        path = PurePosixPath(item.audio)
        try:
            info = audio_info(item.path)
        except AudioError:
            troubles["cannot be read as sound"].append(path.name)
            continue
        name = layout.id_of(item, Path(item.audio))
        left_s = info.samples / info.sample_rate_hz - item.start_s
        seconds = left_s if item.duration_s is None else item.duration_s
        rows.append(Row(name, item.audio, item.reference, seconds, item.speaker, item.tags, cells))
    return rows, [*received.troubles, *(Trouble(what, tuple(items)) for what, items in troubles.items())]


_Troubles = dict[str, list[str]]


def _good(items: Found, troubles: _Troubles) -> Iterator[Item]:
    """Items; what is none is a trouble."""
    for item in items:
        if isinstance(item, Problem):
            row = f"row {item.line}" if item.line else PurePosixPath(item.path).name
            troubles[item.what].append(PurePosixPath(item.item).name if item.item else row)
        else:
            yield item


def _from_table(
    received: Received, table: str, columns: Mapping[str, str], troubles: _Troubles
) -> Iterator[tuple[Item, dict[str, Any]]]:
    """Items of a table, each with its row, in which the recording is named by where it lies."""
    rows = _located(received, table, columns, troubles)
    if not rows:
        return
    listed = _listed(received, rows)
    for item in _good(read_table(listed, columns), troubles):
        yield item, rows[item.line - 1]


def _located(received: Received, table: str, columns: Mapping[str, str], troubles: _Troubles) -> list[dict[str, Any]]:
    """Rows of a table whose recording was dropped, however its path is written there."""
    names = table_columns(received, table)
    # Somebody chose that nobody is named as speaker; the column must not be guessed again.
    unsaid = {name for name in names if "speaker" not in columns and "speaker" in guess_columns([name])}
    unsaid -= set(columns.values())
    several = {"start", "channel"} & guess_columns(names, columns).keys()  # rows of one recording
    places: dict[str, list[str]] = defaultdict(list)
    for sound in received.sounds:
        path = PurePosixPath(sound)
        for name in {sound, path.name, path.stem}:
            places[name.casefold()].append(sound)
    rows: list[dict[str, Any]] = []
    used: set[str] = set()
    for entry in table_rows(received.folder / table):
        if isinstance(entry, Problem):
            troubles[entry.what].append(f"row {entry.line}")
            continue
        number, row = entry
        named = text_of(row, columns["audio"])
        if named is None:
            troubles["a row without a recording"].append(f"row {number}")
            continue
        safe = _safe(named)
        found = places.get(safe.as_posix().casefold()) or places.get(safe.name.casefold()) if safe else None
        if not found:
            troubles["named in the table, but not among the dropped files"].append(PurePosixPath(named).name)
        elif len(found) > 1:
            troubles["several dropped files have this name"].append(PurePosixPath(named).name)
        elif found[0] in used and not several:
            troubles["a second row for one recording: left out"].append(PurePosixPath(named).name)
        else:
            used.add(found[0])
            cells = {name: value for name, value in row.items() if name not in unsaid}
            rows.append(cells | {columns["audio"]: found[0]})
    left = [PurePosixPath(sound).name for sound in received.sounds if sound not in used]
    if left:
        troubles["not named in the table: left out"] += left
    return rows


def _listed(received: Received, rows: Iterable[Mapping[str, Any]]) -> Path:
    """A table of rows beside the recordings, for the importer."""
    path = received.folder / "recordings.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path


def import_rows(
    received: Received,
    rows: Sequence[Row],
    target: Path,
    licence: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> ImportReport:
    """Make a data set of recordings, its sound copied into it; what was dropped is removed once that is done.

    Args:
        received: what was dropped.
        rows: of :func:`pair`.
        target: folder of the data set.
        licence: of the recordings.
        columns: as for :func:`pair`.

    Raises:
        CorpusError: the name is taken, or a recording turned out to be bad.
        StoreError: the disk is full.
    """
    listed = _listed(received, (row.cells for row in rows))
    private_folder(target.parent)
    report = import_corpus("table", listed, target, copy=True, licence=licence, mapping=columns)
    if report.problems:
        raise CorpusError(report.problems[0].what, item=report.problems[0].item)
    shutil.rmtree(received.folder, ignore_errors=True)
    return report
