"""Formats that are folders: Kaldi data directories, LibriSpeech trees."""

from __future__ import annotations

from pathlib import Path

from workbench.corpus import Problem
from workbench.errors import CorpusError
from workbench.importers.items import Found, Item, lines_of, number, require_file

__all__ = ["read_kaldi", "read_librispeech"]


def read_kaldi(source: Path) -> Found:
    """Kaldi data directory: ``wav.scp``, ``text``, and where they are there ``utt2spk`` and ``segments``."""
    if not source.is_dir():
        raise CorpusError("nothing to import here", item=str(source), expected="a folder with wav.scp and text")
    wavs: dict[str, str] = {}
    texts: dict[str, str] = {}
    speakers: dict[str, str] = {}
    for name, table, needed in (("wav.scp", wavs, True), ("text", texts, True), ("utt2spk", speakers, False)):
        path = source / name
        if needed:
            require_file(path, "a Kaldi data directory with wav.scp and text")
        if path.is_file():
            yield from _read_pairs(path, table)
    segments = source / "segments"
    if segments.is_file():
        yield from _kaldi_segments(segments, wavs, texts, speakers)
        return
    for entry in lines_of(source / "wav.scp"):
        if isinstance(entry, Problem):
            continue  # told above
        line, text = entry
        utterance = text.split(maxsplit=1)[0]
        yield _kaldi_item(source / "wav.scp", line, utterance, wavs.get(utterance), texts, speakers)


def _read_pairs(path: Path, table: dict[str, str]) -> Found:
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, text = entry
        key, _, value = text.partition(" ")
        if "\t" in key:
            key, _, value = text.partition("\t")
        if not value.strip():
            yield Problem(str(path), line, key, "nothing after the id")
        table[key] = value.strip()


def _kaldi_segments(path: Path, wavs: dict[str, str], texts: dict[str, str], speakers: dict[str, str]) -> Found:
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, text = entry
        cells = text.split()
        start, end = (number(cells[2]), number(cells[3])) if len(cells) >= 4 else (None, None)
        if start is None or end is None or end <= start:
            yield Problem(str(path), line, cells[0], "expected: utterance recording start end, in seconds")
            continue
        yield _kaldi_item(path, line, cells[0], wavs.get(cells[1]), texts, speakers, start, end - start)


def _kaldi_item(
    path: Path,
    line: int,
    utterance: str,
    wav: str | None,
    texts: dict[str, str],
    speakers: dict[str, str],
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> Item | Problem:
    if not wav:
        return Problem(str(path), line, utterance, "its recording is not in wav.scp")
    if wav.endswith("|"):
        return Problem(str(path), line, utterance, "its audio is made by a command (expected a file in wav.scp)")
    if not texts.get(utterance):
        return Problem(str(path), line, utterance, "no text for it (expected a line in text)")
    return Item(
        id=utterance,
        audio=path.parent / wav,
        reference=texts[utterance],
        origin=path,
        line=line,
        speaker=speakers.get(utterance),
        start_s=start_s,
        duration_s=duration_s,
    )


def read_librispeech(source: Path) -> Found:
    """LibriSpeech tree: ``SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt`` with ``ID TEXT`` lines, ``ID.flac`` beside."""
    lists = sorted(source.rglob("*.trans.txt")) if source.is_dir() else []
    if not lists:
        raise CorpusError("nothing to import here", item=str(source), expected="a folder with *.trans.txt inside")
    for path in lists:
        for entry in lines_of(path):
            if isinstance(entry, Problem):
                yield entry
                continue
            line, text = entry
            utterance, _, words = text.partition(" ")
            if not words.strip():
                yield Problem(str(path), line, utterance, "no text after the id")
                continue
            yield Item(
                id=utterance,
                audio=path.parent / f"{utterance}.flac",
                reference=words.strip(),
                origin=path,
                line=line,
                speaker=utterance.split("-")[0],
            )
