"""Review of references: what recognisers agree on first, then drafts; what was decided stays decided."""

import json

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from tests.stored import heard, stored
from workbench.cli import review as review_cli
from workbench.cli.datasets import datasets
from workbench.corpus import ManifestRow, load_corpus, write_manifest
from workbench.corpus.own import corrections
from workbench.runs.doubtful import Doubt
from workbench.runs.review import settle_reference, to_review
from workbench.store import CorpusFacts
from workbench.store.labels import flagged

REFERENCES = {
    "drafted": "Take two tablets.",
    "misheard": "Take 5 mg of lisinopril daily.",
    "swapped": "The patient denies chest pain.",
    "right": "Heart rate is 72.",
}
HEARD = {
    "misheard": "take 5 mg of listen april daily",
    "swapped": "Follow up in two weeks.",
    "right": "heart rate is 72",
}


@pytest.fixture
def mine(tmp_path):
    """A data set with a draft and a reference of another recording, and runs of two recognisers that agree."""
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = []
    for name, reference in REFERENCES.items():
        sf.write(folder / f"{name}.wav", np.full(1_600, 300, np.int16), 16_000)
        rows.append(ManifestRow(id=name, audio=f"{name}.wav", reference=reference, draft=name == "drafted"))
    write_manifest(folder, rows)
    facts = CorpusFacts(name="mine", hash="0" * 64, location=str(folder))
    for recogniser in ("one", "two"):
        records = [heard(text, utterance=name) for name, text in HEARD.items()]
        stored(tmp_path / "runs", records, recogniser=recogniser, corpus=facts)
    return folder


def review(folder, *more, keys=None, monkeypatch=None):
    if keys is not None:
        monkeypatch.setattr(review_cli, "at_terminal", lambda: True)
    arguments = ["review", str(folder), "--store", str(folder.parent / "runs"), *more]
    return CliRunner().invoke(datasets, arguments, input=keys, catch_exceptions=False)


def test_what_recognisers_agree_on_comes_first_then_drafts(mine):
    """Worked by hand: 5 of 5 words of one reference, 2 of 6 of the other; one that all heard right is not listed."""
    answer = review(mine, "--json")
    assert answer.exit_code == 0
    told = json.loads(answer.stdout)
    rows = [(row["utterance"], row["why"], row["differing"], row["words"]) for row in told["references"]]
    assert rows == [("swapped", "doubtful", 5, 5), ("drafted", "draft", 0, 0), ("misheard", "differs", 2, 6)]
    assert told["changes"] == []
    shown = review(mine).stdout
    assert "swapped: probably not what is said: 5 of 5 words differ" in shown
    assert shown.splitlines()[-1] == "3 references to review"


def test_one_recogniser_alone_raises_no_doubt(mine):
    """Two must agree; a draft needs nobody."""
    (run, _) = sorted(path.name for path in (mine.parent / "runs").iterdir() if path.name[0] == "2")
    told = json.loads(review(mine, "--run", run, "--json").stdout)
    assert [row["utterance"] for row in told["references"]] == ["drafted"]


def test_a_key_says_what_becomes_of_each(mine, monkeypatch, tmp_path):
    """Heard is right; the draft is confirmed as corrected; the last is found right and is not shown again."""
    answer = review(mine, keys="heTake three tablets.\nk", monkeypatch=monkeypatch)
    assert answer.exit_code == 0
    outcomes = ("  corrected", "  confirmed", "  found right")
    assert [line for line in answer.stdout.splitlines() if line in outcomes] == list(outcomes)
    now = {u.id: (u.reference.written, u.draft) for u in load_corpus(mine).utterances}
    assert now["swapped"] == ("Follow up in two weeks.", False)
    assert now["drafted"] == ("Take three tablets.", False)
    assert now["misheard"] == (REFERENCES["misheard"], False)
    changes = [(c.id, c.before, c.after) for c in corrections(mine)]
    assert changes == [
        ("swapped", REFERENCES["swapped"], "Follow up in two weeks."),
        ("drafted", REFERENCES["drafted"], "Take three tablets."),
        ("misheard", REFERENCES["misheard"], REFERENCES["misheard"]),
    ]
    answer = review(mine, "--export", str(tmp_path / "changes.jsonl"), "--json")
    assert json.loads(answer.stdout)["references"] == []
    rows = [json.loads(line) for line in (tmp_path / "changes.jsonl").read_text().splitlines()]
    assert [(row["id"], row["before"], row["after"]) for row in rows] == changes


def test_what_is_marked_as_wrong_is_not_asked_again_and_quitting_keeps_what_was_answered(mine, monkeypatch):
    """Wrong, then quit: nothing in the manifest changes; a skipped one comes again."""
    before = (mine / "manifest.jsonl").read_text()
    review(mine, keys="wsq", monkeypatch=monkeypatch)
    assert list(flagged(mine.parent / "runs", "mine")) == ["swapped"]
    assert (mine / "manifest.jsonl").read_text() == before
    told = json.loads(review(mine, "--json").stdout)
    assert [row["utterance"] for row in told["references"]] == ["drafted", "misheard"]


def test_what_was_heard_against_another_text_says_nothing(mine):
    """A reference that was corrected since is not judged by an old comparison."""
    corpus = load_corpus(mine)
    old = Doubt("right", 4, 4, 2, "Heart rate is 96.", "heart rate is 72")
    assert [item.utterance.id for item in to_review(corpus, [old], {})] == ["drafted"]


def test_no_repr_has_a_text_and_an_empty_answer_is_refused(mine):
    """Both are patient data; a reference that is not empty cannot become so."""
    corpus = load_corpus(mine)
    doubt = Doubt("right", 4, 4, 2, REFERENCES["right"], "thank you")
    assert "thank" not in repr(to_review(corpus, [doubt], {}))
    from workbench.errors import CorpusError

    with pytest.raises(CorpusError, match="empty reference"):
        settle_reference(mine, corpus.utterance("right"), " ")
