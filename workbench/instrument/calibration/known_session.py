"""A session whose messages, delays, revisions and errors are known before it is played.

What a metric should find is written down here by construction, never by calling the metric. All words
of a session differ from each other, and errors keep two right words between them, so that every alignment is the
only best one. A wrong number stands for another number, so that what is unsafe is so on both sides.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from workbench.reference import Reference, Word

__all__ = ["KnownMessage", "KnownSession", "known_session"]

RATE_HZ = 16_000
CHUNK_MS = 100

_PLAIN = (
    "patient", "reports", "gradual", "onset", "stiffness", "after", "walking", "uphill", "since", "early", "spring",
    "however", "resting", "brings", "relief", "examination", "today", "shows", "mild", "swelling", "around", "knee",
    "joint", "redness", "normal", "reflexes", "gait", "steady", "plan", "includes", "physical", "therapy", "weekly",
    "follow", "visit", "review", "imaging", "results", "continue", "current", "regimen", "discuss", "sleep", "diet",
)  # fmt: skip
_NUMBERS = (
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_MISHEARD = ("marble", "lantern", "harbor", "velvet", "copper", "meadow")
_REVISED = ("timber", "saddle", "canyon", "ribbon", "pebble", "anchor")
_REVISED_NUMBERS = ("forty", "fifty", "sixty", "seventy", "eighty", "ninety")

_LEAST_GAP_MS = 25
"""Between two messages: more than arrivals may jitter, so that their order is certain."""


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """One message of the script: sent ``delay_ms`` after the chunk that brings the audio to ``at_ms``.

    ``at_ms`` None is the end of audio.
    """

    final: bool
    text: str = field(repr=False)
    at_ms: int | None
    delay_ms: float


@dataclass(slots=True)
class KnownSession:
    """A script and what must be measured when it is played.

    Attributes:
        reference: words with their times at 16 kHz.
        samples: length of the audio.
        messages: messages in the order of sending; indices below point into it.
        end_delay_ms: least time from the end of audio to the terminal frame.
        shown_by: for each word the first message that has it, None if none does.
        final_by: for each word the final that has it.
        settled: for each word that is in its segment's final as it was spoken or heard: (first message that shows
            it, message from which it never went away again).
        unsafe: messages whose text shows a wrong number until the next message.
        hits, substitutions, deletions, insertions: counts of all finals against the reference.
        erased, final_tokens, shown, unstable: token counts of stability.
    """

    reference: Reference
    samples: int = 0
    messages: list[KnownMessage] = field(default_factory=list)
    end_delay_ms: float = 0.0
    shown_by: dict[int, int] = field(default_factory=dict)
    final_by: dict[int, int] = field(default_factory=dict)
    settled: list[tuple[int, int]] = field(default_factory=list)
    unsafe: list[int] = field(default_factory=list)
    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0
    erased: int = 0
    final_tokens: int = 0
    shown: int = 0
    unstable: int = 0


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the service will write for one spoken word: usually that word."""

    tokens: tuple[str, ...]
    right: bool


def known_session(seed: int, words: int = 14) -> KnownSession:
    """Build a session from a seed: word times, delays, jitter, revisions and errors are all drawn from it.

    Args:
        seed: of everything in it.
        words: length of the reference, 6 to 40.
    """
    draw = random.Random(seed)
    spoken = _words(draw, words)
    session = KnownSession(Reference(" ".join(w.text for w in spoken), " ".join(w.text for w in spoken), spoken))
    session.samples = spoken[-1].end_sample + RATE_HZ // 5
    heard = _errors(draw, session, spoken)
    cut = words // 2
    now_ms = _segment(draw, session, spoken, heard, range(cut), 0.0)
    now_ms = _segment(draw, session, spoken, heard, range(cut, words), now_ms)
    # The terminal frame keeps its distance from the last final: a simulator that goes on working right after a frame
    # shares a core with whom it has just woken, and the kernel's wake-up would be measured instead of the workbench.
    audio_ms = session.samples * 1000 / RATE_HZ
    session.end_delay_ms = max(0.0, now_ms - audio_ms) + draw.uniform(_LEAST_GAP_MS, 60)
    return session


