"""What is believed of what Whisper says.

Whisper always says something: on silence, noise, clicks and tones it invents. The bounds were set so that none of 566
finals of real speech is dropped (their highest no-speech probability is 0.44) and 24 of 24 recordings without speech
give nothing. Kinds of processors round differently: what one hears as nothing, another heard as "Thank you." at 0.58.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from workbench.simulator.recognition.whisper.features import RATE_HZ
from workbench.simulator.recognition.whisper.model import SpokenWord, Transcript

__all__ = ["is_covered", "is_repetitive", "is_stretched", "reason_to_drop"]

_NO_SPEECH = 0.5
_DOUBTFUL_NO_SPEECH, _DOUBTFUL_LOG_P = 0.35, -1.1
_LOG_P = -1.6
_COMPRESSION = 2.4
_DOUBLED_WORDS, _FAST_WORDS_PER_S = 4, 3.5
_WORDS_PER_S, _WORDS_AT_ONCE = 6.5, 3
# Real speech has 3 to 6 words in a second of voiced frames, and 20 where noise hides most of them; a final of other
# people's voices, which are hardly over their own floor, has 40 and more, or is doubtful besides.
_WORDS_PER_VOICE_S, _DOUBTFUL_WORDS_PER_VOICE_S, _WORDS_WITHOUT_VOICE = 25, 10, 2
_LITTLE_SPEECH = 0.25
_LONGEST_WORD_S = 1.8
_WORDS_PER_VOICED_S = 1.3
# In music two words are aligned over 10 s; in real speech, noise or not, none over more than 2.4. Digits that are said
# one by one are written as one word.
_STRETCHED_WORD_S, _DIGIT_S = 3.5, 0.5
_GROWL = re.compile(r"([^\W\d_])\1{3,}", re.IGNORECASE)


def reason_to_drop(transcript: Transcript, text: str, samples: int, voiced_samples: int) -> str | None:
    """Why a text is not believed, None if it is.

    Args:
        transcript: what the decoder says of it.
        text: its words.
        samples: length of the sound that it is said to be.
        voiced_samples: samples in which somebody speaks.
    """
    words = len(text.split())
    voiced_s = voiced_samples / RATE_HZ
    words_per_s = _DOUBTFUL_WORDS_PER_VOICE_S if transcript.no_speech > _LITTLE_SPEECH else _WORDS_PER_VOICE_S
    reasons = {
        "no words": not any(character.isalnum() for character in text),
        "no speech": transcript.no_speech > _NO_SPEECH,
        "no speech, doubtful": transcript.no_speech > _DOUBTFUL_NO_SPEECH and transcript.mean_log_p < _DOUBTFUL_LOG_P,
        "improbable": transcript.mean_log_p < _LOG_P,
        "repetitive": is_repetitive(transcript, text, samples),
        "a growl": _GROWL.search(text) is not None,
        "too fast": words > _WORDS_PER_S * samples / RATE_HZ + _WORDS_AT_ONCE,
        "more words than voice": words > words_per_s * voiced_s + _WORDS_WITHOUT_VOICE,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def is_repetitive(transcript: Transcript, text: str, samples: int) -> bool:
    """Whether it runs in circles: cut off at the limit of tokens, compressed to less than it should be, or said twice.

    Who says a sentence twice takes twice as long for it.

    Args:
        transcript: what the decoder says of it.
        text: its words.
        samples: length of the sound that it is said to be.
    """
    data = text.encode()
    if transcript.capped or len(data) > _COMPRESSION * len(zlib.compress(data)):
        return True
    words = ["".join(filter(str.isalnum, word)).lower() for word in text.split()]
    return len(words) > _FAST_WORDS_PER_S * samples / RATE_HZ and any(
        words[i : i + size] == words[i + size : i + 2 * size]
        for size in range(_DOUBLED_WORDS, len(words) // 2 + 1)
        for i in range(len(words) - 2 * size + 1)
    )


def is_covered(words: Sequence[SpokenWord], voiced_samples: int) -> bool:
    """Whether words account for the speech in a segment: the decoder may skip seconds without a bad probability.

    Args:
        words: with their times.
        voiced_samples: samples in which somebody speaks.
    """
    longest = max((word.end_sample - word.start_sample for word in words), default=0)
    return longest <= _LONGEST_WORD_S * RATE_HZ and len(words) >= _WORDS_PER_VOICED_S * voiced_samples / RATE_HZ


def is_stretched(words: Sequence[SpokenWord]) -> bool:
    """Whether a word would last longer than anybody says it: it was not said."""
    return any(
        word.end_sample - word.start_sample
        > (_STRETCHED_WORD_S + _DIGIT_S * sum(c.isdigit() for c in word.text)) * RATE_HZ
        for word in words
    )
