"""What the checker says about sound that can be decoded, and that it decodes it once."""

import sqlite3

import numpy as np
import pytest
import soundfile as sf

from workbench.audio import measure
from workbench.corpus import ManifestRow, builtin_corpora, check_corpus, load_corpus, read_utterance, write_manifest
from workbench.corpus import check as checking

RATE = 16_000


@pytest.fixture(scope="module")
def speech():
    """Three seconds of a built-in recording, as floats at 16 kHz."""
    utterance = load_corpus(builtin_corpora()["clinic"]).utterance("vitals-01-slt")
    return read_utterance(utterance).pcm[: 3 * RATE] / 32768


def check(folder, x, *, rate=RATE, subtype="FLOAT", reference="Seven words and not one more today.", **row):
    sf.write(folder / "a.wav", x, rate, subtype=subtype)
    write_manifest(folder, [ManifestRow(id="a", audio="a.wav", reference=reference, **row)])
    return check_corpus(folder)


def causes(problems):
    return [(problem.cause, problem.remark) for problem in problems]


def test_speech_gives_no_cause_to_say_anything(tmp_path, speech):
    """As it is."""
    assert check(tmp_path, speech) == []


@pytest.mark.parametrize(
    ("make", "cause", "remark", "says"),
    [
        (lambda x: x * 0, "silence", False, "all samples are zero"),
        (lambda x: np.stack([x, -x], 1), "phase", False, "set `channel` to 0"),
        (lambda x: x[RATE : RATE + 1], "short", False, "got 1 samples"),
        (lambda x: x * 32768, "overflow", False, "Divide them by 32768"),
        (lambda x: x * 10 ** (-40 / 20), "level", False, "got speech at -62 dBFS"),
        (lambda x: x * 10 ** (-30 / 20), "level", True, "got speech at -52 dBFS"),
        (lambda x: np.clip(x * 20, -1, 1), "clipping", True, "of the samples are at full scale"),
        (lambda x: 0.1 * np.sin(np.arange(x.size) * 2 * np.pi * 50 / RATE), "speech", True, "moves by 0.0 dB"),
        (lambda x: np.stack([x, x[::-1]], 1), "channels", True, "is there a speaker on each?"),
        (lambda x: np.stack([x * 0, x], 1), "channels", True, "only channel 1 carries sound"),
    ],
)
def test_what_cannot_be_heard_is_named_with_a_reason(tmp_path, speech, make, cause, remark, says):
    """A fault if a run of it would be worthless, else a remark."""
    (problem,) = check(tmp_path, make(speech))
    assert (problem.cause, problem.remark) == (cause, remark)
    assert says in problem.what


@pytest.mark.parametrize("make", [lambda x: x * 0, lambda x: x * 10 ** (-60 / 20), lambda x: x[RATE : RATE + 1]])
def test_quiet_is_no_fault_where_nothing_is_said(tmp_path, speech, make):
    """A recording marked as silence may be silent; a broken one is named all the same."""
    sound = make(speech)
    assert causes(check(tmp_path, sound, reference="", silence=True)) == ([("short", False)] if sound.size == 1 else [])


def test_telephone_sound_in_a_wide_file_is_named(tmp_path, speech):
    """The rate promises twice what is there."""
    import soxr

    narrow = soxr.resample(soxr.resample(speech, RATE, 8_000), 8_000, RATE)
    (problem,) = check(tmp_path, narrow, subtype="PCM_16")
    assert (problem.cause, problem.remark) == ("bandwidth", True)
    assert check(tmp_path, soxr.resample(speech, RATE, 8_000), rate=8_000) == []


@pytest.mark.parametrize(("words", "flagged"), [(7, False), (18, False), (19, True), (60, True)])
def test_more_words_than_anybody_says_in_the_time_are_named(tmp_path, speech, words, flagged):
    """Three seconds hold six to twelve, and eighteen at most."""
    problems = check(tmp_path, speech, reference=" ".join(["word"] * words))
    assert causes(problems) == ([("words", True)] if flagged else [])


def test_a_long_recording_of_a_few_words_is_named(tmp_path, speech):
    """The reference of another one, or half of a reference."""
    (problem,) = check(tmp_path, np.tile(speech, 3), reference="Only three words.")
    assert "got 0.33 words a second; speech has 2 to 4" in problem.what


def test_one_channel_is_played_if_the_row_names_it(tmp_path, speech):
    """Opposite signs do not matter then, and the other channel is not heard."""
    pair = np.stack([speech, -speech], 1)
    assert check(tmp_path, pair, channel=1) == []
    (utterance,) = load_corpus(tmp_path).utterances
    assert np.array_equal(read_utterance(utterance).pcm, np.rint(-speech * 32768).astype(np.int16))
    (problem,) = check(tmp_path, np.stack([speech, speech * 0], 1), channel=1)
    assert problem.what == "nothing but silence on channel 1"
    (problem,) = check(tmp_path, pair, channel=2)
    assert "no such channel (got 2; expected 0 to 1)" in problem.what
    (problem,) = check(tmp_path, pair, channel=-1)
    assert "channel must not be negative" in problem.what


