"""Conversations by speaker: equal to meeteval called on plain texts, DER equal to every permutation on a grid."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import groupby, permutations

import pytest
from click.testing import CliRunner

from tests.scoring.metrics.records import session, spoken
from tests.stored import store_run
from workbench.cli import cli
from workbench.corpus import find_corpus, load_corpus
from workbench.protocol import live
from workbench.protocol.messages import Final, TranscriptWord
from workbench.reference import Reference, Word
from workbench.scoring.cells import score_run
from workbench.scoring.metrics import meetings
from workbench.scoring.metrics.meetings import COLLAR_S, Meeting, Turn, diarisation_error, meeting
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import score_session
from workbench.scoring.view import SessionView

NEEDS = "needs meeteval, which is not installed here"
VOCABULARY = ["no", "chest", "pain", "arm", "left", "cough", "fever", "knee", "walk", "sleep", "tired", "better"]
Said = list[tuple[str, list[str]]]


def conversation(said: Said, heard: Said, *, word_ms: int = 200):
    """A record: turns one after the other, and a final a turn heard, at the end of as much audio as it has words."""
    texts = [(word, speaker) for speaker, words in said for word in words]
    words = tuple(
        Word(text, i * word_ms * 16, (i + 1) * word_ms * 16, speaker) for i, (text, speaker) in enumerate(texts)
    )
    text = " ".join(word for word, _ in texts)
    messages, at_ms = [], 0
    for label, tokens in heard:
        at_ms += word_ms * len(tokens)
        final = Final(" ".join(tokens), tuple(TranscriptWord(token, label) for token in tokens), "t")
        messages.append((at_ms, "raw", live.encode_server(final, "s").decode()))
    return session(Reference(text, text, words), messages, chunks=max(1, -(-at_ms // 100), len(words) * word_ms // 100))


def by_speaker(said: Said) -> dict[str, str]:
    """The words of each speaker as one text."""
    texts: dict[str, list[str]] = {}
    for speaker, words in said:
        texts.setdefault(speaker, []).extend(words)
    return {speaker: " ".join(words) for speaker, words in texts.items()}


def joined(said: Said) -> Said:
    """Neighbouring turns of one speaker are one turn."""
    return [(name, [w for _, words in turns for w in words]) for name, turns in groupby(said, key=lambda turn: turn[0])]


def by_meeteval(said: Said, heard: Said) -> tuple[int, int]:
    """Errors of cpWER and ORC-WER from plain texts, without times."""
    import meeteval

    cp = meeteval.wer.wer.cp.cp_word_error_rate(by_speaker(said), by_speaker(heard))
    turns = [" ".join(words) for _, words in joined(said)]
    return cp.errors, meeteval.wer.wer.orc.orc_word_error_rate(turns, by_speaker(heard)).errors


def by_meeteval_in_time(said: Said, heard: Said, word_ms: int = 200) -> int:
    """Errors of tcpWER from segments whose words lie evenly in them."""
    import meeteval

    def segments(turns):
        at, found = 0.0, []
        for speaker, words in turns:
            end = at + len(words) * word_ms / 1000
            found.append(
                {"session_id": "s", "speaker": speaker, "start_time": at, "end_time": end, "words": " ".join(words)}
            )
            at = end
        return meeteval.io.SegLST(found)

    return meeteval.wer.wer.time_constrained.time_constrained_minimum_permutation_word_error_rate(
        segments(said), segments(heard), collar=COLLAR_S,
        reference_pseudo_word_level_timing="equidistant_intervals",
        hypothesis_pseudo_word_level_timing="equidistant_intervals",
    ).errors  # fmt: skip


def random_meeting(rng: random.Random) -> tuple[Said, Said]:
    """Two to four speakers; words are lost, replaced and invented, and labels slip."""
    speakers = "ABCD"[: rng.randint(2, 4)]
    said = [(rng.choice(speakers), rng.choices(VOCABULARY, k=rng.randint(1, 6))) for _ in range(rng.randint(2, 8))]
    heard = []
    for speaker, words in said:
        kept = [w if rng.random() < 0.8 else rng.choice(VOCABULARY) for w in words if rng.random() < 0.9]
        label = f"S{ord(speaker if rng.random() < 0.8 else rng.choice(speakers))}"
        heard.append((label, kept or ["um"]))
    return said, heard


def test_speakers_and_words_of_a_small_conversation():
    """A says four words, B two; the service gives B's first word to A: 1 insertion, 1 deletion, and 200 of 1,200 ms."""
    pytest.importorskip("meeteval", reason=NEEDS)
    said = [("A", ["no", "chest", "pain", "today"]), ("B", ["left", "knee"])]
    heard = [("S1", ["no", "chest", "pain", "today", "left"]), ("S2", ["knee"])]
    found = meeting(SessionView(conversation(said, heard)))
    assert (found.words, found.cp_errors, found.tcp_errors) == (6, 2, 2)
    assert found.orc_errors == 2  # B's turn stands whole on one label or the other
    assert (found.speech_ns, found.der_ns) == (1_200_000_000, 200_000_000)
    (cell,) = score_run([score_session(conversation(said, heard), normaliser("clinical"))], seed=1)
    assert cell.metrics["cpwer"].value == pytest.approx(2 / 6)
    assert cell.metrics["der"].value == pytest.approx(1 / 6)


