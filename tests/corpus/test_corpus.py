"""Corpora: what a manifest may hold, and what the checker says about a bad one."""

import hashlib
import json
from dataclasses import FrozenInstanceError
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from workbench.audio.pronunciations import read_dictionary, shipped_dictionary
from workbench.corpus import (
    HeaderRow,
    ManifestRow,
    TurnRow,
    WordRow,
    WordsRow,
    builtin_corpora,
    check_corpus,
    find_corpus,
    load_corpus,
    read_utterance,
    write_manifest,
    write_words,
)
from workbench.corpus.align import align_corpus, corpus_pronunciations
from workbench.corpus.summary import summarise
from workbench.errors import AudioError, CorpusError

RATE = 16_000


@pytest.fixture
def folder(tmp_path):
    """A good corpus of two utterances."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        syllables = np.sin(2 * np.pi * 2 * np.arange(RATE) / RATE) ** 2
        sf.write(tmp_path / f"{name}.wav", (rng.standard_normal(RATE) * 3000 * syllables).astype(np.int16), RATE)
    write_manifest(tmp_path, [row(tmp_path, "a"), row(tmp_path, "b")])
    return tmp_path


def row(folder, name, **changes):
    data = (folder / f"{name}.wav").read_bytes()
    fields = {
        "id": name,
        "audio": f"{name}.wav",
        "sha256": hashlib.sha256(data).hexdigest(),
        "reference": "No fever.",
        "spoken": "no fever",
        "sample_rate_hz": RATE,
        "samples": RATE,
        "speaker": "S",
    }
    return ManifestRow(**(fields | changes))


def rewrite(folder, change, line=1):
    """Change one row of the manifest, as JSON or as text."""
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    lines[line] = change if isinstance(change, str) else json.dumps(json.loads(lines[line]) | change)
    (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n")


def test_a_good_corpus_loads_and_has_no_problems(folder):
    """Everything a run needs, frozen."""
    corpus = load_corpus(folder)
    assert [u.id for u in corpus.utterances] == ["a", "b"]
    assert corpus.sha256 == hashlib.sha256((folder / "manifest.jsonl").read_bytes()).hexdigest()
    assert corpus.utterances[0].reference.written == "No fever."
    assert corpus.utterances[0].duration_s == 1.0
    assert read_utterance(corpus.utterances[0]).pcm.size == RATE
    assert check_corpus(folder) == []
    with pytest.raises(FrozenInstanceError):
        corpus.name = "x"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "a"}, "a: duplicate id (first on line 1)"),
        ({"id": " "}, "empty id"),
        ({"reference": "  "}, "b: empty reference"),
        ({"spoken": ""}, "b: empty spoken form"),
        ({"audio": "gone.wav"}, "b: audio file is missing"),
        ({"audio": "../b.wav"}, "b: audio lies outside the corpus folder (got ../b.wav"),
        ({"audio": "/etc/hostname"}, "b: audio lies outside the corpus folder"),
        ({"terms": [{"text": "aspirin", "kind": "drug"}]}, "b: a marked term is not in the reference"),
        ({"terms": [{"text": "fever", "kind": "word"}]}, "b: unknown kind of term (got word; expected one of drug"),
        ({"samples": 0}, "b: samples must be positive (got 0)"),
        ({"colour": 1}, "not a valid row: Object contains unknown field `colour`"),
        ({"samples": "x"}, "not a valid row: Expected `int | null`, got `str` - at `$.samples`"),
        ("{not json", "not JSON"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(folder, change, says):
    """By the checker, and as one error by the loader."""
    rewrite(folder, change)
    problems = check_corpus(folder)
    assert any(str(p).startswith(f"{folder / 'manifest.jsonl'}:2: ") and says in str(p) for p in problems), problems
    with pytest.raises(CorpusError) as caught:
        load_corpus(folder)
    assert "manifest.jsonl:2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_problem_is_listed_not_only_the_first(folder):
    """One look is enough to mend a manifest."""
    rewrite(folder, {"reference": ""}, line=0)
    rewrite(folder, {"audio": "gone.wav"}, line=1)
    assert [p.line for p in check_corpus(folder)] == [1, 2]


def test_the_checker_hashes_and_decodes_the_audio(folder):
    """Loading does not; a run would find out too late."""
    data = (folder / "b.wav").read_bytes()
    (folder / "b.wav").write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    (problem,) = check_corpus(folder)
    assert "b: sha256 differs" in str(problem)
    (folder / "b.wav").write_bytes(data[:20_000])
    (problem,) = check_corpus(folder)
    assert "truncated audio" in str(problem)
    assert load_corpus(folder).utterances


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sample_rate_hz": 8_000}, "sample rate differs (got 16000 Hz; expected 8000 Hz)"),
        ({"samples": 20_000}, "truncated audio (got 16000 samples; expected 20000)"),
    ],
)
def test_the_checker_compares_rate_and_length(folder, changes, says):
    """What the manifest says against what the file is."""
    write_manifest(folder, [row(folder, "a", **changes)])
    assert [p.what for p in check_corpus(folder)] == [says]


def test_a_row_need_not_say_how_long_it_is(folder):
    """Then the file is asked."""
    write_manifest(folder, [ManifestRow(id="a", audio="a.wav", reference="x")])
    (utterance,) = load_corpus(folder).utterances
    assert (utterance.samples, utterance.sample_rate_hz, utterance.sha256) == (RATE, RATE, None)
    (folder / "a.wav").write_text("no audio")
    with pytest.raises(CorpusError, match="not audio"):
        load_corpus(folder)


def test_a_segment_of_a_file_is_an_utterance(folder):
    """It begins and ends inside the file."""
    write_manifest(folder, [row(folder, "a", start_sample=4_000, samples=8_000)])
    (utterance,) = load_corpus(folder).utterances
    whole = sf.read(folder / "a.wav", dtype="int16")[0]
    assert np.array_equal(read_utterance(utterance).pcm, whole[4_000:12_000])
    assert check_corpus(folder) == []


def test_a_declared_root_is_where_audio_lies(folder, tmp_path_factory):
    """An import without copies names it, once, in the header."""
    other = tmp_path_factory.mktemp("other")
    write_manifest(other, [row(folder, "a")], HeaderRow(name="mine", audio_root=str(folder)))
    corpus = load_corpus(other)
    assert corpus.name == "mine"
    assert corpus.utterances[0].audio == folder / "a.wav"
    assert check_corpus(other) == []


def test_a_bad_header_is_named(folder):
    """corpus.json is part of the corpus."""
    (folder / "corpus.json").write_text('{"nam": 1}')
    assert "corpus.json: not a valid header" in str(check_corpus(folder)[0])


def test_word_times_come_with_their_origin(folder):
    """From words.jsonl, where it is there."""
    write_words(folder, [WordsRow("a", "given", (WordRow("no", 0, 5_000), WordRow("fever", 5_000, 9_000)))])
    a, b = load_corpus(folder).utterances
    assert a.reference.words_origin == "given"
    assert a.reference.words[1].end_sample == 9_000
    assert b.reference.words == ()
    assert b.reference.words_origin is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (WordsRow("zz", "given", ()), "zz: word times of an utterance that is not in the manifest"),
        (WordsRow("a", "given", (WordRow("no", 500, 400),)), "word times do not grow (got 500 to 400 after 0)"),
        (WordsRow("a", "given", (WordRow("no", 500, 16_001),)), "word times run past the audio (got 16001"),
    ],
)
def test_bad_word_times_are_named(folder, words, says):
    """Unknown ids, times that fall, times outside."""
    write_words(folder, [words])
    assert any(says in str(p) for p in check_corpus(folder))


def test_no_corpus_and_an_empty_one_are_said(tmp_path):
    """One line each."""
    with pytest.raises(CorpusError, match="no corpus here"):
        load_corpus(tmp_path)
    (tmp_path / "manifest.jsonl").write_text("\n")
    with pytest.raises(CorpusError, match="the manifest is empty"):
        load_corpus(tmp_path)


def test_corpora_are_found_by_name_and_by_path(folder, monkeypatch):
    """A path on disk wins over a built-in name."""
    monkeypatch.chdir(folder)
    assert load_corpus(find_corpus("clinic")).name == "clinic"
    assert find_corpus("datasets/clinic/") == builtin_corpora()["clinic"]
    assert find_corpus(str(folder)) == folder
    assert find_corpus(str(folder / "manifest.jsonl")).is_file()
    with pytest.raises(CorpusError, match=r"nix: no such corpus \(expected one of clinic, librivox"):
        find_corpus("nix")


def test_the_nearest_id_is_offered():
    """A typo costs no search."""
    corpus = load_corpus(find_corpus("clinic"))
    assert corpus.utterance("vitals-01-slt").speaker == "slt"
    with pytest.raises(CorpusError, match=r"no such utterance \(got vitals-1-slt; expected vitals-01-slt"):
        corpus.utterance("vitals-1-slt")


@pytest.mark.parametrize("name", sorted(builtin_corpora()))
def test_every_built_in_corpus_is_whole(name):
    """Hashes, lengths, words, terms, licences."""
    assert check_corpus(builtin_corpora()[name]) == []
    for utterance in load_corpus(builtin_corpora()[name]).utterances:
        assert utterance.licence
        assert utterance.source
        assert utterance.speaker
        assert utterance.reference.words or name == "silence", utterance.id


def test_clinic_is_balanced():
    """Eight kinds, five voices, each voice in every kind."""
    corpus = load_corpus(find_corpus("clinic"))
    kinds = {u.tags[0] for u in corpus.utterances}
    voices = {u.speaker for u in corpus.utterances}
    assert len(corpus.utterances) >= 60
    assert len(kinds) == 8
    assert len(voices) == 5
    assert {(u.tags[0], u.speaker) for u in corpus.utterances} == {(k, v) for k in kinds for v in voices}
    assert {t.kind for u in corpus.utterances for t in u.reference.terms} == {
        "drug", "dose", "value", "medical", "negation", "laterality",
    }  # fmt: skip


def test_a_summary_counts(folder):
    """Words, terms, and what a dictionary lacks."""
    summary = summarise(load_corpus(folder), {"no"})
    assert (summary.utterances, summary.seconds, summary.words, summary.distinct_words) == (2, 2.0, 4, 2)
    assert summary.unknown_words == ("fever",)
    assert summary.out_of_vocabulary_share == 0.5
    assert summarise(load_corpus(folder)).out_of_vocabulary_share is None


def copy_of(name, ids, folder):
    """A few utterances of a built-in corpus, without their word times."""
    source = load_corpus(find_corpus(name))
    rows = [
        ManifestRow(
            id=u.id,
            audio=str(u.audio.relative_to(source.root)),
            reference=u.reference.written,
            spoken=u.reference.spoken,
            sha256=u.sha256,
            sample_rate_hz=u.sample_rate_hz,
            samples=u.samples,
        )
        for u in source.utterances
        if u.id in ids
    ]
    write_manifest(folder, rows, HeaderRow(audio_root=str(source.root)))
    return source


def test_aligning_a_corpus_stores_times_beside_the_manifest(tmp_path):
    """With the aligner's name and version, and counts of what it did."""
    copy_of("clinic", {"vitals-01-slt", "medication-02-slt-hts"}, tmp_path)
    before = (tmp_path / "manifest.jsonl").read_bytes()
    seen = []
    report = align_corpus(load_corpus(tmp_path), on_utterance=seen.append)
    assert (report.utterances, report.aligned, report.failed, report.outside) == (2, report.tokens, {}, 0)
    assert len(seen) == 2
    corpus = load_corpus(tmp_path)
    assert all((u.reference.words_origin or "").startswith("aligner pocketsphinx ") for u in corpus.utterances)
    assert (tmp_path / "manifest.jsonl").read_bytes() == before
    assert check_corpus(tmp_path) == []


