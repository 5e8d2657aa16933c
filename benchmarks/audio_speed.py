"""How fast audio is prepared: ``python benchmarks/audio_speed.py [--json]``.

Each row prepares utterances of the corpus ``clinic`` under one configuration on one thread and shows seconds of audio
per second of CPU time; levels and other facts of the result are measured in every row, because they always are. The
step's own cost is the difference to the row ``facts only``. Exit 1 where a floor is missed: 200 for the chain without
a lossy codec, 15 with any.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time

# One core means one core, also for linear algebra.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from workbench.audio.config import AudioConfig
from workbench.audio.degrade import prepare
from workbench.audio.levels import to_float, to_int16
from workbench.audio.resample import resample
from workbench.corpus import builtin_corpora, load_corpus, read_utterance

CHAIN = {"gain_db": -6.0, "noise": "white", "snr_db": 20.0, "band": "telephone", "clip_db": 6.0, "loss_percent": 3.0}
ROWS = {
    "facts only": {},
    "resample 16 to 8 kHz": {"sample_rate_hz": 8_000},
    "resample 16 to 48 kHz": {"sample_rate_hz": 48_000},
    "speed 1.1": {"speed": 1.1},
    "gain": {"gain_db": -6.0},
    "noise, white": {"noise": "white", "snr_db": 20.0},
    "noise, pink": {"noise": "pink", "snr_db": 20.0},
    "noise, babble": {"noise": "babble", "snr_db": 20.0},
    "room, RT60 0.5 s": {"rt60_s": 0.5},
    "clipping": {"clip_db": 6.0},
    "band limit": {"band": "telephone"},
    "packet loss": {"loss_percent": 3.0, "loss_concealment": "repeat"},
    "codec mu-law": {"codec": "ulaw"},
    "codec GSM at 8 kHz": {"codec": "gsm", "codec_rate_hz": 8_000},
    "codec MP3 32 kbit/s": {"codec": "mp3"},
    "codec Opus 32 kbit/s": {"codec": "opus"},
    "codec Vorbis 32 kbit/s": {"codec": "vorbis"},
    "chain, from 44.1 kHz": CHAIN,
    "chain, from 16 to 8 kHz": {**CHAIN, "sample_rate_hz": 8_000},
    "chain and MP3": {**CHAIN, "codec": "mp3"},
    "chain and Opus": {**CHAIN, "codec": "opus"},
    "chain and Vorbis": {**CHAIN, "codec": "vorbis"},
}
FLOORS = {"chain, from 44.1 kHz": 200, "chain, from 16 to 8 kHz": 200, "chain and MP3": 15, "chain and Opus": 15}
FLOORS["chain and Vorbis"] = 15


def material(count=12, rate_hz=None):
    items = []
    for utterance in load_corpus(builtin_corpora()["clinic"]).utterances[:count]:
        audio = read_utterance(utterance)
        pcm, rate = audio.pcm, audio.sample_rate_hz
        if rate_hz:
            pcm, rate = to_int16(resample(to_float(pcm), rate, rate_hz)), rate_hz
        items.append((utterance, pcm, rate))
    return items


def cpu_seconds(items, config):
    begin = time.process_time()
    for utterance, pcm, rate in items:
        prepare(pcm, rate, utterance.reference, config, seed=1, key=utterance.id, speaker=utterance.speaker)
    return time.process_time() - begin


def measure(repeats):
    results = {}
    sets = {16_000: material(), 44_100: material(rate_hz=44_100)}
    for name, settings in ROWS.items():
        items = sets[44_100 if "44.1" in name else 16_000]
        config = AudioConfig(**settings)
        cpu_seconds(items[:1], config)  # filters, noises and libraries are loaded once
        seconds = sum(pcm.size / rate for _, pcm, rate in items)
        cpu = statistics.median(cpu_seconds(items, config) for _ in range(repeats))
        results[name] = {"x_real_time": round(seconds / cpu), "ms_per_s": round(1000 * cpu / seconds, 3)}
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    results = measure(options.repeats)
    missed = {name: floor for name, floor in FLOORS.items() if results[name]["x_real_time"] < floor}
    if options.json:
        print(json.dumps({"steps": results, "floors": FLOORS, "missed": missed}))
    else:
        base = results["facts only"]["ms_per_s"]
        print(f"{'configuration':<26} {'x real time':>12} {'ms per s':>9} {'step alone':>11} {'floor':>6}")
        for name, row in results.items():
            alone = f"{row['ms_per_s'] - base:.3f}"
            print(f"{name:<26} {row['x_real_time']:>12} {row['ms_per_s']:>9.3f} {alone:>11} {FLOORS.get(name, ''):>6}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
