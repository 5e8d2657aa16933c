"""What is wrong with the sound of a recording, judged by measured facts: what nobody hears before the run says 100 %.

A *fault* makes a recording useless as it would be played; anything else is a *remark*. Thresholds are set by the
built-in corpora, of which no recording gets either, and by the same recordings made worse on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.audio.measure import SoundFacts

__all__ = ["Finding", "sound_findings", "words_finding"]

SHORTEST_S = 0.1
"""No word is shorter; one sample, or a click, is no recording."""

_INAUDIBLE_DBFS, _QUIET_DBFS = -60.0, -45.0
"""Of active speech. Dictation lies at -30 to -15; at -60 seven of sixteen bits are left and voice detectors sleep."""

_BEYOND_DBFS = 6.0
"""Float samples of twice full scale are cut to a square; up to that they come from loud mastering."""

_CLIPPED_SHARE = 0.002
_CANCELLED_DB = 20.0
"""Channels of opposite sign lose this much in the mix; independent ones lose 3 dB, one silent channel 6."""

_NARROW_DB = -60.0
"""Built-in speech has -33 to +1 dB above 4.4 kHz, the same speech resampled from 8 kHz -73 and less."""

_STEADY_DB = 3.0
"""Built-in speech moves by 23 to 54 dB; hum has 0, white noise 1."""

_STEADY_FROM_S = 1.0
_DIFFERENT_CORRELATION = 0.3
_ONE_SIDED_DB = 30.0
_FASTEST, _SLOWEST = 6.0, 1.0
"""Words a second; built-in recordings have 1.3 to 4.2."""

_SLOW_FROM_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a user should know about a recording.

    Attributes:
        cause: one word for grouping, such as ``silence``.
        what: what was measured, what was expected and what to do.
        fault: whether the recording is useless as it is.
    """

    cause: str
    what: str
    fault: bool = False


def sound_findings(facts: SoundFacts, channel: int | None = None) -> list[Finding]:
    """What the sound of a recording gives cause to say, worst first.

    Args:
        facts: facts of the stretch that is played.
        channel: the channel that is played; None is the mix of all.
    """
    duration_s = facts.samples / facts.sample_rate_hz
    if facts.channels > 1 and channel is None and _cancels(facts):
        what = "the channels have opposite signs and cancel each other out when mixed; set `channel` to 0, the left one"
        return [Finding("phase", what, fault=True)]
    if facts.peak_dbfs is None:
        other = facts.channels > 1 and channel is not None and any(level is not None for level in facts.channel_dbfs)
        what = f"nothing but silence on channel {channel}" if other else "nothing but silence (all samples are zero)"
        return [Finding("silence", what, fault=True)]
    if duration_s < SHORTEST_S:
        what = f"too short for a word (got {facts.samples} samples, {duration_s:g} s; expected at least {SHORTEST_S} s)"
        return [Finding("short", what, fault=True)]
    return [*_level(facts), *_speech(facts, duration_s), *(_channels(facts) if channel is None else ())]


def words_finding(words: int, samples: int, rate_hz: int) -> Finding | None:
    """Whether so many words can have been said in so much time; None if they can, or if there are no words.

    Args:
        words: spoken words of the reference.
        samples: length of the recording.
        rate_hz: its rate.
    """
    duration_s = samples / rate_hz
    pace = words / duration_s
    if not words or (_SLOWEST <= pace <= _FASTEST) or (pace < _SLOWEST and duration_s < _SLOW_FROM_S):
        return None
    what = (
        f"{words} words in {duration_s:.1f} s: is this the reference of this recording? "
        f"(got {pace:.2g} words a second; speech has 2 to 4)"
    )
    return Finding("words", what)


def _level(facts: SoundFacts) -> Iterator[Finding]:
    peak, active = facts.peak_dbfs or 0.0, facts.active_dbfs
    if peak > _BEYOND_DBFS:
        what = (
            f"samples far beyond full scale (got a peak of {peak:+.1f} dBFS; expected up to 0): "
            "were 16-bit values stored as floats? Divide them by 32768"
        )
        yield Finding("overflow", what, fault=True)
    elif facts.clipped_share >= _CLIPPED_SHARE:
        yield Finding("clipping", f"clipped: {facts.clipped_share * 100:.1f} % of the samples are at full scale")
    if active is not None and active < _QUIET_DBFS:
        what = f"very quiet (got speech at {active:.0f} dBFS; expected -35 to -15)"
        yield Finding("level", what, fault=active < _INAUDIBLE_DBFS)


def _speech(facts: SoundFacts, duration_s: float) -> Iterator[Finding]:
    if duration_s >= _STEADY_FROM_S and (facts.movement_db or 0.0) < _STEADY_DB:
        yield Finding("speech", f"no speech: the level moves by {facts.movement_db:.1f} dB (speech: over 20)")
    elif facts.high_band_db is not None and facts.high_band_db < _NARROW_DB:
        what = (
            f"telephone sound in a {facts.sample_rate_hz} Hz file: nothing above 4.4 kHz "
            f"({facts.high_band_db:.0f} dB; speech: over -40)"
        )
        yield Finding("bandwidth", what)


def _cancels(facts: SoundFacts) -> bool:
    loudest = max((level for level in facts.channel_dbfs if level is not None), default=None)
    return loudest is not None and (facts.mix_dbfs is None or facts.mix_dbfs < loudest - _CANCELLED_DB)


def _channels(facts: SoundFacts) -> Iterator[Finding]:
    if facts.channels != 2:
        return
    left, right = (-999.0 if level is None else level for level in facts.channel_dbfs)
    if abs(left - right) > _ONE_SIDED_DB:
        full = 0 if left > right else 1
        yield Finding("channels", f"only channel {full} carries sound; set `channel` to {full}")
    elif facts.correlation is not None and abs(facts.correlation) < _DIFFERENT_CORRELATION:
        what = (
            f"the two channels differ (correlation {facts.correlation:.2f}) and are mixed: "
            "is there a speaker on each? Make a row of each with `channel` 0 and 1"
        )
        yield Finding("channels", what)
