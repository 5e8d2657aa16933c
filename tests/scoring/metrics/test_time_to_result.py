"""From the end of a session to its result, from REST frames written by hand; the right values stand beside them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.scoring.metrics.records import START_NS, session, spoken
from workbench.protocol.messages import Product
from workbench.scoring.metrics.time_to_result import TimeToResult, time_to_result
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

REFUSED, ENDED = ("end_ambient", 500, None, 900, 950), ("end_ambient", 200, None, 1_000, 1_100)
"""Call, status, what the body names, sent and answered in ms."""

RUNNING = ("ambient_status", 200, "running", 2_000, 2_050)
LOST = ("ambient_status", 503, None, 2_400, 2_500)
COMPLETED = ("ambient_status", 200, "COMPLETED", 3_000, 3_075)
NOTIFIED = ("webhook", None, "success", 2_600, 2_600)


def of(*frames: tuple[str, int | None, str | None, int, int], product: Product = Product.AMBIENT) -> TimeToResult:
    record = replace(session(spoken("no pain"), [], chunks=0), product=product)
    for call, status, said, sent_ms, received_ms in frames:
        text = json.dumps({"call": call, "status": status, "body": {"status": said}})
        record.frames.rest(text, START_NS + sent_ms * NS_PER_MS, START_NS + received_ms * NS_PER_MS)
    return time_to_result(SessionView(record))


@pytest.mark.parametrize(
    ("frames", "low_ms", "high_ms", "source", "polls"),
    [
        ((REFUSED, ENDED, RUNNING, LOST, COMPLETED), 1_000, 2_075, "polling", 2),
        ((ENDED, COMPLETED), 0, 2_075, "polling", 1),
        ((ENDED, RUNNING, NOTIFIED, COMPLETED), 1_600, 1_600, "webhook", 2),
    ],
)
def test_it_lies_between_the_last_answer_without_it_and_the_first_with_it(frames, low_ms, high_ms, source, polls):
    """Zero is the end that succeeded; a poll that failed says nothing; a notification tells the moment."""
    assert of(*frames) == TimeToResult(low_ms * NS_PER_MS, high_ms * NS_PER_MS, source, polls)


@pytest.mark.parametrize(
    ("frames", "polls", "reason"),
    [
        ((), 0, "the session was not ended"),
        ((REFUSED, RUNNING), 1, "the session was not ended"),
        ((ENDED, RUNNING), 1, "not completed when polling stopped"),
        ((ENDED, RUNNING, ("ambient_status", 200, "skipped", 3_000, 3_050)), 2, "the session ended as skipped"),
    ],
)
def test_where_it_is_unknown_a_reason_stands(frames, polls, reason):
    assert of(*frames) == TimeToResult(polls=polls, reason=reason)


def test_dictation_has_no_later_result():
    assert of(ENDED, COMPLETED, product=Product.DICTATION) == TimeToResult()
