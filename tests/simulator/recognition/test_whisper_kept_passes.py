"""A recording whose decoding was stopped: what was decoded is not decoded again, and the text is the same."""

import types

import pytest

from tests.simulator.partner import speech
from workbench.simulator.recognition.whisper import stream as module
from workbench.simulator.recognition.whisper.kept_passes import KeptPasses
from workbench.simulator.recognition.whisper.model import SpokenWord
from workbench.simulator.recognition.whisper.passes import Final
from workbench.simulator.recognition.whisper.stream import Settings, WhisperStream

RATE_HZ = 16_000
SILENCE = b"\0" * 2 * RATE_HZ


@pytest.fixture
def computed(monkeypatch):
    """Passes that hear a word in each half second, and depend on what was said; a list of those that were computed."""
    calls = []

    def quick(_model, pcm, prefix, voiced_samples):
        calls.append(("partial", len(pcm)))
        return [*prefix, *range(len(prefix), len(pcm) // 8_000)]

    def thorough(_model, _recipe, pcm, said, voiced_samples):
        calls.append(("final", len(pcm)))
        word = SpokenWord(f"{len(said)} words before", (len(pcm) % 1_000,), 160, len(pcm) - 160)
        return Final([word], None, 2) if voiced_samples > RATE_HZ else Final([], "quiet")

    monkeypatch.setattr(module, "partial_pass", quick)
    monkeypatch.setattr(module, "final_pass", thorough)
    return calls


def heard(kept, seconds=None):
    """What a stream says of two dictations; stopped after some seconds of them."""
    vocabulary = types.SimpleNamespace(words=lambda ids: [(f"word{i}", (i,)) for i in ids])
    stream = WhisperStream(types.SimpleNamespace(vocabulary=vocabulary), Settings(), RATE_HZ, kept)
    pcm = speech("clinic", "exam-07-slt") + SILENCE + speech("clinic", "vitals-01-slt") + SILENCE
    pcm = pcm if seconds is None else pcm[: seconds * 2 * RATE_HZ]
    said = [h for at in range(0, len(pcm), 3_200) for h in stream.feed(pcm[at : at + 3_200])]
    return said + (stream.finish() if seconds is None else []), stream


def test_what_was_decoded_before_a_stop_is_not_decoded_again(computed, tmp_path):
    path = tmp_path / "passes"
    expected, _ = heard(None)
    whole = list(computed)
    assert {kind for kind, _ in whole} == {"partial", "final"}
    computed.clear()
    heard(KeptPasses(path), seconds=6)
    before = len(computed)
    assert 3 < before < len(whole)
    said, stream = heard(KeptPasses(path))
    assert said == expected
    assert computed == whole
    assert stream.kept_ns > 0
    computed.clear()
    assert heard(KeptPasses(path))[0] == expected
    assert computed == []
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_cut_off_is_good_up_to_there(computed, tmp_path):
    path = tmp_path / "passes"
    expected, _ = heard(KeptPasses(path))
    whole = len(computed)
    path.write_bytes(path.read_bytes()[:-3])
    computed.clear()
    assert heard(KeptPasses(path))[0] == expected
    assert len(computed) == 1
    path.write_bytes(b"\xff" * 100)
    computed.clear()
    assert heard(KeptPasses(path))[0] == expected
    assert len(computed) == whole


def test_a_file_that_cannot_be_written_costs_nothing_but_the_resuming(computed, tmp_path):
    expected, _ = heard(None)
    assert heard(KeptPasses(tmp_path / "no folder" / "passes"))[0] == expected
