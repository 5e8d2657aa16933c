"""Audio configurations that people try first, by the name that stands above a lane."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.app.live.request import Lane, Value

__all__ = ["CLEAN", "DEMO", "DEMO_CLIPS", "PRESETS", "SWEEPS", "TELEPHONE", "next_clip", "preset"]

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

SWEEPS: dict[str, dict[str, str]] = {
    "Noise, from clean to 10 dB": {"snr_db": "inf,30,20,10"},
    "Voices in the room, from clean to 10 dB": {"noise": "babble", "snr_db": "inf,30,20,10"},
    "Telephone: sample rate and codec": {"sample_rate_hz": "16000,8000", "codec": "none,ulaw"},
    "Chunk length": {"chunk_ms": "50,100,200"},
    "Distance: echo of the room": {"rt60_s": "0,0.3,0.8"},
    "Quiet speech": {"gain_db": "0,-20,-40"},
    "Overdriven microphone": {"clip_db": "0,6,12"},
    "Lost packets": {"loss_percent": "0,2,5"},
}
"""Sweeps that people ask for, by what they find out: settings to their values, with commas."""

DEMO_CLIPS = tuple(
    ("clinic", utterance)
    for utterance in (
        "medication-08-slt", "vitals-01-slt", "orders-05-awb",
        "assessment-03-slt-hts", "history-07-awb", "plan-04-kal16",
    )
)  # fmt: skip
"""Corpus and utterance of the clips of the demo, in their order. Whisper base hears all of them with at most one wrong
word as recorded, and with three to six over a telephone."""

DEMO = DEMO_CLIPS[0]


def next_clip(corpus: str, utterance: str, ids: Sequence[str]) -> str:
    """The utterance that comes after another one: of the demo's clips, else of its corpus; the first after the last.

    >>> next_clip("clinic", "medication-08-slt", ["a"]), next_clip("mine", "b", ["a", "b"])
    ('vitals-01-slt', 'a')
    """
    known = [name for where, name in DEMO_CLIPS if where == corpus]
    order = known if utterance in known else list(ids)
    return order[(order.index(utterance) + 1) % len(order)] if utterance in order else order[0]


def preset(name: str) -> Lane:
    """The lane of a preset."""
    return Lane(name, PRESETS[name])