def test_what_cannot_be_aligned_is_reported_and_stops_nothing(tmp_path):
    """The reason of each; the rest has its times."""
    copy_of("clinic", {"vitals-01-slt"}, tmp_path)
    lines = (tmp_path / "manifest.jsonl").read_text()
    header = json.loads((tmp_path / "corpus.json").read_text())
    first = json.loads(lines)
    sf.write(tmp_path / "silence.wav", np.zeros(RATE), RATE)
    (tmp_path / "good.flac").write_bytes((Path(header["audio_root"]) / first["audio"]).read_bytes())
    (tmp_path / "bad.flac").write_bytes((tmp_path / "good.flac").read_bytes()[:9_000])
    size = {"sample_rate_hz": RATE, "samples": RATE}
    write_manifest(
        tmp_path,
        [
            ManifestRow(id="bad", audio="bad.flac", reference="no fever", **size),
            ManifestRow(id="silence", audio="silence.wav", reference="no fever", **size),
            ManifestRow(id="good", audio="good.flac", reference=first["spoken"]),
        ],
        HeaderRow(),
    )
    report = align_corpus(load_corpus(tmp_path))
    assert report.utterances == 1
    assert report.failed["silence"] == "no speech in the audio"
    assert "truncated audio" in report.failed["bad"]
    assert [bool(u.reference.words) for u in load_corpus(tmp_path).utterances] == [False, False, True]


