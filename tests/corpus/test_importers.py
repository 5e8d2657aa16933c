"""Importers: each format's small fixture comes through whole, and its bad row is named by line."""

import csv
import gzip
import io
import json

import numpy as np
import pytest
import soundfile as sf

from workbench.corpus import check_corpus, load_corpus, read_utterance
from workbench.corpus.importers import FORMATS, import_corpus
from workbench.errors import CorpusError

RATE = 8_000
TEXTS = {"u-1": "no fever today", "u-2": "start aspirin, 81 mg", "u-3": "two words"}


def audio(path, seconds=1.0, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).standard_normal(round(RATE * seconds)) * 2_000
    pcm = (noise * np.sin(2 * np.pi * 2 * np.arange(noise.size) / RATE) ** 2).astype(np.int16)  # as syllables come
    sf.write(path, pcm, RATE, **({} if path.suffix == ".mp3" else {"subtype": "PCM_16"}))
    return pcm


def three_files(folder, ending="wav"):
    for seed, name in enumerate(TEXTS):
        audio(folder / f"{name}.{ending}", 1.0 + seed / 4, seed)


def nemo(folder, texts):
    three_files(folder / "wavs")
    rows = [
        {"audio_filepath": f"wavs/{name}.wav", "text": text, "duration": 1.0 + i / 4, "speaker": f"s{i}"}
        for i, (name, text) in enumerate(texts.items())
    ]
    (folder / "m.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder / "m.jsonl"


def audiofolder_jsonl(folder, texts):
    three_files(folder)
    rows = [{"file_name": f"{n}.wav", "transcription": t, "speaker_id": i} for i, (n, t) in enumerate(texts.items())]
    (folder / "metadata.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


def audiofolder_csv(folder, texts):
    three_files(folder)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([("file_name", "text", "speaker"), *((f"{n}.wav", t, f"s{i}") for i, (n, t) in enum(texts))])
    (folder / "metadata.csv").write_text(out.getvalue())
    return folder


def enum(texts):
    return enumerate(texts.items())


def kaldi(folder, texts):
    three_files(folder / "wavs")
    (folder / "wav.scp").write_text("".join(f"{n} wavs/{n}.wav\n" for n in texts))
    (folder / "text").write_text("".join(f"{n} {t}\n" for n, t in texts.items()))
    (folder / "utt2spk").write_text("".join(f"{n} s{i}\n" for i, (n, _) in enum(texts)))
    return folder


def librispeech(folder, texts):
    three_files(folder / "u" / "1", "flac")
    (folder / "u" / "1" / "u-1.trans.txt").write_text("".join(f"{n} {t}\n" for n, t in texts.items()))
    return folder


def common_voice(folder, texts):
    three_files(folder / "clips", "mp3")
    lines = ["client_id\tpath\tsentence\tage"]
    lines += [f"{'abcdef' * 10}{i}\t{n}.mp3\t{t}\tforties" for i, (n, t) in enum(texts)]
    (folder / "validated.tsv").write_text("\n".join(lines))
    return folder / "validated.tsv"


def lhotse(folder, texts):
    three_files(folder)
    rows = [
        {
            "id": name,
            "type": "MonoCut",
            "start": 0.0,
            "duration": 1.0 + i / 4,
            "channel": 0,
            "supervisions": [{"id": name, "start": 0.0, "duration": 1.0, "text": text, "speaker": f"s{i}"}],
            "recording": {"id": name, "sources": [{"type": "file", "channels": [0], "source": f"{name}.wav"}]},
        }
        for i, (name, text) in enum(texts)
    ]
    data = "\n".join(json.dumps(row) for row in rows).encode()
    (folder / "cuts.jsonl.gz").write_bytes(gzip.compress(data))
    return folder / "cuts.jsonl.gz"


def seglst(folder, texts):
    three_files(folder)
    rows = [
        {"session_id": n, "speaker": f"s{i}", "words": t, "start_time": "0.1", "end_time": 0.9}
        for i, (n, t) in enum(texts)
    ]
    (folder / "ref.json").write_text(json.dumps(rows, indent=1))
    return folder / "ref.json"


def table(folder, texts):
    three_files(folder)
    rows = [f"{n}.wav;{t};s{i}" for i, (n, t) in enum(texts)]
    (folder / "list.csv").write_text("\n".join(["Path;Transcript;Doctor", *rows]))
    return folder / "list.csv"


def folder_of_texts(folder, texts):
    three_files(folder)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(f"{text}\n")
    return folder


MAKERS = {
    "table": (table, "table"),
    "folder": (folder_of_texts, "folder"),
    "nemo": (nemo, "nemo"),
    "audiofolder-jsonl": (audiofolder_jsonl, "audiofolder"),
    "audiofolder-csv": (audiofolder_csv, "audiofolder"),
    "kaldi": (kaldi, "kaldi"),
    "librispeech": (librispeech, "librispeech"),
    "common-voice": (common_voice, "common-voice"),
    "lhotse": (lhotse, "lhotse"),
    "seglst": (seglst, "seglst"),
}


def test_every_format_has_a_fixture():
    """None is forgotten here."""
    assert {name for _, name in MAKERS.values()} == set(FORMATS)


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_corpus_comes_through_whole(tmp_path, kind, copy):
    """Texts, speakers, lengths; the checker agrees; audio is copied only when asked for."""
    make, name = MAKERS[kind]
    source = make(tmp_path / "in", dict(TEXTS))
    target = tmp_path / "out"
    report = import_corpus(name, source, target, copy=copy, licence="CC0")
    assert report.problems == ()
    assert report.utterances == 3
    corpus = load_corpus(target)
    assert {u.id: u.reference.written for u in corpus.utterances} == TEXTS
    assert all((u.speaker or kind == "folder") and u.licence == "CC0" and u.source for u in corpus.utterances)
    for index, utterance in enumerate(corpus.utterances):
        assert utterance.duration_s == pytest.approx(1.0 + index / 4, abs=0.001)
        assert read_utterance(utterance).pcm.size == utterance.samples
        assert utterance.audio.resolve().is_relative_to(target.resolve()) == copy
    assert check_corpus(target) == []
    assert (target / "audio").exists() == copy


@pytest.mark.parametrize("kind", MAKERS)
def test_a_missing_file_names_the_line_and_nothing_is_written(tmp_path, kind):
    """Every bad row is told; a half corpus is none."""
    make, name = MAKERS[kind]
    source = make(tmp_path / "in", dict(TEXTS))
    next((tmp_path / "in").rglob("u-2.*[!t]")).unlink()
    report = import_corpus(name, source, tmp_path / "out", copy=True)
    if kind == "folder":  # a text alone is no recording
        assert [remark.path.endswith("u-2.txt") for remark in report.remarks] == [True]
        return
    (problem,) = report.problems
    assert "u-2" in str(problem)
    assert "no such audio file" in problem.what
    line = {"table": 3, "audiofolder-csv": 3, "common-voice": 3, "seglst": 9}.get(kind, 2)
    assert problem.line == line
    assert report.manifest is None
    assert not (tmp_path / "out").exists()


BAD_ROWS = {
    "nemo, not JSON": ("nemo", "m.jsonl", "{oops", "3: not JSON"),
    "nemo, a list": ("nemo", "m.jsonl", "[1]", "3: not a JSON object (got list)"),
    "nemo, no text": ("nemo", "m.jsonl", '{"audio_filepath": "wavs/u-3.wav"}', "3: wavs/u-3.wav: no text in this row"),
    "nemo, bad time": (
        "nemo",
        "m.jsonl",
        '{"audio_filepath": "wavs/u-3.wav", "text": "a", "duration": "x"}',
        "3: wavs/u-3.wav: duration is no time in seconds (got 'x')",
    ),
    "nemo, too long": (
        "nemo",
        "m.jsonl",
        '{"audio_filepath": "wavs/u-3.wav", "text": "a", "duration": 9}',
        "3: u-3: the stretch lies outside the audio (got 0 s + 9 s; expected within 1.5 s)",
    ),
    "nemo, outside": (
        "nemo",
        "m.jsonl",
        '{"audio_filepath": "../../x.wav", "text": "a"}',
        "name its folder with --audio-root",
    ),
    "nemo, twice": ("nemo", "m.jsonl", '{"audio_filepath": "wavs/u-1.wav", "text": "a"}', "3: u-1: duplicate id"),
    "csv, cells": ("audiofolder-csv", "metadata.csv", "only", "4: wrong number of cells (got 1; expected 3)"),
    "csv, no text": ("audiofolder-csv", "metadata.csv", "u-3.wav,,x", "4: u-3.wav: no text (transcription, text"),
    "kaldi, pipe": ("kaldi", "wav.scp", "u-3 sox a.wav -t wav - |", "3: u-3: its audio is made by a command"),
    "kaldi, text": ("kaldi", "text", "u-3", "3: u-3: nothing after the id"),
    "librispeech": ("librispeech", "u/1/u-1.trans.txt", "u-3", "3: u-3: no text after the id"),
    "common voice": ("common-voice", "validated.tsv", "x\tu-3.mp3\t\tforties", "4: u-3.mp3: no sentence in this row"),
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_bad_row_is_named_by_its_line(tmp_path, kind):
    """The last row of each fixture is replaced."""
    maker, file, bad, says = BAD_ROWS[kind]
    make, name = MAKERS[maker]
    source = make(tmp_path / "in", dict(TEXTS))
    path = tmp_path / "in" / file
    path.write_text("\n".join([*path.read_text().splitlines()[:-1], bad]) + "\n")
    report = import_corpus(name, source, tmp_path / "out")
    assert any(says in str(problem) and str(path) in str(problem) for problem in report.problems), report.problems
    assert report.manifest is None


def test_a_bad_row_leaves_a_folder_as_it_was(tmp_path):
    """One that somebody has written a header into."""
    make, name = MAKERS["nemo"]
    source = make(tmp_path / "in", dict(TEXTS))
    with source.open("a") as file:
        file.write("5\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "corpus.json").write_text('{"name": "mine"}')
    assert import_corpus(name, source, tmp_path / "out").manifest is None
    assert (tmp_path / "out" / "corpus.json").read_text() == '{"name": "mine"}'
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["corpus.json"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"recording": {}}, "not a mono cut with supervisions and a file (at 'sources')"),
        ({"recording": {"sources": [{"type": "url", "source": "x"}]}}, "source type url"),
        ({"supervisions": []}, "empty reference"),
    ],
)
def test_a_cut_of_another_kind_is_named(tmp_path, change, says):
    """Lhotse has many; ours are mono cuts of files."""
    source = lhotse(tmp_path / "in", dict(TEXTS))
    lines = gzip.decompress(source.read_bytes()).decode().splitlines()
    lines[1] = json.dumps(json.loads(lines[1]) | change)
    plain = source.with_suffix("")
    plain.write_text("\n".join(lines))
    (problem,) = import_corpus("lhotse", plain, tmp_path / "out").problems
    assert problem.line == 2
    assert says in problem.what


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "1: not a JSON array"),
        ('[\n{"session_id": "u-1", oops', "2: not JSON"),
        ('[\n{"session_id": "u-1", "words": "a", "start_time": 2, "end_time": 1}]', "end_time before start_time"),
        ('[\n\n{"words": "a", "start_time": 0, "end_time": 1}]', "3: no session_id in this row"),
        ("[\n5]", "2: not a JSON object (got int)"),
    ],
)
def test_a_bad_segment_is_named_by_the_line_it_begins_on(tmp_path, text, says):
    """SegLST is an array, not lines; a reader still wants a line."""
    source = seglst(tmp_path / "in", dict(TEXTS))
    source.write_text(text)
    assert any(says in str(p) for p in import_corpus("seglst", source, tmp_path / "out").problems)


