"""Rows of the list that are looked at on request: the last part of :mod:`workbench.scoring.measures`.

No table has them by default and no comparison tests them unless a gate has a margin for one, so that they cost the
others neither room nor power.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from workbench.scoring.metric import Counts, Duration, Metric, Pooled, Total, percentile_row
from workbench.scoring.session import SessionScore
from workbench.units import NS_PER_S

__all__ = ["DETAILS", "DETAIL_DURATIONS"]


def _before(key: str, title: str, since: str, **more: Any) -> Duration:  # noqa: ANN401  fields of Duration
    """A part of opening a session: it needs no certified pacing."""
    return Duration(key, title, since, certified=False, stage=False, page=False, **more)


_DNS = _before("dns", "name lookup", "the socket open call", values=lambda s: [s.latency.dns_ns])
_TCP = _before("tcp", "TCP connect", "the address being known", values=lambda s: [s.latency.tcp_ns])
_TLS = _before("tls", "TLS handshake", "the TCP connection", values=lambda s: [s.latency.tls_ns])
_UPGRADE = _before("upgrade", "WebSocket upgrade", "the encrypted connection", values=lambda s: [s.latency.upgrade_ns])

_FIRST_AUDIO = _before(
    "first_audio", "first audio accepted", "the beginning of the session", values=lambda s: [s.latency.first_audio_ns]
)
_FIRST_TERM = Duration(
    "first_term", "first medical term", "the term's last chunk being due", lambda s: [s.first_term.shown_ns],
    stage=False, page=False,
)  # fmt: skip
_FIRST_TERM_FINAL = Duration(
    "first_term_final", "first medical term final", "the end of the term", lambda s: [s.first_term.final_ns],
    stage=False, page=False,
)  # fmt: skip
_CURSOR = Duration(
    "cursor", "cursor latency", "the audio sent", lambda s: s.cursor.lag_ns, "message", stage=False, page=False
)
_EARLIEST = Duration(
    "word_latency_low", "word latency, earliest alignment", "the word's last chunk being due",
    lambda s: s.latency.word_latency_low_ns, "word", heading="earliest word", stage=False, page=False,
)  # fmt: skip
_LATEST = Duration(
    "word_latency_high", "word latency, latest alignment", "the word's last chunk being due",
    lambda s: s.latency.word_latency_high_ns, "word", heading="latest word", stage=False, page=False,
)  # fmt: skip
_IMPUTED = Duration(
    "word_latency_imputed", "word latency with missing words", "the word's last chunk being due",
    lambda s: s.latency.word_latency_imputed_ns, "word", heading="word incl. missing", stage=False, page=False,
)  # fmt: skip

DETAIL_DURATIONS = (
    _DNS, _TCP, _TLS, _UPGRADE, _FIRST_AUDIO, _FIRST_TERM, _FIRST_TERM_FINAL, _CURSOR, _EARLIEST, _LATEST, _IMPUTED,
)  # fmt: skip
"""Their durations, in the order of a session."""


def _row(of: Duration, p: int, definition: str, **more: Any) -> Metric:  # noqa: ANN401  fields of Metric
    shown: dict[str, Any] = {"tables": ("details",), "on_request": True, "digits": 0 if of.certified else 1}
    return percentile_row(of, p, definition, **(shown | more))


def _spoken(key: str, title: str, errors: Callable[[SessionScore], int | None], definition: str) -> Metric:
    """Word errors of a conversation; sessions where they are unknown count nothing."""
    return Metric(
        key, title, "%", "lower",
        Counts(lambda s: (errors(s) or 0, 0 if errors(s) is None else s.meeting.words), "words of conversations"),
        definition, tables=("details",), on_request=True, digits=1,
    )  # fmt: skip


def _mean_cursor(scores: Sequence[SessionScore]) -> float | None:
    lags = [lag for s in scores for lag in s.cursor.lag_ns]
    return sum(lags) / len(lags) if lags else None


def _throughput(scores: Sequence[SessionScore]) -> float | None:
    """Audio per time of the service over the sessions that had their audio at once."""
    known = [(s.instrument.audio_ns or 0, s.instrument.burst_ns) for s in scores if s.instrument.burst_ns]
    return sum(audio for audio, _ in known) / sum(took for _, took in known if took) if known else None


DETAILS = (
    Metric(
        "convention_share", "errors of convention", "%", None, Counts(lambda s: s.convention, "errors of raw WER"),
        "raw errors that the normaliser forgives: case, marks, digits and spelling",
        tables=("details",), digits=1,
    ),
    _spoken("cpwer", "cpWER", lambda s: s.meeting.cp_errors, "errors in the words of each speaker, paired best"),
    _spoken("tcpwer", "tcpWER", lambda s: s.meeting.tcp_errors, "as cpWER; words over 5 s apart are not the same"),
    _spoken("orcwer", "ORC-WER", lambda s: s.meeting.orc_errors, "errors, each turn on the best of the labels"),
    Metric(
        "der", "DER", "%", "lower", Counts(lambda s: (s.meeting.der_ns, s.meeting.speech_ns), "speech", NS_PER_S),
        "speech missed, invented or under the wrong speaker, without a collar; words placed by estimate",
        tables=("details",), on_request=True, digits=1,
    ),
    Metric(
        "negative_latencies", "words shown early", "count", None, Total(lambda s: s.latency.negative_words),
        "word latencies below 0, kept as they are: shown before the word's last chunk was due", "early words",
        ("details",), certified=True,
    ),
    _row(_EARLIEST, 50, "median word latency under the earliest of equally good alignments"),
    _row(_EARLIEST, 95, "95th percentile of word latency under the earliest of equally good alignments"),
    _row(_LATEST, 50, "median word latency under the latest of equally good alignments"),
    _row(_LATEST, 95, "95th percentile of word latency under the latest of equally good alignments"),
    _row(_IMPUTED, 50, "median word latency where words never shown are as late as the worst of their session"),
    _row(_IMPUTED, 95, "95th percentile of it where words never shown are as late as the worst of their session"),
    _row(_DNS, 50, "median time to look the host up"),
    _row(_DNS, 95, "95th percentile of it"),
    _row(_TCP, 50, "median time to open the TCP connection"),
    _row(_TCP, 95, "95th percentile of it"),
    _row(_TLS, 50, "median time of the TLS handshake"),
    _row(_TLS, 95, "95th percentile of it"),
    _row(_UPGRADE, 50, "median time from the upgrade request to 101"),
    _row(_UPGRADE, 95, "95th percentile of it"),
    _row(_FIRST_AUDIO, 50, "median time from the beginning of a session until the socket had taken its first chunk"),
    _row(_FIRST_AUDIO, 95, "95th percentile of it"),
    _row(_FIRST_TERM, 50, "median until the first correct marked term is shown"),
    _row(_FIRST_TERM, 95, "95th percentile of it"),
    _row(_FIRST_TERM_FINAL, 50, "median from the end of that term to the final that has it"),
    _row(_FIRST_TERM_FINAL, 95, "95th percentile of it"),
    _row(
        _CURSOR, 0, "smallest: audio sent less audio transcribed, at each message", key="cursor_min",
        title="cursor latency min", heading="cursor min",
    ),
    Metric(
        "cursor_mean", "cursor latency mean", "ms", "lower", Pooled(_mean_cursor),
        "mean over messages of audio sent less audio transcribed", "cursor mean", ("details",), certified=True,
        on_request=True,
    ),
    _row(_CURSOR, 95, "95th percentile of audio sent less audio transcribed, over messages", heading="cursor p95"),
    _row(
        _CURSOR, 100, "largest: audio sent less audio transcribed, at each message", key="cursor_max",
        title="cursor latency max", heading="cursor max",
    ),
    Metric(
        "real_time_factor", "real-time factor", "", "lower",
        Counts(
            lambda s: (s.instrument.burst_ns or 0, (s.instrument.audio_ns or 0) if s.instrument.burst_ns else 0),
            "audio that was sent at once",
        ),
        "time until the last final / length of the audio, at pace inf", tables=("details",), of_words=False,
        on_request=True, digits=3,
    ),
    Metric(
        "service_throughput", "audio per time of the service", "", "higher", Pooled(_throughput),
        "length of the audio / time until the last final, at pace inf", "service throughput", ("details",),
        of_words=False, on_request=True, digits=1,
    ),
    Metric(
        "wire_overhead", "wire overhead", "", "lower",
        Counts(lambda s: (s.instrument.wire_bytes, s.instrument.pcm_bytes), "bytes of audio"),
        "bytes on the wire / bytes of audio", tables=("details",), of_words=False, on_request=True, digits=2,
    ),
    Metric(
        "breaches", "breaches of the contract", "count", "lower", Total(lambda s: s.violations),
        "messages that could not be read or came out of turn, such as a final after the terminal frame",
        "breaches", ("details",), of_words=False, on_request=True,
    ),
)  # fmt: skip
"""The rows, in the order of columns."""
