"""Import a corpus: every row is looked at before anything is written.

Audio stays where it is. The new corpus's header names the folder that it lies in; audio outside that folder is
refused, so that a manifest from elsewhere cannot pull in any other file of this machine. With ``copy`` the files go
into the corpus and it can be moved.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workbench.audio.files import AudioInfo, audio_info, file_sha256
from workbench.corpus import HeaderRow, ManifestRow, Problem, TurnRow, write_manifest
from workbench.errors import AudioError, CorpusError
from workbench.importers.folder_formats import read_kaldi, read_librispeech
from workbench.importers.items import Found, Item
from workbench.importers.json_formats import read_lhotse, read_nemo, read_seglst
from workbench.importers.table_formats import read_audiofolder, read_common_voice

__all__ = ["FORMATS", "ImportReport", "import_corpus"]

FORMATS: dict[str, Callable[[Path], Found]] = {
    "nemo": read_nemo,
    "audiofolder": read_audiofolder,
    "kaldi": read_kaldi,
    "librispeech": read_librispeech,
    "common-voice": read_common_voice,
    "lhotse": read_lhotse,
    "seglst": read_seglst,
}

# Durations in seconds are rounded by those who write them: to 10 ms, as a rule.
_SLACK_S = 0.05


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        utterances: rows that are good.
        seconds: their audio.
        problems: rows that are not; where there are any, nothing was written.
        manifest: what was written; None where nothing was.
    """

    utterances: int
    seconds: float
    problems: tuple[Problem, ...]
    manifest: Path | None


def import_corpus(
    format_name: str,
    source: Path,
    target: Path,
    *,
    audio_root: Path | None = None,
    copy: bool = False,
    licence: str | None = None,
    on_item: Callable[[str], object] | None = None,
) -> ImportReport:
    """Turn a corpus of another format into one of ours, in constant memory.

    Args:
        format_name: one of ``FORMATS``.
        source: its manifest or folder.
        target: folder of the new corpus; must hold no manifest yet.
        audio_root: folder that holds all audio; None is the source's folder.
        copy: copy the audio into the corpus.
        licence: of the audio; foreign formats do not say.
        on_item: called with each id, for progress.

    Raises:
        CorpusError: no such format, nothing to import, or the target is taken.
    """
    if format_name not in FORMATS:
        raise CorpusError("no such format", item=format_name, expected=", ".join(FORMATS))
    if (target / "manifest.jsonl").exists():
        raise CorpusError("there is a corpus already", item=str(target), action="Name another folder")
    root = audio_root or (source if source.is_dir() else source.parent)
    job = _Import(root.resolve(), target if copy else None, licence, on_item)
    rows = job.rows(FORMATS[format_name](source))
    header = HeaderRow(
        name=target.resolve().name,
        audio_root=None if copy else str(root.resolve()),
        licence=licence,
        note=f"Imported from {format_name}: {source.name}",
    )
    manifest = _write_if_good(target, rows, header, job)
    return ImportReport(job.count, round(job.seconds, 3), tuple(job.problems), manifest)


def _write_if_good(target: Path, rows: Iterator[ManifestRow], header: HeaderRow, job: _Import) -> Path | None:
    def until_bad() -> Iterator[ManifestRow]:
        yield from rows
        if job.problems or not job.count:
            raise _BadRowsError
        job.copy_files()

    try:
        return write_manifest(target, until_bad(), header)
    except _BadRowsError:
        (target / "corpus.json").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            target.rmdir()  # unless it held something before
        if not job.problems:
            raise CorpusError("nothing to import here", got="0 rows", expected="at least one") from None
        return None


class _BadRowsError(Exception):
    """Stops the writing of a manifest; never leaves this module."""


class _Import:
    """Looks at items one by one; keeps ids and one entry for each audio file, never audio or text."""

    def __init__(
        self, root: Path, copy_to: Path | None, licence: str | None, on_item: Callable[[str], object] | None
    ) -> None:
        self.root = root
        self.copy_to = copy_to
        self.licence = licence
        self.on_item = on_item
        self.count = 0
        self.seconds = 0.0
        self.problems: list[Problem] = []
        self._files: dict[Path, tuple[AudioInfo, str]] = {}
        self._ids: dict[str, int] = {}

    def rows(self, found: Found) -> Iterator[ManifestRow]:
        for item in found:
            result = item if isinstance(item, Problem) else self._row(item)
            if isinstance(result, Problem):
                self.problems.append(result)
                continue
            self.count += 1
            if self.on_item:
                self.on_item(result.id)
            yield result

    def _row(self, item: Item) -> ManifestRow | Problem:
        def problem(what: str) -> Problem:
            return Problem(str(item.origin), item.line, item.id, what)

        if item.id in self._ids:
            return problem(f"duplicate id (first on line {self._ids[item.id]})")
        self._ids[item.id] = item.line
        if not item.reference:
            return problem("empty reference (expected what is said in the audio)")
        try:
            audio = item.audio.resolve()
            audio.is_file()
        except (OSError, ValueError):  # too long, or with characters that no path may have
            return problem("audio is no path")
        if not audio.is_relative_to(self.root):
            return problem(f"audio lies outside {self.root} (got {item.audio}); name its folder with --audio-root")
        try:
            info, sha256 = self._file(audio)
        except AudioError as error:
            return problem(str(error))
        stretch = _stretch(item, info)
        if isinstance(stretch, str):
            return problem(stretch)
        start, samples = stretch
        relative = audio.relative_to(self.root)
        self.seconds += samples / info.sample_rate_hz
        return ManifestRow(
            id=item.id,
            audio=(Path("audio") / relative if self.copy_to else relative).as_posix(),
            sha256=sha256,
            reference=item.reference,
            speaker=item.speaker,
            tags=item.tags,
            licence=self.licence,
            source=f"{item.origin.name}:{item.line}",
            sample_rate_hz=info.sample_rate_hz,
            samples=samples,
            start_sample=start,
            turns=_turns(item, info.sample_rate_hz, samples),
        )

    def _file(self, audio: Path) -> tuple[AudioInfo, str]:
        if audio not in self._files:
            self._files[audio] = (audio_info(audio), file_sha256(audio))
        return self._files[audio]

    def copy_files(self) -> None:
        """Copy every file that a row names, where copies were asked for; called once all rows are good."""
        if self.copy_to is None:
            return
        for audio in self._files:
            target = self.copy_to / "audio" / audio.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(audio, target)


def _stretch(item: Item, info: AudioInfo) -> tuple[int, int] | str:
    """First sample and number of samples, or what is wrong with them."""
    rate = info.sample_rate_hz
    start = round(item.start_s * rate)
    left = info.samples - start
    samples = left if item.duration_s is None else round(item.duration_s * rate)
    if samples <= 0 or left <= 0 or samples > left + _SLACK_S * rate:
        got = f"{item.start_s:g} s + {item.duration_s or 0:g} s"
        return f"the stretch lies outside the audio (got {got}; expected within {info.samples / rate:g} s)"
    if start == 0 and abs(samples - left) <= _SLACK_S * rate:
        samples = left  # the whole file, its length rounded in the row
    return start, min(samples, left)


def _turns(item: Item, rate_hz: int, samples: int) -> tuple[TurnRow, ...]:
    return tuple(
        TurnRow(turn.speaker, min(samples, round(turn.start_s * rate_hz)), min(samples, round(turn.end_s * rate_hz)),
                turn.text)
        for turn in item.turns
    )  # fmt: skip
