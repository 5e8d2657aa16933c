"""Every export is read back by a program that nobody here wrote, or held against the format's own rules."""

import csv
import json
import re

import pytest

from tests.fakes import make_log, make_manifest, make_record
from workbench.corpus import ManifestRow, load_corpus, write_manifest
from workbench.corpus.importers import import_corpus
from workbench.protocol.messages import EndOfResults, Final, Partial, TranscriptWord
from workbench.recording.record import SessionKey
from workbench.reference import Reference, Word
from workbench.reporting.export import export_run
from workbench.reporting.scoring_files import AudioPlace
from workbench.reporting.session_names import session_names
from workbench.store import RunWriter, open_run

VISIT = [
    Partial("how are"),
    Final("how are you", tuple(TranscriptWord(word, "S1") for word in ("how", "are", "you"))),
    Final("fine & well\x1b[2J", tuple(TranscriptWord(word, "S2") for word in ("fine", "&", "well"))),
    EndOfResults(),
]
SPOKEN = "how are you fine and well"


def visit_reference():
    words = [Word(text, 1_600 * i, 1_600 * (i + 1), "A" if i < 3 else "B") for i, text in enumerate(SPOKEN.split())]
    return Reference(SPOKEN, SPOKEN, tuple(words), (), "given")


@pytest.fixture
def run(tmp_path):
    visit = make_record("visit 1", frames=make_log(VISIT))
    visit.reference = visit_reference()
    with RunWriter.create(tmp_path / "runs", make_manifest()) as writer:
        writer.add(visit)
        writer.add(make_record("u1", heard="no chess pain"))
        writer.commit([])
    return open_run(tmp_path / "runs")


def test_meeteval_scores_the_exports(run, tmp_path):
    """Word errors of STM against CTM: "chess" of three words; "&" and an escape sequence of six."""
    meeteval = pytest.importorskip("meeteval", reason="needs meeteval, which is not installed here")
    pytest.importorskip("simplejson", reason="needs simplejson, which meeteval reads times with")
    stm, names = export_run(run, "stm", tmp_path / "run.stm")
    ctm = export_run(run, "ctm", tmp_path / "run.ctm")[0]
    heard = meeteval.io.CTMGroup({"service": meeteval.io.CTM.load(ctm)})
    errors = meeteval.wer.orcwer(meeteval.io.load(stm), heard)
    by_name = {name: (one.errors, one.length) for name, one in errors.items()}
    visit = next(row for row in csv.DictReader(names.read_text().splitlines()) if row["utterance"] == "visit 1")["name"]
    assert by_name["clean-u1-0"] == (1, 3)
    assert by_name[visit] == (2, 6)
    segments = meeteval.io.load(export_run(run, "seglst", tmp_path / "run.json")[0])
    assert {segment["session_id"] for segment in segments} == {visit, "clean-u1-0"}
    hypothesis, reference, _ = export_run(run, "rttm", tmp_path / "run.rttm")
    assert [(line.speaker_id, float(line.begin_time), float(line.duration)) for line in
            meeteval.io.RTTM.load(reference).lines] == [("A", 0.0, 0.3), ("B", 0.3, 0.3)]  # fmt: skip
    lines = meeteval.io.RTTM.load(hypothesis).lines
    assert [line.speaker_id for line in lines if line.filename == visit] == ["S1", "S2"]


def test_the_ctm_keeps_the_rules_of_nist(run, tmp_path):
    """Five fields, sorted by file and time, no overlap, nothing beyond the file: as ``ctmValidator.pl`` wants them."""
    before = ("", 0.0)
    for line in export_run(run, "ctm", tmp_path / "run.ctm")[0].read_text().splitlines():
        if line.startswith(";;"):
            continue
        assert re.fullmatch(r"[\w.+=-]+ [12AB] \d+\.\d{3} \d+\.\d{3} [^\s\x00-\x1f\x7f]+", line), line
        name, _, start, duration, _ = line.split()
        assert name > before[0] or (name == before[0] and float(start) >= before[1] - 1e-9)
        before = (name, float(start) + float(duration))
        assert before[1] <= 1.0005


