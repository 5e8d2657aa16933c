"""Exports: the formats of other tools, readable by them."""

from __future__ import annotations

import csv
import json
import re

import pytest

from tests.fakes import make_log, make_manifest, make_record
from workbench.errors import InputError
from workbench.protocol.messages import EndOfResults, Final, Partial, TranscriptWord
from workbench.recording.captions import pieces, word_times
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome
from workbench.reporting.export import FORMATS, export_run
from workbench.reporting.scoring_files import AudioPlace
from workbench.store import RunWriter, open_run

SPOKEN = [
    Partial("no"),
    Final("no chest pain", (TranscriptWord("no", "S1"),)),
    Partial(""),
    Final("  "),
    Partial("bp 120"),
    Final("bp <120> --> & 80\n\nmm", ()),
    EndOfResults(),
]


@pytest.fixture
def run(tmp_path):
    records = [
        make_record("u1", heard="no chess pain"),
        make_record("u1", "noisy", heard="no\tpain"),
        make_record("u1", "noisy", repeat=1, heard="again"),
        make_record("../u 2", said="bp 120 over 80", frames=make_log(SPOKEN), final_transcript="bp 120/80"),
        make_record("u3", outcome=Outcome.CREATE_FAILED, frames=FrameLog()),
    ]
    records[-1].start_ns = None
    with RunWriter.create(tmp_path / "runs", make_manifest()) as writer:
        writer.add(make_record("u1", "noisy", attempt=0, outcome=Outcome.CANCELLED))
        for record in records:
            if str(record.key) == "noisy/u1#0.0":
                record.key = type(record.key)("noisy", "u1", 0, 1)
            writer.add(record)
        scores = [
            {"cell": r.key.cell, "utterance": r.key.utterance, "repeat": r.key.repeat, "wer": 0.5} for r in records
        ]
        scores[0]["gaps"] = [1, None]
        writer.commit(scores)
    return open_run(tmp_path / "runs")


def exported(run, name, tmp_path, **more):
    return export_run(run, name, tmp_path / "out" / f"run.{name}", **more)[0]


def test_every_format_writes_what_it_says_it_wrote(run, tmp_path):
    """Each name of the list works, and the files are there."""
    for name in FORMATS:
        written = export_run(run, name, tmp_path / "all" / name)
        assert written
        assert all(path.is_file() for path in written)


def test_an_unknown_format_is_refused_with_the_list(run, tmp_path):
    """The user reads which ones there are."""
    with pytest.raises(InputError, match=r"docx: no such export format .*csv, parquet, jsonl, ctm"):
        export_run(run, "docx", tmp_path / "x")


