"""The numbers of a lane while it plays and at its end, and the sentence over several lanes; all worked by hand."""

import pytest

from tests.fakes import make_log, make_record, make_reference
from workbench.app.live.numbers import BEFORE_END, NO_SPEECH, STILL_SPEAKING, finished, lane_numbers, so_far
from workbench.app.live.sentence import closing
from workbench.app.live.wording import as_written
from workbench.protocol.messages import EndOfResults, Final, Partial
from workbench.reference import Reference
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.word_diff import word_diff

START_NS = 5_000_000_000


def at(ms):
    """A monotonic time, from time zero of the made records."""
    return START_NS + ms * 1_000_000


def counts(done):
    """Errors, words of the score, words of the reference that are covered."""
    return done.errors, done.reference, done.words


def test_words_that_have_no_final_yet_are_neither_wrong_nor_counted():
    """Six words are said by 1.9 s, the first final covers two of them: nothing is wrong, of two words."""
    record = make_record(said="no chest pain left arm today")
    assert counts(finished(record, "no chest", at(1_900))) == (0, 2, 2)
    assert counts(finished(record, "no jest", at(1_900))) == (1, 2, 2)
    assert counts(finished(record, "no chest pain lefty", at(1_900))) == (1, 4, 4)
    assert counts(finished(record, "no pain left", at(1_900))) == (1, 4, 4)


def test_only_what_was_said_by_now_is_compared():
    """At 0.75 s "no chest" has been said: a third word is an insertion, whatever comes later."""
    record = make_record(said="no chest pain left arm today")
    assert counts(finished(record, "no chest pain", at(750))) == (1, 2, 2)
    assert counts(finished(record, "", at(750))) == (0, 0, 0)


def test_a_number_of_several_words_is_covered_as_one():
    """ "ninety eight point six" is one value: four words of the reference, one of the score."""
    record = make_record(said="temperature ninety eight point six degrees now")
    assert counts(finished(record, "temperature 98.6", at(5_000))) == (0, 2, 5)


def test_a_text_without_word_times_is_compared_as_far_as_it_goes():
    """Nobody knows when its words were said."""
    record = make_record(reference=Reference("no chest pain today", "no chest pain today"))
    assert counts(finished(record, "no chest", at(0))) == (0, 2, 2)
    assert finished(make_record(reference=Reference("", "")), "no", at(0)) is None


def test_a_partial_moves_neither_lag_nor_wer():
    """They stand still until a final comes; its lag counts from the end of the last word that it covers (0.7 s)."""
    record = make_record(said="no chest pain left")
    before = {"first_word_ms": 1.0, "final_lag_ms": 5.0, "wer": 0.5, "errors": 1, "words": 2, "normaliser": "clinical"}
    assert so_far(record, before, at(1_300), None, None, final=False) == before
    after = so_far(record, before, at(1_300), finished(record, "no chest", at(1_300)), None, final=True)
    assert (after["final_lag_ms"], after["wer"], after["words"]) == (600.0, 0.0, 2)


def spoken(finals_ms, **facts):
    """A record of a microphone: no word times, the sound says where the speech is."""
    record = make_record(reference=Reference("", ""), final_transcript=None)
    record.frames = make_log(
        [Partial("no", "p"), Final("no pain", (), "f"), EndOfResults()], answer_ns=finals_ms * 10**6
    )
    record.facts = dict(facts)
    return record


def test_the_lag_of_a_microphone_counts_from_the_end_of_its_speech():
    """Messages come 120 ms after chunks of 100 ms: the partial at 220 ms, the final at 320 ms, the click much later."""
    numbers = lane_numbers(spoken(120, speech_begin_ms=90, speech_end_ms=200))
    assert (numbers["first_word_ms"], numbers["first_word_from"]) == (pytest.approx(130, abs=1), "speech")
    assert (numbers["final_lag_ms"], numbers["lag_why"]) == (pytest.approx(120, abs=1), None)


