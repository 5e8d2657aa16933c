"""Golden hashes of rendered audio; run as a script to write them anew after a change that is meant.

``python tests/audio/golden.py`` rewrites ``golden.json``. A change there is a change of what services hear: say in
the changelog that results before and after cannot be compared byte by byte.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import soundfile

from workbench.audio.config import AudioConfig
from workbench.audio.degrade import prepare
from workbench.corpus import builtin_corpora, load_corpus, read_utterance

PATH = Path(__file__).with_name("golden.json")
UTTERANCE = "vitals-01-slt"
SEED = 20_250_101
CONFIGURATIONS = (
    {},
    {"sample_rate_hz": 8_000},
    {"sample_rate_hz": 24_000},
    {"sample_rate_hz": 48_000},
    {"speed": 1.1},
    {"speed": 0.8, "sample_rate_hz": 8_000},
    {"lead_ms": 500, "trail_ms": 250},
    {"gain_db": -20.0},
    {"gain_db": 20.0},
    {"dc_offset": 0.05},
    {"clip_db": 12.0},
    {"noise": "white", "snr_db": 20.0},
    {"noise": "pink", "snr_db": 10.0},
    {"noise": "babble", "snr_db": 15.0},
    {"noise": "hum", "snr_db": 10.0},
    {"noise": "clicks", "snr_db": 15.0},
    {"rt60_s": 0.3},
    {"rt60_s": 1.0, "trail_ms": 1_000},
    {"band": "telephone"},
    {"band": "telephone", "sample_rate_hz": 8_000, "codec": "ulaw"},
    {"stereo_fault": "left_only"},
    {"stereo_fault": "inverted"},
    {"stereo_fault": "delayed"},
    {"stereo_fault": "interleaved"},
    {"loss_percent": 5.0},
    {"loss_percent": 20.0, "loss_ms": 40, "loss_concealment": "repeat"},
    {"codec": "pcm", "codec_rate_hz": 8_000},
    {"codec": "alaw"},
    {"codec": "gsm", "codec_rate_hz": 8_000},
    {"codec": "mp3", "codec_kbps": 24.0},
    {"codec": "opus", "codec_kbps": 24.0},
    {"codec": "vorbis", "codec_kbps": 40.0},
    {"rt60_s": 0.3, "noise": "pink", "snr_db": 15.0, "gain_db": -6.0, "clip_db": 3.0, "band": "telephone"},
    {"noise": "babble", "snr_db": 10.0, "codec": "opus", "loss_percent": 3.0, "loss_concealment": "repeat"},
)


def libraries(config):
    """Versions of the libraries that decide the bytes of a configuration."""
    found = {}
    if config.codec not in (None, "pcm"):
        found["libsndfile"] = soundfile.__libsndfile_version__
    rates = {16_000, config.sample_rate_hz, config.codec_rate_hz or config.sample_rate_hz}
    if len(rates) > 1 or config.speed != 1.0 or config.noise in {"hum", "clicks"}:
        found["soxr"] = version("soxr")
    return found


# These code in floating point with whatever instructions the processor has: another processor, other last bits.
FLOAT_CODECS = {"mp3", "opus", "vorbis"}
BLOCK = 4_000


def levels(settings):
    """RMS of every quarter of a second of what a configuration gives, in steps of 16 bit."""
    pcm = rendered(settings).astype(np.float64)
    return [round(float(np.sqrt(np.mean(block**2)))) for block in np.array_split(pcm, len(pcm) // BLOCK)]


def exact(settings):
    """What of a configuration gives the same bytes on every processor: all but such a codec."""
    coded = settings.get("codec") in FLOAT_CODECS
    return {k: v for k, v in settings.items() if not (coded and k.startswith("codec"))}


def rendered_sha256(settings):
    """sha256 of the PCM that a configuration gives."""
    return hashlib.sha256(rendered(settings).astype("<i2").tobytes()).hexdigest()


def rendered(settings):
    """The PCM that a configuration gives."""
    utterance = load_corpus(builtin_corpora()["clinic"]).utterance(UTTERANCE)
    audio = read_utterance(utterance)
    config = AudioConfig(**settings)
    prepared = prepare(
        audio.pcm, audio.sample_rate_hz, utterance.reference, config, seed=SEED, key=utterance.id, speaker="slt"
    )
    return prepared.pcm


def row(settings):
    """What is written down of a configuration."""
    written = {"settings": settings, "sha256": rendered_sha256(exact(settings))}
    if exact(settings) != settings:
        written["levels"] = levels(settings)
    return written | {"libraries": libraries(AudioConfig(**settings))}


def main():
    PATH.write_text(json.dumps([row(settings) for settings in CONFIGURATIONS], indent=1) + "\n")


if __name__ == "__main__":
    main()
