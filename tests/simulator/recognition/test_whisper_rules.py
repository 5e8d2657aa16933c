"""What needs no model: segments from voice activity, guards, and places to cut at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.simulator.recognition.whisper.cutting import cut_place
from workbench.simulator.recognition.whisper.guards import is_covered, is_repetitive, is_stretched, reason_to_drop
from workbench.simulator.recognition.whisper.model import SpokenWord, Transcript
from workbench.simulator.recognition.whisper.speech import FRAME_SAMPLES, Activity

SECOND = 16_000


def transcript(log_p=-0.3, no_speech=0.05, capped=False):
    return Transcript([1, 2, 3], log_p, no_speech, capped)


def word(text, start_s, end_s):
    return SpokenWord(text, (1,), int(start_s * SECOND), int(end_s * SECOND))


def segments(frames, pause=9_600):
    """(start, end) of each, the open one last with None."""
    activity, found = Activity(pause), []
    for voiced in frames:
        opened = activity.opened
        closed = activity.push(voiced)
        if closed is not None:
            found.append((opened, closed))
    return [*found, (activity.opened, None)] if activity.opened is not None else found


def test_a_segment_has_half_a_second_before_and_a_third_behind():
    """Voiced from 1.2 to 3 s: 0.7 s to 3.3 s."""
    frames = [False] * 40 + [True] * 60 + [False] * 40
    assert segments(frames) == [(40 * FRAME_SAMPLES - SECOND // 2, 100 * FRAME_SAMPLES + 4_800)]


def test_two_voiced_frames_of_six_open_nothing_and_three_do():
    assert segments(([True] * 2 + [False] * 4) * 20) == []
    assert len(segments([True, False] * 3)) == 1


def test_a_pause_of_half_a_second_ends_nothing():
    frames = [True] * 30 + [False] * 19 + [True] * 30 + [False] * 20
    assert len(segments(frames)) == 1


@given(frames=st.lists(st.booleans(), max_size=400), pause=st.sampled_from([4_800, 9_600]))
def test_segments_follow_each_other_and_lie_in_the_audio(frames, pause):
    bounds = [place for segment in segments(frames, pause) for place in segment if place is not None]
    assert bounds == sorted(bounds)
    assert all(0 <= place <= len(frames) * FRAME_SAMPLES for place in bounds)


@pytest.mark.parametrize(
    ("found", "text", "reason"),
    [
        (transcript(), "Blood pressure is 142 over 88.", None),
        (transcript(no_speech=0.61), "Thank you.", "no speech"),
        (transcript(no_speech=0.44, log_p=-1.05), "So.", None),
        (transcript(no_speech=0.3, log_p=-1.3), "So.", None),
        (transcript(), "Rrrrrr", "a growl"),
        (transcript(), "Brrr, aaah. 1111111", None),
        (transcript(no_speech=0.46, log_p=-1.25), "So.", "no speech, doubtful"),
        (transcript(log_p=-1.61), "So.", "improbable"),
        (transcript(capped=True), "So.", "repetitive"),
        (transcript(), "no, " * 30, "repetitive"),
        (transcript(), " ".join(str(i * 7919) for i in range(17)), "too fast"),
        (transcript(), " ... ", "no words"),
        (transcript(), "", "no words"),
    ],
)
def test_what_is_not_believed(found, text, reason):
    assert reason_to_drop(found, text, 2 * SECOND, 2 * SECOND) == reason


def test_a_sentence_that_comes_twice_in_the_time_of_one_is_a_loop():
    """Who takes twice as long has said it twice; three words are said twice easily. Case and marks do not matter."""
    text = "Take one tablet daily, take one tablet daily."
    assert is_repetitive(transcript(), text, 2 * SECOND)
    assert not is_repetitive(transcript(), text, 3 * SECOND)
    assert not is_repetitive(transcript(), "No, no, no, no, it is not, it is not, no.", 2 * SECOND)


def test_speaking_fast_is_believed():
    """6.5 words a second and three at once."""
    text = " ".join(f"word{i}" for i in range(16))
    assert reason_to_drop(transcript(), text, 2 * SECOND, 2 * SECOND) is None
    assert not is_repetitive(transcript(), text, 2 * SECOND)


def test_there_is_voice_for_every_word_but_two():
    """25 words a second of voiced frames at most, 10 where it is doubtful that anybody speaks."""
    text, doubtful = "one two three four five six seven", transcript(no_speech=0.3)
    assert reason_to_drop(transcript(), text, 2 * SECOND, SECOND // 5) is None
    assert reason_to_drop(transcript(), text, 2 * SECOND, SECOND // 6) == "more words than voice"
    assert reason_to_drop(doubtful, text, 2 * SECOND, SECOND // 2) is None
    assert reason_to_drop(doubtful, text, 2 * SECOND, SECOND * 2 // 5) == "more words than voice"


def test_nobody_says_a_word_for_four_seconds():
    """But digits, which are written as one."""
    assert not is_stretched([word("well", 0, 3.4)])
    assert is_stretched([word("a", 0, 1), word("Thank", 1, 4.6)])
    assert not is_stretched([word("29340.", 0, 5.9)])
    assert is_stretched([word("29340.", 0, 6.1)])


def test_words_must_account_for_the_speech():
    words = [word("a", 0, 0.4), word("b", 0.5, 1.0), word("c", 1.0, 1.8)]
    assert is_covered(words, 2 * SECOND)
    assert not is_covered(words, 3 * SECOND)
    assert not is_covered([*words, word("d", 1.8, 3.7)], SECOND)
    assert not is_covered([], SECOND)


def noise_with_gaps(*gaps_s, seconds=12):
    rng = np.random.default_rng(3)
    x = rng.integers(-3000, 3000, seconds * SECOND).astype(np.int16)
    for start, end in gaps_s:
        x[int(start * SECOND) : int(end * SECOND)] //= 100
    return x


def test_the_cut_lies_in_the_deepest_gap_between_words():
    words = [word("one", 0.5, 6), word("two", 6.2, 9), word("three", 9.3, 11.2), word("four", 11.3, 12)]
    pcm = noise_with_gaps((9.05, 9.25))
    count, place = cut_place(pcm, words)
    assert count == 2
    assert 9.05 * SECOND <= place <= 9.25 * SECOND


def test_a_full_stop_is_worth_a_shallow_dip():
    words = [word("one.", 0.5, 6), word("two", 6.2, 9), word("three", 9.3, 12)]
    assert cut_place(noise_with_gaps(), words)[0] == 1


def test_a_word_that_may_be_half_is_kept_for_later():
    words = [word("one", 0.5, 7), word("two", 7.1, 11.8)]
    assert cut_place(noise_with_gaps(), words)[0] == 1


def test_a_segment_without_words_keeps_its_end():
    assert cut_place(noise_with_gaps(), []) == (0, 9 * SECOND)


@given(ends=st.lists(st.floats(0.2, 12), min_size=1, max_size=30, unique=True))
def test_a_cut_is_inside_and_after_the_words_that_are_final(ends):
    ends = sorted(ends)
    words = [word("w", a, b) for a, b in zip([0.0, *ends], ends, strict=False)]
    count, place = cut_place(noise_with_gaps(), words)
    assert 1 <= count <= len(words)
    assert 0 < place <= 12 * SECOND
    assert place >= words[count - 1].end_sample - 0.1 * SECOND
