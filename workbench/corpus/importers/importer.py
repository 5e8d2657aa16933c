"""Import a corpus: every row is looked at before anything is written.

Audio stays where it is. The new corpus's header names the folder that it lies in; audio outside that folder is
refused, so that a manifest from elsewhere cannot pull in any other file of this machine. With ``copy`` the files go
into the corpus and it can be moved.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workbench.corpus import HeaderRow, ManifestRow, Problem, write_manifest
from workbench.corpus.importers.columns import columns_of
from workbench.corpus.importers.folder_formats import read_folder, read_librispeech
from workbench.corpus.importers.import_rows import ImportRows
from workbench.corpus.importers.items import Found
from workbench.corpus.importers.json_formats import read_nemo, read_seglst
from workbench.corpus.importers.kaldi import read_kaldi
from workbench.corpus.importers.layout import survey
from workbench.corpus.importers.lhotse import read_lhotse
from workbench.corpus.importers.table_formats import read_audiofolder, read_common_voice, read_table
from workbench.corpus.write import writing
from workbench.errors import CorpusError, InputError
from workbench.trust.whole_file import link_below, replace_file

__all__ = ["FORMATS", "ImportReport", "import_corpus"]

FORMATS: dict[str, Callable[[Path], Found]] = {
    "table": read_table,
    "folder": read_folder,
    "nemo": read_nemo,
    "audiofolder": read_audiofolder,
    "kaldi": read_kaldi,
    "librispeech": read_librispeech,
    "common-voice": read_common_voice,
    "lhotse": read_lhotse,
    "seglst": read_seglst,
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Result of an import.

    Attributes:
        utterances: number of good rows.
        seconds: length of their audio (s).
        problems: bad rows; if there are any, nothing was written, unless bad rows were to be skipped.
        manifest: manifest that was written; None if none was.
        remarks: rows that the source marks to be left out.
        audio_root: folder that the audio was found in.
        columns: column of a table by key of the manifest; None for other formats.

    >>> ImportReport(utterances=2, seconds=7.5, problems=(), manifest=None).remarks
    ()
    """

    utterances: int
    seconds: float
    problems: tuple[Problem, ...]
    manifest: Path | None
    remarks: tuple[Problem, ...] = ()
    audio_root: Path | None = None
    columns: Mapping[str, str] | None = None


def import_corpus(
    format_name: str,
    source: Path,
    target: Path,
    *,
    audio_root: Path | None = None,
    copy: bool = False,
    licence: str | None = None,
    mapping: Mapping[str, str] | None = None,
    split_channels: bool = False,
    skip_bad: bool = False,
    on_item: Callable[[str], object] | None = None,
    on_plan: Callable[[str], object] | None = None,
) -> ImportReport:
    """Turn a corpus of another format into one of ours, in constant memory.

    Args:
        format_name: one of ``FORMATS``.
        source: its manifest or folder.
        target: folder of the new corpus; must hold no manifest yet.
        audio_root: folder that holds all audio; None is the source's folder, or the one that absolute paths share.
        copy: copy the audio into the corpus.
        licence: licence of the audio; foreign formats do not say.
        mapping: column of a table by what it is (``{"audio": "path"}``); others are guessed from their names.
        split_channels: make one recording of each channel, with the turns that are heard on it.
        skip_bad: write the good rows even if there are bad ones.
        on_item: called with each id, for progress.
        on_plan: called with a line for people before any row is read: columns and folder that are taken.

    Raises:
        CorpusError: no such format, nothing to import, or the target is taken.
    """
    if format_name not in FORMATS:
        raise CorpusError("no such format", item=format_name, expected=", ".join(FORMATS))
    if mapping and format_name != "table":
        raise CorpusError("only columns of a table can be mapped", item="mapping", got=format_name, expected="table")
    if (target / "manifest.jsonl").exists():
        raise CorpusError("the folder already has a corpus", item=str(target), action="Name another folder")
    read = partial(read_table, mapping=mapping) if format_name == "table" else FORMATS[format_name]
    columns = columns_of(source, mapping) if format_name == "table" and source.is_file() else None
    layout = survey(read(source), source, audio_root)
    if on_plan:
        on_plan(f"columns: {columns}" if columns else f"format: {format_name}")
        on_plan(f"audio in {layout.root}")
    job = ImportRows(layout, target if copy else None, licence, split_channels=split_channels, on_item=on_item)
    header = HeaderRow(
        name=target.resolve().name,
        audio_root=None if copy else str(layout.root.resolve()),
        licence=licence,
        note=f"Imported from {format_name}: {source.name}",
    )
    manifest = _write_if_good(target, job.rows(read(source)), header, job, skip_bad=skip_bad)
    return ImportReport(
        job.count, round(job.seconds, 3), tuple(job.problems), manifest, tuple(job.remarks), layout.root,
        columns.fields if columns else None,
    )  # fmt: skip


def _write_if_good(
    target: Path, rows: Iterator[ManifestRow], header: HeaderRow, job: ImportRows, *, skip_bad: bool
) -> Path | None:
    def until_bad() -> Iterator[ManifestRow]:
        yield from rows
        if not job.count or (job.problems and not skip_bad):
            raise _BadRowsError
        _copy_files(job)

    existed = target.is_dir()
    try:
        return write_manifest(target, until_bad(), header)
    except _BadRowsError:
        if not existed:
            shutil.rmtree(target, ignore_errors=True)
        if not job.problems:
            raise CorpusError("nothing to import here", got="0 rows", expected="at least one") from None
        return None
    except BaseException:
        # Also on Ctrl-C, which is likely in an import of hours.
        if not existed:
            shutil.rmtree(target, ignore_errors=True)
        raise


class _BadRowsError(Exception):
    """Stops the writing of a manifest; never leaves this module."""


def _copy_files(job: ImportRows) -> None:
    """Copy every file that a row names, where copies were asked for; called once all rows are known."""
    if job.copy_to is None:
        return
    for audio, relative in job.files():
        target = job.copy_to / "audio" / relative
        if link := link_below(job.copy_to, target):
            raise InputError(
                "audio is not copied through a link",
                item=str(link),
                expected="folders and files of the corpus itself",
                action="Remove the link, or name another folder",
            )
        with writing(target), audio.open("rb") as source:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, partial(shutil.copyfileobj, source))
