"""Kaldi data directories: tables of ids that must agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from workbench.corpus import Problem
from workbench.corpus.importers.items import Found, Item, channel_of, lines_of, number, require_file
from workbench.errors import CorpusError

__all__ = ["read_kaldi"]

_PARENTS = 3
"""Recipes run in their own folder and write ``data/NAME/wav.scp`` with paths relative to it."""


@dataclass(slots=True)
class _Tables:
    """Tables of a data directory: values by id."""

    folder: Path
    wavs: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict, repr=False)
    speakers: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def read_kaldi(source: Path) -> Found:
    """Kaldi data directory: ``wav.scp``, ``text`` and, if present, ``utt2spk`` and ``segments``.

    ``reco2file_and_channel`` says which channel of a file is meant. Paths may be relative to the directory or to the
    recipe that it lies in.
    """
    if not source.is_dir():
        raise CorpusError("nothing to import here", item=str(source), expected="a folder with wav.scp and text")
    for name in ("wav.scp", "text"):
        require_file(source / name, f"a Kaldi data directory with wav.scp and text{_directories(source)}")
    tables = _Tables(source)
    for name, table in (("wav.scp", tables.wavs), ("text", tables.texts), ("utt2spk", tables.speakers)):
        if (source / name).is_file():
            yield from _read_pairs(source / name, table, tables.lines if name == "text" else None)
    if (source / "reco2file_and_channel").is_file():
        yield from _read_pairs(source / "reco2file_and_channel", tables.channels)
    segments, used = source / "segments", set[str]()
    listing = segments if segments.is_file() else source / "wav.scp"
    for entry in lines_of(listing):
        if isinstance(entry, Problem):
            if listing == segments:
                yield entry  # of wav.scp it was yielded above, as its duplicates were
            continue
        line, text = entry
        cells = text.split()
        if listing == segments:
            yield _segment(tables, segments, line, cells)
        elif cells[0] not in used:
            yield _item(tables, listing, line, cells[0], cells[0])
        used.add(cells[0])
    for utterance in sorted(tables.texts.keys() - used):
        what = f"a text without a recording (expected the id in {listing.name})"
        yield Problem(str(source / "text"), tables.lines[utterance], utterance, what, "no recording")


def _directories(source: Path) -> str:
    """The data directories of a recipe, where its folder was given instead of one of them."""
    inside = sorted(str(path.parent.relative_to(source)) for path in source.glob("data/*/wav.scp"))
    return f"; here: {', '.join(inside)}" if inside else ""


def _read_pairs(path: Path, table: dict[str, str], lines: dict[str, int] | None = None) -> Found:
    first: dict[str, int] = {}
    for entry in lines_of(path):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, text = entry
        key, *rest = text.split(maxsplit=1)
        if not rest:
            yield Problem(str(path), line, key, "nothing after the id")
        elif key in first:
            yield Problem(str(path), line, key, f"duplicate id (first on line {first[key]})", "duplicate id")
            continue
        first[key] = line
        if lines is not None:
            lines[key] = line
        table[key] = rest[0].strip() if rest else ""


def _segment(tables: _Tables, path: Path, line: int, cells: list[str]) -> Item | Problem:
    start, end = (number(cells[2]), _end(cells[3])) if len(cells) >= 4 else (None, None)
    if start is None or end is None or end <= start:
        return Problem(str(path), line, cells[0], "expected: utterance recording start end, in seconds")
    channel = cells[4] if len(cells) > 4 else None
    return _item(tables, path, line, cells[0], cells[1], start, None if end == inf else end - start, channel)


def _end(text: str) -> float | None:
    """Seconds; infinity for -1, which is the end of the file."""
    end = number(text.removeprefix("-"))
    return inf if end == 1 and text.startswith("-") else number(text)


def _item(
    tables: _Tables,
    path: Path,
    line: int,
    utterance: str,
    recording: str,
    start_s: float = 0.0,
    duration_s: float | None = None,
    channel: str | None = None,
) -> Item | Problem:
    wav = tables.wavs.get(recording)
    if not wav:
        return Problem(str(path), line, utterance, "its recording is not in wav.scp")
    if wav.endswith("|"):
        return Problem(
            str(path), line, utterance, "its audio is made by a command (expected a file in wav.scp)", "command"
        )
    if not tables.texts.get(utterance):
        return Problem(str(path), line, utterance, "no text for it (expected a line in text)", "no text")
    try:
        heard = _channel(tables.channels.get(recording), channel)
    except ValueError as error:
        return Problem(str(path), line, utterance, str(error))
    return Item(
        id=utterance,
        audio=wav,
        base=_base(tables.folder, wav),
        reference=tables.texts[utterance],
        origin=path,
        line=line,
        speaker=tables.speakers.get(utterance),
        start_s=start_s,
        duration_s=duration_s,
        channel=heard,
    )


def _channel(recorded: str | None, segment: str | None) -> int | None:
    """The channel of a segment (from 0), or of its line in ``reco2file_and_channel`` (A and B, or from 1)."""
    if segment is not None and segment != "-1":
        return channel_of(segment)
    if recorded is None:
        return None
    stated = recorded.split()[-1]
    channel = channel_of(stated)
    return channel - 1 if channel and stated.isdigit() else channel


def _base(folder: Path, wav: str) -> Path:
    """The folder that a path of wav.scp is relative to: the directory itself, or one of those above it."""
    if Path(wav).is_absolute() or ".." in Path(wav).parts:
        return folder
    places = [folder, *Path(folder).absolute().parents[:_PARENTS]]
    return next((place for place in places if (place / wav).is_file()), folder)
