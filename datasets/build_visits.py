"""Make the corpus ``visits`` from ``visits_dialogues.txt``: ``python datasets/build_visits.py``.

Turns follow each other with a pause of 0.3 to 0.7 s and never overlap. The speakers are ``clinician`` and
``patient``; which synthetic voice speaks for them stands in the manifest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from build_clinic import SOURCES
from marks import marked_terms, without_marks
from synthesis import RATE_HZ, speak, words_of

from workbench.audio.files import file_sha256, write_audio
from workbench.corpus import FactRow, HeaderRow, ManifestRow, TurnRow, WordRow, WordsRow, write_manifest, write_words

HERE = Path(__file__).parent
FOLDER = HERE / "visits"
SPEAKERS = {"C": "clinician", "P": "patient"}


@dataclass
class Visit:
    """One dialogue of the text file."""

    name: str
    voices: dict[str, str]
    kind: str
    form: dict[str, str | int | float] = field(default_factory=dict)
    facts: list[FactRow] = field(default_factory=list)
    turns: list[tuple[str, str, str]] = field(default_factory=list)


def visits() -> list[Visit]:
    """All dialogues of the text file."""
    found: list[Visit] = []
    for line in (HERE / "visits_dialogues.txt").read_text().splitlines():
        if line.startswith("= "):
            name, clinician, patient, kind = line[2:].split(" | ")
            found.append(Visit(name, {"C": clinician, "P": patient}, kind))
        elif line.startswith("form: "):
            key, _, value = line[6:].partition(" = ")
            found[-1].form[key] = number(value)
        elif line.startswith("fact: "):
            found[-1].facts.append(fact(line[6:]))
        elif line[:3] in {"C: ", "P: "}:
            written, _, spoken = line[3:].partition(" | ")
            found[-1].turns.append((line[0], written, (spoken or without_marks(written)).lower()))
    return found


def fact(text: str) -> FactRow:
    """A line such as ``order? amlodipine = 1 TAB``."""
    kind, _, rest = text.partition(" ")
    name, _, value = rest.partition(" = ")
    return FactRow(kind.removesuffix("?"), name.strip(), value.strip(), not kind.endswith("?"))


def number(value: str) -> str | int | float:
    """Numbers are numbers in a form."""
    if re.fullmatch(r"\d+", value):
        return int(value)
    return float(value) if re.fullmatch(r"\d+\.\d+", value) else value


def build(visit: Visit) -> tuple[ManifestRow, WordsRow]:
    """Speak one dialogue."""
    pauses = np.random.Generator(np.random.PCG64(len(visit.turns)))
    parts, turns, words, now = [], [], [], 0
    for who, written, text in visit.turns:
        spoken = speak(text, visit.voices[who])
        speaker = SPEAKERS[who]
        said = " ".join(words_of(text))
        turns.append(TurnRow(speaker, now, now + spoken.pcm.size, without_marks(written), said))
        words += [WordRow(word, now + start, now + end, speaker) for word, start, end in spoken.words]
        pause = np.zeros(round(float(pauses.uniform(0.3, 0.7)) * RATE_HZ), np.int16)
        parts += [spoken.pcm, pause]
        now += spoken.pcm.size + pause.size
    pcm = np.concatenate(parts[:-1])
    audio = FOLDER / "audio" / f"{visit.name}.flac"
    write_audio(audio, pcm, RATE_HZ)
    print(f"{visit.name}: {pcm.size / RATE_HZ:.0f} s, {len(turns)} turns, {len(words)} words")
    sources = [SOURCES[visit.voices[who]] for who in SPEAKERS]
    row = ManifestRow(
        id=visit.name,
        audio=f"audio/{audio.name}",
        sha256=file_sha256(audio),
        reference=" ".join(without_marks(written) for _, written, _ in visit.turns),
        spoken=" ".join(" ".join(words_of(text)) for _, _, text in visit.turns),
        terms=tuple(term for _, written, _ in visit.turns for term in marked_terms(written)),
        speaker="+".join(visit.voices.values()),
        tags=(visit.kind, "two-speakers", "synthetic"),
        licence="; ".join(dict.fromkeys(licence for _, licence in sources)),
        source="; ".join(f"{SPEAKERS[who]}: {source}" for who, (source, _) in zip(SPEAKERS, sources, strict=True)),
        sample_rate_hz=RATE_HZ,
        samples=pcm.size,
        turns=tuple(turns),
        form=visit.form or None,
        facts=tuple(visit.facts),
    )
    return row, WordsRow(visit.name, "synthesiser", tuple(words))


def main() -> None:
    """Speak everything, write the manifest and the word times."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    built = [build(visit) for visit in visits()]
    header = HeaderRow(
        name="visits",
        description="Consultations of two synthetic voices, with turns, word times and expected form values.",
        licence="Dialogues: Apache-2.0, invented for this corpus. Audio: see each row.",
        note="Made by datasets/build_visits.py. No patient is meant. Turns never overlap.",
    )
    write_manifest(FOLDER, [row for row, _ in built], header)
    write_words(FOLDER, [words for _, words in built])


if __name__ == "__main__":
    main()