def test_an_interrupted_alignment_keeps_what_was_aligned(tmp_path):
    """And what was there before."""
    copy_of("clinic", {"vitals-01-slt", "medication-02-slt-hts"}, tmp_path)

    def stop_at_the_second(utterance, seen=[]):  # noqa: B006  counts calls
        seen.append(utterance)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        align_corpus(load_corpus(tmp_path), on_utterance=stop_at_the_second)
    assert [bool(u.reference.words) for u in load_corpus(tmp_path).utterances] == [True, False]


def test_known_times_are_kept_and_measure_the_aligner(tmp_path):
    """Unless a user asks to replace them."""
    source = copy_of("clinic", {"vitals-01-slt"}, tmp_path)
    known = source.utterance("vitals-01-slt").reference.words
    times = tuple(WordRow(w.text, w.start_sample, w.end_sample) for w in known)
    write_words(tmp_path, [WordsRow("vitals-01-slt", "synthesiser", times)])
    report = align_corpus(load_corpus(tmp_path))
    assert (report.kept, report.utterances) == (1, 0)
    assert len(report.start_errors_ms) == len(known)
    assert load_corpus(tmp_path).utterances[0].reference.words == known
    assert align_corpus(load_corpus(tmp_path), replace=True).utterances == 1
    assert load_corpus(tmp_path).utterances[0].reference.words_origin != "synthesiser"


