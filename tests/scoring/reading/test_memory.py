"""What was read before changes no reading: with and without its memory a text is read the same."""

import json
import random
from pathlib import Path

from workbench.scoring.reading import memory
from workbench.scoring.reading.reading import _settled, read
from workbench.scoring.reading.tables import words

VALUES = words(
    """5 10 120 / 80 - to of over % mg mg/kg times a day
    half one two fifty twenty the third March 20 40 vision eye
point x 3 between and " in at 9 : 30 am ratio scale K H potassium no"""
)


def _spoken():
    for corpus in ("clinic", "visits"):
        for line in Path("datasets", corpus, "manifest.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            yield from row["reference"].split()


def _read(text):
    read.cache_clear()
    _settled.cache_clear()
    return read(text)


def _stretches():
    dice, spoken = random.Random(4), list(_spoken())
    for _ in range(300):
        at = dice.randrange(len(spoken) - 12)
        stretch = [w if dice.random() > 0.15 else dice.choice(VALUES) for w in spoken[at : at + dice.randrange(12)]]
        # The same values at the start, behind something and at the end of a text.
        yield from (" ".join(stretch), " ".join(["vision", *stretch]), " ".join([*stretch, *stretch[:3]]))
    for _ in range(300):
        yield " ".join(dice.choices(VALUES, k=dice.randrange(1, 9)))


def test_texts_read_before_one_another_are_read_as_alone():
    """Words, places and items, whatever was read before; and again when all of it is known."""
    texts, alone = list(_stretches()), []
    for text in texts:
        memory.forget()
        alone.append(_read(text))
    memory.forget()
    for _ in range(3):
        assert [_read(text) for text in texts] == alone


def test_what_depends_on_everything_before_is_not_remembered():
    """A quote is inches where none is open, however far away that one stands."""
    memory.forget()
    far = " ".join(["pain"] * 40)
    for _ in range(3):
        assert _read('5" screw').canonical == _read('5" screw').canonical
        assert _read(f'"{far} 5" screw').canonical != _read(f'{far} 5" screw').canonical


def test_the_memory_is_bounded(monkeypatch):
    """It begins anew where it is full."""
    monkeypatch.setattr(memory, "_MANY", 20)
    memory.forget()
    readings = [_read(f"take {number} mg of drug number {number}") for number in range(60) for _ in range(3)]
    assert {r.words[0] for r in readings} == {"take"}
    assert memory._COUNT[0] < 60
