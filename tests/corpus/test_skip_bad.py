"""One bad row never stops the rest, where that is asked for; and what is bad is named, counted and grouped."""

import json
import unicodedata

import numpy as np
import pytest
from click.testing import CliRunner

from tests.corpus.own_data_sound import speech
from workbench.audio.files import write_audio
from workbench.cli.datasets import datasets
from workbench.cli.problems import problem_lines
from workbench.corpus import Problem, check_corpus, load_corpus, playable_corpus
from workbench.errors import CorpusError
from workbench.runs.resolve import resolve
from workbench.runs.spec import RunSpec

GOOD = {"id": "good", "audio": "a.wav", "reference": "Seven words and not one more today."}


def corpus(folder, *rows, start=b""):
    write_audio(folder / "a.wav", speech(), 16_000)
    text = "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_bytes(start + text.encode())
    return folder


def call(*arguments, code=0):
    result = CliRunner().invoke(datasets, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


BAD = [
    (GOOD | {"id": "b", "terms": [{"text": "eve", "kind": "drug"}]}, "is not in the reference as separate words"),
    (GOOD | {"id": "b", "terms": [{"text": " ", "kind": "drug"}]}, "empty term"),
    (GOOD | {"id": "b", "reference": "… !"}, "a reference without a word"),
    ('{"id": "b", "audio": "a.wav", "id": "c", "reference": "x"}', "duplicate key (got id twice)"),
    ('{"id": "b", "audio": "a.wav", "reference": "x \\ud800"}', "not JSON"),
    (
        GOOD | {"id": "b", "turns": [{"speaker": "A", "start_sample": 9, "end_sample": 2, "text": "x"}]},
        "a turn ends before it starts (got 9 to 2)",
    ),
    (
        GOOD | {"id": "b", "turns": [{"speaker": "A", "start_sample": 0, "end_sample": 48_001, "text": "x"}]},
        "a turn runs past the audio (got 48001; expected up to 48000)",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "says"), BAD, ids=[says for _, says in BAD])
def test_a_bad_row_is_named(tmp_path, row, says):
    """And the good one beside it can be played."""
    folder = corpus(tmp_path, GOOD, row)
    problems = [problem for problem in check_corpus(folder) if not problem.remark]
    assert [problem.line for problem in problems] == [2]
    assert says in str(problems[0])
    loaded = playable_corpus(folder)
    assert [utterance.id for utterance in loaded.utterances] == ["good"]
    assert [str(problem) for problem in loaded.left_out] == [str(problem) for problem in problems]


def test_a_manifest_may_begin_with_a_byte_order_mark(tmp_path):
    """Editors of Windows write one."""
    assert load_corpus(corpus(tmp_path, GOOD, start=b"\xef\xbb\xbf")).utterance("good").samples == speech().size


def test_a_name_is_found_however_its_accents_are_stored(tmp_path):
    """The file has two characters for é, the manifest one; and the other way round."""
    for stored, listed in (("NFD", "NFC"), ("NFC", "NFD")):
        folder = tmp_path / stored
        folder.mkdir()
        corpus(folder, GOOD | {"audio": unicodedata.normalize(listed, "é.wav")})
        (folder / "a.wav").rename(folder / unicodedata.normalize(stored, "é.wav"))
        assert load_corpus(folder).utterance("good").samples == speech().size


def test_check_and_align_leave_out_and_count(tmp_path):
    """Exit 0 for check with a good recording, 1 without; the list and a count stand at the end of align."""
    folder = corpus(tmp_path, GOOD, GOOD | {"id": "gone", "audio": "gone.wav"})
    assert "1 problem" in call("check", folder, code=1).stdout
    assert "gone.wav" in call("check", folder, "--skip-bad").stdout
    with pytest.raises(CorpusError, match="missing"):
        call("align", folder)
    assert call("align", folder, "--skip-bad").stderr.splitlines()[-1] == "1 bad row left out"
    corpus(folder, GOOD | {"audio": "gone.wav"})
    call("check", folder, "--skip-bad", code=1)


def test_a_run_leaves_out_what_check_refuses(tmp_path):
    """Silence too, which loading alone does not hear; without the option the run is refused."""
    write_audio(tmp_path / "silent.wav", np.zeros(48_000, np.int16), 16_000)
    gone, silent = (GOOD | {"id": name, "audio": f"{name}.wav"} for name in ("gone", "silent"))
    folder = corpus(tmp_path, GOOD, gone, silent)
    resolved = resolve(RunSpec(corpus=str(folder), skip_bad=True))
    assert [utterance.id for utterance in resolved.utterances] == ["good"]
    assert [problem.item for problem in resolved.corpus.left_out] == ["gone", "silent"]
    with pytest.raises(CorpusError, match="missing"):
        resolve(RunSpec(corpus=str(folder)))


def test_asking_for_what_was_left_out_says_why(tmp_path):
    """Not only that there is no such recording."""
    loaded = load_corpus(corpus(tmp_path, GOOD, GOOD | {"id": "gone", "audio": "gone.wav"}), skip_bad=True)
    with pytest.raises(CorpusError, match=r"gone: audio file is missing"):
        loaded.utterance("gone")


def test_equal_problems_are_counted(tmp_path):
    """Five thousand lines are six."""
    problems = [Problem("m.jsonl", n, f"u{n}", f"audio file is missing (expected /x/{n}.wav)") for n in range(1, 5001)]
    lines = problem_lines([*problems, Problem("m.jsonl", 9, "x", "empty id")])
    assert len(lines) == 7
    assert lines[5] == "m.jsonl: and 4,995 more of this kind (audio file is missing, lines 6 to 5000)"
    assert lines[6] == "m.jsonl:9: x: empty id"


def test_columns_are_shown_before_anything_is_written(tmp_path):
    """What is taken for what, and where the audio lies."""
    (tmp_path / "in").mkdir()
    source = corpus(tmp_path / "in")
    (source / "list.csv").write_text("clip,transcript,ward\na.wav,one two,ICU\n")
    shown = call("import", "table", source / "list.csv", tmp_path / "out")
    assert shown.stderr.splitlines() == [
        "columns: audio = clip, reference = transcript; tags: ward",
        f"audio in {source}",
    ]
    assert "1 utterance, 3.0 s" in shown.stdout
