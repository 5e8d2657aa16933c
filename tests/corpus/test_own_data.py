"""Every row of the table in `docs/own-data.md`, played."""

import numpy as np
import pytest

from tests.corpus import own_data_manifests
from tests.corpus.own_data import Finds, Names, Reads, Refuses
from tests.corpus.own_data_sound import ROWS
from workbench.audio.files import audio_info, read_audio
from workbench.corpus import ManifestRow, check_corpus, load_corpus, read_utterance, write_manifest
from workbench.corpus.importers import import_corpus
from workbench.errors import AudioError, CorpusError


def test_no_input_stands_twice():
    """And there are as many as were promised."""
    kinds = [row.kind for row in (*ROWS, *own_data_manifests.ROWS)]
    assert len(set(kinds)) == len(kinds) >= 90


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.kind)
def test_the_table_of_inputs(tmp_path, row):
    """What happens is what the table says; the value comes from elsewhere."""
    path = row.make(tmp_path)
    match row.happens:
        case Reads():
            _reads(path, row.happens)
        case Refuses(says):
            with pytest.raises(AudioError) as caught:
                read_audio(path)
            assert says in str(caught.value)
            assert str(path) in str(caught.value)
        case Finds(cause, says, fault):
            fields = {"reference": "Seven words and not one more today."} | (row.fields or {})
            write_manifest(tmp_path, [ManifestRow(id="a", audio=path.name, **fields)])
            (problem,) = check_corpus(tmp_path)
            assert (problem.cause, problem.remark) == (cause, not fault)
            assert says in problem.what


@pytest.mark.parametrize("row", own_data_manifests.ROWS, ids=lambda row: row.kind)
def test_the_table_of_manifests(tmp_path, row):
    """Samples, texts and tags are those that were written by hand; a bad input leaves nothing behind."""
    source = row.make(tmp_path / "in")
    target, says = tmp_path / "out", None
    try:
        report = import_corpus(row.format, source, target, **row.options)
    except CorpusError as error:
        says = [str(error)]
    if isinstance(row.happens, Names):
        says = says or [str(problem) for problem in report.problems]
        assert any(row.happens.says in line for line in says), says
        assert not target.exists()
        return
    assert says is None, says
    assert bool(report.problems) == bool(row.options.get("skip_bad")), report.problems
    remarks = [problem.what for problem in report.remarks]
    assert [row.happens.remark in remark for remark in remarks] == [True] * bool(row.happens.remark)
    utterances = {utterance.id: utterance for utterance in load_corpus(target).utterances}
    assert utterances.keys() == row.happens.recordings.keys()
    for name, (samples, reference) in row.happens.recordings.items():
        pcm = read_utterance(utterances[name]).pcm
        assert pcm.size == samples().size
        assert np.abs(pcm.astype(int) - samples()).max() <= row.happens.within
        assert utterances[name].reference.written == reference
    if row.happens.tags is not None:
        assert {name: utterance.tags for name, utterance in utterances.items()} == row.happens.tags
    assert not [problem for problem in check_corpus(target) if problem.cause in {"sha256", "rate", "length"}]


def _reads(path, expected):
    audio = read_audio(path)
    remark = str(audio.facts.get("source_remarks", ""))
    assert (expected.remark in remark) if expected.remark else not remark
    assert audio_info(path).samples == audio.pcm.size
    value = expected.samples(path)
    if isinstance(value, np.ndarray):
        assert audio.pcm.size == value.size
        assert np.abs(audio.pcm.astype(int) - value).max() <= expected.within
    elif value is not None:
        assert audio.pcm.size == value
