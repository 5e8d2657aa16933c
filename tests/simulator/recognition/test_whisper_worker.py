"""The worker process: the same messages as the other one's."""

import subprocess
import sys

import msgspec
import pytest

from tests.simulator.partner import speech
from workbench.child_process import read_body
from workbench.simulator.recognition import worker as wire

pytestmark = pytest.mark.slow


def start(model, **environment):
    import os

    command = [
        sys.executable,
        "-m",
        "workbench.simulator.recognition.whisper.worker",
        "19",
        model,
        "2",
        "settled",
        "0.5",
    ]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | environment
    )


def answers(process):
    decoder = msgspec.msgpack.Decoder(wire.Answer)
    while (body := read_body(process.stdout)) is not None:
        yield decoder.decode(body)


def test_two_streams_a_dropped_one_and_the_end(cache):
    """Bytes are accounted for, words come, a drop is answered by nothing, and the process ends with its input."""
    pcm = speech("clinic", "exam-07-slt")
    with start("whisper") as process:
        said = answers(process)
        assert next(said) == wire.Ready()
        requests = [wire.Open(1, 16_000), wire.Open(2, 16_000), wire.Open(3, 16_000), wire.Drop(3), wire.Decode(3, pcm)]
        requests += [wire.Decode(n, pcm[i : i + 3_200]) for i in range(0, len(pcm), 3_200) for n in (1, 2)]
        requests += [wire.Finish(1), wire.Finish(2), wire.Drop(2), wire.Drop(9)]
        process.stdin.write(b"".join(map(wire.pack, requests[:-2])))
        process.stdin.flush()
        found = {1: [], 2: []}
        while sum(isinstance(a, wire.Drained) for one in found.values() for a in one) < 2:
            answer = next(said)
            found[answer.stream].append(answer)
        process.stdin.write(b"".join(map(wire.pack, requests[-2:])))
        process.stdin.close()
        assert process.wait(300) == 0
        assert process.stderr.read() == b""
    for one in found.values():
        assert sum(a.pcm_bytes for a in one[:-1]) == len(pcm)
        finals = [h for a in one for h in a.heard if h.is_final]
        assert "breast" in finals[-1].text
        assert finals[-1].word_times_ms
    assert [a.heard for a in found[1]] == [a.heard for a in found[2]]


def test_a_model_that_cannot_be_loaded_is_one_line_and_the_exit_code_of_its_kind(tmp_path):
    with start(str(tmp_path)) as process:
        out, err = process.communicate(timeout=300)
    assert (out, process.returncode) == (b"", 2)
    assert err.decode().count("\n") == 1
    assert "not a model folder of CTranslate2" in err.decode()
