"""Make the corpus ``silence``, in which nobody says anything: ``python datasets/build_silence.py``.

Five kinds, four recordings each, computed and never recorded: digital silence with or without dither, room tone, a
keyboard, mains hum, breathing. Whatever a recogniser writes here it has invented. Running it again gives the same
samples; FLAC bytes may differ with libsndfile's version.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from build_noise import clicks, hum
from numpy.typing import NDArray

from workbench.audio.files import file_sha256, write_audio
from workbench.audio.levels import to_int16
from workbench.audio.resample import resample
from workbench.corpus import HeaderRow, ManifestRow, write_manifest

HERE = Path(__file__).parent
FOLDER = HERE / "silence"
RATE_HZ = 16_000
SEED = 20_250_401
_LENGTHS_S = (4, 6, 8, 10)
KINDS = ("digital", "room", "keyboard", "hum", "breathing")

_Samples = NDArray[np.float64]


def recordings() -> Iterator[tuple[str, str, NDArray[np.int16]]]:
    """Name, kind and samples of every recording."""
    makers = {"digital": _digital, "room": _room, "keyboard": _keyboard, "hum": _hum, "breathing": _breathing}
    for kind in KINDS:
        for number, seconds in enumerate(_LENGTHS_S):
            rng = np.random.default_rng((SEED, KINDS.index(kind), number))
            yield f"{kind}-{number + 1:02}", kind, to_int16(makers[kind](seconds * RATE_HZ, number, rng))


def _level(x: _Samples, dbfs: float) -> _Samples:
    """At a level of its root mean square."""
    return np.asarray(x * 10 ** (dbfs / 20) / np.sqrt(np.mean(x**2)))


def _digital(samples: int, number: int, rng: np.random.Generator) -> _Samples:
    """Nothing at all, once; else triangular dither of one, two and three steps."""
    return number * (rng.random(samples) + rng.random(samples) - 1) / 32_768


def _coloured(samples: int, rng: np.random.Generator, low_hz: float, high_hz: float, slope: float) -> _Samples:
    """Noise between two frequencies whose amplitude falls with frequency to the power of ``slope``."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    band = (frequency >= low_hz) & (frequency <= high_hz)
    spectrum[band] *= frequency[band] ** -slope
    spectrum[~band] = 0
    return np.asarray(np.fft.irfft(spectrum, samples))


def _room(samples: int, number: int, rng: np.random.Generator) -> _Samples:
    """An empty room with a ventilation that swells slowly, from -66 to -48 dBFS."""
    time = np.arange(samples) / RATE_HZ
    swell = 1 + 0.2 * np.sin(2 * np.pi * 0.2 * time + rng.uniform(0, 2 * np.pi))
    return _level(_coloured(samples, rng, 30, 6_000, 0.8) * swell, -66 + 6 * number)


def _keyboard(samples: int, number: int, rng: np.random.Generator) -> _Samples:
    """Typing in a room, from another place in the same typing each time."""
    typing = resample(clicks(), 48_000, RATE_HZ)
    return _level(np.roll(typing, int(rng.integers(typing.size)))[:samples], -40) + _room(samples, 0, rng)


def _hum(samples: int, number: int, rng: np.random.Generator) -> _Samples:
    """Mains at two levels, alone and over a room."""
    mains = resample(hum(), 48_000, RATE_HZ)
    loud = _level(np.roll(mains, int(rng.integers(mains.size)))[:samples], (-50, -35)[number % 2])
    return loud + (_room(samples, 0, rng) if number > 1 else 0)


def _breathing(samples: int, number: int, rng: np.random.Generator) -> _Samples:
    """In through the nose, out through the mouth, 12 to 21 times a minute, close to the microphone."""
    breath = np.zeros(samples)
    period = round(60 / (12 + 3 * number) * RATE_HZ)
    for start in range(0, samples, period):
        for after, share, low_hz, high_hz, strength in ((0.0, 0.3, 500, 4_000, 0.6), (0.4, 0.4, 200, 2_500, 1.0)):
            length = round(share * period * rng.uniform(0.9, 1.1))
            at = start + round(after * period)
            puff = _coloured(length, rng, low_hz, high_hz, 0.5)
            puff *= strength / np.sqrt(np.mean(puff**2)) * np.sin(np.pi * np.arange(length) / length) ** 2
            stop = min(samples, at + length)
            breath[at:stop] += puff[: max(0, stop - at)]
    return _level(breath, -46) + _room(samples, 0, rng)


def main() -> None:
    """Write every recording and the manifest."""
    (FOLDER / "audio").mkdir(parents=True, exist_ok=True)
    rows = []
    for name, kind, pcm in recordings():
        audio = FOLDER / "audio" / f"{name}.flac"
        write_audio(audio, pcm, RATE_HZ)
        rows.append(
            ManifestRow(
                id=name,
                audio=f"audio/{name}.flac",
                sha256=file_sha256(audio),
                reference="",
                speaker="nobody",
                tags=(kind, "synthetic"),
                licence="Apache-2.0",
                source="computed by build_silence.py",
                sample_rate_hz=RATE_HZ,
                samples=pcm.size,
                silence=True,
            )
        )
        print(f"{name}: {pcm.size / RATE_HZ:.1f} s")
    header = HeaderRow(
        name="silence",
        description="Nobody speaks: digital silence, room tone, keyboard, hum, breathing; what is heard is invented.",
        licence="Apache-2.0",
        note="Made by datasets/build_silence.py. Computed, not recorded.",
    )
    write_manifest(FOLDER, rows, header)
    print(f"{len(rows)} recordings, {sum(row.samples or 0 for row in rows) / RATE_HZ:.0f} s")


if __name__ == "__main__":
    main()