def test_words_far_apart_are_not_the_same_word():
    """The last word comes 6 s of audio late, behind 30 others of its speaker: tcpWER counts it twice, cpWER not."""
    pytest.importorskip("meeteval", reason=NEEDS)
    said = [("A", ["fever"]), ("B", ["um"] * 60)]
    heard = [("S2", ["um"] * 60), ("S1", ["fever"])]
    found = meeting(SessionView(conversation(said, heard)))
    assert (found.cp_errors, found.tcp_errors) == (0, by_meeteval_in_time(said, heard))
    assert found.tcp_errors == 2


def test_200_random_meetings_are_counted_as_meeteval_counts_them():
    """From plain texts for cpWER and ORC-WER, from segments for tcpWER."""
    pytest.importorskip("meeteval", reason=NEEDS)
    rng = random.Random(7)
    for _ in range(200):
        said, heard = random_meeting(rng)
        found = meeting(SessionView(conversation(said, heard)))
        assert (found.cp_errors, found.orc_errors) == by_meeteval(said, heard)
        assert found.tcp_errors == by_meeteval_in_time(said, heard)


def test_the_visits_are_counted_as_meeteval_counts_them():
    """Each visit with every third turn on the other label and every tenth word lost."""
    pytest.importorskip("meeteval", reason=NEEDS)
    labels = {"clinician": "S1", "patient": "S2"}
    for visit in load_corpus(find_corpus("visits")).utterances:
        said = [
            (speaker, [word.text for word in group])
            for speaker, group in groupby(visit.reference.words, key=lambda word: word.speaker)
        ]
        heard = [
            (labels["patient" if i % 3 == 0 else speaker], [w for k, w in enumerate(words) if (i + k) % 10] or ["um"])
            for i, (speaker, words) in enumerate(said)
        ]
        found = meeting(SessionView(conversation(said, heard)))
        read = [[(name, list(tokens(words))) for name, words in side] for side in (said, heard)]
        # A value that spans two turns reads otherwise in one piece: none does here.
        assert found.words == sum(len(words) for _, words in read[0])
        assert (found.cp_errors, found.orc_errors) == by_meeteval(*read)
        # Words as they are read take as long as each other, so that meeteval can place them itself. No two of them are
        # just 5 s apart, which is rounded either way.
        again = meeting(SessionView(conversation(*read, word_ms=230)))
        assert (again.words, again.cp_errors) == (found.words, found.cp_errors)
        assert again.tcp_errors == by_meeteval_in_time(*read, word_ms=230)


def tokens(words):
    """Words as they are read."""
    from workbench.scoring.reading import read

    return read(" ".join(words)).words


def on_a_grid(ours, theirs):
    """DER tick by tick, under every pairing of speakers."""
    names = sorted({turn.speaker for turn in ours})
    labels = sorted({turn.speaker for turn in theirs})
    labels += [f"none {i}" for i in range(max(0, len(names) - len(labels)))]
    ticks = range(max((turn.end_ns for turn in (*ours, *theirs)), default=0))
    active = [
        [{turn.speaker for turn in side if turn.start_ns <= tick < turn.end_ns} for tick in ticks]
        for side in (ours, theirs)
    ]
    speech = sum(map(len, active[0]))
    errors = min(
        sum(
            max(len(now), len(then)) - sum(pairing.get(name) in then for name in now)
            for now, then in zip(*active, strict=True)
        )
        for chosen in permutations(labels, len(names))
        for pairing in [dict(zip(names, chosen, strict=True))]
    )
    return speech, errors


