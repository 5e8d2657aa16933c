"""References with several right answers, and audio in which nothing is said."""

import json

import pytest

import workbench as wb
from tests.scoring.metrics.records import session, untimed
from workbench.corpus.load import _row_problems
from workbench.corpus.rows import ManifestRow
from workbench.reference import Reference
from workbench.scoring.cells import score_run
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import score_session
from workbench.scoring.text_pairs import load_pairs
from workbench.scoring.variants import best_reference, variants
from workbench.scoring.word_diff import word_diff


def test_variants_are_all_combinations():
    """Choices in the order of the text; a slash alone is none."""
    assert variants("{a / b} x {c / d}") == ["a x c", "a x d", "b x c", "b x d"]
    assert variants("5 mg / day and {one}") == ["5 mg / day and {one}"]
    assert len(variants("{a / b} " * 12)) == 256


@pytest.mark.parametrize(
    ("heard", "errors"), [("he is gone", 0), ("she is gone", 0), ("it is gone", 1), ("is gone", 0)]
)
def test_the_best_variant_counts(heard, errors):
    """In texts, sessions and differences alike."""
    reference = "{he / she / @} is gone"
    assert wb.score_text(reference, heard).errors["clinical"].errors == errors
    record = session(untimed(reference), [(700, "final", heard)])
    assert score_session(record, NORMALISERS["basic"]).words.errors == errors
    steps = word_diff(record.reference, heard, NORMALISERS["basic"])
    assert sum(step.kind != "equal" for step in steps) == errors


def test_a_list_of_references_is_as_good(tmp_path):
    """In Python and in a file; written and spoken variants belong together."""
    assert wb.score_text(["no pain", "denies any pain"], "denies any pain").errors["raw"].errors == 0
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"id": "a", "reference": ["x", "y"], "hypothesis": "y"}))
    (pair,) = load_pairs(path)
    assert pair.others == ("y",)
    chosen = best_reference(Reference("{1 / 2} mg", "{one / two} milligrams"), "2 mg")
    assert (chosen.written, chosen.spoken) == ("2 mg", "two milligrams")


def test_words_invented_on_silence_are_counted_a_minute():
    """Three words in two sessions of 6 s each: 15 a minute."""
    sessions = [
        session(untimed(""), [(700, "final", text)], chunks=60, utterance=text) for text in ("thank you so", "")
    ]
    (cell,) = score_run([score_session(record, NORMALISERS["clinical"]) for record in sessions], seed=1)
    assert cell.metrics["silence_words"].value == pytest.approx(15.0)
    assert cell.metrics["wer"].value is None
    spoken = score_session(session(untimed("no pain"), [(700, "final", "no pain")]), NORMALISERS["clinical"])
    assert spoken.silent_ns is None


def test_a_manifest_says_where_nothing_is_said():
    """An empty reference without that word is a mistake, and so is a reference with it."""
    assert _row_problems(ManifestRow(id="a", audio="a.wav", reference="", silence=True), {}, drafting=False) == []
    assert "silence: true" in _row_problems(ManifestRow(id="a", audio="a.wav", reference=""), {}, drafting=False)[0]
    assert (
        "silence"
        in _row_problems(ManifestRow(id="a", audio="a.wav", reference="x", silence=True), {}, drafting=False)[0]
    )