def test_csv_and_parquet_hold_a_row_a_session(run, tmp_path):
    """Key, outcome, texts and scores; of a session that was played again the newest attempt."""
    import pyarrow.parquet as pq

    with exported(run, "csv", tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    table = pq.read_table(exported(run, "parquet", tmp_path)).to_pylist()
    assert len(rows) == len(table) == 5
    assert [(r["cell"], r["utterance"], r["attempt"]) for r in rows][1] == ("noisy", "u1", "1")
    assert rows[1]["transcript"] == table[1]["transcript"] == "no\tpain"
    assert rows[0]["gaps"] == "[1, null]"
    assert table[0]["gaps"] == [1, None]
    assert {row["wer"] for row in table} == {0.5}
    assert rows[4]["outcome"] == "session create failed"


def test_the_wire_log_is_every_frame_of_every_attempt(run, tmp_path):
    """One JSON object a line, with the text as it came and unknown times as null."""
    lines = [json.loads(line) for line in exported(run, "jsonl", tmp_path).read_text().splitlines()]
    records = run.records(superseded=True)
    assert len(lines) == sum(len(record.frames) for record in records)
    assert {line["attempt"] for line in lines} == {0, 1}
    first = next(iter(records[0].frames.frames()))
    assert (lines[0]["kind"], lines[0]["due_ns"], lines[0]["received_ns"]) == ("audio", first.due_ns, None)
    assert [line["text"] for line in lines] == [frame.text for record in records for frame in record.frames.frames()]


def test_ctm_and_stm_fit_together(run, tmp_path):
    """Same recordings, five and more fields, times inside the audio, words in order."""
    ctm = [
        line.split() for line in exported(run, "ctm", tmp_path).read_text().splitlines() if not line.startswith(";;")
    ]
    stm = [
        line.split() for line in exported(run, "stm", tmp_path).read_text().splitlines() if not line.startswith(";;")
    ]
    assert {len(line) for line in ctm} == {5}
    assert {line[0] for line in ctm} <= {line[0] for line in stm}
    assert [line[4] for line in ctm if line[0] == "clean-u1-0"] == ["no", "chess", "pain"]
    ends = {line[0]: float(line[4]) for line in stm}
    assert all(float(line[2]) + float(line[3]) <= ends[line[0]] + 0.002 for line in ctm)
    by_recording = [line for line in stm if line[0].startswith("clean-.._u_2-0-")]
    assert by_recording[0][1:4] == ["1", "slt", "0.000"]
    assert by_recording[0][5:] == ["bp", "120", "over", "80"]


def test_words_are_spread_between_finals_and_never_outside_the_audio(run):
    """The place of a word is an estimate within what is known."""
    record = run.records()[3]
    words = word_times(record)
    assert [word.text for word in words] == ["no", "chest", "pain", "bp", "<120>", "-->", "&", "80", "mm"]
    starts = [word.start_s for word in words]
    assert starts == sorted(starts)
    assert all(0 <= word.start_s <= word.end_s <= 1.0 + 1e-9 for word in words)


def test_pieces_are_finals_with_text(run):
    """Empty messages are no pieces; a piece begins with the first message of its segment."""
    first, second = pieces(run.records()[3])
    assert (first.text, first.speaker, second.speaker) == ("no chest pain", "S1", None)
    assert first.shown_s < first.final_s < second.shown_s < second.final_s
    assert pieces(run.records()[4]) == []


def test_seglst_is_a_list_of_segments(run, tmp_path):
    """The fields that meeteval reads."""
    segments = json.loads(exported(run, "seglst", tmp_path).read_text())
    assert {tuple(segment) for segment in segments} == {("session_id", "speaker", "start_time", "end_time", "words")}
    assert [s["words"] for s in segments if s["session_id"] == "clean-u1-0"] == ["no chess pain"]
    assert all(segment["start_time"] <= segment["end_time"] for segment in segments)


def test_a_nemo_manifest_has_a_line_an_utterance_and_a_field_a_cell(run, tmp_path):
    """First repeats only; audio by path where it is known, by id where not."""
    path = exported(run, "nemo", tmp_path, audio={"u1": AudioPlace("/data/u1.flac")})
    one, two, three = map(json.loads, path.read_text().splitlines())
    assert one == {
        "audio_filepath": "/data/u1.flac",
        "duration": 1.0,
        "text": "no chest pain",
        "pred_text_clean": "no chess pain",
        "pred_text_noisy": "no\tpain",
    }
    assert (two["audio_filepath"], two["pred_text_clean"]) == ("../u 2", "bp 120/80")
    assert three["pred_text_clean"] == ""


def test_captions_are_one_file_a_session_in_their_folder(run, tmp_path):
    """Names are safe, times rise, nothing inside a cue can end it."""
    files = export_run(run, "webvtt", tmp_path / "captions")
    assert {path.parent for path in files} == {tmp_path / "captions"}
    assert files.pop().name == "sessions.csv"
    assert len({path.name for path in files}) == 5
    text = files[3].read_text()
    assert text.startswith("WEBVTT\n\n1\n00:00:00.")
    assert text.endswith("\nbp &lt;120&gt; -&gt; &amp; 80 mm\n")
    times = re.findall(r"^(\S+) --> (\S+)$", text, re.MULTILINE)
    assert len(times) == 2
    assert times == sorted(times)
    assert files[4].read_text() == "WEBVTT\n"
    srt = export_run(run, "srt", tmp_path / "captions")[3].read_text()
    assert re.match(r"1\n00:00:00,\d{3} --> 00:00:00,\d{3}\nno chest pain\n\n2\n", srt)


def test_times_beyond_an_hour_are_written_in_full():
    """Hours, minutes, seconds and milliseconds; nothing below zero."""
    from workbench.reporting.export import _clock

    assert _clock(3_725.0426, ".") == "01:02:05.043"
    assert _clock(-0.2, ",") == "00:00:00,000"