def test_kaldi_segments_are_stretches_of_one_file(tmp_path):
    """Nothing is cut into files."""
    pcm = audio(tmp_path / "in" / "long.wav", 4.0)
    (tmp_path / "in" / "wav.scp").write_text("long long.wav\n")
    (tmp_path / "in" / "text").write_text("a one\nb two\n")
    (tmp_path / "in" / "segments").write_text("a long 0.00 1.50\nb long 1.50 4.00\n")
    assert import_corpus("kaldi", tmp_path / "in", tmp_path / "out").problems == ()
    a, b = load_corpus(tmp_path / "out").utterances
    assert np.array_equal(read_utterance(a).pcm, pcm[:12_000])
    assert np.array_equal(read_utterance(b).pcm, pcm[12_000:])
    assert check_corpus(tmp_path / "out") == []
    (tmp_path / "in" / "segments").write_text("a long 2.0 1.5\nc nix 0 1\n")
    problems = import_corpus("kaldi", tmp_path / "in", tmp_path / "bad").problems
    assert [(p.line, p.item) for p in problems] == [(1, "a"), (2, "c"), (2, "b")]


def test_several_speakers_become_turns(tmp_path):
    """In SegLST by session, in Lhotse by cut."""
    audio(tmp_path / "in" / "visit.wav", 4.0)
    rows = [
        {"session_id": "visit", "speaker": "B", "words": "fine", "start_time": 2.0, "end_time": 3.0},
        {"session_id": "visit", "speaker": "A", "words": "how are you", "start_time": 0.5, "end_time": 1.5},
        {"session_id": "visit", "speaker": "A", "words": "", "start_time": 3.5, "end_time": 3.6},
    ]
    (tmp_path / "in" / "ref.json").write_text(json.dumps(rows))
    import_corpus("seglst", tmp_path / "in" / "ref.json", tmp_path / "out")
    (visit,) = load_corpus(tmp_path / "out").utterances
    assert visit.reference.written == "how are you fine"
    assert [(t.speaker, t.start_sample, t.end_sample) for t in visit.turns] == [
        ("A", 4_000, 12_000),
        ("B", 16_000, 24_000),
    ]
    assert visit.speaker == "A+B"
    cut = {
        "id": "visit",
        "start": 0.0,
        "duration": 4.0,
        "supervisions": [
            {"start": 0.5, "duration": 1.0, "text": "how are you", "speaker": "A"},
            {"start": 2.0, "duration": 1.0, "text": "fine", "speaker": "B"},
        ],
        "recording": {"sources": [{"type": "file", "source": "visit.wav"}]},
    }
    (tmp_path / "in" / "cuts.jsonl").write_text(json.dumps(cut))
    import_corpus("lhotse", tmp_path / "in" / "cuts.jsonl", tmp_path / "out2")
    (other,) = load_corpus(tmp_path / "out2").utterances
    assert other.turns == visit.turns


