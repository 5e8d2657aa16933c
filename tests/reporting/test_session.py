"""One session looked at closely: its errors, its terms, its time and its sound."""

from __future__ import annotations

import io
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import soundfile
from IPython.core.formatters import DisplayFormatter

from tests.stored import batch, failing, heard, stored
from workbench.corpus import builtin_corpora, load_corpus
from workbench.errors import InputError, StoreError
from workbench.reference import Reference, Term
from workbench.reporting.notebook import Run
from workbench.reporting.tables.texts import words_table
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.store import CellFacts, CorpusFacts

NASTY = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two configurations, one utterance wrong, one session failed."""
    records = batch(3, wrong=1) + batch(3, wrong=2, cell="noise") + failing(1)
    return Run(stored(tmp_path_factory.mktemp("runs"), records))


def test_a_session_is_found_by_utterance_and_configuration(run):
    """The first configuration where none is named; what does not exist is named with what does."""
    assert run.session("u00").score.cell == "clean"
    assert run.session("u01", "noise").score.words.errors == 1
    with pytest.raises(InputError, match="expected one of u00"):
        run.session("nobody")
    with pytest.raises(InputError, match="under one of clean, noise"):
        run.session("u00", "8 kHz")


def test_the_difference_says_how_many_errors_and_how_many_matter(run):
    """It shows itself; its plain form has no word of the transcript."""
    diff = run.session("u00").diff
    assert (diff.errors, diff.critical) == (1, 0)
    assert "chest → test" in diff._repr_html_()
    assert repr(diff) == "Diff(1 error, 0 critical)"
    assert "test" not in repr(run.session("u00"))


def test_the_screen_says_how_long_each_text_stood(run):
    """The last one stays, so its time is unknown."""
    screen = run.session("u01").screen
    assert screen["text"].tolist() == ["no", "no chest pain"]
    assert screen["stood_ms"].tolist()[0] == 450
    assert screen["stood_ms"].isna().tolist() == [False, True]
    assert screen["final"].tolist() == [False, True]
    silent = replace(run.session("u01"), record=heard(chunks=0))
    silent.record.start_ns = None
    assert len(silent.screen) == 0


def test_the_timeline_draws_every_word_and_message(run):
    """Spoken, shown, final, and the messages with their texts escaped."""
    figure = run.session("u01").timeline()
    drawn = {trace.name: trace for trace in figure.data if trace.name}
    assert list(drawn["spoken"].text) == ["no", "chest", "pain"]
    assert [round(x, 3) for x in drawn["on screen"].x] == [0.251, 0.701, 0.701]
    assert len(drawn["partial message"].x) == len(drawn["final message"].x) == 1
    assert figure.layout.barmode == "overlay"
    nasty = replace_text(run.session("u00"), NASTY).timeline()
    assert NASTY not in nasty.to_json()


def replace_text(session, text):
    """The same session with other words on its screen."""
    record = heard(text)
    return replace(session, record=record, score=score_session(record, normaliser("basic")))


def test_terms_are_matched_as_the_metrics_match_them(tmp_path):
    """Found or not, and what was heard instead; sums equal the recall."""
    record = heard("no test pain")
    reference = record.reference
    terms = (Term("chest pain", "medical"), Term("no", "negation"))
    record.reference = Reference(reference.written, reference.spoken, reference.words, terms)
    run = Run(stored(tmp_path, [record]))
    rows = run.terms.set_index("term")
    assert rows["found"].to_dict() == {"no": True, "chest pain": False}
    assert rows["heard"]["chest pain"] == "test pain"
    medical = run.terms[run.terms["kind"] == "medical"]
    assert medical["found"].mean() == run.accuracy["term_recall"][0]
    assert list(Run(stored(tmp_path, batch(1))).terms.columns) == list(run.terms.columns)


def test_word_rows_have_the_word_its_times_and_its_latencies(run):
    """One row a reference word of a session that has word times; latencies are those of the scores."""
    frame = run.words
    assert len(frame) == 3 * 7
    assert frame["latency_ms"].dtype == "Float64"
    assert set(frame.loc[~frame["counted"], "utterance"]) == {"f0"}
    assert frame["latency_ms"][0] == pytest.approx(frame["emission_ms"][0], abs=5)
    first = frame[(frame["audio"] == "clean") & (frame["utterance"] == "u02")]
    assert first["word"].tolist() == ["no", "chest", "pain"]
    assert set(first["reference"]) == {"no chest pain"}
    spoken = run.session("u02").record.reference.words
    assert first["start_ms"].tolist() == [word.start_sample / 16 for word in spoken]
    assert first["shown_ms"].tolist() == pytest.approx([252, 702, 702], abs=1)  # messages 250 and 700 ms, 2 ms late
    assert first["final_ms"].tolist() == pytest.approx([702] * 3, abs=1)
    for key, column in (("latency_ms", "word_latency_ns"), ("emission_ms", "word_emission_ns"),
                        ("finality_ms", "word_finality_ns")):  # fmt: skip
        scored = [v for s in run.scores if s.key.place == ("noise", "u01", 0) for v in getattr(s.latency, column)]
        mine = frame[(frame["audio"] == "noise") & (frame["utterance"] == "u01")][key]
        assert [None if value is None else value / 1e6 for value in scored] == [
            None if isna else value for isna, value in zip(mine.isna(), mine, strict=True)
        ]
    assert len(words_table([]).rows) == 0


def test_recordings_have_reference_and_transcript_side_by_side(run):
    """One row a recording and configuration; a failed session has what it said up to then."""
    frame = run.recordings
    assert len(frame) == 7
    worst = frame.sort_values("wer", ascending=False)
    row = frame[(frame["audio"] == "noise") & (frame["utterance"] == "u01")].iloc[0]
    assert (row["reference"], row["transcript"], row["errors"], row["reference_words"]) == (
        "no chest pain", "no test pain", 1, 3,
    )  # fmt: skip
    assert row["wer"] == pytest.approx(1 / 3)
    assert worst["wer"].iloc[0] >= worst["wer"].iloc[-1]
    assert frame["transcript"].dtype == frame["reference"].dtype == "string"


def test_the_sound_is_made_again_as_it_was_streamed(tmp_path):
    """At the rate of its configuration; a corpus that has changed is told from one that is gone."""
    corpus = load_corpus(builtin_corpora()["librivox"])
    utterance = corpus.utterances[0]
    record = heard(utterance=utterance.id, cell="8 kHz")
    record.samples, record.sample_rate_hz = utterance.samples // 2, 8_000
    facts = CorpusFacts(name="librivox", hash=corpus.sha256, location=str(corpus.root))
    asked = {"corpus": facts, "cells": [CellFacts.of("8 kHz", {"sample_rate_hz": 8000})]}
    run = Run(stored(tmp_path, [record], **asked))
    clip = run.session(utterance.id).listen()
    data, rate = soundfile.read(io.BytesIO(clip.wav))
    assert (len(data), rate) == (record.samples, 8_000)
    assert clip._repr_html_().startswith('<audio controls src="data:audio/wav;base64,')
    assert clip.save(tmp_path / "x.wav").stat().st_size == len(clip.wav)
    record.samples += 1
    with pytest.raises(StoreError, match="has changed"):
        Run(stored(tmp_path, [record], **asked)).session(utterance.id).listen()


def test_results_that_judge_show_themselves(run):
    """A gate's table and sentence."""
    assert run.gate(limits={"wer": 0.5}, min_utterances=1).verdict == "fail"  # one session failed
    gated = run.gate(limits={"wer": 0.5, "failed": 0.5}, min_utterances=1)
    assert gated.verdict == "pass"
    assert gated.exit_code == 0
    assert repr(gated).startswith("pass for")
    assert "<table>" in gated._repr_html_()
    assert gated.df["verdict"].unique().tolist() == ["pass"]
    assert run.stability["unsafe_flicker_ms"].dtype == "Float64"
    assert {len(figure.data) > 0 for figure in (run.wer_figure(), run.latency_figure(), run.pareto_figure())} == {True}


def test_a_figure_of_a_notebook_is_seen_without_a_script(run):
    """Interactive where the page knows how, else a picture of the same words; nothing that needs a script."""
    figures = (run.session("u01").timeline(), run.wer_figure(), run.latency_figure(), run.pareto_figure())
    for figure in figures:
        kinds, _ = DisplayFormatter().format(figure)
        assert set(kinds) - {"text/plain"} == {"application/vnd.plotly.v1+json", "image/svg+xml"}
        root = ET.fromstring(kinds["image/svg+xml"])  # noqa: S314  our own text
        assert root.find("{http://www.w3.org/2000/svg}title").text
    drawn, _ = DisplayFormatter().format(figures[0])
    assert {"no", "chest", "pain"} <= set(drawn["image/svg+xml"].replace("<", ">").split(">"))
