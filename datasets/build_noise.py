"""Make the noises that cannot be computed on the spot: ``python datasets/build_noise.py`` (after ``build_clinic.py``).

* ``babble-<voice>``: the utterances of one voice of ``clinic``, end to end; several of them mixed are babble.
* ``hum``: mains, 60 Hz and its harmonics, slowly wavering.
* ``clicks``: a keyboard: bursts of key presses, each a knock and a release.

All are meant to be looped.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from build_clinic import VOICES

from workbench.audio.files import write_audio
from workbench.audio.levels import to_float, to_int16
from workbench.corpus import load_corpus, read_utterance

HERE = Path(__file__).parent
FOLDER = HERE / "noise"
BABBLE_S = 12
SYNTHETIC_S = 10
SYNTHETIC_RATE_HZ = 48_000
SEED = 20_250_101
RMS = 0.07


def hum() -> np.ndarray:
    """60 Hz and eleven harmonics, odd ones stronger; every component has whole periods: the loop is seamless."""
    time = np.arange(SYNTHETIC_S * SYNTHETIC_RATE_HZ) / SYNTHETIC_RATE_HZ
    rng = np.random.default_rng(SEED)
    x = np.zeros(time.size)
    for harmonic in range(1, 13):
        strength = (1.0 if harmonic % 2 else 0.4) / harmonic
        waver = 1 + 0.1 * np.sin(2 * np.pi * rng.integers(1, 6) / SYNTHETIC_S * time)
        x += strength * waver * np.sin(2 * np.pi * 60 * harmonic * time + rng.uniform(0, 2 * np.pi))
    return x


def clicks() -> np.ndarray:
    """About seven key presses a second; a press is decaying noise through two resonances, the release is softer."""
    rng = np.random.default_rng(SEED + 1)
    x = np.zeros(SYNTHETIC_S * SYNTHETIC_RATE_HZ)
    now = 0.05
    while now < SYNTHETIC_S - 0.2:
        for after, strength in ((0.0, rng.uniform(0.6, 1.0)), (rng.uniform(0.06, 0.11), rng.uniform(0.2, 0.4))):
            time = np.arange(round(0.03 * SYNTHETIC_RATE_HZ)) / SYNTHETIC_RATE_HZ
            body = np.sin(2 * np.pi * rng.uniform(900, 1_400) * time) + 0.7 * rng.standard_normal(time.size)
            knock = strength * body * np.exp(-time / 0.004)
            start = round((now + after) * SYNTHETIC_RATE_HZ)
            x[start : start + knock.size] += knock
        now += rng.choice([rng.uniform(0.09, 0.18), rng.uniform(0.2, 0.4)], p=[0.8, 0.2])
    return x


def babble(voice: str) -> tuple[np.ndarray, int]:
    """Utterances of one voice, end to end, for a fixed time."""
    corpus = load_corpus(HERE / "clinic")
    audio = [read_utterance(u) for u in corpus.utterances if u.speaker == voice]
    rate = audio[0].sample_rate_hz
    return np.concatenate([to_float(a.pcm) for a in audio])[: BABBLE_S * rate], rate


def main() -> None:
    """Write every noise at one level, and say what it is."""
    FOLDER.mkdir(exist_ok=True)
    noises = {"hum": (hum(), SYNTHETIC_RATE_HZ), "clicks": (clicks(), SYNTHETIC_RATE_HZ)}
    noises |= {f"babble-{voice}": babble(voice) for voice in VOICES}
    entries = []
    for name, (x, rate) in noises.items():
        pcm = to_int16(x * RMS / np.sqrt(np.mean(x**2)))
        write_audio(FOLDER / f"{name}.flac", pcm, rate)
        spoken = name.startswith("babble")
        entries.append(
            {
                "name": name,
                "sha256": hashlib.sha256((FOLDER / f"{name}.flac").read_bytes()).hexdigest(),
                "sample_rate_hz": rate,
                "samples": pcm.size,
                "speaker": name.removeprefix("babble-") if spoken else None,
                "licence": "as the utterances of clinic" if spoken else "Apache-2.0",
                "source": "utterances of the corpus clinic, end to end" if spoken else "computed by build_noise.py",
            }
        )
        print(f"{name}: {pcm.size / rate:.1f} s")
    (FOLDER / "noises.json").write_text(json.dumps(entries, indent=2) + "\n")


if __name__ == "__main__":
    main()