def test_the_diarisation_error_is_that_of_every_pairing_on_a_grid():
    """100 random conversations with overlaps and silences, tick by tick."""
    rng = random.Random(3)
    for _ in range(100):
        sides = [
            [
                Turn(rng.choice(names), at, at + rng.randint(1, 9))
                for at in (rng.randint(0, 30) for _ in range(rng.randint(1, 5)))
            ]
            for names in ("ABC", "xyz")
        ]
        assert diarisation_error(*sides) == on_a_grid(*sides)
    assert diarisation_error([Turn("A", 0, 5)], []) == (5, 5)
    assert diarisation_error([], [Turn("x", 0, 5)]) == (0, 5)


def test_nothing_is_counted_where_a_side_names_nobody():
    """A dictation, and a conversation whose finals have no labels."""
    assert meeting(SessionView(session(spoken("no pain"), [(300, "final", "no pain")]))) == Meeting()
    said = [("A", ["no"]), ("B", ["pain"])]
    unnamed = conversation(said, [("S1", ["no", "pain"])])
    unnamed = replace(unnamed, frames=session(unnamed.reference, [(300, "final", "no pain")]).frames)
    assert meeting(SessionView(unnamed)) == Meeting()


def test_show_and_compare_give_them_with_intervals(tmp_path):
    """The same conversations with one word of six under the wrong speaker: two word errors, 200 of 1,200 ms.

    Of 12 conversations every second one is wrong, two words of six and 200 ms of 1,200: 1/6 and 1/12.
    """
    pytest.importorskip("meeteval", reason=NEEDS)
    said = [("A", ["no", "chest", "pain", "today"]), ("B", ["left", "knee"])]
    slipped = [("S1", ["no", "chest", "pain", "today", "left"]), ("S2", ["knee"])]
    right = [("S1", said[0][1]), ("S2", said[1][1])]
    runs = []
    for wrong in (0, 2):
        records = [conversation(said, slipped if wrong and i % wrong else right) for i in range(12)]
        for i, record in enumerate(records):
            record.key = replace(record.key, utterance=f"m{i:02}")
        runs.append(store_run(tmp_path, records))
    asked = ["--store", str(tmp_path), "--columns", "cpwer,tcpwer,der", "--json"]
    (cell,) = json.loads(CliRunner().invoke(cli, ["show", runs[1], *asked]).stdout)["cells"]
    (pair,) = json.loads(CliRunner().invoke(cli, ["compare", *runs, *asked]).stdout)["comparisons"]
    for row, value in zip(pair["columns"], (1 / 6, 1 / 6, 1 / 12), strict=True):
        one = cell["chosen"][row["metric"]]
        assert one["value"] == row["candidate"] == row["difference"] == pytest.approx(value)
        assert (one["n"], row["n"], row["baseline"]) == (12, 12, 0)
        assert 0 < one["low"] < value < one["high"] < 0.5
        assert 0 < row["low"] < value < row["high"] < 0.5
    text = CliRunner().invoke(cli, ["compare", *runs, *asked[:-1]]).output
    assert "Metrics that were asked for, candidate - baseline; not part of the tests" in text
    assert "tcpWER [%]" in text


def test_without_meeteval_the_reason_is_printed(tmp_path, monkeypatch):
    """Where its columns are asked for, and nowhere else; DER needs none."""
    monkeypatch.setattr(meetings, "_meeteval", lambda: False)
    said = [("A", ["no", "pain"]), ("B", ["left", "knee"])]
    store_run(tmp_path, [conversation(said, [("S1", ["no", "pain"]), ("S2", ["left", "knee"])])])
    command = ["show", "last", "--store", str(tmp_path)]
    shown = CliRunner().invoke(cli, [*command, "--columns", "cpwer,der"]).output
    assert "clean: cpWER: meeteval is not installed; pip install 'suki-workbench[meetings]'" in shown
    assert "meeteval" not in CliRunner().invoke(cli, command).output
    cell = json.loads(CliRunner().invoke(cli, [*command, "--json"]).stdout)["cells"][0]
    assert (cell["cpwer"], cell["der"]) == (None, 0.0)
    assert "pip install" in cell["reasons"]["cpwer"]


def test_too_many_labels_are_not_paired():
    """Eleven speakers are a mistake of the service, and meeteval refuses them."""
    pytest.importorskip("meeteval", reason=NEEDS)
    said = [("A", ["no"]), ("B", VOCABULARY)]
    found = meeting(SessionView(conversation(said, [(f"S{i}", ["no"]) for i in range(11)])))
    assert found.cp_errors is None
    assert found.reasons["cpwer"] == "the service names more than 10 speakers"
