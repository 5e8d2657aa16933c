"""Models of the recogniser: three real points to practise on."""

import time

import pytest

from workbench.corpus import find_corpus, load_corpus, read_utterance
from workbench.errors import InputError
from workbench.scoring.metrics.accuracy import ErrorCounts, word_errors
from workbench.scoring.metrics.normalize import normaliser
from workbench.simulator.recognition.decoding import StreamDecoder
from workbench.simulator.recognition.models import check_model, load_decoder

BASIC = normaliser("basic")


def played(model, utterances):
    """Error counts and CPU seconds over some utterances."""
    decoder, counts, begun_s = load_decoder(model), ErrorCounts(), time.process_time()
    for utterance in utterances:
        stream, pcm = StreamDecoder(decoder, 16_000), read_utterance(utterance).pcm.tobytes()
        found = [h for at in range(0, len(pcm), 3200) for h in stream.feed(pcm[at : at + 3200])] + stream.finish()
        text = " ".join(h.text for h in found if h.is_final)
        counts += word_errors(BASIC.tokens(utterance.reference.spoken), BASIC.tokens(text))
    return counts, time.process_time() - begun_s


@pytest.mark.slow
def test_drug_names_are_recognised_only_with_the_vocabulary():
    """A missing word can never be written."""
    corpus = load_corpus(find_corpus("clinic"))
    drugs = {"lisinopril", "atorvastatin", "furosemide", "metoprolol", "metformin", "glargine", "ceftriaxone"}
    chosen = [u for u in corpus.utterances if drugs & set(u.reference.spoken.split())][:6]
    general, _ = played("general", chosen)
    vocabulary, _ = played("vocabulary", chosen)
    assert vocabulary.errors < general.errors


@pytest.mark.timing
def test_lite_is_cheaper_and_no_better():
    """Narrow beams: a stand-in for a worse release."""
    corpus = load_corpus(find_corpus("clinic"))
    chosen = [u for u in corpus.utterances if u.speaker == "rms"][:6]
    general, general_s = played("general", chosen)
    lite, lite_s = played("lite", chosen)
    assert lite_s < 0.8 * general_s
    assert lite.errors >= general.errors


def test_a_model_that_does_not_exist_is_named(tmp_path):
    """Before a worker starts."""
    with pytest.raises(InputError, match=r"huge.*general, vocabulary, lite"):
        check_model("huge")
    file = tmp_path / "mine.dict"
    file.write_text("metformin M EH T F AO R M IH N\nbroken\n")
    with pytest.raises(InputError, match=r"line 2.*broken"):
        check_model(str(file))
    file.write_text("zzyx QQ ZZ\n")
    with pytest.raises(InputError, match="zzyx"):
        load_decoder(str(file))
