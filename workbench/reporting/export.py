"""A run in the formats of other tools.

An export says what was stored and guesses nothing; where a format demands a time that was not measured,
the file says in a comment how it was placed. Every file is whole or absent. Transcripts go into files, never to a log.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.errors import InputError, escaped, visible
from workbench.recording.captions import audio_s, pieces
from workbench.recording.record import SessionRecord
from workbench.reporting.scoring_files import AudioPlace, ctm, reference_rttm, rttm, seglst, stm
from workbench.reporting.session_names import mapping_text, session_names
from workbench.store.files import storing, write_atomic
from workbench.store.reader import StoredRun

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "export_run"]

_SECOND = 60


def export_run(run: StoredRun, name: str, target: Path, audio: Mapping[str, AudioPlace] | None = None) -> list[Path]:
    """Write a run in another format.

    Args:
        run: opened for reading; of each session the newest attempt is exported.
        name: one of :data:`FORMATS`.
        target: the file to write; for ``webvtt`` and ``srt`` a folder, which gets one file a session.
        audio: place of each utterance's audio, for ``nemo`` and ``seglst``; ``nemo`` names others by their id.

    Returns:
        The files written; the last one of formats whose names are short lists what each name stands for.

    Raises:
        InputError: no such format.
        StoreError: the run is damaged, or the target cannot be written.
    """
    places = dict(audio or {})
    if name in ("csv", "parquet"):
        return [_write(target, _csv(run)) if name == "csv" else _parquet(run, target)]
    if name == "jsonl":
        return [_write(target, _wire_log(run), json_text=True)]
    if name == "nemo":
        return [_write(target, _nemo(run, places), json_text=True)]
    if name not in FORMATS:
        raise InputError("no such export format", item=name, expected=", ".join(FORMATS))
    names = session_names(run.keys())
    if name in _CAPTIONS:
        suffix, cues = _CAPTIONS[name]
        files = [
            _write(target / f"{names[record.key.place]}.{suffix}", (cues(record),)) for record in run.iter_records()
        ]
        return [*files, _write(target / _MAPPING, (mapping_text(names),))]
    if name == "seglst":
        files = [_write(target, seglst(run.iter_records(), names, places), json_text=True)]
    elif name == "rttm":
        files = [_write(target, rttm(run.iter_records(), names))]
        beside = target.with_name(f"{target.stem}.reference{target.suffix}")
        files.append(_write(beside, reference_rttm(run.iter_records(), names)))
    else:
        files = [_write(target, (ctm if name == "ctm" else stm)(run.iter_records(), names))]
    return [*files, _write(target.with_name(f"{target.name}.{_MAPPING}"), (mapping_text(names),))]


_MAPPING = "sessions.csv"
"""The list of names and what they stand for, beside files that have room for one word only."""


def _write(path: Path, texts: Iterable[str], *, json_text: bool = False) -> Path:
    """Write a file that a terminal may be shown: words of a service are not obeyed."""

    def fill(file: BinaryIO) -> None:
        file.writelines((escaped(text) if json_text else visible(text, keep="\n\r\t")).encode() for text in texts)

    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, fill)
    return path


def _session_rows(run: StoredRun) -> list[dict[str, Any]]:
    """One row a session: what it was and how it ended, its texts, its scores."""
    scores = {(row.get("cell"), row.get("utterance"), row.get("repeat")): row for row in run.scores()}
    rows = []
    for record in run.iter_records():
        key = record.key
        row: dict[str, Any] = {
            "run_id": run.run_id,
            "cell": key.cell,
            "utterance": key.utterance,
            "repeat": key.repeat,
            "attempt": key.attempt,
            "outcome": record.outcome.value,
            "error": record.error,
            "reference": record.reference.written,
            "transcript": record.hypothesis(),
        }
        rows.append(row | {k: v for k, v in scores.get(key.place, {}).items() if k not in row})
    return rows


def _csv(run: StoredRun) -> Iterator[str]:
    rows = _session_rows(run)
    names = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()})
    yield buffer.getvalue()


def _parquet(run: StoredRun, target: Path) -> Path:
    import pyarrow.parquet as pq

    rows = _session_rows(run)
    table = _as_table(rows)
    with storing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(target, lambda file: pq.write_table(table, file, compression="zstd"))
    return target


def _as_table(rows: list[dict[str, Any]]) -> pa.Table:
    import pyarrow as pa

    names = list(dict.fromkeys(name for row in rows for name in row)) or ["run_id"]
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def _wire_log(run: StoredRun) -> Iterator[str]:
    """Every frame as it was recorded, one JSON object a line; earlier attempts too. Audio is in the plan, not here."""
    for record in run.iter_records(superseded=True):
        key = record.key
        session = {"cell": key.cell, "utterance": key.utterance, "repeat": key.repeat, "attempt": key.attempt}
        for frame in record.frames.frames():
            line = {
                **session,
                "direction": "sent" if frame.sent else "received",
                "kind": frame.kind.value,
                "chunk": frame.chunk,
                "end_sample": frame.end_sample,
                "due_ns": frame.due_ns,
                "sent_ns": frame.sent_ns,
                "flushed_ns": frame.flushed_ns,
                "hold_ns": frame.hold_ns,
                "received_ns": frame.received_ns,
                "wire_bytes": frame.wire_bytes,
                "text": frame.text,
            }
            yield json.dumps(line, ensure_ascii=False) + "\n"


def _nemo(run: StoredRun, audio: Mapping[str, AudioPlace]) -> Iterator[str]:
    """One line an utterance; the transcript of each configuration as ``pred_text_<cell>``, of its first repeat."""
    lines: dict[str, dict[str, Any]] = {}
    for record in run.iter_records():
        key = record.key
        if key.repeat:
            continue
        place = audio.get(key.utterance) or AudioPlace(key.utterance)
        line = lines.setdefault(
            key.utterance,
            {
                "audio_filepath": place.path,
                "duration": round(audio_s(record), 6),
                "text": record.reference.spoken,
                **({"offset": place.start_s} if place.start_s else {}),
                **({} if place.channel is None else {"channel_selector": place.channel}),
            },
        )
        line[f"pred_text_{key.cell}"] = record.hypothesis()
    for line in lines.values():
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _clock(seconds: float, mark: str) -> str:
    whole = max(0, round(seconds * 1000))
    minutes, milliseconds = divmod(whole, _SECOND * 1000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{milliseconds // 1000:02d}{mark}{milliseconds % 1000:03d}"


def _cues(record: SessionRecord) -> Iterator[tuple[int, float, float, str]]:
    """Number, start, end and text; a piece stays until the next one is shown, the last one for two seconds."""
    shown = pieces(record)
    for number, piece in enumerate(shown):
        end_s = shown[number + 1].shown_s if number + 1 < len(shown) else piece.final_s + 2
        # A cue of no length is not shown; a blank line or an arrow inside would end it.
        text = "".join(sign if sign.isprintable() else " " for sign in piece.text)
        text = " ".join(text.split()).replace("-->", "->")
        yield number + 1, piece.shown_s, max(end_s, piece.final_s, piece.shown_s + 0.001), text


def _webvtt(record: SessionRecord) -> str:
    escaped = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    cues = [
        f"{number}\n{_clock(start_s, '.')} --> {_clock(end_s, '.')}\n{text.translate(escaped)}\n"
        for number, start_s, end_s, text in _cues(record)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _srt(record: SessionRecord) -> str:
    return "\n".join(
        f"{number}\n{_clock(start_s, ',')} --> {_clock(end_s, ',')}\n{text}\n"
        for number, start_s, end_s, text in _cues(record)
    )


_CAPTIONS: dict[str, tuple[str, Callable[[SessionRecord], str]]] = {"webvtt": ("vtt", _webvtt), "srt": ("srt", _srt)}

FORMATS = ("csv", "parquet", "jsonl", "ctm", "stm", "seglst", "rttm", *_CAPTIONS, "nemo")
"""Names of the formats: sessions as CSV or Parquet, the wire log, CTM and STM, SegLST, RTTM, captions, NeMo."""
