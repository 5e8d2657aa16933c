"""Texts that were never played here: scores of pairs, and the files they come from."""

import json
from pathlib import Path

import jiwer
import pytest
from click.testing import CliRunner

import workbench as wb
from workbench.cli import cli
from workbench.errors import InputError
from workbench.reference import Term
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.text_pairs import load_pairs

PAIRS = Path(__file__).parents[1] / "data" / "text_pairs.jsonl"


def test_a_pair_has_every_measure_of_accuracy_and_meaning():
    """By hand: one value changed, one negation and one side invented."""
    found = wb.score_text("Aspirin 81 mg daily, knee pain.", "aspirin 18 mg daily no left knee pain", terms=["aspirin"])
    assert found.errors["clinical"].errors == 3
    assert found.meaning.words == found.errors["clinical"].reference == 6
    assert (found.meaning.values.said, found.meaning.values.kept, found.meaning.values.changed) == (2, 1, 1)
    assert (found.meaning.drugs.kept, found.meaning.terms.kept) == (1, 1)
    assert (found.meaning.negations.invented, found.meaning.sides.invented, found.meaning.critical) == (1, 1, 3)
    assert "aspirin" not in repr(found).lower()


def test_the_spoken_form_is_compared_where_the_normaliser_wants_it():
    """Basic words are those that were said, raw ones those that should have been written."""
    found = wb.score_text("5 mg", "five milligrams", spoken="five milligrams", terms=[Term("5 mg", "dose")])
    assert {name: counts.errors for name, counts in found.errors.items()} == {
        "raw": 2, "basic": 0, "english": 0, "clinical": 0,
    }  # fmt: skip


def test_an_empty_reference_has_insertions_and_no_rate():
    """Every word is an invention."""
    found = wb.score_text("", "take 5 mg")
    assert (found.errors["basic"].errors, found.errors["basic"].rate) == (3, None)
    assert (found.meaning.values.invented, found.meaning.values.share) == (1, None)


def test_the_marked_pairs_from_a_file_are_scored_as_alone_and_as_jiwer_counts():
    """120 lines without an id: the line is one."""
    told = CliRunner().invoke(cli, ["score", "--text", str(PAIRS), "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    rows = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    assert [pair["id"] for pair in found["pairs"]] == [str(n + 1) for n in range(len(rows))]
    for row, pair in zip(rows, found["pairs"], strict=True):
        for name, which in NORMALISERS.items():
            ours, theirs = which(row["reference"]), which(row["hypothesis"])
            counts = jiwer.process_words(ours, theirs)
            assert pair["errors"][name] == counts.substitutions + counts.deletions + counts.insertions
        assert set(pair["values"]) == {"said", "kept", "changed", "lost", "invented"}
        assert set(pair["sides"]) == {"said", "kept", "lost", "invented"}
        if row["same"]:
            assert (pair["errors"]["clinical"], pair["critical"]) == (0, 0)
    assert found["total"]["reference_words"] == sum(pair["words"] for pair in found["pairs"])


def test_explained_pairs_say_what_was_counted_as_the_same(tmp_path):
    """In words and in JSON."""
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"id": "a", "reference": "98.6", "hypothesis": "ninety eight point six"}))
    told = CliRunner().invoke(cli, ["score", "--text", str(path), "--explain"])
    assert "a: 98.6 = ninety eight point six" in told.stdout
    told = CliRunner().invoke(cli, ["score", "--text", str(path), "--explain", "--json"])
    assert json.loads(told.stdout)["pairs"][0]["same"] == [{"said": "98.6", "heard": "ninety eight point six"}]


def test_the_table_of_pairs_fits_eighty_columns(tmp_path, monkeypatch):
    """One line a measure; what cannot be measured is named together."""
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"reference": "aspirin 25 mg", "hypothesis": "aspirin 50 mg", "terms": ["aspirin"]}))
    told = CliRunner().invoke(cli, ["score", "--text", str(path)]).stdout.splitlines()
    assert max(map(len, told)) <= 80
    measured = {name: value.strip() for name, _, value in (line.partition(":") for line in told)}
    assert (measured["normaliser"], measured["WER [%]"], measured["values changed"]) == ("clinical", "33.3", "1")
    assert measured["  no value"].startswith("punctuation, negations, sides")


