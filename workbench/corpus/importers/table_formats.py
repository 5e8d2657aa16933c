"""Formats written as tables: any CSV, TSV or Parquet, Hugging Face audiofolder, Common Voice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.corpus import Problem
from workbench.corpus.importers.columns import Columns, columns_of
from workbench.corpus.importers.items import Found, Item, channel_of, number, require_file, tags_of, text_of
from workbench.corpus.importers.tables import column_names, table_rows
from workbench.errors import CorpusError

__all__ = ["read_audiofolder", "read_common_voice", "read_table"]

_TEXT_KEYS = ("transcription", "text", "sentence", "transcript")
_METADATA = ("metadata.jsonl", "metadata.csv", "metadata.parquet")
_SPLITS = ("test.tsv", "validated.tsv", "dev.tsv", "train.tsv")


def read_table(source: Path, mapping: Mapping[str, str] | None = None) -> Found:
    """Any table with a header: CSV, TSV, an Excel export, Parquet, JSONL; columns guessed by name or mapped.

    Further columns become tags. Paths are relative to the table.
    """
    require_file(source, "a table (.csv, .tsv, .jsonl, .parquet)")
    columns = columns_of(source, mapping)
    texts = columns.channels().items() or [(None, columns.fields.get("reference"))]
    for entry in table_rows(source):
        if isinstance(entry, Problem):
            yield entry
            continue
        for channel, column in texts:
            yield _row(source, *entry, columns, column, channel)


def _row(
    source: Path, line: int, row: dict[str, Any], columns: Columns, reference: str | None, channel: int | None
) -> Item | Problem:
    cells = {field: row.get(column) for field, column in columns.fields.items()}
    audio, text = text_of(cells, "audio"), text_of(row, reference or "")
    if audio is None or text is None:
        missing = columns.fields["audio"] if audio is None else reference
        return Problem(str(source), line, audio, f"no {missing} in this row", "empty cell")
    name = text_of(cells, "id")
    if name and channel is not None:
        name = f"{name}-ch{channel}"
    try:
        start_s, duration_s = _stretch(cells)
        channel = channel_of(cells.get("channel")) if channel is None else channel
    except ValueError as error:
        return Problem(str(source), line, audio, str(error))
    return Item(
        id=name,
        audio=audio,
        base=source.parent,
        reference=text,
        spoken=text_of(cells, "spoken"),
        origin=source,
        line=line,
        speaker=text_of(cells, "speaker"),
        start_s=start_s,
        duration_s=duration_s,
        channel=channel,
        tags=tags_of({name: row.get(name) for name in columns.tags}, ()),
    )


def _stretch(cells: Mapping[str, Any]) -> tuple[float, float | None]:
    times = {}
    for name in ("start", "end", "duration"):
        value = cells.get(name)
        if value is None or value == "":
            continue
        seconds = number(value.replace(",", ".") if isinstance(value, str) else value)
        if seconds is None:
            raise ValueError(f"{name} is no time in seconds (got {value!r})")
        times[name] = seconds
    start_s = times.get("start", 0.0)
    if "end" in times:
        if times["end"] <= start_s:
            raise ValueError(f"end before start (got {times['end']:g}; {start_s:g})")
        return start_s, times["end"] - start_s
    return start_s, times.get("duration")


def read_audiofolder(source: Path) -> Found:
    """Hugging Face audiofolder: ``metadata.csv``, ``.jsonl`` or ``.parquet`` in a folder, or in one folder per split.

    ``file_name`` and ``transcription`` (or ``text``, ``sentence``, ``transcript``); ``speaker`` or ``speaker_id``.
    Further columns become tags, and the folder of a split the tag ``split:NAME``.
    """
    if not source.is_dir():
        yield from _metadata(require_file(source, "metadata.csv, metadata.jsonl or metadata.parquet"), source.parent)
        return
    paths = [source / name for name in _METADATA if (source / name).is_file()][:1]
    if not paths:
        for folder in sorted(path for path in [*source.glob("*/"), *source.glob("data/*/")] if path.is_dir()):
            paths += [folder / name for name in _METADATA if (folder / name).is_file()][:1]
    if not paths:
        raise CorpusError("nothing to import here", item=str(source), expected="metadata.csv or metadata.jsonl inside")
    for path in paths:
        yield from _metadata(path, source)


def _metadata(path: Path, source: Path) -> Found:
    names = column_names(path)
    if names and "file_name" not in names and "audio" in names:
        raise CorpusError(
            "the sound is inside the table, not in files", item=str(path), got="a column audio", expected="file_name",
            action="Save the data set with files: datasets.load_dataset(…), then one file a row",
        )  # fmt: skip
    split = () if path.parent == source else (f"split:{path.parent.name}",)
    for entry in table_rows(path, () if path.suffix == ".jsonl" else ("file_name",)):
        if isinstance(entry, Problem):
            yield entry
            continue
        line, row = entry
        name, text = text_of(row, "file_name"), text_of(row, *_TEXT_KEYS)
        if name is None or text is None:
            missing = "file_name" if name is None else f"text ({', '.join(_TEXT_KEYS)})"
            yield Problem(str(path), line, name, f"no {missing} in this row", "empty cell")
            continue
        stem = Path(name).with_suffix("")
        yield Item(
            id=text_of(row, "id") or (path.parent.relative_to(source) / stem).as_posix(),
            audio=name,
            base=path.parent,
            reference=text,
            origin=path,
            line=line,
            speaker=text_of(row, "speaker", "speaker_id"),
            tags=split + tags_of(row, ("file_name", "id", "speaker", "speaker_id", *_TEXT_KEYS)),
        )


def read_common_voice(source: Path) -> Found:
    """Common Voice: a release folder, or a TSV of ``path``, ``sentence``, ``client_id`` with ``clips`` next to it.

    Of a folder ``test.tsv`` is read, and if there is none ``validated.tsv``.
    """
    path = require_file(_common_voice_list(source), "a Common Voice list (.tsv)")
    for entry in table_rows(path, ("path", "sentence")):
        if isinstance(entry, Problem):
            yield entry
            continue
        yield _clip(path, *entry)


def _common_voice_list(source: Path) -> Path:
    if not source.is_dir():
        return source
    lists = [path for path in sorted(source.rglob("*.tsv")) if (path.parent / "clips").is_dir()]
    folders = list(dict.fromkeys(path.parent for path in lists))
    if len(folders) > 1:
        names = ", ".join(str(folder.relative_to(source)) for folder in folders)
        raise CorpusError("several languages here", item=str(source), got=names, expected="the folder of one of them")
    found = next((path for name in _SPLITS for path in lists if path.name == name), None)
    return found or source / _SPLITS[0]


def _clip(path: Path, line: int, row: dict[str, Any]) -> Item | Problem:
    name, text = text_of(row, "path"), text_of(row, "sentence")
    if name is None or text is None:
        return Problem(str(path), line, name, f"no {'path' if name is None else 'sentence'} in this row", "empty cell")
    client = text_of(row, "client_id")
    tags = (f"{key}:{value}" for key in ("age", "gender", "accents", "accent") if (value := text_of(row, key)))
    return Item(
        id=Path(name).stem,
        # Lists of before 2019 leave the ending out.
        audio=name if Path(name).suffix else f"{name}.mp3",
        base=path.parent / "clips",
        reference=text,
        origin=path,
        line=line,
        speaker=client[:12] if client else None,  # 128 hex digits would fill every table
        tags=tuple(tags),
    )
