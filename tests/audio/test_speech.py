"""Where speech lies in a sound, against recordings whose word times are known from their synthesis."""

import numpy as np
import pytest

from workbench.audio.speech import speech_facts, speech_span
from workbench.corpus import find_corpus, load_corpus, read_utterance

CLINIC = load_corpus(find_corpus("clinic"))
RATE = 16_000


@pytest.mark.parametrize("utterance", ["vitals-01-slt", "medication-02-slt-hts", "history-03-kal16", "exam-04-awb"])
def test_onset_and_end_are_those_of_the_words(utterance):
    """Within 0.12 s, whatever silence stands around: one second before, three after."""
    said = CLINIC.utterance(utterance)
    sound = np.concatenate((np.zeros(RATE, np.int16), read_utterance(said, RATE).pcm, np.zeros(3 * RATE, np.int16)))
    begin, end = speech_span(sound, RATE)
    words = said.reference.words
    assert begin - RATE == pytest.approx(words[0].start_sample, abs=0.12 * RATE)
    assert end - RATE == pytest.approx(words[-1].end_sample, abs=0.12 * RATE)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100])
def test_other_rates_have_the_same_places(rate_hz):
    """In seconds."""
    said = CLINIC.utterance("vitals-01-slt")
    begin, end = (at / rate_hz for at in speech_span(read_utterance(said, rate_hz).pcm, rate_hz))
    other = [at / RATE for at in speech_span(read_utterance(said, RATE).pcm, RATE)]
    assert (begin, end) == pytest.approx(other, abs=0.12)


def test_no_speech_has_no_place():
    """Silence, noise, nothing at all, and the click that switches a microphone off."""
    noise = (np.random.default_rng(1).standard_normal(RATE) * 300).astype(np.int16)
    click = np.zeros(RATE, np.int16)
    click[8_000:8_160] = 20_000
    for sound in (np.zeros(RATE, np.int16), noise, click, np.zeros(0, np.int16), np.zeros(100, np.int16)):
        assert speech_span(sound, RATE) is None
        assert speech_facts(sound, RATE) == {}


def test_a_click_after_the_speech_does_not_move_its_end():
    """Half a second later."""
    sound = read_utterance(CLINIC.utterance("vitals-01-slt"), RATE).pcm
    clicked = np.concatenate((sound, np.zeros(RATE, np.int16)))
    clicked[sound.size + 8_000 : sound.size + 8_160] = 20_000
    assert speech_span(clicked, RATE) == speech_span(sound, RATE)