FORMATS = {
    "r.trn": "no chest pain (u1)\nfive mg (u2)\n",
    "r.ctm": ";; words\nu1 1 0.0 0.2 no\nu1 1 0.4 0.2 pain\nu1 1 0.2 0.2 chest 0.9\nu2 1 0 1 five\nu2 1 1 1 mg\n",
    "r.stm": "u1 1 A 0.0 1.0 <o,f0> no chest\nu1 1 A 1.0 2.0 pain\nu2 1 A 0 1 five mg\n"
    "u2 1 A 1 2 ignore_time_segment_in_scoring\n",
    "r.json": json.dumps(
        [
            {"session_id": "u1", "words": "no chest pain", "start_time": 0.0},
            {"session_id": "u2", "words": "mg", "start_time": 2.0},
            {"session_id": "u2", "words": "five", "start_time": 1.0},
        ]
    ),
}


@pytest.mark.parametrize("one", FORMATS)
@pytest.mark.parametrize("other", FORMATS)
def test_texts_come_from_every_format_as_well(tmp_path, one, other):
    """The same two utterances each."""
    (tmp_path / one).write_text(FORMATS[one])
    (tmp_path / f"h{other}").write_text(FORMATS[other])
    pairs = load_pairs(tmp_path / one, tmp_path / f"h{other}")
    assert [(p.id, p.reference.written, p.hypothesis) for p in pairs] == [
        ("u1", "no chest pain", "no chest pain"), ("u2", "five mg", "five mg"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.jsonl", "{", "line 1: a line that is not JSON"),
        ("p.jsonl", "[]", "line 1: a line that is not an object (got list"),
        ("p.jsonl", '{"id": "a", "reference": "x"}', "hypothesis is not a text (got none"),
        ("p.jsonl", '{"id": 1, "reference": "x", "hypothesis": "x"}', "id is not a text (got int"),
        ("p.jsonl", '{"id": "a", "reference": "x", "hypothesis": "x", "term": []}', "an unknown key (got term"),
        ("p.jsonl", '{"id": "a", "reference": "x", "hypothesis": "x", "terms": "x"}', "terms is not a list (got str"),
        ("p.jsonl", '{"id": "a", "reference": "x", "hypothesis": "x", "terms": [1]}', "not a term (got int"),
        ("p.jsonl", '{"id": "a", "reference": "x", "hypothesis": "x", "spoken": 1}', "spoken is not a text (got int"),
        ("p.jsonl", '{"id":"a","reference":"","hypothesis":""}\n' * 2, "a duplicate id (got a"),
        ("p.jsonl", "\n", "no pair in this file"),
        ("p.trn", "no (u1)", "without one of transcripts"),
    ],
)
def test_each_bad_input_has_one_clear_line(tmp_path, name, text, told):
    """File, line, what was got and what is expected; no traceback, no text of a pair."""
    (tmp_path / name).write_text(text)
    found = CliRunner().invoke(cli, ["score", "--text", str(tmp_path / name)])
    assert isinstance(found.exception, InputError)
    assert told in str(found.exception)
    assert "\n" not in str(found.exception)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("h.trn", "no chest pain", "line 1: a line without a name"),
        ("h.trn", "a (u1)\nb (u1)", "line 2: a duplicate name (got u1"),
        ("h.trn", "a (u1)", "an utterance without a transcript (got none for u2"),
        ("h.ctm", "u1 1 zero 1 word", "line 1: a line that cannot be read"),
        ("h.stm", "u1 1", "line 1: a line that cannot be read"),
        ("h.json", "{}", "a file that is not SegLST (got dict"),
        ("h.json", "[1]", "segment 1: not a segment"),
        ("h.txt", "a", "an unknown format of texts (got .txt"),
    ],
)
def test_each_bad_transcript_has_one_clear_line(tmp_path, name, text, told):
    """So do the other formats."""
    (tmp_path / "r.trn").write_text(FORMATS["r.trn"])
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as found:
        load_pairs(tmp_path / "r.trn", tmp_path / name)
    assert told in str(found.value)
