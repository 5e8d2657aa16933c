"""Beside independent work: where medwer and Whisper's normaliser, which it uses, judge otherwise, and who is right."""

import json
from pathlib import Path

import medwer

from workbench.corpus import builtin_corpora, load_corpus
from workbench.scoring.metrics.normalize import NORMALISERS

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "text_pairs.jsonl").read_text("utf-8").splitlines()
]
WHISPER, CLINICAL = NORMALISERS["english"], NORMALISERS["clinical"]
# Equal ones that it punishes, different ones that it folds.
WHISPERS_ERRORS = (36, 6)
# WER and medical WER, in percent, of the spoken form against the written one.
MEDWERS_RATES = {"clinic": (4.7, 3.2), "librivox": (0.0, 0), "names": (9.6, 20.0), "visits": (1.2, 2.1)}


def _wrong(which):
    """Pairs of the same meaning that are not equal, and of different meaning that are."""
    judged = [(p["same"], which(p["reference"]) == which(p["hypothesis"])) for p in PAIRS]
    return sum(same and not equal for same, equal in judged), sum(equal and not same for same, equal in judged)


def test_the_marked_pairs_under_whispers_normaliser_and_ours():
    """Ours is right in all; Whisper's folds what differs and punishes what is the same."""
    assert _wrong(CLINICAL) == (0, 0)
    assert _wrong(WHISPER) == WHISPERS_ERRORS


def test_medwer_takes_a_perfect_spoken_text_for_a_wrong_one():
    """Its normaliser writes few clinical forms; of its terms it loses what it writes otherwise on one side."""
    scorer = medwer.Scorer()
    found = {}
    for name, folder in builtin_corpora().items():
        texts = [one.reference for one in load_corpus(folder).utterances]
        if not any(text.written for text in texts):
            continue  # nothing is said in any of them
        rates = scorer.corpus([r.written for r in texts], [r.spoken for r in texts])
        found[name] = (round(100 * rates["wer"], 1), round(100 * (rates["medical_wer"] or 0), 1))
        assert all(CLINICAL(r.written) == CLINICAL(r.spoken) for r in texts)
    assert found == MEDWERS_RATES
