"""Speak a text with a Debian voice and say where each word lies. Used by the build scripts only.

Needs ``apt-get install flite festival festvox-us-slt-hts festvox-kallpc16k festvox-kdlpc16k``. Every voice is
deterministic: the same text gives the same bytes.

Word times: festival tells them. flite tells the end of every phone of the utterance and, asked apart, the phones of
every word; the two sequences are matched by minimum edit distance (they differ where a sound is reduced in context).
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio.files import read_audio
from workbench.audio.levels import to_float, to_int16
from workbench.errors import AudioError

__all__ = ["RATE_HZ", "VOICES", "Spoken", "phones_of", "speak", "words_of"]

RATE_HZ = 16_000
_FLITE = {"slt": "slt", "rms": "rms", "awb": "awb", "kal16": "kal16"}
_FESTIVAL = {"slt-hts": "cmu_us_slt_arctic_hts", "kal-diphone": "kal_diphone", "ked-diphone": "ked_diphone"}
VOICES = (*_FLITE, *_FESTIVAL)
# Every voice at the level of a speaker at a proper distance: peaks stay below full scale.
_RMS_DBFS = -23.0


@dataclass(frozen=True)
class Spoken:
    """Speech and its words.

    Attributes:
        pcm: int16, mono, at ``RATE_HZ``.
        words: text, first sample, one past the last sample.
    """

    pcm: NDArray[np.int16] = field(repr=False)
    words: tuple[tuple[str, int, int], ...]


def words_of(text: str) -> list[str]:
    """Words of a spoken form: no punctuation."""
    return re.sub(r"[.,;:?!]", " ", text).split()


def speak(text: str, voice: str) -> Spoken:
    """Speak a text, at a fixed level, with the times of its words."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "speech.wav"
        times = _flite(text, voice, wav) if voice in _FLITE else _festival(text, voice, wav)
        # festival's header may promise more than it wrote (some voices); what counts is what is there.
        pcm = read_audio(wav, RATE_HZ).pcm
    x = to_float(pcm)
    rms = float(np.sqrt(np.mean(x[np.abs(x) > 0] ** 2)))
    pcm = to_int16(x * 10 ** (_RMS_DBFS / 20) / rms)
    words = tuple((w, round(a * RATE_HZ), min(pcm.size, round(b * RATE_HZ))) for w, a, b in times)
    if [w for w, _, _ in words] != words_of(text):
        raise AudioError("the synthesiser spoke other words", item=voice, got=[w for w, _, _ in words], expected=text)
    return Spoken(pcm, words)


@cache
def phones_of(word: str, voice: str = "slt") -> tuple[str, ...]:
    """Phones of a word as flite says it alone, without its pauses."""
    return tuple(p for p in _run("flite", "-voice", voice, "-ps", "-t", word, "-o", "none").split() if p != "pau")


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _flite(text: str, voice: str, wav: Path) -> list[tuple[str, float, float]]:
    printed = _run("flite", "-voice", _FLITE[voice], "-psdur", "-t", text, "-o", str(wav))
    phones, starts, ends, now = [], [], [], 0.0
    for part in printed.split():
        phone, _, end = part.rpartition(":")
        if phone != "pau":
            phones.append(phone)
            starts.append(now)
            ends.append(float(end))
        now = float(end)
    words = words_of(text)
    owners, alone = [], []
    for index, word in enumerate(words):
        said = phones_of(word, _FLITE[voice])
        alone += said
        owners += [index] * len(said)
    spans: dict[int, tuple[float, float]] = {}
    for a, u in _match(alone, phones):
        first, _ = spans.get(owners[a], (starts[u], 0.0))
        spans[owners[a]] = (first, ends[u])
    return [(word, *spans[index]) for index, word in enumerate(words)]


def _match(expected: list[str], found: list[str]) -> list[tuple[int, int]]:
    """Pairs of positions of a minimum edit distance alignment; every found phone is given to some expected one."""
    rows, columns = len(expected) + 1, len(found) + 1
    cost = np.zeros((rows, columns))
    cost[:, 0] = np.arange(rows)
    cost[0, :] = np.arange(columns)
    vowels = set("aeiou")
    for i in range(1, rows):
        for j in range(1, columns):
            a, b = expected[i - 1], found[j - 1]
            # A vowel reduces to a vowel; that is nearer than a vowel for a consonant.
            change = 0.0 if a == b else 0.6 if (a[0] in vowels) == (b[0] in vowels) else 1.4
            cost[i, j] = min(cost[i - 1, j - 1] + change, cost[i - 1, j] + 1, cost[i, j - 1] + 1)
    pairs, i, j = [], rows - 1, columns - 1
    while i and j:
        a, b = expected[i - 1], found[j - 1]
        change = 0.0 if a == b else 0.6 if (a[0] in vowels) == (b[0] in vowels) else 1.4
        if cost[i, j] == cost[i - 1, j - 1] + change:
            pairs.append((i - 1, j - 1))
            i, j = i - 1, j - 1
        elif cost[i, j] == cost[i, j - 1] + 1:
            pairs.append((i - 1, j - 1))
            j -= 1
        else:
            i -= 1
    return pairs[::-1]


def _festival(text: str, voice: str, wav: Path) -> list[tuple[str, float, float]]:
    script = wav.with_suffix(".scm")
    quoted = text.replace('"', "")
    # Arctic's and the diphone voices name their words alike; a word's times are those of its first and last phone.
    script.write_text(f"""
(voice_{_FESTIVAL[voice]})
(set! u (Utterance Text "{quoted}"))
(utt.synth u)
(utt.save.wave u "{wav}" 'riff)
(mapcar (lambda (w) (format t "word %s %f %f\\n" (item.name w) (item.feat w "word_start") (item.feat w "word_end")))
  (utt.relation.items u 'Word))
""")
    times = []
    for line in _run("festival", "-b", str(script)).splitlines():
        if line.startswith("word "):
            _, word, start, end = line.split()
            times.append((word.lower(), float(start), float(end)))
    return times
