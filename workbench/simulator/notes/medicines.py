"""Medicines that the simulator can code: ingredient, RxNorm concept, and what they are given for.

The RxCUIs are public. A brand is coded as its ingredient.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from workbench.scoring.reading.drugs import DRUGS

__all__ = ["MEDICINES", "Medicine", "treats", "with_medicines"]


class Medicine(NamedTuple):
    """RxNorm concept of the ingredient, and prefixes of the ICD-10 codes that it is given for."""

    rxcui: str
    treats: tuple[str, ...] = ()


_PAIN = ("M", "R51", "G44", "R07.0", "J02", "H92", "R10", "K08", "S", "R52", "R50", "G43", "J11", "J06")
_INFECTION = ("J", "N39", "L03", "H66", "K12", "A", "B")
_HEART = ("I10", "I25", "I50", "I48", "I20", "N18")
_LIPID = ("E78", "I25")
_MOOD = ("F", "G47.0")
_ALLERGY = ("J30", "L50", "L29", "L30", "L20")
_AIRWAY = ("J45", "J44", "R06", "J20", "J40", "R05")
_ACID = ("K2", "R12")

MEDICINES: dict[str, Medicine] = {
    name: Medicine(rxcui, treats)
    for names, rxcui, treats in (
        ("acetaminophen tylenol paracetamol", "161", _PAIN),
        ("ibuprofen advil motrin", "5640", _PAIN),
        ("naproxen aleve", "7258", _PAIN),
        ("meloxicam", "41493", ("M",)),
        ("diclofenac", "3355", ("M",)),
        ("aspirin", "1191", ("I2", "I63", *_PAIN)),
        ("tramadol", "10689", _PAIN),
        ("cyclobenzaprine flexeril", "21949", ("M",)),
        ("gabapentin neurontin", "25480", ("G", "M54", "R20", "B02")),
        ("sumatriptan imitrex", "37418", ("G43",)),
        ("rizatriptan", "88014", ("G43",)),
        ("propranolol", "8787", ("G43", "I10", "R00", "F41")),
        ("topiramate topamax", "38404", ("G43", "G40")),
        ("amitriptyline", "704", ("G43", "G44", *_MOOD)),
        ("albuterol ventolin", "435", _AIRWAY),
        ("fluticasone flonase", "41126", ("J3", "J4")),
        ("montelukast singulair", "88249", ("J45", "J30")),
        ("prednisone", "8640", ("J4", "M", "L", "J20")),
        ("benzonatate", "18993", ("R05", "J")),
        ("guaifenesin mucinex", "5032", ("R05", "J")),
        ("amoxicillin", "723", _INFECTION),
        ("azithromycin zithromax", "18631", (*_INFECTION, "R05")),
        ("doxycycline", "3640", (*_INFECTION, "L")),
        ("cephalexin keflex", "2231", _INFECTION),
        ("ciprofloxacin", "2551", _INFECTION),
        ("clindamycin", "2582", _INFECTION),
        ("nitrofurantoin macrobid", "7454", ("N39", "R30")),
        ("penicillin", "70618", _INFECTION),
        ("acyclovir", "281", ("B",)),
        ("valacyclovir valtrex", "73645", ("B",)),
        ("fluconazole", "4450", ("B3",)),
        ("cetirizine zyrtec", "20610", _ALLERGY),
        ("loratadine claritin", "28889", _ALLERGY),
        ("diphenhydramine benadryl", "3498", _ALLERGY),
        ("hydrocortisone", "5492", ("L", "R21")),
        ("triamcinolone", "10759", ("L", "R21")),
        ("omeprazole prilosec", "7646", _ACID),
        ("pantoprazole protonix", "40790", _ACID),
        ("famotidine pepcid", "4278", _ACID),
        ("ondansetron zofran", "26225", ("R11", "A09")),
        ("lisinopril zestril", "29046", _HEART),
        ("losartan cozaar", "52175", _HEART),
        ("amlodipine norvasc", "17767", _HEART),
        ("hydrochlorothiazide", "5487", _HEART),
        ("chlorthalidone", "2409", _HEART),
        ("metoprolol", "6918", _HEART),
        ("carvedilol coreg", "20352", _HEART),
        ("furosemide lasix", "4603", ("I50", "R60", "I10")),
        ("spironolactone", "9997", ("I50", "I10")),
        ("warfarin coumadin", "11289", ("I48",)),
        ("apixaban eliquis", "1364430", ("I48",)),
        ("rivaroxaban xarelto", "1114195", ("I48",)),
        ("clopidogrel plavix", "32968", ("I2", "I63")),
        ("atorvastatin lipitor", "83367", _LIPID),
        ("simvastatin zocor", "36567", _LIPID),
        ("rosuvastatin crestor", "301542", _LIPID),
        ("pravastatin", "42463", _LIPID),
        ("metformin glucophage", "6809", ("E11", "R73")),
        ("glipizide", "4821", ("E11",)),
        ("semaglutide ozempic", "1991302", ("E11", "E66")),
        ("empagliflozin jardiance", "1545653", ("E11", "I50")),
        ("sitagliptin januvia", "593411", ("E11",)),
        ("levothyroxine synthroid", "10582", ("E03",)),
        ("sertraline zoloft", "36437", _MOOD),
        ("escitalopram lexapro", "321988", _MOOD),
        ("citalopram celexa", "2556", _MOOD),
        ("fluoxetine prozac", "4493", _MOOD),
        ("bupropion wellbutrin", "42347", _MOOD),
        ("trazodone", "10737", _MOOD),
        ("venlafaxine effexor", "39786", _MOOD),
        ("duloxetine cymbalta", "72625", (*_MOOD, "M")),
        ("lorazepam ativan", "6470", _MOOD),
        ("hydroxyzine", "5553", (*_MOOD, *_ALLERGY)),
        ("allopurinol", "519", ("M10",)),
        ("colchicine", "2683", ("M10",)),
        ("tamsulosin flomax", "77492", ("N40", "N20")),
    )
    for name in names.split()
}  # fmt: skip
"""By spoken name: one word each."""


def treats(rxcui: str) -> tuple[str, ...]:
    """Prefixes of the ICD-10 codes that a concept is given for; none for one that is not in the table."""
    return next((medicine.treats for medicine in MEDICINES.values() if medicine.rxcui == rxcui), ())


_SHORTEST = 8
"""Letters of a name that is looked for in words that are nearly it."""
_ORDINARY = frozenset(
    [
        "centralize",
        "cingular",
        "hydrolyzing",
        "neurotic",
        "penicillins",
        "radiance",
        "satirizing",
        "sinclair",
        "singular",
        "sinusoid",
        "variance",
    ]
)
"""What comes near a medicine among the 126,000 words of the CMU dictionary."""
_WORD = re.compile(r"[A-Za-z]+")


def with_medicines(text: str) -> str:
    """A text with names that are nearly a medicine's, in one word or two, written as the medicine.

    Recognisers spell medicines as they sound. Letters that sound alike count as equal; of eight letters one may differ,
    of nine and more two. Words that are a medicine's name, or that come near two of them, stay as they are.

    >>> with_medicines("We will use azithramisin, then Amlo dipene 5 mg.")
    'We will use azithromycin, then amlodipine 5 mg.'
    >>> with_medicines("The medication was metformin.")
    'The medication was metformin.'
    """
    parts, done = [], 0
    words = list(_WORD.finditer(text))
    for place, word in enumerate(words):
        if word.start() < done:
            continue
        after = words[place + 1] if place + 1 < len(words) else None
        joined = after is not None and text[word.end() : after.start()] == " "
        name, end = _near(word.group()), word.end()
        if name is None and joined and after is not None and not _known(after.group()):
            both = (word.group() + after.group()).lower()
            name, end = both if both in MEDICINES else _near(both), after.end()
        if name is not None and name != word.group().lower():
            parts += [text[done : word.start()], name]
            done = end
    return "".join([*parts, text[done:]])


def _known(word: str) -> bool:
    return word.lower() in MEDICINES or word.lower() in DRUGS


@lru_cache(maxsize=1 << 14)
def _near(word: str) -> str | None:
    """The one medicine whose name a word nearly is; None if it is a name itself, too short, or near none or several."""
    if len(word) < _SHORTEST or _known(word) or word.lower() in _ORDINARY:
        return None
    sound = _sound(word)
    names = {
        name for name in MEDICINES
        if len(name) >= _SHORTEST
        and Levenshtein.distance(sound, _sound(name), score_cutoff=2) <= (2 if len(name) >= _SHORTEST + 1 else 1)
    }  # fmt: skip
    return names.pop() if len(names) == 1 else None


@lru_cache(maxsize=1 << 14)
def _sound(word: str) -> str:
    """A word with letters that sound alike written alike.

    >>> _sound("azithromycin"), _sound("Levothroxide")
    ('azitromisin', 'levotroxide')
    """
    text = word.lower()
    for letters, sound in (("ph", "f"), ("th", "t"), ("y", "i")):
        text = text.replace(letters, sound)
    return re.sub(r"c(?=[ei])", "s", re.sub(r"(.)\1", r"\1", text))
