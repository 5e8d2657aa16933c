"""Latencies by hand: 100 ms chunks, words of 200 ms, times in ms after the start."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scoring.metrics.records import session, spoken, untimed
from workbench.protocol.messages import Product
from workbench.recording.record import Connect, Outcome
from workbench.reference import Reference, Word
from workbench.scoring.metrics.latency import latency
from workbench.scoring.view import SessionView
from workbench.units import NS_PER_MS

PAIN = spoken("no chest pain")


def in_ms(values):
    """Nanoseconds as milliseconds."""
    return tuple(None if v is None else v / NS_PER_MS for v in values)


def test_every_latency_of_a_small_session_equals_the_hand_count():
    """Three words of 200 ms, one chunk every 100 ms sent 1 ms late, one partial a word."""
    record = session(
        PAIN,
        [
            (260, "partial", "no"),
            (470, "partial", "no chest"),
            (700, "partial", "no chest pain"),
            (1050, "final", "no chest pain"),
            (1101, "end", ""),
        ],
        late_ms=1,
    )
    found = latency(SessionView(record))
    # "no" ends at 200 ms and is complete in the chunk due at 200 ms, and so on.
    assert in_ms(found.word_latency_ns) == (60, 70, 100)
    assert in_ms(found.word_emission_ns) == (59, 69, 99)
    assert in_ms(found.word_finality_ns) == (850, 650, 450)
    assert in_ms((found.first_partial_ns, found.first_partial_audio_start_ns)) == (260, 160)
    # The last word ends in the chunk due at 600 ms; the last chunk was sent at 1,001 ms.
    assert in_ms((found.finalisation_ns, found.last_byte_to_final_ns, found.end_of_results_ns)) == (450, 49, 100)
    assert (found.matched_words, found.reference_words, found.coverage) == (3, 3, 1.0)
    assert found.word_latency_low_ns == found.word_latency_high_ns == found.word_latency_ns
    assert found.reasons == {}


def test_first_partial_counts_from_speech_onset():
    """Silence before the first word is not latency."""
    record = session(spoken("no pain", onset_ms=300), [(450, "partial", ""), (480, "partial", "no")])
    assert latency(SessionView(record)).first_partial_ns == 180 * NS_PER_MS


def test_a_word_that_ends_inside_a_chunk_is_due_with_that_chunk():
    """A word that ends at 150 ms is complete when the chunk due at 200 ms is."""
    reference = Reference("no", "no", (Word("no", 0, 150 * 16),))
    found = latency(SessionView(session(reference, [(250, "final", "no")])))
    assert in_ms(found.word_latency_ns) == (50,)
    assert in_ms(found.word_finality_ns) == (100,)


def test_a_word_shown_before_its_chunk_was_due_is_negative():
    """A model may guess early; nothing is clamped."""
    found = latency(SessionView(session(PAIN, [(150, "partial", "no chest pain"), (900, "final", "no chest pain")])))
    assert in_ms(found.word_latency_ns) == (-50, -250, -450)


def test_a_word_shown_and_later_lost_keeps_its_first_showing():
    """The first message that contains a word decides, whatever the final says."""
    record = session(PAIN, [(450, "partial", "no chest"), (950, "final", "no test pain")])
    found = latency(SessionView(record))
    assert in_ms(found.word_latency_ns) == (250, 50, 350)
    assert in_ms(found.word_finality_ns) == (750, None, 350)


def test_words_of_later_segments_are_found_in_their_own_partials():
    """The same word in two sentences belongs to the sentence whose segment shows it."""
    reference = spoken("no pain no fever")
    record = session(
        reference,
        [
            (250, "partial", "no"),
            (500, "final", "no pain"),
            (650, "partial", "no"),
            (900, "final", "no fever"),
        ],
    )
    assert in_ms(latency(SessionView(record)).word_latency_ns) == (50, 100, 50, 100)


def test_a_sentence_lost_early_does_not_shift_the_words_behind_it():
    """The first half never comes; the second half is still matched as it is shown."""
    reference = spoken("alpha beta gamma delta epsilon zeta")
    record = session(
        reference,
        [(850, "partial", "delta"), (1050, "partial", "delta epsilon"), (1250, "final", "delta epsilon zeta")],
        chunks=12,
    )
    found = latency(SessionView(record))
    assert in_ms(found.word_latency_ns) == (None, None, None, 50, 50, 50)
    assert found.coverage == 0.5


def test_a_number_is_complete_and_shown_as_one():
    """Its words have one latency, from when the last of them was due, in either form."""
    for partial, final in (("temperature", "temperature 37.5"), ("temperature", "temperature thirty seven point five")):
        record = session(
            spoken("temperature thirty seven point five"),
            [(250, "partial", partial), (1150, "partial", final), (1300, "final", final)],
            chunks=11,
        )
        found = latency(SessionView(record))
        # Due: 200 ms for the first word; the number ends with the last word, at 1,000 ms.
        assert in_ms(found.word_latency_ns) == (50, 150, 150, 150, 150)
        assert found.coverage == 1.0


def test_a_final_that_comes_again_moves_nothing():
    """Nor does what comes between, or a later segment that says it once more."""
    plain = [
        (250, "partial", "no"), (450, "partial", "no chest"), (700, "final", "no chest pain"),
        (850, "partial", "and"), (1100, "final", "and fever"), (1300, "end", ""),
    ]  # fmt: skip
    again = [*plain[:4], (900, "final", "no chest pain"), *plain[4:]]
    late = [*plain[:5], (1200, "final", "no chest pain"), plain[5]]
    reference = spoken("no chest pain and fever")
    first, *others = (latency(SessionView(session(reference, m, chunks=12))) for m in (plain, again, late))
    assert in_ms(first.word_latency_ns) == (50, 50, 100, 50, 100)
    for other in others:
        assert other.word_latency_ns == first.word_latency_ns
        assert other.word_settled_ns == first.word_settled_ns
        assert other.word_finality_ns == first.word_finality_ns


def test_a_final_that_is_put_right_later_keeps_what_it_showed():
    """The second is the better text; the words of the first were on screen before."""
    record = session(
        spoken("no chest pain and fever"),
        [(700, "final", "no test pain"), (900, "final", "no chest pain"), (1100, "final", "and fever")],
        chunks=12,
    )
    assert in_ms(latency(SessionView(record)).word_latency_ns) == (500, 500, 100, 300, 100)


def test_a_final_overtaken_by_the_next_partial_leaves_both_their_words():
    """The partial of the second sentence comes before the final of the first."""
    record = session(
        spoken("no chest pain and fever"),
        [
            (450, "partial", "no chest"), (850, "partial", "and"), (900, "final", "no chest pain"),
            (1100, "final", "and fever"),
        ],
        chunks=12,
    )  # fmt: skip
    assert in_ms(latency(SessionView(record)).word_latency_ns) == (250, 50, 300, 50, 100)


def test_a_word_that_is_taken_back_settles_later():
    """First shown at 250 and 450 ms, taken back at 650, there for good from 850 ms on."""
    record = session(
        spoken("no chest pain"),
        [
            (250, "partial", "no"), (450, "partial", "no chest"), (650, "partial", "no test"),
            (850, "partial", "no chest pain"), (950, "final", "no chest pain"),
        ],
        chunks=8,
    )  # fmt: skip
    found = latency(SessionView(record))
    assert in_ms(found.word_latency_ns) == (50, 50, 250)
    assert in_ms(found.word_settled_ns) == (50, 450, 250)
    assert found.resettled == (1, 3)


def test_where_alignments_disagree_the_interval_is_kept():
    """One "the" against two: either may be meant until both are there."""
    reference = spoken("the the end")
    record = session(reference, [(250, "partial", "a the"), (450, "partial", "the the"), (650, "final", "the the end")])
    found = latency(SessionView(record))
    assert in_ms(found.word_latency_low_ns)[0:2] == (50, -150)
    assert in_ms(found.word_latency_high_ns)[0:2] == (250, 50)


@pytest.mark.parametrize(
    ("messages", "missing"),
    [
        ([], {"first_partial_ns": "no partials", "finalisation_ns": "no final"}),
        ([], {"end_of_results_ns": "no terminal frame", "word_latency_ns": "no reference word was recognised"}),
        ([(300, "final", "no chest pain"), (400, "end", "")], {"first_partial_ns": "no partials"}),
        ([(300, "partial", "no chest pain"), (400, "end", "")], {"finalisation_ns": "no final"}),
        ([(300, "partial", "xx yy")], {"word_latency_ns": "no reference word was recognised"}),
    ],
)  # fmt: skip
def test_what_is_missing_has_its_reason(messages, missing):
    """No partials, only partials, nothing right: None, and why."""
    found = latency(SessionView(session(PAIN, messages)))
    for name, reason in missing.items():
        assert getattr(found, name) in (None, ())
        assert found.reasons[name] == reason


def test_only_partials_still_give_word_latencies():
    """A stream that broke off has shown words, and none became final."""
    found = latency(
        SessionView(session(PAIN, [(250, "partial", "no"), (450, "partial", "no chest")], outcome=Outcome.CLOSED_EARLY))
    )
    assert in_ms(found.word_latency_ns) == (50, 50, None)
    assert found.word_finality_ns == (None, None, None)


def test_without_word_times_the_word_latencies_are_unknown_and_coverage_is_known():
    """The reason is the same for every one of them."""
    found = latency(SessionView(session(untimed("no chest pain"), [(250, "partial", "no"), (900, "final", "no pain")])))
    names = ("first_partial_ns", "finalisation_ns", "word_latency_ns", "word_emission_ns", "word_finality_ns")
    assert {found.reasons[name] for name in names} == {"no reference word times"}
    assert in_ms((found.first_partial_audio_start_ns, found.last_byte_to_final_ns)) == (150, -100)
    assert (found.matched_words, found.reference_words) == (2, 3)


def test_duplicated_finals_do_not_double_a_word():
    """The second copy is an insertion; the words keep the times of one of them."""
    found = latency(SessionView(session(PAIN, [(700, "final", "no chest pain"), (710, "final", "no chest pain")])))
    assert in_ms(found.word_latency_ns) == (500, 300, 100)
    assert found.matched_words == 3


def test_a_final_before_its_partial_counts_from_the_final():
    """What a late partial repeats was already there."""
    found = latency(SessionView(session(PAIN, [(700, "final", "no chest pain"), (720, "partial", "no chest pain")])))
    assert in_ms(found.word_latency_ns) == (500, 300, 100)


def test_messages_after_the_terminal_frame_are_not_part_of_the_session():
    """Neither a final nor a partial that comes too late moves a latency."""
    inside = [(700, "final", "no chest pain"), (800, "end", "")]
    late = [(900, "final", "no chest pain"), (950, "partial", "no")]
    one, two = latency(SessionView(session(PAIN, inside))), latency(SessionView(session(PAIN, inside + late)))
    assert one == two


def test_an_empty_reference_has_no_coverage():
    """Nothing to cover is unknown, not complete."""
    found = latency(SessionView(session(untimed(""), [(700, "final", "uh")])))
    assert (found.coverage, found.reference_words, found.word_latency_ns) == (None, 0, ())


def test_a_session_that_never_streamed_has_reasons_only():
    """No start, no audio, no messages."""
    record = session(PAIN, [], chunks=0, outcome=Outcome.UNREACHABLE)
    record.start_ns = None
    found = latency(SessionView(record))
    assert found.reasons["first_partial_ns"] == found.reasons["word_latency_ns"] == "streaming never began"
    assert (found.end_of_results_ns, found.finalisation_ns) == (None, None)


def test_the_last_word_beyond_the_audio_that_was_sent_has_no_finalisation():
    """Three chunks hold one word of the three."""
    found = latency(SessionView(session(PAIN, [(350, "final", "no")], chunks=3)))
    assert found.reasons["finalisation_ns"] == "the last word was not sent"
    assert in_ms(found.word_latency_ns) == (150, None, None)


def test_phases_of_the_connection_are_carried_over():
    """Connect, create and end come from the record as they are."""
    record = session(PAIN, [])
    record.connect, record.create_ns, record.end_ns = Connect(1, 2, 3, 4, 10), 20, 30
    found = latency(SessionView(record))
    assert (found.dns_ns, found.tcp_ns, found.tls_ns, found.upgrade_ns, found.connect_ns) == (1, 2, 3, 4, 10)
    assert (found.create_ns, found.end_ns) == (20, 30)


def test_an_unreadable_frame_does_not_disturb_the_others():
    """Frames that are not transcripts are passed over."""
    messages = [(250, "partial", "no"), (300, "raw", "{"), (700, "final", "no chest pain")]
    assert in_ms(latency(SessionView(session(PAIN, messages))).word_latency_ns) == (50, 300, 100)


def test_ambient_sessions_have_no_transcript_latencies():
    """A socket that sends nothing back gives reasons, not zeros."""
    record = session(PAIN, [])
    record.product = Product.AMBIENT
    assert latency(SessionView(record)).first_partial_ns is None


@given(
    st.lists(
        st.tuples(st.integers(0, 2000), st.sampled_from(["partial", "final"]), st.sampled_from(
            ["", "no", "no chest", "chest pain", "no no", "no chest pain today"])),
        max_size=8,
    ),
    st.integers(1, 500),
)  # fmt: skip
def test_delaying_every_message_delays_every_latency_by_as_much(messages, delay_ms):
    """Latency is arrival minus a fixed point: a law for any order and content."""
    messages = sorted(messages, key=lambda m: m[0])
    later = [(at + delay_ms, kind, text) for at, kind, text in messages]
    one, two = latency(SessionView(session(PAIN, messages))), latency(SessionView(session(PAIN, later)))
    fixed = ("partial_gap_p50_ns", "word_waiting_ns")
    for name in (f.name for f in dataclasses.fields(one) if f.name.endswith("_ns") and f.name not in fixed):
        before, after = getattr(one, name), getattr(two, name)
        if not isinstance(before, tuple):
            before, after = (before,), (after,)
        assert after == tuple(v if v is None else v + delay_ms * NS_PER_MS for v in before)
    assert one.reasons == two.reasons
