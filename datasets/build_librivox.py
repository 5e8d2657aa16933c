"""Make the corpus ``librivox`` from Debian's ``pocketsphinx-testdata``: ``python datasets/build_librivox.py``.

Real speech: five sentences of one LibriVox reader, and every other recording of the package that has a reference
(card names, a command, a string of digits), tagged apart. The package's transcriptions are lower-case words without
punctuation: they are the spoken form. The written form has the capitals and the punctuation of the book.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio.align import Aligner
from workbench.audio.files import file_sha256, read_audio, write_audio
from workbench.corpus import HeaderRow, ManifestRow, WordRow, WordsRow, write_manifest, write_words

DATA = Path("/usr/share/pocketsphinx/test/data")
FOLDER = Path(__file__).parent / "librivox"
RATE_HZ = 16_000
# The reader says "a more amiable woman"; the transcription repeats the article.
MENDED = {"sense_and_sensibility_01_austen_64kb-0920": ("more a amiable", "more amiable")}
LINE = re.compile(r"<s> (.*?) +</s> \((\S+)\)")
PACKAGE = "Debian's pocketsphinx-testdata"
BSD = "BSD-2-Clause (Carnegie Mellon University)"
# References stand in the package's grammar (goforward.gram) and its list of digit strings (tidigits.lsn, *2934z*).
SINGLE = (
    ("command", "goforward.raw", "go forward ten meters", "pocketsphinx-command"),
    ("digits", "tidigits/dhd.2934z.raw", "two nine three four zero", "pocketsphinx-dhd"),
)

WRITTEN = {
    "librivox-0870": "And Mr. John Dashwood had then leisure to consider how much there might be prudently in his "
    "power to do for them.",
    "librivox-0880": "He was not an ill-disposed young man,",
    "librivox-0890": "unless to be rather cold hearted and rather selfish is to be ill-disposed.",
    "librivox-0920": "Had he married a more amiable woman, he might have been made still more respectable than he was;",
    "librivox-0930": "he might even have been made amiable himself.",
    "cards-001": "Ten of clubs.",
    "cards-002": "Four, queen of clubs.",
    "cards-003": "Seven of clubs.",
    "cards-004": "Five, five.",
    "cards-005": "Eight of spades, four of clubs, seven of hearts.",
    "command-001": "Go forward ten meters.",
    "digits-001": "29340.",
}
"""As the book prints it; the short recordings as somebody would write them down."""


@dataclass
class Recording:
    """One recording of the package."""

    id: str
    path: Path
    reference: str
    speaker: str
    tags: tuple[str, ...]
    licence: str
    note: str | None = None


def recordings() -> list[Recording]:
    """Everything that has a reference."""
    found = []
    for text, name in LINE.findall((DATA / "librivox/transcription").read_text()):
        wrong, right = MENDED.get(name, ("", ""))
        note = f"the source's transcription says '{wrong}', the reader says '{right}': mended" if wrong else None
        short = f"librivox-{name.rsplit('-', 1)[1]}"
        path = DATA / f"librivox/{name}.wav"
        reference = text.replace(wrong, right) if wrong else text
        licence = "public domain (LibriVox)"
        found.append(Recording(short, path, reference, "librivox-austen", ("read", "real"), licence, note))
    for text, name in LINE.findall((DATA / "cards/cards.transcription").read_text()):
        path = DATA / f"cards/{name}.wav"
        found.append(Recording(f"cards-{name}", path, text, "pocketsphinx-cards", ("cards", "real"), BSD))
    for tag, path, text, speaker in SINGLE:
        found.append(Recording(f"{tag}-001", DATA / path, text, speaker, (tag, "real"), BSD))
    return found


def pcm_of(path: Path) -> NDArray[np.int16]:
    """Samples at 16 kHz; the package's raw files are headerless."""
    return np.fromfile(path, "<i2") if path.suffix == ".raw" else read_audio(path, RATE_HZ).pcm


def main() -> None:
    """Convert, mend, align, write."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    rows, times = [], []
    aligner = Aligner()
    for recording in recordings():
        pcm = pcm_of(recording.path)
        path = FOLDER / "audio" / f"{recording.id}.flac"
        write_audio(path, pcm, RATE_HZ)
        rows.append(
            ManifestRow(
                id=recording.id,
                audio=f"audio/{path.name}",
                sha256=file_sha256(path),
                reference=WRITTEN[recording.id],
                spoken=recording.reference,
                speaker=recording.speaker,
                tags=recording.tags,
                licence=recording.licence,
                source=f"{recording.path.relative_to(DATA)} of {PACKAGE}",
                sample_rate_hz=RATE_HZ,
                samples=pcm.size,
                note=recording.note,
            )
        )
        alignment = aligner.align(pcm, RATE_HZ, recording.reference)
        words = tuple(WordRow(w.text, w.start_sample, w.end_sample) for w in alignment.words)
        if not words:
            print(f"{recording.id}: no word times")
            continue
        times.append(WordsRow(recording.id, alignment.origin, words))
    header = HeaderRow(
        name="librivox",
        description="Real speech: five sentences read for LibriVox, and seven short recordings of cards and digits.",
        licence="LibriVox: public domain. The others and the package: BSD-2-Clause.",
        note="Made by datasets/build_librivox.py. References are verbatim but for one repetition, noted at its row.",
    )
    write_manifest(FOLDER, rows, header)
    write_words(FOLDER, times)
    print(f"{len(rows)} utterances")


if __name__ == "__main__":
    main()