def test_a_folder_that_cannot_be_written_is_said(folder, monkeypatch):
    """An installed corpus belongs to somebody else."""
    corpus = load_corpus(folder)

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("workbench.corpus.write.replace_file", refuse)
    with pytest.raises(CorpusError, match=r"cannot be written here .*permission denied"):
        align_corpus(corpus)


def test_pronunciations_may_come_with_a_corpus(folder):
    """In vocabulary.dict."""
    assert corpus_pronunciations(load_corpus(folder)) == {}
    (folder / "vocabulary.dict").write_text("metformin M EH T\n")
    assert corpus_pronunciations(load_corpus(folder)) == {"metformin": "M EH T"}


def test_audio_that_went_away_after_loading_is_named(folder):
    """The error of the file, not of Python."""
    utterance = load_corpus(folder).utterances[0]
    utterance.audio.unlink()
    with pytest.raises(AudioError, match="no such audio file"):
        read_utterance(utterance)


def test_consultations_are_aligned_turn_by_turn(tmp_path):
    """Each word gets the speaker of its turn, and an error cannot wander into the next."""
    source = load_corpus(find_corpus("visits"))
    visit = source.utterances[0]
    part = visit.turns[:4]
    row = ManifestRow(
        id="visit",
        audio=str(visit.audio.relative_to(source.root)),
        reference=" ".join(t.text for t in part),
        spoken=" ".join(t.spoken or "" for t in part),
        sample_rate_hz=visit.sample_rate_hz,
        samples=part[-1].end_sample,
        turns=tuple(TurnRow(t.speaker, t.start_sample, t.end_sample, t.text, t.spoken) for t in part),
    )
    write_manifest(tmp_path, [row], HeaderRow(audio_root=str(source.root)))
    report = align_corpus(load_corpus(tmp_path))
    assert (report.aligned, report.out_of_order) == (report.tokens, 0)
    (aligned,) = load_corpus(tmp_path).utterances
    known = visit.reference.words[: len(aligned.reference.words)]
    assert [w.speaker for w in aligned.reference.words] == [w.speaker for w in known]
    for found, true in zip(aligned.reference.words, known, strict=True):
        assert abs(found.start_sample - true.start_sample) < 0.15 * visit.sample_rate_hz


def test_visits_have_turns_that_do_not_overlap_and_forms():
    """Six of them, a minute to three each, at least four with expected values."""
    visits = load_corpus(find_corpus("visits")).utterances
    assert len(visits) >= 6
    assert all(60 <= u.duration_s <= 180 for u in visits)
    assert sum(u.form is not None for u in visits) >= 4
    for u in visits:
        assert {t.speaker for t in u.turns} == {"clinician", "patient"}
        assert all(a.end_sample <= b.start_sample for a, b in pairwise(u.turns))
        assert " ".join(t.text for t in u.turns) == u.reference.written


def test_drug_names_have_pronunciations():
    """Every marked drug is in the shipped dictionary or in the corpus's own."""
    shipped = read_dictionary(shipped_dictionary())
    for name in ("clinic", "visits"):
        corpus = load_corpus(find_corpus(name))
        own = corpus_pronunciations(corpus)
        drugs = {t.text.lower() for u in corpus.utterances for t in u.reference.terms if t.kind == "drug"}
        assert {word for drug in drugs for word in drug.split()} <= shipped.keys() | own.keys()
        assert own.keys().isdisjoint(shipped.keys())
