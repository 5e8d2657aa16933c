"""Every single change of a value, drug, side or negation in a reference of ours is seen by its measure."""

import json
from pathlib import Path

from tests.scoring.reading.mutations import mutations
from workbench.scoring.reading import Tally, meaning, read


def _references():
    for corpus in ("clinic", "visits"):
        for line in (Path("datasets") / corpus / "manifest.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            terms = row.get("terms", [])
            yield (
                row["reference"],
                row["spoken"],
                [t["text"] for t in terms if t["kind"] == "medical"],
                [t["text"] for t in terms if t["kind"] == "drug"],
            )


def test_a_perfect_text_is_perfect_in_either_form():
    """Nothing changed, lost or invented; every marked term is found, wherever it stands."""
    total = Tally()
    for written, spoken, terms, drugs in _references():
        for text in (written, spoken):
            found = meaning(read(written), read(text), terms, drugs)
            for tally in (found.values, found.terms, found.drugs, found.negations, found.sides):
                assert tally == Tally(tally.said, tally.said)
            assert found.critical == 0
            total += found.terms
    assert total.said > 150


def test_ninety_nine_of_a_hundred_changes_are_seen():
    """What is not seen is what changes nothing: ">" before "more than 3", and a "both" that names no side."""
    unseen, count = [], 0
    for written, _, terms, drugs in _references():
        for measure, changed in mutations(written, drugs):
            tally = getattr(meaning(read(written), read(changed), terms, drugs), measure)
            count += 1
            if not (tally.changed or tally.lost or tally.invented):
                unseen.append((measure, changed))
    assert count > 600
    assert len(unseen) <= 0.01 * count
    twice = ("than >", "over >", "above >")
    assert all(measure == "sides" or any(said in text for said in twice) for measure, text in unseen)
