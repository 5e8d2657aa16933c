"""AudioConfig: how the reference audio is changed before it is streamed.

The order of the steps is fixed, that of the sound's way from a mouth to a service: speed and rate, silence around,
room, noise, gain, offset, clipping, faulty stereo capture, band limit, codec, packet loss. It is written down in
``workbench.audio.degrade``.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

import msgspec

from workbench.errors import InputError

__all__ = [
    "BANDS",
    "CODECS",
    "CODEC_RATES_HZ",
    "CONCEALMENTS",
    "NOISES",
    "SAMPLE_RATES_HZ",
    "STEREO_FAULTS",
    "AudioConfig",
    "audio_config",
]

SAMPLE_RATES_HZ = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
NOISES = ("white", "pink", "babble", "hum", "clicks")
BANDS = ("telephone",)
CODECS = ("pcm", "ulaw", "alaw", "gsm", "mp3", "opus", "vorbis")
CODEC_RATES_HZ = {"opus": (8_000, 16_000, 24_000, 48_000), "gsm": (8_000,)}
STEREO_FAULTS = ("left_only", "inverted", "delayed", "interleaved")
CONCEALMENTS = ("zeros", "repeat")

RANGES: dict[str, tuple[float, float]] = {
    "chunk_ms": (10, 2_000),
    "speed": (0.5, 2.0),
    "lead_ms": (0, 60_000),
    "trail_ms": (0, 60_000),
    "rt60_s": (0.0, 3.0),
    "gain_db": (-80.0, 60.0),
    "dc_offset": (-0.5, 0.5),
    "clip_db": (0.0, 40.0),
    "loss_percent": (0.0, 100.0),
    "loss_ms": (1, 1_000),
}
CHOICES: dict[str, tuple[int | str | None, ...]] = {
    "sample_rate_hz": SAMPLE_RATES_HZ,
    "noise": (None, *NOISES),
    "stereo_fault": (None, *STEREO_FAULTS),
    "band": (None, *BANDS),
    "codec": (None, *CODECS),
    "codec_rate_hz": (None, *SAMPLE_RATES_HZ),
    "loss_concealment": CONCEALMENTS,
}
SNR_RANGE_DB = (-20.0, 100.0)
_KBPS_RANGES = {"opus": (6.0, 256.0), "mp3": (8.0, 320.0), "vorbis": (16.0, 256.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioConfig:
    """One audio configuration; every default leaves the audio as it is.

    Attributes:
        name: name in tables; if empty, the settings that differ.
        sample_rate_hz: sample rate of the stream (Hz).
        chunk_ms: nominal length of a chunk (ms); changes when audio is sent, never the audio.
        speed: playback speed; 1.1 is 10 % faster and raises the pitch.
        lead_ms: silence before the speech (ms); room and noise are applied to it, too.
        trail_ms: silence after the speech (ms).
        rt60_s: reverberation time of a synthetic room (s); 0 is none.
        noise: ``white``, ``pink``, ``babble`` (other voices), ``hum`` (mains) or ``clicks`` (keyboard).
        snr_db: power of the active speech over power of the noise, at the point where noise is added (dB); ``inf`` is
            no noise, so that a series may begin with it. Without ``noise`` it means white noise.
        gain_db: gain of the microphone (dB).
        dc_offset: constant added to the signal, as a share of full scale.
        clip_db: clips the signal this many dB below its highest peak; 0 is none.
        stereo_fault: a bad downmix of a stereo capture. ``left_only``: the other channel is silent (-6 dB);
            ``inverted``: the other channel has opposite sign and is 3 dB softer; ``delayed``: it is 2 ms late;
            ``interleaved``: stereo samples are taken for mono, the speech lasts twice as long.
        band: ``telephone`` passes 300 to 3,400 Hz.
        codec: encode and decode once. ``pcm`` only changes the rate to ``codec_rate_hz`` and back.
        codec_rate_hz: sample rate of the codec (Hz); None is ``sample_rate_hz``.
        codec_kbps: bit rate of ``mp3``, ``opus`` or ``vorbis`` (kbit/s); None is 32.
        loss_percent: share of packets lost (%), each independently.
        loss_ms: length of a packet (ms).
        loss_concealment: ``zeros`` leaves a gap, ``repeat`` fades the last good packet.

    >>> AudioConfig(noise="pink", snr_db=20).label()
    'noise=pink snr_db=20'
    """

    name: str = ""
    sample_rate_hz: int = 16_000
    chunk_ms: int = 100
    speed: float = 1.0
    lead_ms: int = 0
    trail_ms: int = 0
    rt60_s: float = 0.0
    noise: str | None = None
    snr_db: float | None = None
    gain_db: float = 0.0
    dc_offset: float = 0.0
    clip_db: float = 0.0
    stereo_fault: str | None = None
    band: str | None = None
    codec: str | None = None
    codec_rate_hz: int | None = None
    codec_kbps: float | None = None
    loss_percent: float = 0.0
    loss_ms: int = 20
    loss_concealment: str = "zeros"

    def __post_init__(self) -> None:
        """Refuse what no step could do.

        Raises:
            InputError: naming the key, the value and what is allowed.
        """
        for setting in fields(self):
            value = getattr(self, setting.name)
            if "float" in str(setting.type) and type(value) is int:
                object.__setattr__(self, setting.name, float(value))  # 20 and 20.0 are one setting, with one hash
        for key, (low, high) in RANGES.items():
            _require_range(key, getattr(self, key), low, high)
        for key, allowed in CHOICES.items():
            value = getattr(self, key)
            if value not in allowed:
                raise _refuse(key, value, "one of " + ", ".join("none" if a is None else str(a) for a in allowed))
        self._check_noise()
        self._check_codec()

    def _check_noise(self) -> None:
        if self.snr_db is None:
            if self.noise is not None:
                raise _refuse("snr_db", None, f"a ratio in dB or inf, because noise is {self.noise}")
            return
        if self.snr_db != math.inf:
            _require_range("snr_db", self.snr_db, *SNR_RANGE_DB, also=" or inf")
            if self.noise is None:
                object.__setattr__(self, "noise", "white")

    def _check_codec(self) -> None:
        if self.codec is None:
            for key in ("codec_rate_hz", "codec_kbps"):
                if getattr(self, key) is not None:
                    raise _refuse(key, getattr(self, key), f"none, because no codec is set ({', '.join(CODECS)})")
            return
        if self.codec_kbps is not None:
            if self.codec not in _KBPS_RANGES:
                raise _refuse("codec_kbps", self.codec_kbps, f"none: {self.codec} has one bit rate")
            _require_range("codec_kbps", self.codec_kbps, *_KBPS_RANGES[self.codec])
        rates = CODEC_RATES_HZ.get(self.codec, SAMPLE_RATES_HZ)
        rate = self.codec_rate_hz or self.sample_rate_hz
        if rate not in rates:
            raise _refuse("codec_rate_hz", rate, f"one of {', '.join(map(str, rates))} for {self.codec}")

    def differing(self) -> dict[str, str | int | float | None]:
        """Settings that differ from the default, without the name, in the order of the fields."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name != "name" and getattr(self, f.name) != f.default and not self._idle(f.name)
        }

    def _idle(self, key: str) -> bool:
        # An infinite ratio is no noise: neither key changes a byte.
        return key in {"noise", "snr_db"} and self.snr_db == math.inf

    def label(self) -> str:
        """The name, or else the differing settings, or ``clean``.

        >>> AudioConfig(snr_db=20).label(), AudioConfig().label()
        ('noise=white snr_db=20', 'clean')
        """
        if self.name:
            return self.name
        return (
            " ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in self.differing().items())
            or "clean"
        )

    def hash(self) -> str:
        """sha256 over everything that can change a byte of audio or its cutting; the name is not in it.

        Where a library decides the bytes (a codec of libsndfile), its version is part of the hash.
        """
        versions = {}
        if self.codec not in (None, "pcm"):
            import soundfile

            versions["libsndfile"] = soundfile.__libsndfile_version__
        canonical = json.dumps({"audio": self.differing(), "versions": versions}, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def audio_config(settings: Mapping[str, object], *, item: str = "audio", from_text: bool = False) -> AudioConfig:
    """Decode one configuration from a table of a TOML file, a JSON object or ``key=value`` flags.

    The text ``none`` stands for None.

    Args:
        settings: keys are the attributes of ``AudioConfig``.
        item: path of the table, such as ``cells[2].audio``; errors name the key under it.
        from_text: values are text, as on a command line.

    Raises:
        InputError: unknown key, wrong type or a value that is not allowed, with the path of the key.
    """
    known = [f.name for f in fields(AudioConfig)]
    for key in settings:
        if key not in known:
            raise InputError("unknown setting", item=f"{item}.{key}", expected="one of " + ", ".join(known))
    values = {k: _none_from_text(v) for k, v in settings.items()}
    try:
        return msgspec.convert(values, AudioConfig, strict=not from_text)
    except msgspec.ValidationError as error:
        raise _translate(error, values, item) from None
    except InputError as error:
        raise InputError(error.problem, item=f"{item}.{error.item}", got=error.got, expected=error.expected) from None


def _none_from_text(value: object) -> object:
    """``none`` as None: neither TOML nor a command line has a null."""
    return None if isinstance(value, str) and value.lower() == "none" else value


_KINDS = {"int": "a whole number", "float": "a number", "str": "a text"}
"""Types as an error names them."""


def _translate(error: msgspec.ValidationError, values: Mapping[str, object], item: str) -> InputError:
    # msgspec says "Expected `int`, got `str` - at `$.chunk_ms`".
    text, _, where = str(error).partition(" - at `$.")
    key = where.rstrip("`")
    expected = text.partition("`")[2].partition("`")[0].removesuffix(" | null")
    expected = _KINDS.get(expected, expected)
    if key not in values:
        return InputError(
            "settings cannot be read", item=item, got=text, expected="keys of an audio configuration, see docs/audio.md"
        )
    if key in RANGES:
        low, high = RANGES[key]
        expected += f" from {low:g} to {high:g}"
    elif key in CHOICES:
        expected += ": " + ", ".join("none" if a is None else str(a) for a in CHOICES[key])
    elif key == "snr_db":
        expected += f" from {SNR_RANGE_DB[0]:g} to {SNR_RANGE_DB[1]:g}, or inf"
    return InputError("setting of the wrong kind", item=f"{item}.{key}", got=repr(values[key]), expected=expected)


def _require_range(key: str, value: float, low: float, high: float, also: str = "") -> None:
    if not low <= value <= high:
        raise _refuse(key, value, f"{low:g} to {high:g}{also}")


def _refuse(key: str, value: object, allowed: str) -> InputError:
    shown = "none" if value is None else f"{value:g}" if isinstance(value, float) else value
    return InputError("setting not allowed", item=key, got=shown, expected=allowed)
