"""Which column of a table is what: guessed from its name, or told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.corpus.importers.tables import column_names
from workbench.errors import CorpusError

__all__ = ["FIELDS", "Columns", "columns_of", "guess_columns"]

FIELDS: dict[str, tuple[str, ...]] = {
    "audio": (
        "audio", "audio_filepath", "audio_path", "audio_file", "audiofile", "path", "file", "file_name", "filename",
        "file_path", "filepath", "wav", "wav_path", "wav_filename", "clip", "recording", "sound",
    ),
    "reference": (
        "reference", "ref", "transcript", "transcription", "text", "sentence", "utterance_text", "words", "label_text",
        "ground_truth", "groundtruth", "raw_text",
    ),
    "spoken": ("spoken", "spoken_form", "verbatim"),
    "id": ("id", "utt_id", "utterance_id", "uid", "utterance", "utt"),
    "speaker": ("speaker", "speaker_id", "spk", "spk_id", "client_id", "doctor", "clinician", "author", "dictator"),
    "start": ("start", "start_time", "offset", "start_s", "begin"),
    "end": ("end", "end_time", "end_s", "stop"),
    "duration": ("duration", "duration_s", "length_s"),
    "channel": ("channel", "channel_id", "chan"),
}  # fmt: skip
"""What a row can say, and the names by which each column is known; the first one that is there is taken."""

_NEEDED = ("audio", "reference")
_OF_A_CHANNEL = re.compile(r"reference\.(\d+)")


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of a table by what they are.

    Attributes:
        fields: column of each field of ``FIELDS`` (and of ``reference.0``, ``reference.1``: a text for each channel).
        tags: further columns, which become tags.
    """

    fields: dict[str, str]
    tags: tuple[str, ...]

    def __str__(self) -> str:
        """One line: ``audio = path, reference = transcript; tags: ward``."""
        told = ", ".join(f"{name} = {column}" for name, column in self.fields.items())
        return f"{told}; tags: {', '.join(self.tags) or 'none'}"

    def channels(self) -> dict[int, str]:
        """Column of the text of each channel; empty where a row has one text."""
        named = {_OF_A_CHANNEL.fullmatch(name): column for name, column in self.fields.items()}
        return {int(match[1]): column for match, column in named.items() if match}


def columns_of(path: Path, mapping: Mapping[str, str] | None = None) -> Columns:
    """Say which column is what.

    Args:
        path: the table.
        mapping: column by field, for those that are not to be guessed.

    Raises:
        CorpusError: a field or column does not exist, or it cannot be guessed which column is meant.
    """
    names, mapping = column_names(path), dict(mapping or {})
    for field, column in mapping.items():
        if field not in FIELDS and not _OF_A_CHANNEL.fullmatch(field):
            raise CorpusError("no such field", item="mapping", got=field, expected=", ".join([*FIELDS, "reference.0"]))
        if column not in names:
            raise CorpusError("no such column", item=f"{path}:1", got=column, expected=f"one of {', '.join(names)}")
    mapping = guess_columns(names, mapping)
    taken = set(mapping.values())
    several = any(map(_OF_A_CHANNEL.fullmatch, mapping))
    for field in _NEEDED:
        if field not in mapping and not (field == "reference" and several):
            raise CorpusError(
                f"no column is known as {field}",
                item=f"{path}:1",
                got=", ".join(names) or "no header",
                expected=f"one of {', '.join(FIELDS[field][:6])} …",
                action=f"Name it with `mapping` {field}=COLUMN",
            )
    order = [*(field for field in FIELDS if field in mapping), *sorted(mapping.keys() - FIELDS.keys())]
    return Columns({field: mapping[field] for field in order}, tuple(n for n in names if n and n not in taken))


def guess_columns(names: Sequence[str], mapping: Mapping[str, str] | None = None) -> dict[str, str]:
    """Column of each field, as far as names tell; those of ``mapping`` stay."""
    columns = dict(mapping or {})
    several = any(map(_OF_A_CHANNEL.fullmatch, columns))
    for field, known in FIELDS.items():
        if field in columns or (field == "reference" and several):
            continue
        free = [name for name in names if name not in columns.values()]
        guessed = next((name for want in known for name in free if _plain(name) == want), None)
        if guessed is not None:
            columns[field] = guessed
    return columns


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().lower())
