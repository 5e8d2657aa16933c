"""Formats that are folders: recordings with texts beside them, LibriSpeech trees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from workbench.corpus import Problem
from workbench.corpus.importers.items import Found, Item, audio_beside, lines_of, skipped
from workbench.corpus.rows import AUDIO_ENDINGS
from workbench.errors import CorpusError

__all__ = ["TEXT_ENDINGS", "read_folder", "read_librispeech"]

_MAX_TEXT = 4 * 1024**2
TEXT_ENDINGS = (".txt", ".lab")
"""Of files that hold what is said in the recording of the same name."""


def read_folder(source: Path) -> Found:
    """A folder of recordings with a text of the same name for each: ``a.wav`` and ``a.txt`` (or ``.lab``).

    Folders inside are read too, and letter case does not matter. A text may lie in another folder where one recording
    alone has its name. ``a.ch0.txt`` and ``a.ch1.txt`` make one recording of each channel of ``a.wav``.
    """
    if not source.is_dir():
        raise CorpusError("nothing to import here", item=str(source), expected="a folder of recordings and .txt files")
    recordings, texts = _listed(source)
    if not recordings:
        raise CorpusError(
            "nothing to import here", item=str(source), got="no recording", expected="files such as a.wav and a.txt"
        )
    beside = {audio: _beside(audio.relative_to(source), texts) for audio in recordings}
    _elsewhere(beside, texts)
    for audio, found in beside.items():
        yield from _with_texts(source, audio, found)
    for path in sorted(texts.values()):
        yield skipped(path, None, None, "left out: no recording of this name next to it")


_Texts = dict[str, Path]  # by path from the folder, letter case aside


def _listed(source: Path) -> tuple[list[Path], _Texts]:
    recordings, texts = [], {}
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if any(part.startswith(".") for part in relative.parts):
            continue
        if path.suffix.lower() in AUDIO_ENDINGS:
            recordings.append(path)
        elif path.suffix.lower() in TEXT_ENDINGS:
            texts[relative.as_posix().casefold()] = path
    return recordings, texts


def _beside(audio: Path, texts: _Texts) -> list[tuple[int | None, Path]]:
    """Channel and text of each text that belongs to a recording by its name; they are taken out of ``texts``."""
    whole, stem = audio.as_posix().casefold(), audio.with_suffix("").as_posix().casefold()
    names: list[tuple[int | None, str]] = [(None, f"{stem}{ending}") for ending in TEXT_ENDINGS]
    names.append((None, f"{whole}.txt"))
    names += [(channel, f"{stem}.ch{channel}.txt") for channel in range(8)]
    return [(channel, texts.pop(name)) for channel, name in names if name in texts]


def _elsewhere(beside: dict[Path, list[tuple[int | None, Path]]], texts: _Texts) -> None:
    """Give recordings without a text the one of their name in another folder, where there is no doubt which."""
    named: dict[str, list[str]] = defaultdict(list)
    wanting: dict[str, list[Path]] = defaultdict(list)
    for name in texts:
        named[Path(name).stem].append(name)
    for audio, found in beside.items():
        if not found:
            wanting[audio.stem.casefold()].append(audio)
    for stem, audios in wanting.items():
        if len(audios) == len(named[stem]) == 1:
            beside[audios[0]].append((None, texts.pop(named[stem][0])))


def _with_texts(source: Path, audio: Path, beside: list[tuple[int | None, Path]]) -> Found:
    if not beside:
        yield Problem(str(audio), None, None, "no text for it (expected a .txt of the same name)", "no text")
    for channel, path in beside:
        text = _text(path)
        if isinstance(text, Problem):
            yield text
            continue
        name = audio.relative_to(source).as_posix()
        yield Item(audio=name, base=source, reference=text, origin=path, line=1, channel=channel)


def _text(path: Path) -> str | Problem:
    if path.stat().st_size > _MAX_TEXT:
        return Problem(str(path), None, None, f"a text of more than {_MAX_TEXT} bytes")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return Problem(str(path), None, None, "not UTF-8", "encoding")
    return " ".join(text.split()) or Problem(str(path), None, None, "empty text (expected what is said)", "no text")


def read_librispeech(source: Path) -> Found:
    """LibriSpeech tree: ``SPEAKER/CHAPTER/SPEAKER-CHAPTER.trans.txt`` with ``ID TEXT`` lines, and the recordings.

    Recordings may have been converted from FLAC to WAV or any other format.
    """
    lists = sorted(source.rglob("*.trans.txt")) if source.is_dir() else []
    if not lists:
        raise CorpusError("nothing to import here", item=str(source), expected="a folder with *.trans.txt inside")
    for path in lists:
        yield from _chapter(path)


def _chapter(path: Path) -> Iterator[Item | Problem]:
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
            audio=audio_beside(path.parent, utterance),
            base=path.parent,
            reference=words.strip(),
            origin=path,
            line=line,
            speaker=utterance.split("-")[0],
        )
