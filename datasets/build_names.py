"""Make the corpus ``names`` from ``names_sentences.txt``: ``python datasets/build_names.py``.

Names of people and drugs that an American dictionary lacks. A voice is given a spelling that it says about right, word
for word, because it knows none of these names; reference and word times have the names themselves.
"""

from __future__ import annotations

from pathlib import Path

from build_clinic import written_row
from synthesis import RATE_HZ, speak, words_of

from workbench.corpus import HeaderRow, WordRow, WordsRow, write_manifest, write_words
from workbench.errors import CorpusError

HERE = Path(__file__).parent
FOLDER = HERE / "names"
VOICES = ("slt", "rms", "awb", "kal16")


def sentences() -> list[tuple[str, str, str]]:
    """Marked written form, spoken form and what the voice is given, of every sentence."""
    found = []
    for line in (HERE / "names_sentences.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            written, spoken, said = line.split(" | ")
            if len(spoken.split()) != len(words_of(said)):
                raise CorpusError("not as many words in both", item=spoken, got=said)
            found.append((written, spoken, said))
    return found


def main() -> None:
    """Speak everything, write the manifest and the word times."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    rows, times, seconds = [], [], 0.0
    for number, (marked, text, said) in enumerate(sentences()):
        voice = VOICES[number % len(VOICES)]
        name = f"name-{number + 1:02}-{voice}"
        spoken = speak(said, voice)
        rows.append(written_row(FOLDER, name, voice, spoken, marked, text, "names"))
        placed = zip(text.split(), spoken.words, strict=True)
        times.append(WordsRow(name, "synthesiser", tuple(WordRow(word, *place[1:]) for word, place in placed)))
        seconds += spoken.pcm.size / RATE_HZ
        print(f"{name}: {spoken.pcm.size / RATE_HZ:.1f} s, {len(spoken.words)} words")
    header = HeaderRow(
        name="names",
        description="Ten sentences with names of people and drugs from other languages, in four synthetic voices.",
        licence="Sentences: Apache-2.0, invented for this corpus. Audio: see each row.",
        note="Made by datasets/build_names.py. The voices say the names about right; nobody is meant.",
    )
    write_manifest(FOLDER, rows, header)
    write_words(FOLDER, times)
    print(f"{len(rows)} utterances, {seconds:.0f} s")


if __name__ == "__main__":
    main()