def _words(draw: random.Random, count: int) -> tuple[Word, ...]:
    numbers = max(1, count // 5)
    texts = draw.sample(_PLAIN, count - numbers) + draw.sample(_NUMBERS, numbers)
    draw.shuffle(texts)
    at = draw.randrange(RATE_HZ // 20, RATE_HZ // 4)
    words = []
    for text in texts:
        end = at + draw.randrange(RATE_HZ // 8, RATE_HZ * 2 // 5)
        words.append(Word(text, at, end))
        at = end + draw.randrange(RATE_HZ // 50, RATE_HZ // 10)
    return tuple(words)


def _errors(draw: random.Random, session: KnownSession, spoken: tuple[Word, ...]) -> list[_Heard]:
    """One substitution, one deletion and one insertion at most, never next to each other or at an end."""
    heard = [_Heard((word.text,), True) for word in spoken]
    session.hits = len(spoken)
    places = list(range(1, len(spoken) - 1, 4))
    draw.shuffle(places)
    wrong = draw.sample(_MISHEARD, 2)
    for kind, at in zip(("substitution", "deletion", "insertion"), places, strict=False):
        if draw.random() < 0.3 or spoken[at].text in _NUMBERS:
            continue
        if kind == "substitution":
            heard[at] = _Heard((wrong[0],), False)
            session.hits, session.substitutions = session.hits - 1, 1
        elif kind == "deletion":
            heard[at] = _Heard((), False)
            session.hits, session.deletions = session.hits - 1, 1
        else:
            heard[at] = _Heard((spoken[at].text, wrong[1]), True)
            session.insertions = 1
    return heard


def _segment(
    draw: random.Random,
    session: KnownSession,
    spoken: tuple[Word, ...],
    heard: list[_Heard],
    places: range,
    now_ms: float,
) -> float:
    """Partials after each chunk that ends a word, some of them revised, then the final; returns when that is due."""
    segment = _Segment(draw, session, now_ms)
    groups: dict[int, list[int]] = {}
    for place in places:
        groups.setdefault(_chunk_end_ms(spoken[place].end_sample), []).append(place)
    for at_ms, group in groups.items():
        for place in group:
            segment.text += heard[place].tokens
            session.shown += len(heard[place].tokens)
        last = heard[group[-1]]
        if segment.text:
            segment.partial(at_ms, revisable=last.right and len(last.tokens) == 1)
    segment.final(max(groups))
    for place in places:
        if heard[place].right:
            session.shown_by[place] = segment.first[spoken[place].text]
            session.final_by[place] = len(session.messages) - 1
    return segment.now_ms


class _Segment:
    """What is said of one segment, and what a reader sees of it."""

    def __init__(self, draw: random.Random, session: KnownSession, now_ms: float) -> None:
        self.draw = draw
        self.session = session
        self.now_ms = now_ms
        self.text: list[str] = []
        self.first: dict[str, int] = {}
        self._stable: dict[str, int] = {}
        self._wrong = False
        self._other = ""

    def partial(self, at_ms: int, revisable: bool) -> None:
        """One partial; a quarter of the revisable ones end in a wrong word, some lose their last word for a while."""
        self._mend()
        word, chance = self.text[-1], self.draw.random()
        if revisable and chance < 0.25:
            number = word in _NUMBERS
            pool = [w for w in (_REVISED_NUMBERS if number else _REVISED) if w != self._other]
            self._other = self.draw.choice(pool)  # never the same twice running: it would seem to have moved
            self._say(at_ms, [*self.text[:-1], self._other])
            self.session.shown += 1
            self._wrong = True
            if number:
                self.session.unsafe.append(len(self.session.messages) - 1)
        elif revisable and len(self.text) > 1 and chance < 0.4:
            self._say(at_ms, self.text)
            self._say(at_ms, self.text[:-1])
            del self._stable[word]
            self._say(at_ms, self.text)
            self.session.shown += 1
            self._take_back()
        else:
            self._say(at_ms, self.text)

    def final(self, at_ms: int) -> None:
        self._mend()
        self._say(at_ms, self.text, final=True)
        self.session.final_tokens += len(self.text)
        self.session.settled += [(self.first[token], self._stable[token]) for token in self.text]

    def _mend(self) -> None:
        """The next message puts a wrong last word right, which takes one token back."""
        if self._wrong:
            self._take_back()
            self._wrong = False

    def _take_back(self) -> None:
        self.session.erased += 1
        self.session.unstable += 1

    def _say(self, at_ms: int, tokens: list[str], final: bool = False) -> None:
        self.now_ms = max(self.now_ms + _LEAST_GAP_MS, at_ms + self.draw.uniform(30, 350))
        self.session.messages.append(KnownMessage(final, " ".join(tokens), at_ms, self.now_ms - at_ms))
        for token in tokens:
            self.first.setdefault(token, len(self.session.messages) - 1)
            self._stable.setdefault(token, len(self.session.messages) - 1)


def _chunk_end_ms(sample: int) -> int:
    """End of the chunk that holds the last sample of a word."""
    chunk = RATE_HZ * CHUNK_MS // 1000
    return -(-sample // chunk) * CHUNK_MS