def test_captions_are_read_by_caption_libraries(run, tmp_path):
    """The same texts and times from webvtt-py and from srt."""
    webvtt = pytest.importorskip("webvtt", reason="needs webvtt-py")
    srt = pytest.importorskip("srt", reason="needs srt")
    vtt = webvtt.read(export_run(run, "webvtt", tmp_path / "vtt")[0])
    subtitles = list(srt.parse(export_run(run, "srt", tmp_path / "srt")[0].read_text()))
    assert [cue.content for cue in subtitles] == ["how are you", "fine & well [2J"]
    assert [cue.text for cue in vtt] == ["how are you", "fine &amp; well [2J"]
    assert [round(cue.start.total_seconds(), 3) for cue in subtitles] == [
        cue.start_in_seconds + cue.start_time.milliseconds / 1000 for cue in vtt
    ]


def test_tables_are_read_by_polars(run, tmp_path):
    """CSV and Parquet hold the same rows."""
    polars = pytest.importorskip("polars", reason="needs polars")
    one = polars.read_csv(export_run(run, "csv", tmp_path / "run.csv")[0])
    two = polars.read_parquet(export_run(run, "parquet", tmp_path / "run.parquet")[0])
    assert one["utterance"].to_list() == two["utterance"].to_list() == ["visit 1", "u1"]
    assert one["transcript"].to_list() == two["transcript"].to_list()
    lines = polars.read_ndjson(export_run(run, "jsonl", tmp_path / "run.jsonl")[0])
    assert lines.height == sum(len(record.frames) for record in run.records())


@pytest.mark.parametrize("speed", [1.0, 2.0])
def test_an_exported_seglst_is_imported_again(run, tmp_path, speed):
    """With the words of the service as reference; where another length was played, no audio is named."""
    import numpy as np

    from workbench.audio.files import write_audio

    (tmp_path / "data").mkdir()
    noise = np.random.default_rng(1).integers(-2_000, 2_000, 32_000, np.int16)
    write_audio(tmp_path / "data" / "all.wav", noise, 16_000)
    write_manifest(tmp_path / "data", [ManifestRow(id="u1", audio="all.wav", reference="no chest pain")])
    place = AudioPlace(str(tmp_path / "data" / "all.wav"), 0.5, speed)
    path = export_run(run, "seglst", tmp_path / "x" / "run.json", {"u1": place, "visit 1": place})[0]
    if speed != 1.0:
        assert not any("audio" in segment for segment in json.loads(path.read_text()))
        return
    report = import_corpus("seglst", path, tmp_path / "again")
    assert report.problems == ()
    again = load_corpus(tmp_path / "again").utterance("clean-u1-0")
    assert (again.reference.written, again.start_sample, again.samples) == ("no chess pain", 8_000, 16_000)


def test_names_are_unique_and_lead_back(tmp_path):
    """Whatever an id holds, and on file systems that do not tell case apart."""
    ids = ["a/b", "a_b", "a b", "A_B", "x" * 300, "x" * 299 + "y", "..", "", "é", "e\u0301", "con\x1b[2J", "💊" * 60]
    keys = [SessionKey(cell, one, repeat) for cell in ("clean", "Clean", "a") for one in ids for repeat in (0, 1)]
    keys += [SessionKey("a-b", "c"), SessionKey("a", "b-c")]
    names = session_names(keys)
    assert len({name.casefold() for name in names.values()}) == len(keys)
    assert set(names) == {key.place for key in keys}
    for name in names.values():
        assert len(f"{name}.vtt".encode()) <= 255
        assert re.fullmatch(r"[\w.+=-]+", name)
        assert not name.startswith(".")
        (tmp_path / name).touch()
    assert len(list(tmp_path.iterdir())) == len(keys)
    assert names["clean", "a_b", 0] != "clean-a_b-0"  # "Clean" has one, too
    assert session_names([SessionKey("clean", "u1")]) == {("clean", "u1", 0): "clean-u1-0"}
