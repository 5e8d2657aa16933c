"""Pronunciations of the corpora's drug names that cmudict lacks: ``python datasets/build_vocabulary.py``.

flite says the phones of each word; its phone set differs from the model's in reduced vowels only. The file lies
beside each manifest: the aligner reads it, and a recogniser may add it to its dictionary.
"""

from __future__ import annotations

from pathlib import Path

from synthesis import phones_of

from workbench.audio.align import spoken_tokens
from workbench.audio.pronunciations import read_dictionary, shipped_dictionary
from workbench.corpus import load_corpus
from workbench.corpus.align import VOCABULARY

HERE = Path(__file__).parent
# flite's reduced and syllabic sounds, as the model's phones.
PHONES = {"ax": "AH", "axr": "ER", "el": "AH L", "en": "AH N", "em": "AH M", "dx": "T", "nx": "N"}


def main() -> None:
    """Write one dictionary for each corpus that has drugs."""
    known = read_dictionary(shipped_dictionary())
    model = {phone for phones in known.values() for phone in phones.split()}
    for name in ("clinic", "visits"):
        corpus = load_corpus(HERE / name)
        drugs = {t for u in corpus.utterances for term in u.reference.terms if term.kind == "drug"
                 for _, t in spoken_tokens(term.text)}  # fmt: skip
        lines = []
        for drug in sorted(drugs - known.keys()):
            phones = " ".join(PHONES.get(phone, phone.upper()) for phone in phones_of(drug))
            unknown = set(phones.split()) - model
            assert not unknown, f"{drug}: {unknown} are no phones of the model"
            lines.append(f"{drug} {phones}")
        (HERE / name / VOCABULARY).write_text("\n".join(lines) + "\n")
        print(f"{name}: {len(lines)} of {len(drugs)} drug names")


if __name__ == "__main__":
    main()
