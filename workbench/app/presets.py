"""Audio configurations that people try first, by the name that stands above a lane."""

from __future__ import annotations

from workbench.app.live.asking import Lane, Value

__all__ = ["CLEAN", "DEMO", "PRESETS", "TELEPHONE", "preset"]

CLEAN = "As recorded, 16 kHz"
TELEPHONE = "Telephone, 8 kHz"

PRESETS: dict[str, dict[str, Value]] = {
    CLEAN: {},
    TELEPHONE: {"sample_rate_hz": 8_000, "band": "telephone", "codec": "ulaw"},
    "Narrow band, 8 kHz": {"sample_rate_hz": 8_000},
    "Other voices, 20 dB": {"noise": "babble", "snr_db": 20.0},
    "White noise, 25 dB": {"noise": "white", "snr_db": 25.0},
    "Large room, 0.5 s": {"rt60_s": 0.5},
    "Quiet microphone, −20 dB": {"gain_db": -20.0},
    "Overdriven by 12 dB": {"clip_db": 12.0},
    "5 % of packets lost": {"loss_percent": 5.0},
    "Opus, 12 kbit/s": {"codec": "opus", "codec_kbps": 12.0},
}
"""Ladders on which the embedded recogniser shows a difference, from the best to the worst of each kind."""

DEMO = ("clinic", "vitals-02-rms")
"""Corpus and utterance of the demo: short, with values, well understood as recorded."""


def preset(name: str) -> Lane:
    """The lane of a preset."""
    return Lane(name, PRESETS[name])
