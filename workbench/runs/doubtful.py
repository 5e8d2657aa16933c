"""References that probably are wrong: what recognisers agree on against them.

One recogniser errs. What two of them say alike against the reference is more likely a fault of the reference: another
recording's text, a sentence that is missing or was never said. Each is taken by the transcript that comes closest to
the reference, so that noise of a sweep raises no doubt and hides none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from workbench.corpus import Utterance
from workbench.corpus.draft import Transcribe, transcribed
from workbench.errors import AudioError, InputError
from workbench.scoring.metrics.normalize import DEFAULT
from workbench.scoring.word_diff import DiffWord, word_diff
from workbench.store import RunSummary, StoredRun

__all__ = ["DOUBTFUL_SHARE", "Doubt", "doubtful_references", "newest_of_each"]

DOUBTFUL_SHARE = 0.4
"""Of the words of a reference. With Whisper alone on the built-in corpora: every reference that was exchanged for
another or cut in half is over it, of those with a foreign sentence 98 % in clinic and all in visits, and of the right
ones 14 % in clinic (drug names), one of 12 in librivox, none in visits. A quarter that is missing is found in 80, 58
and 17 %."""

_RECOGNISERS = 2

_Difference = tuple[int, str, str | None]
"""Place in the reference, what happened there, and the word that was heard."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What was heard against one reference.

    Attributes:
        utterance: its id.
        words: words of the reference.
        differing: words that every recogniser has otherwise, in the same way.
        transcripts: how many were compared: the whole recording, and the closest of each recogniser of the runs.
        reference: the reference as it stands.
        heard: the whole recording's transcript, or the closest one.
    """

    utterance: str
    words: int
    differing: int
    transcripts: int
    reference: str = field(repr=False)
    heard: str = field(repr=False)

    @property
    def share(self) -> float:
        """Differing words for each word of the reference; words that are heard where nothing should be weigh alike."""
        return self.differing / max(1, self.words)

    @property
    def is_doubtful(self) -> bool:
        """Whether more differs than recognisers get wrong together."""
        return self.share >= DOUBTFUL_SHARE


def doubtful_references(
    utterances: Sequence[Utterance],
    transcribe: Transcribe | None,
    runs: Sequence[StoredRun] = (),
    threads: int = 1,
    on_progress: Callable[[int, int], object] | None = None,
) -> list[Doubt]:
    """Every reference and what is heard against it, the most doubtful first; drafts are left out.

    Args:
        utterances: of a corpus.
        transcribe: gives the text of a whole recording; None leaves out what fewer than two recognisers have heard.
        runs: played these utterances; sessions that failed count for nothing.
        threads: recordings that ``transcribe`` may take at the same time.
        on_progress: called with the number of recordings that were decoded, and of how many.

    Raises:
        InputError: the runs, which are to agree with ``transcribe``, played none of the utterances.
        AudioError: a recording cannot be read.
    """
    wanted = [utterance for utterance in utterances if not utterance.draft]
    others = _heard_in(runs, {utterance.id for utterance in wanted})
    if transcribe is None:
        doubts = [
            _doubt(utterance, None, texts) for utterance in wanted if len(texts := others[utterance.id]) >= _RECOGNISERS
        ]
        return sorted(doubts, key=_worst)
    if runs and not others:
        raise InputError(
            "the run has no transcript of these recordings", item=runs[-1].run_id, expected="a run on this corpus"
        )
    doubts = []
    for utterance, heard in transcribed(wanted, transcribe, threads, on_progress):
        if isinstance(heard, AudioError):
            raise heard
        doubts.append(_doubt(utterance, heard, others[utterance.id]))
    return sorted(doubts, key=_worst)


def newest_of_each(summaries: Iterable[RunSummary], corpus: str) -> list[str]:
    """Ids of the newest committed run of each recogniser on a corpus of this name.

    Args:
        summaries: of a store, oldest first.
        corpus: name of the corpus.
    """
    newest = {s.recogniser or s.endpoint: s.run_id for s in summaries if (s.status, s.corpus) == ("committed", corpus)}
    return list(newest.values())


def _worst(doubt: Doubt) -> tuple[float, str]:
    return -doubt.share, doubt.utterance


_Heard = dict[str, dict[str, list[str]]]
"""Utterance to recogniser to its transcripts."""


def _heard_in(runs: Sequence[StoredRun], wanted: Collection[str]) -> _Heard:
    heard: _Heard = defaultdict(lambda: defaultdict(list))
    for run in runs:
        recogniser = run.manifest.recogniser or run.manifest.endpoint
        for record in run.iter_records():
            if record.key.utterance in wanted and not record.outcome.failed and record.unscorable() is None:
                heard[record.key.utterance][recogniser].append(record.hypothesis())
    return heard


def _doubt(utterance: Utterance, whole: str | None, others: Mapping[str, Sequence[str]]) -> Doubt:
    reference = utterance.reference
    closest = []
    for texts in [*([] if whole is None else [[whole]]), *others.values()]:
        compared = [(word_diff(reference, text, DEFAULT), text) for text in texts]
        closest.append(min(compared, key=lambda pair: len(_differences(pair[0]))))
    agreed = reduce(set.intersection, (_differences(steps) for steps, _ in closest))
    steps, heard = closest[0]
    words = sum(step.wanted is not None for step in steps)
    return Doubt(utterance.id, words, len(agreed), len(closest), reference.written, heard)


def _differences(steps: Iterable[DiffWord]) -> set[_Difference]:
    """Where a transcript differs; words that were added in one place are told apart by their number there."""
    differences: set[_Difference] = set()
    place = added = 0
    for step in steps:
        if step.kind == "insertion":
            added += 1
            differences.add((place, f"added {added}", step.heard))
            continue
        if step.kind != "equal":
            differences.add((place, step.kind, step.heard))
        place, added = place + 1, 0
    return differences
