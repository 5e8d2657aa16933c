"""Sounds without speech, and speech put together, all at 16 kHz."""

import json

import numpy as np
import scipy.signal

from tests.simulator.partner import ROOT, speech

RATE_HZ = 16_000


def pcm_of(x):
    return np.clip(np.rint(x * 32767), -32768, 32767).astype("<i2").tobytes()


def silence(seconds):
    return b"\0\0" * int(RATE_HZ * seconds)


def _rng():
    return np.random.default_rng(20)


def _noise(seconds, dbfs, colour="white"):
    x = _rng().standard_normal(int(RATE_HZ * seconds))
    if colour == "pink":
        spectrum = np.fft.rfft(x) / np.sqrt(np.maximum(np.arange(len(x) // 2 + 1), 1))
        x = np.fft.irfft(spectrum, len(x))
    return x / x.std() * 10 ** (dbfs / 20)


def _tone(seconds, hz, dbfs=-20, every_s=None):
    t = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    x = np.sin(2 * np.pi * hz * t) * 10 ** (dbfs / 20)
    return x if every_s is None else x * ((t % every_s) < every_s / 2)


def _clicks(seconds, per_s):
    x = np.zeros(int(RATE_HZ * seconds))
    for at in _rng().uniform(0, seconds - 0.1, int(seconds * per_s)):
        n = 80
        x[int(at * RATE_HZ) : int(at * RATE_HZ) + n] += _rng().standard_normal(n) * np.exp(-np.arange(n) / 15)
    return x * 0.3


def _breaths(seconds):
    t = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    band = scipy.signal.butter(2, [300, 3000], "bandpass", fs=RATE_HZ, output="sos")
    return scipy.signal.sosfilt(band, _noise(seconds, -30)) * np.maximum(0, np.sin(2 * np.pi * t / 3.5)) ** 2


def _coughs(seconds):
    x = np.zeros(int(RATE_HZ * seconds))
    for at in np.arange(0.5, seconds - 0.5, 1.7):
        n = int(0.35 * RATE_HZ)
        burst = _rng().standard_normal(n) * np.exp(-np.arange(n) / (0.06 * RATE_HZ))
        x[int(at * RATE_HZ) : int(at * RATE_HZ) + n] += burst * 0.25
    return scipy.signal.sosfilt(scipy.signal.butter(2, [400, 4000], "bandpass", fs=RATE_HZ, output="sos"), x)


def _sweep(seconds):
    t = np.arange(int(RATE_HZ * seconds)) / RATE_HZ
    return scipy.signal.chirp(t, 100, seconds, 6000) * 0.1


WITHOUT_SPEECH = {
    "silence": lambda s: np.zeros(int(RATE_HZ * s)),
    "one offset": lambda s: np.full(int(RATE_HZ * s), 0.1),
    **{f"white {d} dBFS": (lambda s, d=d: _noise(s, d)) for d in (-60, -40, -30, -20, -10)},
    **{f"pink {d} dBFS": (lambda s, d=d: _noise(s, d, "pink")) for d in (-50, -35, -20, -10)},
    **{f"tone {hz} Hz": (lambda s, hz=hz: _tone(s, hz)) for hz in (100, 440, 1000, 3000)},
    "beeps": lambda s: _tone(s, 950, -20, 1.0),
    "ring": lambda s: (_tone(s, 440, -22) + _tone(s, 480, -22)) * (np.arange(int(RATE_HZ * s)) % 96_000 < 32_000),
    "hum": lambda s: sum(_tone(s, 50 * k, -25 - 3 * k) for k in range(1, 9)),
    **{f"{n} clicks a second": (lambda s, n=n: _clicks(s, n)) for n in (1, 5, 20)},
    "breaths": _breaths,
    "coughs": _coughs,
    "sweep": _sweep,
    "noise in bursts": lambda s: _noise(s, -20) * (np.arange(int(RATE_HZ * s)) % 24_000 < 8_000),
}
"""Recordings in which nobody speaks."""


def spoken_word(corpus, name, place):
    """Samples of one word of a committed utterance."""
    lines = (ROOT / "datasets" / corpus / "words.jsonl").read_text().splitlines()
    row = next(row for row in map(json.loads, lines) if row["id"] == name)
    word, start, end = row["words"][place][:3]
    return word, np.frombuffer(speech(corpus, name), "<i2")[start:end]


def music(seconds):
    """Chords of organ-like tones, a melody with vibrato over them, and a drum: four bars a progression, 100 beats a
    minute.
    """
    n = int(RATE_HZ * seconds)
    t, x, beat = np.arange(n) / RATE_HZ, np.zeros(n), 0.6
    rng = _rng()
    chords = [(220, 277.2, 329.6), (185, 233.1, 277.2), (146.8, 185, 220), (164.8, 207.7, 246.9)]
    scale = [440, 493.9, 554.4, 659.3, 740, 880]
    for i in range(int(seconds / beat)):
        start, end = int(i * beat * RATE_HZ), min(int((i + 1) * beat * RATE_HZ), n)
        here = t[start:end] - t[start]
        fade = np.minimum(1, here / 0.02) * np.exp(-here)
        for hz in chords[i // 4 % 4]:
            x[start:end] += sum(np.sin(2 * np.pi * hz * k * here) / k**1.5 for k in range(1, 7)) * fade * 0.05
        hz = rng.choice(scale) * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * here))
        phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
        x[start:end] += sum(np.sin(k * phase) / k for k in range(1, 9)) * fade * 0.08
        hit = rng.standard_normal(end - start) * np.exp(-here / 0.04)
        x[start:end] += hit * (0.12 if i % 2 else 0.03) + np.sin(2 * np.pi * 60 * here) * np.exp(-here / 0.08) * 0.2
    return x * 0.5


def throats(seconds):
    """A throat is cleared every two seconds: rough pulses of 70 to 110 a second and breath, through the resonances of a
    mouth.
    """
    n = int(RATE_HZ * seconds)
    x, rng = np.zeros(n), _rng()
    for at in np.arange(0.4, seconds - 1, 2.0):
        size = int(rng.uniform(0.4, 0.8) * RATE_HZ)
        here = np.arange(size) / RATE_HZ
        rate = rng.uniform(70, 110) * (1 + 0.15 * rng.standard_normal(size).cumsum() / np.sqrt(size))
        pulses = np.diff(np.floor(np.cumsum(np.abs(rate)) / RATE_HZ), prepend=0) > 0
        source = pulses * rng.uniform(0.5, 1.5, size) + 0.04 * rng.standard_normal(size)
        voice = sum(
            scipy.signal.sosfilt(
                scipy.signal.butter(1, [hz * 0.85, hz * 1.15], "bandpass", fs=RATE_HZ, output="sos"), source
            )
            for hz in (520, 1190, 2390)
        )
        x[int(at * RATE_HZ) : int(at * RATE_HZ) + size] += voice * np.sin(np.pi * here / here[-1])
    return x / np.abs(x).max() * 0.4


def babble(seconds, voices=12, dbfs=-20):
    """So many people talk at the same time and do not begin at the same time: committed sentences, each voice beginning
    with another one.
    """
    before = 3 * RATE_HZ
    n = int(RATE_HZ * seconds) + before
    names = sorted(path.stem for path in (ROOT / "datasets/clinic/audio").glob("*.flac"))
    x = np.zeros(n)
    for voice in range(voices):
        said, place = [], voice * 5
        while sum(map(len, said)) < n:
            said.append(np.frombuffer(speech("clinic", names[place % len(names)]), "<i2") / 32768)
            place += 1
        x += np.concatenate(said)[:n]
    return x[before:] / x.std() * 10 ** (dbfs / 20)


HARD = {"music": music, "throats cleared": throats, "twelve voices": babble}
"""Sounds that Whisper hears words in."""
