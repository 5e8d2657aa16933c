"""The one list of metrics: what each is called and means, where its values come from, where it is shown and judged.

Tables, comparisons, gates, pages, frames and the reference read it; no other module has a title, a unit or a direction
of a metric, save for the rows that are looked at on request, see :mod:`workbench.scoring.details`. The order of the
rows is the order of columns, stages and choices. :mod:`workbench.scoring.measured` computes a row from scores. Longer
than other modules because it is one list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from workbench.scoring.details import DETAIL_DURATIONS, DETAILS
from workbench.scoring.metric import Counts, Duration, Metric, Pooled, Total, percentile_row
from workbench.scoring.metrics.accuracy import ErrorCounts
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_S

__all__ = ["DURATIONS", "METRICS", "named"]

_MINUTE = 60 * NS_PER_S

_AUDIO_START = Duration(
    "first_partial_audio_start", "first partial (audio start)", "the first chunk being due",
    lambda s: [s.latency.first_partial_audio_start_ns], stage=False, page=False,
)  # fmt: skip

_DURATIONS = (
    Duration(
        "create", "session create", "the request", lambda s: [s.latency.create_ns], certified=False, page=False
    ),
    Duration(
        "connect", "connect", "the socket open call", lambda s: [s.latency.connect_ns], certified=False, page=False
    ),
    Duration(
        "first_partial", "first partial", "the onset of speech", lambda s: [s.latency.first_partial_ns],
        otherwise=_AUDIO_START,
    ),
    _AUDIO_START,
    Duration(
        "word_latency", "word latency", "the word's last chunk being due", lambda s: s.latency.word_latency_ns,
        "word", heading="word",
    ),
    Duration(
        "word_emission", "word emission", "the send of the word's last chunk", lambda s: s.latency.word_emission_ns,
        "word", stage=False,
    ),
    Duration(
        "first_word_settled", "first word settled", "the word's last chunk being due",
        lambda s: [next((v for v in s.latency.word_settled_ns if v is not None), None)], stage=False, page=False,
    ),
    Duration(
        "send_gap", "sending behind schedule", "the word's last chunk being due", lambda s: s.latency.send_gap_ns,
        "word", heading="send gap", stage=False, page=False,
    ),
    Duration(
        "word_settled", "settled word latency", "the word's last chunk being due", lambda s: s.latency.word_settled_ns,
        "word", heading="settled", stage=False,
    ),
    Duration(
        "time_to_stable", "time to stable", "the word's first appearance", lambda s: s.stability.time_to_stable_ns,
        "word", heading="stable", stage=False, page=False,
    ),
    Duration(
        "word_finality", "word finality", "the end of the word", lambda s: s.latency.word_finality_ns,
        "word", heading="final word",
    ),
    Duration(
        "finalisation", "finalisation", "the end of the last word", lambda s: [s.latency.finalisation_ns],
        heading="final",
    ),
    Duration(
        "last_byte_to_final", "last byte to final", "the send of the last chunk",
        lambda s: [s.latency.last_byte_to_final_ns], page=False,
    ),
    Duration(
        "end_of_results", "end of results", "the send of end-of-audio", lambda s: [s.latency.end_of_results_ns]
    ),
    Duration("end", "session end", "the request", lambda s: [s.latency.end_ns], certified=False, page=False),
    Duration(
        "result_low", "last look without a result", "the end of the session", lambda s: [s.result.low_ns],
        certified=False, stage=False, page=False,
    ),
    Duration(
        "result_high", "time to result", "the end of the session", lambda s: [s.result.high_ns],
        certified=False, stage=False,
    ),
)  # fmt: skip

DURATIONS: dict[str, Duration] = {duration.key: duration for duration in (*_DURATIONS, *DETAIL_DURATIONS)}
"""Every time that a session, a word or its result takes, by its key, in the order of a session."""


def _percentile(of: str, p: int, definition: str, **more: Any) -> Metric:  # noqa: ANN401  fields of Metric
    return percentile_row(DURATIONS[of], p, definition, **more)


def _invented(kind: str, title: str, of: Callable[[SessionScore], int], definition: str, **more: Any) -> Metric:  # noqa: ANN401  fields of Metric
    """The row of what nobody said: stands beside what was kept."""
    row = Metric(
        f"{kind}_invented", title, "per 100 words", "lower",
        Counts(lambda s: (of(s), s.meaning.words), "reference words"), definition,
        tables=("accuracy", "meaning"), compared=True, digits=1,
    )  # fmt: skip
    return replace(row, **more)


def _wil(scores: Sequence[SessionScore]) -> float | None:
    return sum((s.words for s in scores), ErrorCounts()).wil


def _penalty(scores: Sequence[SessionScore]) -> float | None:
    """WER of the joined finals minus WER of the service's own text; None unless every session has one."""
    finals = sum((s.screen.finals for s in scores), ErrorCounts()).rate
    own = sum((s.words for s in scores), ErrorCounts()).rate
    if finals is None or own is None or not all(s.screen.has_transcript for s in scores):
        return None
    return finals - own


