"""Forced alignment: where known words lie in known audio."""

import re

import numpy as np
import pytest

from workbench.audio.align import Aligner, spoken_tokens
from workbench.audio.pronunciations import guess_phones, read_dictionary, shipped_dictionary
from workbench.corpus import builtin_corpora, load_corpus, read_utterance
from workbench.errors import AudioError, InputError


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


@pytest.fixture(scope="module")
def utterances():
    return load_corpus(builtin_corpora()["clinic"]).utterances[:10]


def test_words_lie_where_the_synthesiser_put_them(aligner, utterances):
    """Median under 25 ms, nineteen of twenty within 100 ms."""
    errors = []
    for u in utterances:
        alignment = aligner.align(read_utterance(u).pcm, u.sample_rate_hz, u.reference.spoken)
        assert alignment.aligned_share == 1
        for word, true in zip(alignment.words, u.reference.words, strict=True):
            errors.append(abs(word.start_sample - true.start_sample) / u.sample_rate_hz)
            errors.append(abs(word.end_sample - true.end_sample) / u.sample_rate_hz)
    assert np.median(errors) < 0.025
    assert np.percentile(errors, 95) < 0.1


def test_a_word_that_no_dictionary_has_is_guessed_and_counted(aligner, utterances):
    """Its neighbours hold it in place."""
    u = next(u for u in load_corpus(builtin_corpora()["clinic"]).utterances if "metformin" in u.reference.spoken)
    alignment = aligner.align(read_utterance(u).pcm, u.sample_rate_hz, u.reference.spoken)
    assert alignment.guessed == 1
    index = u.reference.spoken.split().index("metformin")
    assert abs(alignment.words[index].start_sample - u.reference.words[index].start_sample) < 0.1 * u.sample_rate_hz


def test_positions_are_at_the_rate_of_the_audio(aligner, utterances):
    """The model's 16 kHz is its own affair."""
    from workbench.audio.config import AudioConfig
    from workbench.audio.degrade import prepare

    u = utterances[0]
    slow = prepare(read_utterance(u).pcm, 16_000, u.reference, AudioConfig(sample_rate_hz=48_000), seed=0, key="k")
    alignment = aligner.align(slow.pcm, 48_000, u.reference.spoken, speaker="S1")
    assert abs(alignment.words[-1].end_sample - slow.reference.words[-1].end_sample) < 4_800
    assert {word.speaker for word in alignment.words} == {"S1"}


def test_another_text_gets_no_times(aligner, utterances):
    """Times of words that are not there would be worse than none."""
    noise = (np.random.default_rng(0).standard_normal(8_000) * 50).astype(np.int16)
    alignment = aligner.align(noise, 16_000, utterances[0].reference.spoken)
    assert alignment.words == ()
    assert alignment.aligned_share == 0


def test_nothing_to_align_is_said(aligner, utterances):
    """No samples is an error; no words is a share of None."""
    with pytest.raises(AudioError, match="nothing to align"):
        aligner.align(np.zeros(0, np.int16), 16_000, "word")
    assert aligner.align(read_utterance(utterances[0]).pcm, 16_000, "...").aligned_share is None


def test_tokens_leave_marks_out():
    """Marks alone are no words."""
    assert spoken_tokens("Yes - it's 5%.") == [("Yes", "yes"), ("it's", "it's"), ("5%.", "5")]


def test_guesses_use_phones_of_the_dictionary_only():
    """Every rule names phones the model has."""
    known = {phone for phones in read_dictionary(shipped_dictionary()).values() for phone in phones.split()}
    for word in ("acetaminophen", "x7q", "physiology", "tough", "2024"):
        assert set(guess_phones(word).split()) <= known


def test_a_dictionary_line_without_phones_is_named(tmp_path):
    """File and line."""
    path = tmp_path / "d.dict"
    path.write_text("good G UH D\nbad\n")
    with pytest.raises(InputError, match=r"d\.dict:2: a word without phones \(got bad"):
        read_dictionary(path)
    with pytest.raises(InputError, match="no such dictionary"):
        read_dictionary(tmp_path / "none")


@pytest.fixture(scope="module")
def long_recording():
    """More than a minute of speech, and where each word begins by the word times of its parts."""
    corpus = load_corpus(builtin_corpora()["librivox"])
    parts, text, starts, at = [], [], [], 0
    for u in (corpus.utterances * 2)[:26]:
        audio = read_utterance(u, 16_000)
        parts.append(audio.pcm)
        text.append(u.reference.spoken)
        starts += [at + w.start_sample * 16_000 // u.sample_rate_hz for w in u.reference.words]
        at += audio.pcm.size
    return np.concatenate(parts), text, starts


@pytest.mark.slow
def test_a_long_recording_is_aligned_in_pieces(aligner, long_recording):
    """Every word, as near as in its own recording."""
    pcm, text, starts = long_recording
    assert pcm.size > 60 * 16_000
    alignment = aligner.align(pcm, 16_000, " ".join(text))
    assert alignment.aligned_share == 1
    assert alignment.reason is None
    errors_ms = [abs(word.start_sample - true) / 16 for word, true in zip(alignment.words, starts, strict=True)]
    assert np.percentile(errors_ms, 90) < 100


@pytest.mark.slow
def test_what_is_not_in_the_text_costs_its_own_words_alone(aligner, long_recording):
    """Two sentences of another text in the middle: the rest keeps its times, and the reason says what is missing."""
    pcm, text, _ = long_recording
    other = "gentlemen prefer yellow umbrellas because zebras never whistle during thunderstorms " * 6
    alignment = aligner.align(pcm, 16_000, " ".join([*text[:12], other, *text[12:]]))
    assert (alignment.aligned_share or 0) > 0.5
    by_text = [word.start_sample for word in alignment.words]
    assert by_text == sorted(by_text)


@pytest.mark.parametrize(
    ("make", "text", "reason"),
    [
        (lambda x: x * 0, "words", "no speech in the audio"),
        (lambda x: np.random.default_rng(0).integers(-99, 99, x.size, np.int16), "words", "no speech in the audio"),
        (lambda x: x, "-", "no words in the text"),
        (lambda x: x, "word " * 1_000, r"text too long for the audio \(1000 words in "),
    ],
)
def test_why_nothing_was_aligned_is_said(aligner, long_recording, make, text, reason):
    """A reason for each kind."""
    alignment = aligner.align(make(long_recording[0][: 5 * 16_000]), 16_000, text)
    assert alignment.words == ()
    assert re.match(reason, alignment.reason or "")
