"""References that a recogniser drafts: marked, never played, confirmed by a person."""

import json

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

import workbench as wb
from workbench.cli.datasets import datasets
from workbench.cli.run import run
from workbench.corpus import ManifestRow, check_corpus, load_corpus, write_manifest
from workbench.corpus.draft import confirm_drafts, draft_references
from workbench.errors import CorpusError
from workbench.runs.order import select
from workbench.runs.resolve import resolve
from workbench.runs.spec import RunSpec

WORDS = {"a": "Take 5 mg.", "b": "Blood pressure is 142/88.", "quiet": ""}


@pytest.fixture
def folder(tmp_path):
    """Recordings of one, two and three tenths of a second, which a transcriber can tell apart."""
    (tmp_path / "c" / "deep").mkdir(parents=True)
    for place, name in enumerate(("a", "deep/b", "quiet"), start=1):
        sf.write(tmp_path / "c" / f"{name}.wav", np.full(1_600 * place, 300, np.int16), 16_000)
    return tmp_path / "c"


def heard(pcm, sample_rate_hz):
    assert sample_rate_hz == 16_000
    return list(WORDS.values())[len(pcm) // 1_600 - 1]


def rows(folder):
    return {row["id"]: row for row in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())}


def test_a_folder_of_recordings_becomes_a_corpus_of_drafts(folder):
    """Whose ids are the paths."""
    drafts = draft_references(folder, heard, threads=2)
    assert drafts.drafted == drafts.waiting == ("a", "deep/b", "quiet")
    assert drafts.silent == ("quiet",)
    assert rows(folder)["deep/b"] == {"id": "deep/b", "audio": "deep/b.wav", "reference": WORDS["b"], "draft": True}
    assert [utterance.draft for utterance in load_corpus(folder).utterances] == [True] * 3


def test_what_has_a_reference_is_left_alone(folder):
    """A person wrote it, or corrected a draft."""
    write_manifest(
        folder,
        [
            ManifestRow(id="a", audio="a.wav", reference="mine", speaker="me", tags=("t",)),
            ManifestRow(id="b", audio="deep/b.wav", reference="", note="kept"),
            ManifestRow(id="q", audio="quiet.wav", reference="", silence=True),
        ],
    )
    before = rows(folder)
    assert draft_references(folder, heard).drafted == ("b",)
    assert rows(folder) == before | {"b": before["b"] | {"reference": WORDS["b"], "draft": True}}
    (folder / "manifest.jsonl").write_text((folder / "manifest.jsonl").read_text().replace("142/88", "140/88"))
    again = draft_references(folder, heard)
    assert (again.drafted, again.waiting) == ((), ("b",))
    assert rows(folder)["b"]["reference"] == "Blood pressure is 140/88."


def test_no_run_plays_a_draft(folder):
    """Left out where others are there, refused where it is named or alone."""
    draft_references(folder, heard)
    corpus = load_corpus(folder)
    with pytest.raises(CorpusError, match=r"a and 2 more: the reference is a draft .*confirm it with"):
        select(corpus)
    with pytest.raises(CorpusError, match="a and 2 more: the reference is a draft"):
        resolve(RunSpec(), corpus=corpus, utterances=corpus.utterances)
    assert confirm_drafts(folder, ["a"]) == ("a",)
    corpus = load_corpus(folder)
    assert [utterance.id for utterance in select(corpus)] == ["a"]
    with pytest.raises(CorpusError, match="deep/b: the reference is a draft"):
        select(corpus, ids=["a", "deep/b"])
    assert {problem.item for problem in check_corpus(folder) if problem.cause == "draft"} == {"deep/b", "quiet"}


def test_a_run_says_which_drafts_it_leaves_out(folder, monkeypatch):
    """At the command line, as JSON and in Python; a tag or ids that ask for none of them leave out none."""
    rows = (
        ManifestRow(id=i, audio=a, reference=r, tags=(i,)) for i, a, r in (("a", "a.wav", "x"), ("b", "deep/b.wav", ""))
    )
    write_manifest(folder, list(rows))
    draft_references(folder, heard)
    told = CliRunner().invoke(run, ["--corpus", str(folder), "--dry-run", "--json"])
    assert json.loads(told.stdout)["drafts"] == ["b"]
    assert "1 recording left out: the reference is a draft" in told.stderr
    monkeypatch.setattr("workbench.api.play.evaluate", lambda resolved, *_, **__: resolved)
    monkeypatch.setattr("workbench.api.play.Run", lambda resolved: resolved)
    with pytest.warns(UserWarning, match="1 recording left out: the reference is a draft") as warned:
        assert wb.run(folder).drafts == ("b",)
    assert warned[0].filename == __file__
    assert wb.run(folder, tags=["a"]).drafts == wb.run(folder, utterances=["a"]).drafts == ()


