"""Make the corpus ``librivox`` from Debian's ``pocketsphinx-testdata``: ``python datasets/build_librivox.py``.

Real speech of one reader. The transcriptions are lower-case words without punctuation; so are the references.
"""

from __future__ import annotations

import re
from pathlib import Path

from workbench.audio.align import Aligner
from workbench.audio.files import file_sha256, read_audio, write_audio
from workbench.corpus import HeaderRow, ManifestRow, WordRow, WordsRow, write_manifest, write_words

SOURCE = Path("/usr/share/pocketsphinx/test/data/librivox")
FOLDER = Path(__file__).parent / "librivox"
# The reader says "a more amiable woman"; the transcription repeats the article.
MENDED = {"sense_and_sensibility_01_austen_64kb-0920": ("a more a amiable", "a more amiable")}
LINE = re.compile(r"<s> (.*?) </s> \((\S+)\)")


def main() -> None:
    """Convert, mend, align, write."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    rows, times = [], []
    aligner = Aligner()
    for text, name in LINE.findall((SOURCE / "transcription").read_text()):
        audio = read_audio(SOURCE / f"{name}.wav")
        note = None
        if name in MENDED:
            wrong, right = MENDED[name]
            note = f"the source's transcription says '{wrong}', the reader says '{right}': mended"
            text = text.replace(wrong, right)
        short = f"librivox-{name.rsplit('-', 1)[1]}"
        path = FOLDER / "audio" / f"{short}.flac"
        write_audio(path, audio.pcm, audio.sample_rate_hz)
        rows.append(
            ManifestRow(
                id=short,
                audio=f"audio/{path.name}",
                sha256=file_sha256(path),
                reference=text,
                speaker="librivox-austen",
                tags=("read", "real"),
                licence="public domain (LibriVox)",
                source=f"LibriVox, Sense and Sensibility, chapter 1; {name}.wav of Debian's pocketsphinx-testdata",
                sample_rate_hz=audio.sample_rate_hz,
                samples=audio.pcm.size,
                note=note,
            )
        )
        alignment = aligner.align(audio.pcm, audio.sample_rate_hz, text)
        words = tuple(WordRow(w.text, w.start_sample, w.end_sample) for w in alignment.words)
        times.append(WordsRow(short, alignment.origin, words))
    header = HeaderRow(
        name="librivox",
        description="Five sentences of Sense and Sensibility, read by a LibriVox volunteer.",
        licence="Recordings: public domain (LibriVox). Package pocketsphinx-testdata: BSD-2-Clause.",
        note="Made by datasets/build_librivox.py. References are verbatim but for one repetition, noted at its row.",
    )
    write_manifest(FOLDER, rows, header)
    write_words(FOLDER, times)
    print(f"{len(rows)} utterances")


if __name__ == "__main__":
    main()
