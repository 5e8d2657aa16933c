"""`workbench datasets`: each verb prints what it found, as text and as JSON."""

import json

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from workbench.cli.datasets import datasets
from workbench.corpus import ManifestRow, builtin_corpora, load_corpus, write_manifest
from workbench.errors import AudioError, CorpusError, InputError


def call(*arguments, code=0):
    result = CliRunner().invoke(datasets, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def as_json(*arguments, code=0):
    return json.loads(call(*arguments, "--json", code=code))


@pytest.fixture
def folder(tmp_path):
    """A corpus of one utterance of the built-in one."""
    u = load_corpus(builtin_corpora()["clinic"]).utterance("vitals-01-slt")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "a.flac").write_bytes(u.audio.read_bytes())
    write_manifest(
        tmp_path / "c",
        [
            ManifestRow(
                id="a", audio="a.flac", reference=u.reference.written, spoken=u.reference.spoken, sha256=u.sha256
            )
        ],
    )
    return tmp_path / "c"


def test_list_names_the_built_in_corpora():
    """With their size and licence."""
    rows = {row["name"]: row for row in as_json("list")["corpora"]}
    assert {"clinic", "librivox", "visits"} <= rows.keys()
    assert rows["clinic"]["utterances"] >= 60
    assert all(row["licence"] for row in rows.values())
    assert "clinic" in call("list")


def test_show_counts_words_speakers_and_unknown_words(tmp_path):
    """Against the recogniser's dictionary, or another."""
    facts = as_json("show", "clinic")
    assert facts["schema_version"] == 1
    assert len(facts["speakers"]) == 5
    assert "metformin" in facts["unknown_words"]
    assert 0 < facts["out_of_vocabulary_share"] < 0.1
    (tmp_path / "d.dict").write_text("a AH\n")
    assert as_json("show", "clinic", "--dictionary", tmp_path / "d.dict")["out_of_vocabulary_share"] > 0.9
    assert "words not in the dictionary" in call("show", "clinic")


def test_check_says_good_or_exits_one(folder):
    """And names the line."""
    good = {"corpus": str(folder), "good": True, "problems": [], "remarks": [], "schema_version": 1}
    assert as_json("check", folder) == good
    assert call("check", folder).strip().endswith("good")
    (folder / "a.flac").unlink()
    assert "manifest.jsonl:1: a: audio file is missing" in call("check", folder, code=1)
    assert as_json("check", folder, code=1)["problems"][0]["line"] == 1


def test_a_remark_is_printed_and_does_not_change_the_exit_code(folder):
    """The recording can be played, and somebody should know."""
    pcm, rate = sf.read(folder / "a.flac")
    sf.write(folder / "a.flac", pcm * 10 ** (-30 / 20), rate)
    (row,) = load_corpus(folder).utterances
    write_manifest(folder, [ManifestRow(id="a", audio="a.flac", reference=row.reference.written)])
    out = call("check", folder)
    assert "manifest.jsonl:1: a: very quiet (got speech at -5" in out
    assert out.endswith(f"{folder}: good, 1 remark\n")
    facts = as_json("check", folder)
    assert (facts["good"], [r["cause"] for r in facts["remarks"]]) == (True, ["level"])


def test_align_stores_times_and_reports_shares(folder):
    """Then the corpus has words."""
    facts = as_json("align", folder)
    assert facts["aligned_share"] == 1
    assert facts["start_error_p50_ms"] is None
    assert load_corpus(folder).utterances[0].reference.words
    assert "aligned [%]" in call("align", folder)


def test_import_makes_a_corpus_and_names_bad_rows(tmp_path):
    """Exit 2 where a row is bad."""
    sf.write(tmp_path / "a.wav", np.ones(800, np.int16), 8_000)
    manifest = tmp_path / "m.jsonl"
    manifest.write_text(json.dumps({"audio_filepath": "a.wav", "text": "word"}))
    report = as_json("import", "nemo", manifest, tmp_path / "out")
    assert report["utterances"] == 1
    assert report["manifest"].endswith("manifest.jsonl")
    manifest.write_text("{oops\n")
    assert "m.jsonl:1: not JSON" in call("import", "nemo", manifest, tmp_path / "bad", code=2)
    assert as_json("import", "nemo", manifest, tmp_path / "bad", code=2)["manifest"] is None


def test_render_writes_what_a_service_would_hear(tmp_path):
    """The same bytes for the same seed; the facts of the configuration."""
    first, second = tmp_path / "1.wav", tmp_path / "2.wav"
    settings = ("--set", "snr_db=15", "--set", "noise=pink", "--set", "sample_rate_hz=8000")
    facts = as_json("render", "vitals-01-slt", *settings, "-o", first)["facts"]
    assert facts["snr_db"] == 15
    former = "snr_db=15,noise=pink,sample_rate_hz=8000"
    assert "snr [dB]" in call("render", "vitals-01-slt", "--audio", former, "-o", second)
    assert first.read_bytes() == second.read_bytes()
    assert sf.info(first).samplerate == 8_000


def test_bad_input_is_one_clear_line(tmp_path):
    """Which the command line prints in place of a traceback."""
    for arguments, error, says in (
        (("check", "nix"), CorpusError, "no such corpus"),
        (("render", "nix", "-o", tmp_path / "a.wav"), CorpusError, "no such utterance"),
        (("render", "vitals-01-slt", "--set", "snr_db=loud", "-o", tmp_path / "a.wav"), InputError, "got 'loud'"),
        (("render", "vitals-01-slt", "-o", tmp_path / "no" / "a.wav"), AudioError, "cannot write audio"),
    ):
        with pytest.raises(error, match=says):
            call(*arguments)


@pytest.mark.parametrize("verb", ["list", "show", "check", "import", "transcribe", "align", "render"])
def test_every_verb_has_an_example_in_its_help(verb):
    """People read examples first."""
    assert f"Example: workbench datasets {verb}" in call(verb, "--help")
