"""Conditions that the simulator knows by name, with their ICD-10-CM code.

A small table of public codes: enough to show the shape of the answers, no medical coding. IMO codes are licensed and in
no table here; they come back only where a session's context brought them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from workbench.scoring.reading import read

__all__ = ["Condition", "Named", "coded", "named_in"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition.

    Attributes:
        name: how notes call it.
        code, description: of ICD-10-CM; no code for what is only written down.
        symptom: whether a definitive diagnosis explains it, so that it is not coded beside one.
        explained: code prefixes of the diagnoses that do.
    """

    name: str
    code: str
    description: str
    symptom: bool = False
    explained: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A condition named in canonical words ``first`` up to ``stop``."""

    condition: Condition
    first: int
    stop: int


_ROWS: tuple[tuple[str, str, str], ...] = (
    # names, the first for notes | code | description
    ("high blood pressure, hypertension, hypertensive, elevated blood pressure",
     "I10", "Essential (primary) hypertension"),
    ("diabetes, type 2 diabetes, type two diabetes, diabetic, sugar diabetes",
     "E11.9", "Type 2 diabetes mellitus without complications"),
    ("type 1 diabetes, type one diabetes", "E10.9", "Type 1 diabetes mellitus without complications"),
    ("prediabetes, pre-diabetes", "R73.03", "Prediabetes"),
    ("hyperlipidemia, high lipids", "E78.5", "Hyperlipidemia, unspecified"),
    ("high cholesterol, elevated cholesterol", "E78.00", "Pure hypercholesterolemia, unspecified"),
    ("asthma", "J45.909", "Unspecified asthma, uncomplicated"),
    ("COPD, chronic obstructive pulmonary disease, emphysema",
     "J44.9", "Chronic obstructive pulmonary disease, unspecified"),
    ("pneumonia", "J18.9", "Pneumonia, unspecified organism"),
    ("bronchitis", "J40", "Bronchitis, not specified as acute or chronic"),
    ("acute bronchitis", "J20.9", "Acute bronchitis, unspecified"),
    ("sinusitis, sinus infection", "J32.9", "Chronic sinusitis, unspecified"),
    ("acute sinusitis", "J01.90", "Acute sinusitis, unspecified"),
    ("strep throat, streptococcal pharyngitis", "J02.0", "Streptococcal pharyngitis"),
    ("pharyngitis", "J02.9", "Acute pharyngitis, unspecified"),
    ("tonsillitis", "J03.90", "Acute tonsillitis, unspecified"),
    ("upper respiratory infection, common cold, viral cold", "J06.9", "Acute upper respiratory infection, unspecified"),
    ("flu, influenza", "J11.1", "Influenza due to unidentified influenza virus with other respiratory manifestations"),
    ("hay fever, allergic rhinitis, seasonal allergies", "J30.2", "Other seasonal allergic rhinitis"),
    ("migraine, migraines", "G43.909", "Migraine, unspecified, not intractable, without status migrainosus"),
    ("migraine without aura", "G43.009", "Migraine without aura, not intractable, without status migrainosus"),
    ("migraine with aura", "G43.109", "Migraine with aura, not intractable, without status migrainosus"),
    ("tension headache, tension headaches, tension type headache",
     "G44.209", "Tension-type headache, unspecified, not intractable"),
    ("anxiety, generalized anxiety", "F41.9", "Anxiety disorder, unspecified"),
    ("depression", "F32.A", "Depression, unspecified"),
    ("panic attacks, panic disorder", "F41.0", "Panic disorder [episodic paroxysmal anxiety]"),
    ("insomnia", "G47.00", "Insomnia, unspecified"),
    ("sleep apnea", "G47.30", "Sleep apnea, unspecified"),
    ("atrial fibrillation, a fib, afib", "I48.91", "Unspecified atrial fibrillation"),
    ("heart failure", "I50.9", "Heart failure, unspecified"),
    ("coronary artery disease",
     "I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris"),
    ("heart attack, myocardial infarction", "I21.9", "Acute myocardial infarction, unspecified"),
    ("stroke", "I63.9", "Cerebral infarction, unspecified"),
    ("urinary tract infection, bladder infection, uti", "N39.0", "Urinary tract infection, site not specified"),
    ("kidney stone, kidney stones", "N20.0", "Calculus of kidney"),
    ("chronic kidney disease", "N18.9", "Chronic kidney disease, unspecified"),
    ("hypothyroidism, underactive thyroid", "E03.9", "Hypothyroidism, unspecified"),
    ("hyperthyroidism, overactive thyroid", "E05.90", "Thyrotoxicosis, unspecified without thyrotoxic crisis or storm"),
    ("osteoarthritis", "M19.90", "Unspecified osteoarthritis, unspecified site"),
    ("rheumatoid arthritis", "M06.9", "Rheumatoid arthritis, unspecified"),
    ("gout", "M10.9", "Gout, unspecified"),
    ("osteoporosis", "M81.0", "Age-related osteoporosis without current pathological fracture"),
    ("sciatica", "M54.30", "Sciatica, unspecified side"),
    ("plantar fasciitis", "M72.2", "Plantar fascial fibromatosis"),
    ("carpal tunnel syndrome, carpal tunnel", "G56.00", "Carpal tunnel syndrome, unspecified upper limb"),
    ("reflux, acid reflux, gerd, gastroesophageal reflux",
     "K21.9", "Gastro-esophageal reflux disease without esophagitis"),
    ("gastritis", "K29.70", "Gastritis, unspecified, without bleeding"),
    ("ulcer, ulcers, stomach ulcer, peptic ulcer",
     "K27.9", "Peptic ulcer, site unspecified, unspecified as acute or chronic, without hemorrhage or perforation"),
    ("gastroenteritis, stomach flu", "A09", "Infectious gastroenteritis and colitis, unspecified"),
    ("irritable bowel syndrome", "K58.9", "Irritable bowel syndrome, unspecified"),
    ("anemia", "D64.9", "Anemia, unspecified"),
    ("iron deficiency anemia", "D50.9", "Iron deficiency anemia, unspecified"),
    ("eczema", "L30.9", "Dermatitis, unspecified"),
    ("atopic dermatitis", "L20.9", "Atopic dermatitis, unspecified"),
    ("psoriasis", "L40.9", "Psoriasis, unspecified"),
    ("cellulitis", "L03.90", "Cellulitis, unspecified"),
    ("shingles", "B02.9", "Zoster without complications"),
    ("hives", "L50.9", "Urticaria, unspecified"),
    ("pink eye, conjunctivitis", "H10.9", "Unspecified conjunctivitis"),
    ("ear infection, otitis media", "H66.90", "Otitis media, unspecified, unspecified ear"),
    ("obesity", "E66.9", "Obesity, unspecified"),
    ("breast cancer", "C50.919", "Malignant neoplasm of unspecified site of unspecified female breast"),
    ("colon cancer", "C18.9", "Malignant neoplasm of colon, unspecified"),
)  # fmt: skip

_SYMPTOMS: tuple[tuple[str, str, str, str], ...] = (
    ("cough, coughing", "R05.9", "Cough, unspecified", "J"),
    ("fever", "R50.9", "Fever, unspecified", "J A B02 N39"),
    ("chills", "R68.83", "Chills (without fever)", "J A"),
    ("shortness of breath, short of breath, out of breath, trouble breathing, breathless",
     "R06.02", "Shortness of breath", "J I50"),
    ("wheezing", "R06.2", "Wheezing", "J"),
    ("sore throat, throat pain, throat hurts", "J02.9", "Acute pharyngitis, unspecified", "J02.0 J03 J06 J11"),
    ("runny nose, nose is running, nose has been running",
     "R09.89", "Other specified symptoms and signs involving the circulatory and respiratory systems", "J"),
    ("chest pain", "R07.9", "Chest pain, unspecified", "I2 J18 K21 F41"),
    ("palpitations, heart races, heart is racing, racing heart", "R00.2", "Palpitations", "I48 F41"),
    ("headache, headaches, head hurts, head pain", "R51.9", "Headache, unspecified", "G43 G44 J"),
    ("dizziness, dizzy, lightheaded, lightheadedness", "R42", "Dizziness and giddiness", "I48 H81"),
    ("nausea, nauseous, sick to my stomach, sick to your stomach", "R11.0", "Nausea", "G43 A09 K"),
    ("vomiting, vomit, vomited, throwing up, threw up", "R11.10", "Vomiting, unspecified", "G43 A09 K"),
    ("diarrhea", "R19.7", "Diarrhea, unspecified", "A09 K58"),
    ("constipation", "K59.00", "Constipation, unspecified", "K58"),
    ("heartburn", "R12", "Heartburn", "K21"),
    ("abdominal pain, stomach pain, belly pain, stomach ache, stomach hurts",
     "R10.9", "Unspecified abdominal pain", "K A09 N"),
    ("back pain, low back pain, lower back pain, back hurts", "M54.50", "Low back pain, unspecified", "M54.3 N20 M51"),
    ("neck pain, stiff neck, neck hurts", "M54.2", "Cervicalgia", "M50"),
    ("numbness, numb", "R20.0", "Anesthesia of skin", "G"),
    ("tingling, burning in your feet, pins and needles", "R20.2", "Paresthesia of skin", "G"),
    ("rash", "R21", "Rash and other nonspecific skin eruption", "L B02"),
    ("itching, itchy", "L29.9", "Pruritus, unspecified", "L B02"),
    ("fatigue, tired, exhausted", "R53.83", "Other fatigue", "D G43 E03 F32 J G47"),
    ("weight loss, losing weight without trying", "R63.4", "Abnormal weight loss", "E05"),
    ("swollen ankles, ankle swelling, leg swelling, swollen legs", "R60.0", "Localized edema", "I50"),
    ("burning when i urinate, burning when you urinate, burning when i pee, burning when you pee, "
     "painful urination, burns when i pee, burns when i urinate",
     "R30.0", "Dysuria", "N39"),
    ("frequent urination", "R35.0", "Frequency of micturition", "N39 E11"),
    ("trouble sleeping, cannot sleep, can not sleep", "G47.00", "Insomnia, unspecified", "F"),
    ("stuffy nose, nose is stuffy, nose has been stuffy, congestion, congested", "R09.81", "Nasal congestion", "J"),
    ("crackles", "", "", ""),
    ("lumps, lump", "", "", ""),
    ("aura", "", "", ""),
    ("swelling", "", "", ""),
    ("kidney trouble, kidney problems", "", "", ""),
)  # fmt: skip
"""Names, code, description, and prefixes of the diagnoses that explain the symptom."""

_JOINTS = {
    "knee": ("M25.56", "Pain in {} knee"), "shoulder": ("M25.51", "Pain in {} shoulder"),
    "hip": ("M25.55", "Pain in {} hip"), "elbow": ("M25.52", "Pain in {} elbow"),
    "wrist": ("M25.53", "Pain in {} wrist"), "ankle": ("M25.57", "Pain in {} ankle and joints of {} foot"),
    "foot": ("M79.67", "Pain in {} foot"), "hand": ("M79.64", "Pain in {} hand"), "heel": ("M79.67", "Pain in {} foot"),
    "leg": ("M79.60", "Pain in {} leg"), "arm": ("M79.60", "Pain in {} arm"), "ear": ("H92.0", "Otalgia, {} ear"),
    "eye": ("H57.1", "Ocular pain, {} eye"),
}  # fmt: skip
_LAST = {"right": "1", "left": "2", "": "9"}
_OTHER_LAST = {"foot": "3", "heel": "3", "hand": "3", "ear": "9", "eye": "0"}
_PAIN = r"(?:pain|hurts?|hurting|aches?|aching|sore)"
_BODY = "|".join(_JOINTS)
_PAINFUL = re.compile(
    rf"\b(?P<side>left |right )?(?P<body>{_BODY})s? (?:is |has been |still |really |also )*{_PAIN}\b"
    rf"|\b(?:pain in|hurt|injured|twisted|sprained) (?:my |your |the |both )?(?P<side2>left "
    rf"|right )?(?P<body2>{_BODY})\b"
)


def named_in(words: Sequence[str], side_of: dict[str, str] | None = None) -> list[Named]:
    """Conditions named in canonical words, in order; a longer name covers the shorter ones in it.

    Args:
        words: canonical words of one sentence.
        side_of: side by part of the body, where the conversation names it elsewhere.

    >>> [n.condition.code for n in named_in("pain in my left knee and a cough".split())]
    ['M25.562', 'R05.9']
    """
    taken: set[int] = set()
    result: list[Named] = []
    for named in sorted(_names(words), key=lambda named: (named.stop - named.first, named.first), reverse=True):
        places = set(range(named.first, named.stop))
        if not taken & places:
            taken |= places
            result.append(named)
    result += [n for n in _painful(words, side_of or {}) if not taken & set(range(n.first, n.stop))]
    return sorted(result, key=lambda named: named.first)


def coded(code: str, description: str) -> Condition | None:
    """The condition that a code of somebody else's stands for, by code or by the words of its description."""
    by_code = next((c for c in _table().values() if c.code and c.code == code), None)
    return by_code or next((n.condition for n in named_in(read(description).words) if n.condition.code), None)