_ROWS = (
    Metric(
        "wer", "WER", "%", "lower", Counts(lambda s: (s.words.errors, s.words.reference), "reference words"),
        "pooled word error rate after the normaliser",
        tables=("summary", "cells", "ends", "accuracy", "words", "sessions"),
        compared=True, primary=True, interval=True, digits=1,
    ),
    Metric(
        "substitutions", "substituted words", "count", "lower", Total(lambda s: s.words.substitutions),
        "reference words with another word in their place", "S", ("accuracy", "words"),
    ),
    Metric(
        "deletions", "deleted words", "count", "lower", Total(lambda s: s.words.deletions),
        "missing words", "D", ("accuracy", "words"),
    ),
    Metric(
        "insertions", "inserted words", "count", "lower", Total(lambda s: s.words.insertions),
        "words that were not spoken", "I", ("accuracy", "words"),
    ),
    Metric(
        "reference_words", "reference words", "count", None, Total(lambda s: s.words.reference),
        "words of the reference after the normaliser", "words", ("accuracy", "words"),
    ),
    Metric(
        "cer", "CER", "%", "lower", Counts(lambda s: (s.chars.errors, s.chars.reference)),
        "pooled character error rate", tables=("accuracy", "words"), digits=1,
    ),
    Metric(
        "mer", "MER", "%", "lower", Counts(lambda s: (s.words.errors, s.words.hits + s.words.errors)),
        "match error rate", tables=("accuracy",), digits=1,
    ),
    Metric("wil", "WIL", "%", "lower", Pooled(_wil), "word information lost", tables=("accuracy",), digits=1),
    Metric(
        "wer_raw", "raw WER", "%", "lower", Counts(lambda s: (s.raw.errors, s.raw.reference), "reference words"),
        "no normalisation, against the written reference", tables=("cells", "accuracy", "words", "sessions"),
        compared=True, digits=1,
    ),
    Metric(
        "punctuation_error", "punctuation error rate", "%", "lower",
        Counts(lambda s: (s.screen.punctuation.errors, s.screen.punctuation.hits + s.screen.punctuation.errors)),
        "wrong marks", "punctuation", ("accuracy", "words"), digits=1,
    ),
    Metric(
        "case_error", "case error rate", "%", "lower", Counts(lambda s: (s.screen.case_errors, s.screen.case_words)),
        "wrong case on matching words", "case", ("accuracy", "words"), digits=1,
    ),
    Metric(
        "critical_errors", "critical errors", "per 100 words", "lower",
        Counts(lambda s: (s.meaning.critical, s.meaning.words), "reference words"),
        "values and drugs changed or invented, negations lost or invented, sides swapped or invented", "critical",
        ("summary", "cells", "accuracy", "meaning", "sessions"), compared=True, primary=True, digits=1,
    ),
    Metric(
        "medical_wer", "medical WER", "%", "lower",
        Counts(lambda s: (s.meaning.medical_errors, s.meaning.medical_words)),
        "errors on marked medical words", tables=("accuracy", "meaning"), compared=True, digits=1,
    ),
    Metric(
        "term_recall", "term recall", "%", "higher",
        Counts(lambda s: (s.meaning.terms.kept, s.meaning.terms.said)),
        "marked terms found", tables=("accuracy", "meaning"), compared=True, digits=1,
    ),
    Metric(
        "term_precision", "term precision", "%", "higher",
        Counts(lambda s: (s.meaning.terms.kept, s.meaning.terms.kept + s.meaning.terms.invented)),
        "found terms in place", tables=("accuracy", "meaning"), digits=1,
    ),
    Metric(
        "term_f1", "term F1", "%", "higher",
        Counts(
            lambda s: (
                2 * s.meaning.terms.kept,
                s.meaning.terms.said + s.meaning.terms.kept + s.meaning.terms.invented,
            )
        ),
        "harmonic mean of both", tables=("accuracy",), digits=1,
    ),
    _invented("terms", "terms invented", lambda s: s.meaning.terms.invented, "marked terms where nobody said them"),
    Metric(
        "drug_recall", "drug recall", "%", "higher",
        Counts(lambda s: (s.meaning.drugs.kept, s.meaning.drugs.said)),
        "drug names found", tables=("accuracy", "meaning"), compared=True, digits=1,
    ),
    Metric(
        "drug_precision", "drug precision", "%", "higher",
        Counts(lambda s: (s.meaning.drugs.kept, s.meaning.drugs.kept + s.meaning.drugs.invented)),
        "drug names heard that were said", tables=("accuracy", "meaning"), digits=1,
    ),
    _invented("drugs", "drugs invented", lambda s: s.meaning.drugs.invented, "known drugs that nobody said"),
    Metric(
        "value_accuracy", "value accuracy", "%", "higher",
        Counts(lambda s: (s.values.kept, s.values.said), "values in the references"),
        "values with number, unit, sign and scale right", "values",
        ("cells", "accuracy", "meaning"), compared=True, digits=1,
    ),
    _invented(
        "values", "values invented", lambda s: s.values.invented, "values that nobody said",
        tables=("cells", "accuracy", "meaning"),
    ),
    Metric(
        "values_said", "values said", "count", None, Total(lambda s: s.values.said),
        "values in the references", tables=("accuracy", "meaning"),
    ),
    Metric(
        "values_changed", "values changed", "count", "lower", Total(lambda s: s.values.changed),
        "another value is in their place", tables=("accuracy", "meaning"),
    ),
    Metric(
        "values_lost", "values lost", "count", "lower", Total(lambda s: s.values.lost),
        "nothing is in their place", tables=("accuracy", "meaning"),
    ),
    Metric(
        "value_written", "values as written", "%", "higher",
        Counts(lambda s: (s.screen.written_kept, s.screen.written_values)),
        "digits written as expected", "as written", ("accuracy", "meaning"), digits=1,
    ),
    Metric(
        "negations_kept", "negations kept", "%", "higher",
        Counts(lambda s: (s.meaning.negations.kept, s.meaning.negations.said)),
        "negating words kept", "negations", ("accuracy", "meaning"), compared=True, digits=1,
    ),
    _invented("negations", "negations invented", lambda s: s.meaning.negations.invented, "negations that nobody said"),
    Metric(
        "sides_kept", "sides kept", "%", "higher", Counts(lambda s: (s.meaning.sides.kept, s.meaning.sides.said)),
        "left, right and bilateral kept", "sides", ("accuracy", "meaning"), compared=True, digits=1,
    ),
    _invented("sides", "sides invented", lambda s: s.meaning.sides.invented, "sides that nobody said, or swapped"),
    Metric(
        "silence_words", "words in silence", "per minute", "lower",
        Counts(lambda s: (s.words.errors * _MINUTE if s.silent_ns else 0, s.silent_ns or 0), "silence", _MINUTE),
        "words invented a minute where nothing is said", "in silence", ("accuracy", "meaning"),
        compared=True, digits=1,
    ),
    Metric(
        "wder", "WDER", "%", "lower", Counts(lambda s: (s.screen.speaker_errors, s.screen.speaker_words)),
        "aligned words with the wrong speaker", tables=("accuracy", "meaning"), digits=1,
    ),
    Metric(
        "streaming_penalty", "streaming penalty", "%", "lower", Pooled(_penalty),
        "WER of the finals minus WER of the service's text", "penalty", ("accuracy", "meaning"), digits=1,
    ),
    Metric(
        "fact_recall", "fact recall", "%", "higher",
        Counts(lambda s: (s.facts.kept, s.facts.said), "facts that results should have"),
        "facts of note, diagnoses, orders and forms that the results have", "facts",
        ("summary", "cells", "sessions"), compared=True, of_words=False, digits=1,
    ),
    Metric(
        "fact_precision", "fact precision", "%", "higher",
        Counts(lambda s: (s.facts.right, s.facts.right + s.facts.invented), "facts that results have"),
        "facts of the results that are right", tables=("cells",),
        compared=True, of_words=False, digits=1,
    ),
    Metric(
        "facts_invented", "facts invented", "count", "lower",
        Total(lambda s: s.facts.invented if s.facts.said else None),
        "what the results say and should not", "invented facts",
        ("summary", "cells", "sessions"), of_words=False,
    ),
    _percentile("connect", 50, "median time until the socket is open", tables=("cells", "details")),
    _percentile(
        "first_partial", 50, "median after speech onset", key="first_partial", title="first partial",
        heading="", tables=("summary", "cells", "sessions"), compared=True,
    ),
    _percentile(
        "first_partial_audio_start", 50, "median after the first chunk was due, which is another zero than the onset",
        key="first_partial_audio_start", title="first partial (audio start)", heading="", compared=True,
    ),
    _percentile(
        "word_latency", 50, "median word latency", tables=("summary", "cells", "sessions", "details"),
        compared=True, interval=True,
    ),
    _percentile(
        "word_latency", 95, "95th percentile of word latency", tables=("summary", "cells", "ends", "details"),
        compared=True, primary=True, interval=True,
    ),
    _percentile(
        "first_word_settled", 50, "median until the first word that is shown is there for good",
        key="first_word_settled", title="first word settled", heading="",
    ),
    _percentile(
        "word_emission", 50, "median word latency from when its chunk was sent", tables=("details",), compared=True
    ),
    _percentile(
        "word_emission", 95, "95th percentile of word latency from when its chunk was sent", tables=("details",),
        compared=True,
    ),
    _percentile(
        "send_gap", 95, "latency from due minus latency from sent: our own lateness", tables=("details",), compared=True
    ),
    _percentile(
        "word_settled", 50, "median until a word's last uninterrupted run on screen",
        tables=("summary", "cells"), compared=True,
    ),
    _percentile(
        "word_settled", 95, "95th percentile until a word's last uninterrupted run on screen",
        tables=("summary", "cells"), compared=True,
    ),
    Metric(
        "resettled_words", "words taken back", "%", "lower", Counts(lambda s: s.latency.resettled, "words shown"),
        "words there for good over 100 ms after they were first shown", "taken back", ("stability",),
        compared=True, certified=True, digits=1,
    ),
    Metric(
        "coverage", "coverage", "%", "higher",
        Counts(lambda s: (s.latency.matched_words, s.latency.reference_words), "reference words"),
        "reference words that the word latencies cover", tables=("summary", "cells", "sessions"),
        compared=True, primary=True, certified=True,
    ),
    Metric(
        "normalised_erasure", "normalised erasure", "", "lower",
        Counts(lambda s: (s.stability.erased_tokens, s.stability.final_tokens), "final tokens"),
        "erased / final tokens", "erasure", ("stability",), compared=True, certified=True, digits=2,
    ),
    Metric(
        "unstable_ratio", "unstable word ratio", "%", "lower",
        Counts(lambda s: (s.stability.unstable_words, s.stability.shown_words), "words shown"),
        "words shown and taken back", "unstable", ("stability",), compared=True, certified=True, digits=1,
    ),
    _percentile("time_to_stable", 50, "from first showing to stable", tables=("stability",)),
    _percentile("time_to_stable", 95, "95th percentile of time to stable", tables=("stability",)),
    Metric(
        "unsafe_flicker", "unsafe flicker", "ms", "lower", Total(lambda s: s.stability.unsafe_flicker_ns),
        "time in which a value, negation, side, drug or term on screen meant something else, all sessions",
        tables=("stability",), compared=True, certified=True,
    ),
    _percentile(
        "word_finality", 50, "median from the end of a word to its final", tables=("stability",),
        compared=True,
    ),
    _percentile(
        "finalisation", 50, "last final after last word", tables=("summary", "cells", "sessions"),
        compared=True,
    ),
    _percentile(
        "end_of_results", 50, "terminal message after end-of-audio was sent", tables=("details",), compared=True
    ),
    _percentile(
        "result_low", 50, "median time until the last look that found no result",
        tables=("summary", "cells", "sessions"), heading="result after", unit="s", digits=1,
    ),
    _percentile(
        "result_high", 50, "median time until the result was found",
        tables=("summary", "cells", "sessions"), heading="result within", unit="s", digits=1,
    ),
    Metric(
        "failed", "failed sessions", "%", "lower", Counts(lambda s: (int(s.failed), 1), "sessions"),
        "sessions that did not complete / sessions", compared=True, primary=True, attempted=True, digits=1,
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {row.key: row for row in (*_ROWS, *DETAILS)}
"""Every metric by its key."""

_BY_NAME = {row.name: row for row in METRICS.values()} | METRICS


def named(name: str) -> Metric:
    """The metric that has this name in gates and tables, or this key.

    >>> named("word_latency_p95_ms").title, named("wer").title
    ('word latency p95', 'WER')

    Raises:
        KeyError: no metric has this name.
    """
    return _BY_NAME[name]
