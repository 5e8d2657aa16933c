"""A run in the formats of other tools.

House rules: an export says what was stored and guesses nothing; where a format demands a time that was not measured,
the file says in a comment how it was placed. Every file is whole or absent. Transcripts go into files, never to a log.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.errors import InputError
from workbench.recording import SessionRecord
from workbench.store.captions import audio_s, pieces, word_times
from workbench.store.files import storing, write_atomic
from workbench.store.reader import StoredRun
from workbench.units import NS_PER_S, samples_to_ns

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FORMATS", "export_run"]

_SECOND = 60


def export_run(run: StoredRun, name: str, target: Path, audio: Mapping[str, str] | None = None) -> list[Path]:
    """Write a run in another format.

    Args:
        run: opened for reading; of each session the newest attempt is exported.
        name: one of :data:`FORMATS`.
        target: the file to write; for ``webvtt`` and ``srt`` a folder, which gets one file a session.
        audio: path of each utterance's audio, for ``nemo``; an utterance that is not in it is named by its id.

    Returns:
        The files written.

    Raises:
        InputError: no such format.
        StoreError: the run is damaged, or the target cannot be written.
    """
    if name in _CAPTIONS:
        with storing(target):
            target.mkdir(parents=True, exist_ok=True)
        suffix, cues = _CAPTIONS[name]
        return [_write(target / f"{_file_name(record)}.{suffix}", (cues(record),)) for record in run.iter_records()]
    if name == "nemo":
        return [_write(target, _nemo(run, audio or {}))]
    if name == "csv":
        return [_write(target, _csv(run))]
    if name == "parquet":
        return [_parquet(run, target)]
    if name not in _LINES:
        raise InputError("no such export format", item=name, expected=", ".join(FORMATS))
    return [_write(target, _LINES[name](run))]


def _write(path: Path, texts: Iterable[str]) -> Path:
    def fill(file: BinaryIO) -> None:
        file.writelines(text.encode() for text in texts)

    with storing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, fill)
    return path


def _file_name(record: SessionRecord) -> str:
    """A name for a file that no id of an utterance can lead astray."""
    key = record.key
    return re.sub(r"[^\w.+=-]", "_", f"{key.cell}-{key.utterance}-{key.repeat}").lstrip(".")


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
        rows.append(
            row | {k: v for k, v in scores.get((key.cell, key.utterance, key.repeat), {}).items() if k not in row}
        )
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


def _token(text: str) -> str:
    """A field of a format whose fields end at white space."""
    return re.sub(r"\s+", "_", text) or "-"


def _recording(record: SessionRecord) -> str:
    key = record.key
    return _token(f"{key.cell}/{key.utterance}/{key.repeat}")


def _ctm(run: StoredRun) -> Iterator[str]:
    yield ";; words of the finals; each final's words are spread evenly over the audio since the final before it\n"
    for record in run.iter_records():
        for word, start_s, duration_s in word_times(record):
            yield f"{_recording(record)} 1 {start_s:.3f} {duration_s:.3f} {word}\n"


def _stm(run: StoredRun) -> Iterator[str]:
    yield ";; references as they were spoken\n"
    for record in run.iter_records():
        label, speaker = f"<{_token(record.key.cell)}>", _token(record.speaker or "unknown")
        text = " ".join(record.reference.spoken.split())
        yield f"{_recording(record)} 1 {speaker} 0.000 {audio_s(record):.3f} {label} {text}\n"


def _seglst(run: StoredRun) -> Iterator[str]:
    """Finals as segments, from first shown to final."""
    segments = [
        {
            "session_id": _recording(record),
            "speaker": piece.speaker or "unknown",
            "start_time": round(piece.shown_s, 6),
            "end_time": round(piece.final_s, 6),
            "words": piece.text,
        }
        for record in run.iter_records()
        for piece in pieces(record)
    ]
    yield json.dumps(segments, ensure_ascii=False, indent=1) + "\n"


def _nemo(run: StoredRun, audio: Mapping[str, str]) -> Iterator[str]:
    """One line an utterance; the transcript of each configuration as ``pred_text_<cell>``, of its first repeat."""
    lines: dict[str, dict[str, Any]] = {}
    for record in run.iter_records():
        key = record.key
        if key.repeat:
            continue
        line = lines.setdefault(
            key.utterance,
            {
                "audio_filepath": audio.get(key.utterance, key.utterance),
                "duration": round(samples_to_ns(record.samples, record.sample_rate_hz) / NS_PER_S, 6),
                "text": record.reference.spoken,
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
        text = " ".join(piece.text.split()).replace("-->", "->")
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
_LINES: dict[str, Callable[[StoredRun], Iterator[str]]] = {
    "jsonl": _wire_log, "ctm": _ctm, "stm": _stm, "seglst": _seglst,
}  # fmt: skip

FORMATS = ("csv", "parquet", *_LINES, *_CAPTIONS, "nemo")
"""Names of the formats: sessions as CSV or Parquet, the wire log, CTM and STM, SegLST, captions, a NeMo manifest."""