def _names(words: Sequence[str]) -> Iterator[Named]:
    """Every name of the table, shorter ones in longer ones too."""
    longest = max(map(len, _table()))
    for first in range(len(words)):
        for size in range(1, min(longest, len(words) - first) + 1):
            condition = _condition(words[first : first + size])
            if condition is not None:
                yield Named(condition, first, first + size)


def _condition(words: Sequence[str]) -> Condition | None:
    """The condition of that name, in the singular or the plural."""
    name = tuple(words)
    return _table().get(name) or _table().get((*name[:-1], name[-1].removesuffix("s")))


def _painful(words: Sequence[str], side_of: dict[str, str]) -> Iterator[Named]:
    text = " ".join(words)
    for match in _PAINFUL.finditer(text):
        body = match["body"] or match["body2"]
        side = (match["side"] or match["side2"] or side_of.get(body, "")).strip()
        stem, description = _JOINTS[body]
        last = _LAST[side] if side else _OTHER_LAST.get(body, "9")
        if stem == "M79.60":
            last = {"leg": {"right": "4", "left": "5", "": "6"}, "arm": {"right": "1", "left": "2", "": "3"}}[body][
                side
            ]
        described = description.replace("{}", side or "unspecified")
        first = text[: match.start()].count(" ")
        yield Named(
            Condition(f"{side} {body} pain".strip(), stem + last, described, symptom=True),
            first, first + match.group().count(" ") + 1,
        )  # fmt: skip


@cache
def _table() -> dict[tuple[str, ...], Condition]:
    """Canonical words of every name."""
    table: dict[tuple[str, ...], Condition] = {}
    rows = [(*row, "", False) for row in _ROWS] + [(*row, True) for row in _SYMPTOMS]
    for names, code, description, explained, symptom in rows:
        spoken = names.split(", ")
        condition = Condition(spoken[0], code, description, symptom, tuple(explained.split()))
        table |= {read(name).words: condition for name in spoken}
    return table
