"""One session of a run, looked at closely: its words in time, its errors, its partials, its sound.

Everything comes from the stored record, so it needs no service; only the sound needs the corpus. Text
shown here is patient data and is shown because somebody asked for this session.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio.files import encode_audio
from workbench.corpus import load_corpus
from workbench.errors import InputError
from workbench.recording.record import SessionRecord
from workbench.reporting.figures.session import timeline_figure
from workbench.reporting.figures.shown import shown
from workbench.reporting.markup import escape
from workbench.runs.sound import streamed_audio
from workbench.scoring.cells import latest_attempts
from workbench.scoring.meant import judged
from workbench.scoring.metrics.alignment import align
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.metrics.words import screen_texts, spoken_words
from workbench.scoring.reading import occurrences, read
from workbench.scoring.session import SessionScore
from workbench.scoring.word_diff import DiffWord, word_diff
from workbench.store import StoredRun
from workbench.trust.whole_file import replace_file
from workbench.units import counted, ms

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = ["Clip", "Diff", "Session", "diff_html", "find_session", "term_rows"]


@dataclass(frozen=True, slots=True, repr=False)
class Diff:
    """Reference against transcript; shows itself in a notebook.

    Attributes:
        words: every step, see :mod:`workbench.scoring.word_diff`.

    >>> [word.kind for word in run.session("u00").diff.words]
    ['equal', 'substitution', 'equal']
    """

    words: tuple[DiffWord, ...]

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions, as the score counts them.

        >>> run.session("u00").diff.errors
        1
        """
        return sum(word.kind != "equal" for word in self.words)

    @property
    def critical(self) -> int:
        """Errors that change a value, negation, side, drug or marked term.

        >>> run.session("u00").diff.critical
        0
        """
        return sum(word.kind != "equal" and word.critical for word in self.words)

    def __repr__(self) -> str:
        return f"Diff({counted(self.errors, 'error')}, {self.critical} critical)"

    def _repr_html_(self) -> str:
        return f"<p>{diff_html(self.words)}</p><p>{counted(self.errors, 'error')}, {self.critical} critical</p>"


@dataclass(frozen=True, slots=True, repr=False)
class Clip:
    """The audio of a session as it was streamed; a player in a notebook.

    Attributes:
        wav: a WAV file.
        seconds: its length.

    >>> wb.Clip(wav=b"RIFF", seconds=1.5)
    Clip(1.5 s)
    """

    wav: bytes
    seconds: float

    def save(self, path: Path | str) -> Path:
        """Write the WAV file.

        >>> wb.Clip(wav=b"RIFF", seconds=1.5).save("clip.wav").stat().st_size
        4
        """
        replace_file(Path(path), lambda file: file.write(self.wav))
        return Path(path)

    def __repr__(self) -> str:
        return f"Clip({self.seconds:.1f} s)"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.wav).decode()
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """One session in detail.

    Attributes:
        run: the stored run it belongs to.
        record: every frame with its time.
        score: counts and times.

    >>> run.session("u00")
    Session(clean/u00#0.0, completed, 1 error)
    """

    run: StoredRun
    record: SessionRecord = field(repr=False)
    score: SessionScore

    @property
    def diff(self) -> Diff:
        """Reference against transcript under the normaliser of the score.

        >>> run.session("u00").diff
        Diff(1 error, 0 critical)
        """
        return Diff(word_diff(self.record.reference, self.record.hypothesis(), normaliser(self.score.normaliser)))

    @property
    def screen(self) -> pd.DataFrame:
        """One row for each message: arrival, time on screen, whether final, and text (patient data).

        >>> run.session("u01").screen["text"].tolist()
        ['no', 'no test pain']
        """
        import pandas as pd

        texts = screen_texts(self.record)
        until = [text.at_ns for text in texts[1:]] + [None]
        rows = [
            (ms(text.at_ns), None if end is None else ms(end - text.at_ns), text.final, text.text)
            for text, end in zip(texts, until, strict=True)
        ] if texts else []  # fmt: skip
        frame = pd.DataFrame(rows, columns=["at_ms", "stood_ms", "final", "text"])
        return frame.astype({"at_ms": "Float64", "stood_ms": "Float64", "final": "boolean", "text": "string"})

    def timeline(self) -> Figure:
        """When each word was spoken, shown and final.

        >>> len(run.session("u00").timeline().data) > 0
        True
        """
        title = str(self.record.key)
        return shown(timeline_figure(spoken_words(self.record), screen_texts(self.record), title), title)

    def listen(self, corpus: Path | str | None = None) -> Clip:
        """The audio as it was streamed, computed again from the corpus and the settings of the run.

        Args:
            corpus: folder of the corpus, if it has moved since the run.

        Raises:
            CorpusError: corpus not found.
            StoreError: the corpus no longer holds this audio.

        >>> played = wb.run("my-corpus", limit=1, audio=wb.AudioConfig(sample_rate_hz=8000))
        >>> played.session(played.scores[0].utterance).listen()
        Clip(0.5 s)
        """
        pcm, rate_hz = self.sound(corpus)
        return Clip(encode_audio(pcm, rate_hz, "WAV"), pcm.size / rate_hz)

    def sound(self, corpus: Path | str | None = None) -> tuple[NDArray[np.int16], int]:
        """The samples of :meth:`listen`, int16, mono, shape (n,), and their rate in Hz; arguments and errors alike.

        >>> run.session("u00").sound()
        Traceback (most recent call last):
        ...
        workbench.errors.CorpusError: ...
        """
        from workbench.runs.manifest import corpus_of

        manifest = self.run.manifest
        loaded = load_corpus(Path(corpus)) if corpus is not None else corpus_of(manifest.corpus)
        return streamed_audio(manifest, self.record, loaded)

    def __repr__(self) -> str:
        return f"Session({self.record.key}, {self.record.outcome.value}, {counted(self.score.words.errors, 'error')})"