def test_audio_elsewhere_needs_its_folder_named(tmp_path):
    """A manifest cannot reach out on its own by a relative path."""
    audio(tmp_path / "store" / "a.wav")
    (tmp_path / "in").mkdir()
    row = {"audio_filepath": "../store/a.wav", "text": "a"}
    (tmp_path / "in" / "m.jsonl").write_text(json.dumps(row))
    (problem,) = import_corpus("nemo", tmp_path / "in" / "m.jsonl", tmp_path / "out").problems
    assert "--audio-root" in problem.what
    report = import_corpus("nemo", tmp_path / "in" / "m.jsonl", tmp_path / "out", audio_root=tmp_path / "store")
    assert report.problems == ()
    assert check_corpus(tmp_path / "out") == []


def test_misuse_is_said_in_one_line(tmp_path):
    """Unknown format, nothing there, a target that is taken, an empty list, missing columns."""
    source = nemo(tmp_path / "in", dict(TEXTS))
    for arguments, says in (
        (("csv", source, tmp_path / "o"), "no such format"),
        (("nemo", tmp_path / "gone.jsonl", tmp_path / "o"), "nothing to import here"),
        (("kaldi", source, tmp_path / "o"), "expected a folder with wav.scp"),
        (("librispeech", tmp_path / "in", tmp_path / "o"), "trans.txt"),
        (("audiofolder", tmp_path / "in", tmp_path / "o"), "metadata"),
    ):
        with pytest.raises(CorpusError, match=says):
            import_corpus(*arguments)
    import_corpus("nemo", source, tmp_path / "o")
    with pytest.raises(CorpusError, match="the folder already has a corpus"):
        import_corpus("nemo", source, tmp_path / "o")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(CorpusError, match="0 rows"):
        import_corpus("nemo", tmp_path / "empty.jsonl", tmp_path / "e")
    (tmp_path / "x.tsv").write_text("a\tb\n")
    with pytest.raises(CorpusError, match="columns are missing"):
        import_corpus("common-voice", tmp_path / "x.tsv", tmp_path / "e")


