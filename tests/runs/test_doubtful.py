"""References that probably are wrong: what a whole-file transcript and a run agree on against them."""

import json

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from tests.stored import heard, stored
from workbench.cli.datasets import datasets
from workbench.corpus import ManifestRow, load_corpus, write_manifest
from workbench.errors import InputError
from workbench.runs.doubtful import doubtful_references, newest_of_each
from workbench.store import RunSummary

REFERENCES = {
    "right": "Take 5 mg of lisinopril daily.",
    "swapped": "The patient denies chest pain.",
    "half": "Heart rate is 72.",
    "silence": "",
    "drafted": "anything",
}
HEARD = {
    "right": "take five milligrams of lysine april daily",
    "swapped": "Follow up in two weeks.",
    "half": "Heart rate is 72 and blood pressure is 142/88.",
    "silence": "Thank you for watching.",
}


@pytest.fixture
def corpus(tmp_path):
    """Recordings whose lengths tell a transcriber which is which."""
    rows = []
    for place, (name, reference) in enumerate(REFERENCES.items(), start=1):
        sf.write(tmp_path / f"{name}.wav", np.full(1_600 * place, 300, np.int16), 16_000)
        rows.append(
            ManifestRow(
                id=name, audio=f"{name}.wav", reference=reference, silence=not reference, draft=name == "drafted"
            )
        )
    write_manifest(tmp_path, rows)
    return load_corpus(tmp_path)


def transcribe(pcm, sample_rate_hz):
    return list(HEARD.values())[len(pcm) // 1_600 - 1]


def test_the_most_doubtful_reference_comes_first(corpus):
    """Counted by hand: 4 words on silence, 5 more (142/88 is one), 5 of 5 exchanged, 2 of 6 misheard."""
    doubts = doubtful_references(corpus.utterances, transcribe)
    assert [(d.utterance, d.differing, d.words, d.is_doubtful) for d in doubts] == [
        ("silence", 4, 0, True),
        ("half", 5, 4, True),
        ("swapped", 5, 5, True),
        ("right", 2, 6, False),
    ]


def test_only_what_a_run_heard_likewise_counts(corpus, tmp_path):
    """A word that one of them got right is no doubt about the reference."""
    records = [
        heard("Follow up in two months.", utterance="swapped"),
        heard("take 5 mg of lisinopril daily", utterance="right"),
    ]
    run = stored(tmp_path / "runs", records).run
    doubts = {
        d.utterance: (d.differing, d.transcripts) for d in doubtful_references(corpus.utterances, transcribe, [run])
    }
    assert doubts["swapped"] == (4, 2)
    assert doubts["right"] == (0, 2)
    assert doubts["half"] == (5, 1)
    foreign = stored(tmp_path / "other", [heard(utterance="u")]).run
    with pytest.raises(InputError, match="no transcript of these recordings"):
        doubtful_references(corpus.utterances, transcribe, [foreign])


def test_two_recognisers_of_stored_runs_agree_without_decoding(corpus, tmp_path):
    """Each by its closest transcript: noise raises no doubt; what only one recogniser has heard is left out."""
    said = {"swapped": "Follow up in two weeks.", "right": "take 5 mg of lisinopril daily"}
    clean = [heard(text, utterance=name) for name, text in said.items()]
    noisy = [heard("nothing at all", utterance="right", cell="noise")]
    first = stored(tmp_path / "runs", clean + noisy, recogniser="one").run
    second = stored(tmp_path / "runs", clean, recogniser="two").run
    doubts = doubtful_references(corpus.utterances, None, [first, second])
    assert [(d.utterance, d.differing, d.transcripts, d.heard) for d in doubts] == [
        ("swapped", 5, 2, said["swapped"]),
        ("right", 0, 2, said["right"]),
    ]
    assert doubtful_references(corpus.utterances, None, [first]) == []
    assert doubtful_references(corpus.utterances, None) == []


def test_the_newest_run_of_each_recogniser_is_asked():
    """Committed ones on this corpus; a service without a name is known by its address."""
    rows = [("a", "one", "c"), ("b", "one", "c"), ("x", "one", "other"), ("d", None, "c")]
    summaries = [
        RunSummary(run_id=run, status="committed", corpus=name, recogniser=recogniser, endpoint="https://s")
        for run, recogniser, name in rows
    ]
    summaries.append(RunSummary(run_id="e", status="interrupted", corpus="c", recogniser="two"))
    assert newest_of_each(summaries, "c") == ["b", "d"]


def test_no_repr_has_a_text(corpus):
    """Both are patient data."""
    (doubt, *_) = doubtful_references(corpus.utterances, transcribe)
    assert "Thank" not in repr(doubt)


def test_a_run_without_a_model_to_agree_with_is_refused(corpus):
    """One line, and what is missing."""
    result = CliRunner().invoke(datasets, ["check", str(corpus.root), "--run", "last"])
    assert (result.exit_code, "--run needs --against MODEL" in result.output) == (2, True)


@pytest.mark.slow
def test_whisper_finds_the_reference_of_another_recording(tmp_path):
    """Three real recordings, two references exchanged."""
    from workbench.corpus import builtin_corpora

    corpus = load_corpus(builtin_corpora()["librivox"])
    chosen = [corpus.utterance(f"librivox-0{number}") for number in (870, 890, 930)]
    texts = [chosen[0].reference.written, chosen[2].reference.written, chosen[1].reference.written]
    for utterance in chosen:
        (tmp_path / utterance.audio.name).write_bytes(utterance.audio.read_bytes())
    rows = [ManifestRow(id=u.id, audio=u.audio.name, reference=t) for u, t in zip(chosen, texts, strict=True)]
    write_manifest(tmp_path, rows)
    result = CliRunner().invoke(datasets, ["check", str(tmp_path), "--against", "whisper", "--json"])
    assert result.exit_code == 0, result.output
    doubtful = {row["utterance"]: row["doubtful"] for row in json.loads(result.stdout)["references"]}
    assert doubtful == {"librivox-0870": False, "librivox-0890": True, "librivox-0930": True}
