"""One session of a run, looked at closely: its words in time, its errors, its partials, its sound.

House rules: everything comes from the stored record, so it needs no service; only the sound needs the corpus. Text
shown here is patient data and is shown because somebody asked for this session.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.corpus import load_corpus
from workbench.errors import InputError
from workbench.metrics.alignment import align
from workbench.metrics.normalize import NORMALISERS, normaliser
from workbench.metrics.terms import occurrences
from workbench.metrics.words import screen_texts, spoken_words
from workbench.plots import timeline_figure
from workbench.recording import SessionRecord
from workbench.scoring import SessionScore
from workbench.sound import streamed_audio
from workbench.store import StoredRun
from workbench.units import ms
from workbench.word_diff import DiffWord, diff_html, word_diff

if TYPE_CHECKING:
    import pandas as pd
    from plotly.graph_objects import Figure

__all__ = ["Clip", "Diff", "Session", "find_session", "term_rows"]

_CLINICAL = NORMALISERS["clinical"]


@dataclass(frozen=True, slots=True, repr=False)
class Diff:
    """Reference against transcript; shows itself in a notebook.

    Attributes:
        words: every step, see :mod:`workbench.word_diff`.
    """

    words: tuple[DiffWord, ...]

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions, as the score counts them."""
        return sum(word.kind != "equal" for word in self.words)

    @property
    def critical(self) -> int:
        """Of these, the ones that touch a number, unit, negation, side or marked term."""
        return sum(word.kind != "equal" and word.critical for word in self.words)

    def __repr__(self) -> str:
        return f"Diff({self.errors} errors, {self.critical} of them critical)"

    def _repr_html_(self) -> str:
        return f"<p>{diff_html(self.words)}</p><p>{self.errors} errors, {self.critical} of them critical</p>"


@dataclass(frozen=True, slots=True, repr=False)
class Clip:
    """The sound of a session as the service heard it; a player in a notebook.

    Attributes:
        wav: a WAV file.
        seconds: its length.
    """

    wav: bytes
    seconds: float

    def save(self, path: Path | str) -> Path:
        """Write it to a file."""
        Path(path).write_bytes(self.wav)
        return Path(path)

    def __repr__(self) -> str:
        return f"Clip({self.seconds:.1f} s)"

    def _repr_html_(self) -> str:
        data = base64.b64encode(self.wav).decode()
        return f'<audio controls src="data:audio/wav;base64,{data}"></audio>'


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """One session.

    Attributes:
        run: where it is stored.
        record: what happened.
        score: what it came to.
    """

    run: StoredRun
    record: SessionRecord = field(repr=False)
    score: SessionScore

    @property
    def diff(self) -> Diff:
        """Reference against transcript under the normaliser of the score."""
        return Diff(word_diff(self.record.reference, self.record.hypothesis(), normaliser(self.score.normaliser)))

    @property
    def screen(self) -> pd.DataFrame:
        """One row a message: when it came, how long it stood, and what it said."""
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
        """What was said, shown and final, in time."""
        return timeline_figure(spoken_words(self.record), screen_texts(self.record), str(self.record.key))

    def listen(self, corpus: Path | str | None = None) -> Clip:
        """The audio as it was streamed, made again from the corpus and the settings of the run.

        Args:
            corpus: folder of the corpus, where it is not at the place that the run names.

        Raises:
            CorpusError: the corpus is not there.
            StoreError: the corpus does not hold this audio any more.
        """
        from workbench.asked import corpus_of

        manifest = self.run.manifest
        loaded = load_corpus(Path(corpus)) if corpus is not None else corpus_of(manifest.corpus)
        pcm, rate_hz = streamed_audio(manifest, self.record, loaded)
        import soundfile

        file = io.BytesIO()
        soundfile.write(file, pcm, rate_hz, format="WAV", subtype="PCM_16")
        return Clip(file.getvalue(), pcm.size / rate_hz)

    def __repr__(self) -> str:
        return f"Session({self.record.key}, {self.record.outcome.value}, {self.score.words.errors} errors)"


def find_session(run: StoredRun, scores: list[SessionScore], utterance: str, audio: str | None, repeat: int) -> Session:
    """The session of an utterance under a configuration; the first configuration where none is named.

    Raises:
        InputError: there is none.
    """
    cell = audio if audio is not None else next((cell.name for cell in run.manifest.cells), "")
    fitting = [s for s in scores if (s.cell, s.utterance, s.repeat) == (cell, utterance, repeat)]
    if not fitting:
        known = dict.fromkeys(s.utterance for s in scores)
        raise InputError(
            "no such session", item=run.run_id, got=f"{cell}/{utterance}#{repeat}",
            expected=f"one of {', '.join(list(known)[:8])}{' …' * (len(known) > 8)} under one of "
            f"{', '.join(c.name for c in run.manifest.cells)}",
        )  # fmt: skip
    score = max(fitting, key=lambda s: s.attempt)
    record = next(r for r in run.iter_records() if r.key == score.key)
    return Session(run, record, score)


def term_rows(record: SessionRecord) -> list[dict[str, Any]]:
    """Each occurrence of a marked term: whether it is there, and what stands in its place.

    Matched as the term metrics match, after the ``clinical`` normaliser.
    """
    ours, theirs = _CLINICAL.tokens(record.reference.written), _CLINICAL.tokens(record.hypothesis())
    opposite = dict(align(ours, theirs))
    kinds = {tuple(_CLINICAL.tokens(term.text)): (term.text, term.kind) for term in record.reference.terms}
    rows = []
    for start, length in occurrences(ours, set(kinds)):
        text, kind = kinds[tuple(ours[start : start + length])]
        places = [opposite[i] for i in range(start, start + length) if i in opposite]
        heard = " ".join(theirs[min(places) : max(places) + 1]) if places else ""
        rows.append(
            {
                "audio": record.key.cell,
                "utterance": record.key.utterance,
                "repeat": record.key.repeat,
                "term": text,
                "kind": kind,
                "found": heard == " ".join(ours[start : start + length]),
                "heard": heard,
            }
        )
    return rows