def test_how_a_file_was_read_is_said(tmp_path, speech):
    """A remark of the container, for each utterance that lies in it."""
    sf.write(tmp_path / "a.wav", speech, RATE, subtype="PCM_16")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[40:44] = b"\xff" * 4
    (tmp_path / "a.wav").write_bytes(data)
    write_manifest(tmp_path, [ManifestRow(id="a", audio="a.wav", reference="Six words and not one more.")])
    (problem,) = check_corpus(tmp_path)
    assert (problem.cause, problem.remark) == ("container", True)
    assert "leaves the length open" in problem.what


@pytest.fixture
def decoded(monkeypatch):
    """Names of the files that were decoded."""
    names = []

    def measure_file(path, stretches):
        names.append(path.name)
        return measure.measure_file(path, stretches)

    monkeypatch.setattr(checking, "measure_file", measure_file)
    return names


def test_a_file_is_decoded_once_whatever_is_cut_out_of_it(tmp_path, speech, decoded):
    """Twenty stretches of one file, each judged by itself."""
    sf.write(tmp_path / "a.wav", np.concatenate([speech, speech * 0]), RATE)
    part = 6 * RATE // 20
    rows = [
        ManifestRow(id=str(i), audio="a.wav", reference="x", sample_rate_hz=RATE, samples=part, start_sample=i * part)
        for i in range(20)
    ]
    write_manifest(tmp_path, rows)
    faults = [problem for problem in check_corpus(tmp_path) if not problem.remark]
    assert [(p.item, p.cause) for p in faults] == [(str(i), "silence") for i in range(10, 20)]
    assert decoded == ["a.wav"]


def test_what_was_decoded_before_is_known_by_its_content(tmp_path, speech, decoded):
    """Under any name; changed content, another stretch or another channel is decoded again."""
    first = check(tmp_path, speech * 10 ** (-30 / 20))
    assert check_corpus(tmp_path) == first
    assert decoded == ["a.wav"]
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    write_manifest(tmp_path, [ManifestRow(id="b", audio="b.wav", reference="Seven words and not one more today.")])
    assert [p.what for p in check_corpus(tmp_path)] == [p.what for p in first]
    assert decoded == ["a.wav"]
    check(tmp_path, speech)
    check(tmp_path, speech, channel=0)
    check(tmp_path, speech, sample_rate_hz=RATE, samples=RATE)
    assert len(decoded) == 4


@pytest.mark.parametrize("damage", ["garbage", "folder"])
def test_a_damaged_cache_is_as_good_as_none(tmp_path, speech, fact_cache, damage):
    """The check goes on without it."""
    file = fact_cache / "sounds.sqlite"
    file.write_bytes(b"this is no database" * 100) if damage == "garbage" else file.mkdir()
    assert check(tmp_path, speech) == []


def test_the_cache_holds_no_name_and_no_text(tmp_path, speech, fact_cache):
    """Only hashes and levels, readable by its owner."""
    check(tmp_path, speech, reference="Mister Zwiebelmann has a fever.")
    content = (fact_cache / "sounds.sqlite").read_bytes()
    assert sqlite3.connect(fact_cache / "sounds.sqlite").execute("SELECT count(*) FROM sounds").fetchone() == (1,)
    assert b"Zwiebelmann" not in content
    assert b"a.wav" not in content


def test_progress_counts_utterances(tmp_path, speech):
    """Up to all of them."""
    sf.write(tmp_path / "a.wav", speech, RATE)
    write_manifest(tmp_path, [ManifestRow(id=str(i), audio="a.wav", reference="x y z", channel=None) for i in range(3)])
    steps = []
    check_corpus(tmp_path, on_progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (3, 3)


def test_each_of_many_files_has_its_own_problem(tmp_path, speech):
    """Whatever thread looks at it, and beside whatever other files; every seventh is silent, every eleventh cut off."""
    names = [f"{n:03}.wav" for n in range(200)]
    expected = {}
    for n, name in enumerate(names):
        sf.write(tmp_path / name, speech[: RATE + n] * (0 if n % 7 == 0 else 1), RATE, subtype="FLOAT")
        if n % 11 == 0 and n % 7:
            (tmp_path / name).write_bytes(b"RIFF")
            expected[name] = None
        elif n % 7 == 0:
            expected[name] = "silence"
    write_manifest(
        tmp_path,
        [ManifestRow(id=name, audio=name, reference="one two", sample_rate_hz=RATE, samples=RATE) for name in names],
    )
    found = check_corpus(tmp_path)
    assert [problem.item for problem in found] == sorted(expected)
    assert all(expected[problem.item] in (None, problem.cause) for problem in found)
    assert check_corpus(tmp_path) == found