def find_session(run: StoredRun, scores: list[SessionScore], utterance: str, audio: str | None, repeat: int) -> Session:
    """The session of an utterance under a configuration; the first configuration where none is named.

    Raises:
        InputError: there is none.
    """
    cell = audio if audio is not None else next((cell.name for cell in run.manifest.cells), "")
    score = {score.key.place: score for score in latest_attempts(scores)}.get((cell, utterance, repeat))
    if score is None:
        known = dict.fromkeys(s.utterance for s in scores)
        raise InputError(
            "no such session", item=run.run_id, got=f"{cell}/{utterance}#{repeat}",
            expected=f"one of {', '.join(list(known)[:8])}{' …' * (len(known) > 8)} under one of "
            f"{', '.join(c.name for c in run.manifest.cells)}",
        )  # fmt: skip
    record = next(r for r in run.iter_records() if r.key == score.key)
    return Session(run, record, score)


def term_rows(record: SessionRecord) -> list[dict[str, Any]]:
    """Each occurrence of a marked term: whether it is there, and what was recognised instead.

    Judged as the term metrics do, see :func:`workbench.scoring.meant.judged`.
    """
    hypothesis = record.hypothesis()
    ours, theirs = read(record.reference.written), read(hypothesis)
    opposite = dict(align(ours.words, theirs.words))
    kinds = {read(term.text).words: (term.text, term.kind) for term in record.reference.terms}
    matched = {(one.ours.first, one.ours.stop) for one in judged(record.reference, hypothesis)
             if one.ours is not None and one.kind in ("term", "drug") and one.verdict == "kept"}  # fmt: skip
    rows = []
    for first, stop in occurrences(ours.words, kinds.keys()):
        text, kind = kinds[ours.words[first:stop]]
        places = [opposite[i] for i in range(first, stop) if i in opposite]
        heard = " ".join(theirs.words[min(places) : max(places) + 1]) if places else ""
        spoken = " ".join(ours.words[first:stop])
        rows.append(
            {
                "audio": record.key.cell,
                "utterance": record.key.utterance,
                "repeat": record.key.repeat,
                "term": text,
                "kind": kind,
                "found": (first, stop) in matched if kind in ("drug", "medical") else heard == spoken,
                "heard": heard,
            }
        )
    return rows


# Words keep the colour of the text, which can be read on any page; the family of one orange means an error.
_SIGNS = {
    "equal": "",
    "substitution": "text-decoration:underline solid 2px #D55E00",
    "deletion": "text-decoration:line-through 2px #D55E00;border-bottom:2px dashed #D55E00",
    "insertion": "border-bottom:4px double #D55E00",
}


def diff_html(words: Sequence[DiffWord]) -> str:
    """The steps as one line of HTML, every text escaped.

    Wrong words that matter for a patient are bold, and what they are (value, negation, side, drug, term) stands above
    the last of them.
    """
    parts = []
    for word, following in zip(words, [*words[1:], None], strict=True):
        if word.kind == "substitution":
            text = f"{escape(word.wanted or '')} → {escape(word.heard or '')}"
        elif word.kind == "insertion":
            text = f"+{escape(word.heard or '')}"
        else:
            text = escape(word.wanted or "")
        wrong = word.meaning if word.kind != "equal" else None
        style = _SIGNS[word.kind] + (";font-weight:bold" if wrong else "")
        last = following is None or following.kind == "equal" or following.meaning != wrong
        mark = f'<sup style="font-size:.7em">{wrong}</sup>' if wrong and last else ""
        parts.append(f'<span title="{word.kind}" style="{style}">{text}</span>{mark}' if style else text)
    return " ".join(parts)