@pytest.mark.parametrize(
    ("kind", "file"),
    [("nemo", "m.jsonl"), ("audiofolder-csv", "metadata.csv"), ("kaldi", "text"), ("librispeech", "u/1/u-1.trans.txt")],
)
def test_a_line_that_is_not_utf_8_is_named(tmp_path, kind, file):
    """Latin-1 is the usual culprit."""
    make, name = MAKERS[kind]
    source = make(tmp_path / "in", dict(TEXTS))
    path = tmp_path / "in" / file
    lines = path.read_bytes().splitlines()
    lines[-1] += b" caf\xe9"
    path.write_bytes(b"\n".join(lines))
    problems = import_corpus(name, source, tmp_path / "out").problems
    assert any(p.line == len(lines) and p.what == "not UTF-8" for p in problems), problems


def test_kaldi_names_utterances_without_text_or_recording(tmp_path):
    """Its tables must agree; tabs are as good as blanks."""
    source = kaldi(tmp_path / "in", dict(TEXTS))
    (source / "text").write_text("u-1\tno fever today\nu-2 start aspirin\n")
    (problem,) = import_corpus("kaldi", source, tmp_path / "out").problems
    assert (problem.line, problem.item) == (3, "u-3")
    assert "no text for it" in problem.what
    (source / "segments").write_text("u-1 nowhere 0 1\nu-2 u-2\n")
    problems = import_corpus("kaldi", source, tmp_path / "out").problems
    assert [p.what.split(",")[0] for p in problems] == [
        "its recording is not in wav.scp",
        "expected: utterance recording start end",
    ]


def test_blank_lines_do_not_shift_the_count(tmp_path):
    """An editor counts them too."""
    source = audiofolder_csv(tmp_path / "in", dict(TEXTS))
    path = source / "metadata.csv"
    head, *rows = path.read_text().splitlines()
    path.write_text("\n".join([head, "", rows[0], "", "only"]))
    (problem,) = import_corpus("audiofolder", source, tmp_path / "out").problems
    assert problem.line == 5