def test_confirmed_drafts_are_references_like_any_other(folder):
    """An empty one says that nothing is spoken."""
    draft_references(folder, heard)
    assert confirm_drafts(folder) == ("a", "deep/b", "quiet")
    assert rows(folder)["a"] == {"id": "a", "audio": "a.wav", "reference": WORDS["a"]}
    assert rows(folder)["quiet"]["silence"] is True
    assert len(select(load_corpus(folder))) == 3
    with pytest.raises(CorpusError, match="no draft waits here"):
        confirm_drafts(folder, ["a"])
    with pytest.raises(CorpusError, match=r"no such recording \(got x;"):
        confirm_drafts(folder, ["x"])


def test_a_recording_that_cannot_be_read_stops_no_other(folder):
    """It keeps its empty reference and is named."""
    (folder / "a.wav").write_bytes(b"RIFF nothing")
    write_manifest(
        folder,
        [
            ManifestRow(id="a", audio="a.wav", reference="", sample_rate_hz=16_000, samples=1_600),
            ManifestRow(id="b", audio="deep/b.wav", reference=""),
        ],
    )
    drafts = draft_references(folder, heard)
    assert drafts.drafted == ("b",)
    assert "a.wav" in drafts.failed["a"]
    assert "draft" not in rows(folder)["a"]


def test_what_was_drafted_before_an_interruption_is_kept(folder):
    """An hour of decoding is not lost to one key."""

    def stopping(pcm, sample_rate_hz):
        if len(pcm) > 3_200:
            raise KeyboardInterrupt
        return heard(pcm, sample_rate_hz)

    with pytest.raises(KeyboardInterrupt):
        draft_references(folder, stopping)
    assert [row.get("draft") for row in rows(folder).values()] == [True, True, None]


def test_bad_input_is_one_clear_line(tmp_path, folder):
    """What was got and what was expected."""
    (tmp_path / "empty").mkdir()
    for path, says in ((tmp_path / "empty", "no recordings here"), (tmp_path / "nix", "no corpus here")):
        with pytest.raises(CorpusError, match=says):
            draft_references(path, heard)
    (folder / "manifest.jsonl").write_text('{"id": "a", "audio": "../x.wav", "reference": ""}\n')
    with pytest.raises(CorpusError, match="outside"):
        draft_references(folder, heard)
    wrong = CliRunner().invoke(datasets, ["transcribe", str(folder), "--confirm", "a", "--confirm-all"])
    assert (wrong.exit_code, "exclude each other" in wrong.output) == (2, True)
    other = CliRunner().invoke(datasets, ["transcribe", str(folder), "--model", "general"])
    assert "whole recordings are decoded by whisper only" in str(other.exception)


def test_a_folder_that_cannot_be_written_gets_one_line(folder, monkeypatch):
    """Before anything is decoded where that can be known."""
    draft_references(folder, heard)

    def full(path, fill):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.corpus.write.replace_file", full)
    with pytest.raises(CorpusError, match=r"cannot be written here.*no space left on device"):
        confirm_drafts(folder)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(CorpusError, match=r"drafts cannot be written here \(got no permission\)"):
        draft_references(folder, heard)


def test_confirming_at_the_command_line(folder):
    """As text and as JSON."""
    draft_references(folder, heard)
    said = CliRunner().invoke(datasets, ["transcribe", str(folder), "--confirm", "a"])
    assert said.output == "1 draft confirmed: a\n"
    said = CliRunner().invoke(datasets, ["transcribe", str(folder), "--confirm-all", "--json"])
    assert json.loads(said.output)["confirmed"] == ["deep/b", "quiet"]


@pytest.mark.slow
def test_whisper_drafts_what_is_said(folder):
    """Silence has no words; real speech is written with capitals and a full stop."""
    audio = load_corpus(_librivox()).utterance("librivox-0930").audio
    (folder / "deep" / "b.wav").unlink()
    (folder / "b.flac").write_bytes(audio.read_bytes())
    said = CliRunner().invoke(datasets, ["transcribe", str(folder)])
    assert said.exit_code == 0, said.output
    assert rows(folder)["b"]["reference"] == "He might even have been made amiable himself."
    assert rows(folder)["quiet"]["reference"] == ""
    assert "quiet: no words were heard" in said.output


def _librivox():
    from workbench.corpus import builtin_corpora

    return builtin_corpora()["librivox"]