def test_a_lag_is_never_below_zero_and_says_why():
    """A final that comes before the speech has ended is late by nothing that could be named."""
    numbers = lane_numbers(spoken(120, speech_begin_ms=0, speech_end_ms=900))
    assert (numbers["final_lag_ms"], numbers["lag_why"]) == (None, BEFORE_END)
    numbers = lane_numbers(spoken(120))
    assert (numbers["final_lag_ms"], numbers["lag_why"]) == (None, NO_SPEECH)


@pytest.mark.parametrize(
    ("span_ms", "lag_ms", "why"),
    [((100, 400), 600.0, None), ((100, 900), None, STILL_SPEAKING), (None, None, NO_SPEECH)],
)
def test_the_lag_while_somebody_speaks_comes_from_the_sound(span_ms, lag_ms, why):
    """At 1.0 s; speech that ended 0.1 s ago has perhaps not ended."""
    record = make_record(reference=Reference("", ""))
    numbers = so_far(record, {}, at(1_000), None, span_ms, final=True)
    assert (numbers["final_lag_ms"], numbers["lag_why"]) == (lag_ms, why)


def numbers(errors, words=10, lag_ms=200.0, valid=True, reason=None):
    """Numbers of a lane that has ended."""
    return {
        "normaliser": "clinical", "wer": errors / words, "errors": errors, "words": words, "final_lag_ms": lag_ms,
        "pacing_valid": valid, "pacing_reason": reason,
    }  # fmt: skip


def test_the_price_of_a_setting_is_one_sentence():
    """Against the first lane; equal is said, and so is who is later."""
    clean = ("clean", numbers(1), None)
    assert closing([clean, ("phone", numbers(5, lag_ms=320.0), None)]) == (
        "phone costs +4 wrong words of 10 (WER 10.0 % → 50.0 %, clinical) and finals 120 ms later.", [],
    )  # fmt: skip
    assert closing([clean, ("phone", numbers(1), None), ("noise", numbers(2, lag_ms=None), None)])[0] == (
        "phone costs no word of 10 (WER 10.0 % → 10.0 %, clinical); "
        "noise costs +1 wrong word of 10 (WER 10.0 % → 20.0 %, clinical)."
    )
    assert closing([clean])[0] == (
        "clean: 1 of 10 words wrong (WER 10.0 %, clinical); the last final came 0.20 s after the last word."
    )


def test_a_lane_that_was_not_timed_never_enters_the_sentence():
    """Nor one that was not played or not scored; what is left out is said, with its words."""
    late = ("phone", numbers(5, valid=False, reason="recogniser up to 1.0 s behind"), None)
    sentence, left_out = closing([("clean", numbers(1), None), late, ("noise", {}, "no room"), ("other", {}, None)])
    assert sentence.startswith("clean: 1 of 10 words wrong")
    assert left_out == [
        "Not timed, so left out (recogniser up to 1.0 s behind): phone, 5 of 10 words wrong.",
        "Not played (no room): noise.",
    ]
    assert closing([late])[0] is None
    assert closing([("clean", numbers(1, valid=None), None)])[0] is None


def test_marked_words_are_shown_as_they_were_written():
    """The score compares "650 mg q6h"; a reader sees the letters of both texts, with their marks."""
    said, heard = "use acetaminophen 650 mg every six hours.", "Use a cta 650 milligrams, every six hours."
    rows = as_written(word_diff(Reference(said, said), heard, NORMALISERS["clinical"]), said, heard)
    assert [row[1] for row in rows if row[1]] == ["Use", "a", "cta", "650", "milligrams,", "every six hours."]
    assert [row[2] for row in rows if row[2]] == ["use", "acetaminophen", "650", "mg", "every six hours."]
    assert [row[0] for row in rows] == ["equal", "insertion", "substitution", "equal", "equal", "equal"]


def test_words_that_share_their_letters_keep_those_of_the_score():
    """ "BP" is read as two words: neither of them is written."""
    said = "BP 142/88"
    rows = as_written(word_diff(make_reference(said), said, NORMALISERS["clinical"]), said, said)
    assert [row[1] for row in rows] == ["blood", "pressure", "142/88"]
