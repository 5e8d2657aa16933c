"""Make the corpus ``clinic`` from ``clinic_sentences.txt``: ``python datasets/build_clinic.py``.

Sentences go round the voices in turn, so that every kind has every voice and every voice about as many sentences.
Running it again gives the same samples; FLAC bytes may differ with libsndfile's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from marks import marked_terms, without_marks
from synthesis import RATE_HZ, Spoken, speak, words_of

from workbench.audio.files import file_sha256, write_audio
from workbench.corpus import HeaderRow, ManifestRow, WordRow, WordsRow, write_manifest, write_words

HERE = Path(__file__).parent
FOLDER = HERE / "clinic"
VOICES = ("slt", "rms", "awb", "kal16", "slt-hts")
_FLITE_LICENCE = "Flite licence (BSD-like, Carnegie Mellon University)"
_HTS_LICENCE = "EST-2003 (BSD-like, Carnegie Mellon University) and BSD-3-Clause (HTS working group)"
SOURCES = {
    "slt-hts": ("festival 2.5, voice cmu_us_slt_arctic_hts", _HTS_LICENCE),
    **{voice: (f"flite 2.2, voice {voice}", _FLITE_LICENCE) for voice in VOICES if voice != "slt-hts"},
}


def sentences() -> Iterator[tuple[str, str, str]]:
    """Kind, marked written form and spoken form of every sentence."""
    kind = ""
    for line in (HERE / "clinic_sentences.txt").read_text().splitlines():
        if line.startswith("= "):
            kind = line[2:]
        elif line and not line.startswith("#"):
            written, _, spoken = line.partition(" | ")
            yield kind, written, spoken


def written_row(folder: Path, name: str, voice: str, spoken: Spoken, marked: str, text: str, tag: str) -> ManifestRow:
    """Write the audio of a sentence; its row, with the terms that are marked in its written form."""
    audio = folder / "audio" / f"{name}.flac"
    write_audio(audio, spoken.pcm, RATE_HZ)
    source, licence = SOURCES[voice]
    return ManifestRow(
        id=name,
        audio=f"audio/{name}.flac",
        sha256=file_sha256(audio),
        reference=without_marks(marked),
        spoken=text,
        terms=marked_terms(marked),
        speaker=voice,
        tags=(tag, "synthetic"),
        licence=licence,
        source=source,
        sample_rate_hz=RATE_HZ,
        samples=spoken.pcm.size,
    )


def main() -> None:
    """Speak everything, write the manifest and the word times."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    rows, times, seconds = [], [], 0.0
    for number, (kind, marked, text) in enumerate(sentences()):
        voice = VOICES[number % len(VOICES)]
        name = f"{kind}-{number % 8 + 1:02}-{voice}"
        spoken = speak(text, voice)
        rows.append(written_row(FOLDER, name, voice, spoken, marked, " ".join(words_of(text)), kind))
        times.append(WordsRow(name, "synthesiser", tuple(WordRow(*word) for word in spoken.words)))
        seconds += spoken.pcm.size / RATE_HZ
        print(f"{name}: {spoken.pcm.size / RATE_HZ:.1f} s, {len(spoken.words)} words")
    header = HeaderRow(
        name="clinic",
        description="Dictation sentences of eight kinds in five synthetic voices, with marked terms and word times.",
        licence="Sentences: Apache-2.0, invented for this corpus. Audio: see each row.",
        note="Made by datasets/build_clinic.py. No patient is meant. The voices are synthetic, and so are error rates.",
    )
    write_manifest(FOLDER, rows, header)
    write_words(FOLDER, times)
    print(f"{len(rows)} utterances, {seconds:.0f} s")


if __name__ == "__main__":
    main()
