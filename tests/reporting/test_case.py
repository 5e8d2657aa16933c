"""A case for a vendor: whole for a browser alone, right to the word, and without secrets."""

from __future__ import annotations

import io
import json
import re
import stat
import zipfile
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from tests.stored import heard, stored
from workbench.cli import cli
from workbench.corpus import builtin_corpora, load_corpus
from workbench.errors import InputError
from workbench.recording.record import Outcome
from workbench.reporting.case import write_case
from workbench.reporting.notebook import Run
from workbench.store import CellFacts, CorpusFacts

WALL_NS = 1_700_000_000_000_000_000  # 2023-11-14 22:13:20 UTC
SAID = ("chest", "test pain", "canary")
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def one(utterance="u00", text="no test pain", **more):
    """A session whose audio began a second after its wall clock was read."""
    record = heard(text, utterance=utterance, **more)
    record.wall_start_ns, record.mono_start_ns = WALL_NS, record.start_ns - 1_000_000_000
    record.mono_end_ns, record.wall_end_ns = record.start_ns, WALL_NS + 1_000_000_000
    record.remote_id = f"remote-{utterance}"
    return record


def files(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def case(tmp_path, records, wanted=None, **more):
    run = Run(stored(tmp_path / "runs", records))
    names = wanted or [record.key.utterance for record in records]
    return files(run.save_case(tmp_path / "case.zip", names, **more))


class Links(HTMLParser):
    """Every address of a page, and its elements."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.opened = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "srcset")]


def test_a_browser_is_all_that_it_takes(tmp_path):
    """The page runs nothing and fetches nothing; every address on it is a file of the case."""
    held = case(tmp_path, [one(), one("u/1 <b>")])
    page = held["index.html"].decode()
    links = Links(page)
    assert not {"script", "img", "link", "iframe", "b"} & set(links.opened)
    assert "default-src 'none'" in page
    assert len(links.addresses) == 8
    assert set(links.addresses) == set(held) - {"index.html", "case.json"}
    assert re.findall(r"https?://", page) == []


def test_it_says_which_words_how_late_and_when(tmp_path):
    """Worked by hand: words of 200 ms; a partial at 250 ms has "no", the final at 700 ms the rest.

    "no" is due at 200 ms and is 50 ms late, "pain" at 600 ms and 100 ms late: half of two words is the first.
    """
    held = case(tmp_path, [one()])
    (entry,) = json.loads(held["case.json"])["recordings"]
    assert entry["what_is_wrong"] == (
        "1 word error in 3 spoken words: “chest” was transcribed as “test” (said at 0.20 s). Its audio began at "
        "2023-11-14T22:13:21.000Z. Half the words appeared within 0.05 s of the moment their audio was due; the "
        "latest, “pain” (said at 0.40 s), after 0.10 s. The last final arrived 0.10 s after the last word. The "
        "sender was on time: 99 % of chunks left at most 0.0 ms late."
    )
    assert entry["remote_ids"] == ["session=remote-u00"]
    assert [word["error"] for word in entry["words"]] == [None, "wrong", None]
    assert [word["latency_ns"] for word in entry["words"]] == [50_000_000, None, 100_000_000]
    assert entry["words"][2]["said_at_utc"] == "2023-11-14T22:13:21.400Z"
    assert held["clean-u00-0/reference.txt"] == b"no chest pain\n"
    assert held["clean-u00-0/transcript.txt"] == b"no test pain\n"
    assert "1 recording sent to simulator: 1 word error in 3 spoken words." in held["index.html"].decode()


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (one(text="no pain"), "“chest” is missing (said at 0.20 s)"),
        (one(text="no chest pain canary"), "“canary” was added (after 0.40 s)"),
        (one(text="no chest pain"), "No word is wrong of 3."),
        (one(late_ms=40), "Do not rely on its times: p99 lateness 40.0 ms > 10 ms"),
        (one(outcome=Outcome.REFUSED, chunks=0), "The session failed: handshake refused."),
    ],
)
def test_each_kind_of_fault_has_its_words(tmp_path, record, said):
    """Missing, added, none, untimed and failed; delays of a sender that was late accuse nobody."""
    (entry,) = json.loads(case(tmp_path, [record])["case.json"])["recordings"]
    assert said in entry["what_is_wrong"]
    assert ("Half the words" in entry["what_is_wrong"]) == entry["times_certified"]


def test_every_frame_has_its_times(tmp_path):
    """In whole ns from the beginning of the audio, and in UTC; as many lines as frames."""
    record = one()
    lines = [json.loads(line) for line in case(tmp_path, [record])["clean-u00-0/frames.jsonl"].splitlines()]
    assert len(lines) == len(record.frames)
    assert lines[1] == {
        "frame": 1, "from": "client", "kind": "audio", "chunk": 1, "end_sample": 3_200, "due_ns": 200_000_000,
        "sent_ns": 200_000_000, "flushed_ns": 200_001_000, "utc": "2023-11-14T22:13:21.200Z", "bytes": 4_300,
    }  # fmt: skip
    (final,) = [line for line in lines if line.get("message", {}).get("is") == "Final"]
    assert (final["received_ns"], final["message"]["words"], "no test pain" in final["text"]) == (700_000_000, 3, True)


def test_a_redacted_case_has_times_and_ids_and_nothing_that_was_said(tmp_path):
    """Not in the page, not in a frame, not in an answer, not where a service calls a sentence an id."""
    record = one(text="no test pain canary")
    answer = {"call": "end", "status": 200, "body": {"note_id": "n-7", "odd_id": "chest pain", "summary": "chest test"}}
    record.frames.rest(json.dumps(answer), record.start_ns, record.start_ns + 5)
    record.frames.closed(1000, "canary", record.start_ns + 9)
    held = case(tmp_path, [record], redact=True)
    assert set(held) == {"index.html", "case.json", "clean-u00-0/frames.jsonl"}
    for name, data in held.items():
        assert [word for word in SAID if word.encode() in data] == [], name
    (entry,) = json.loads(held["case.json"])["recordings"]
    assert (
        "word 2 was transcribed as another (said at 0.20 s); a word that nobody said was added"
        in entry["what_is_wrong"]
    )
    assert entry["remote_ids"] == ["session=remote-u00", "note_id=n-7"]
    assert entry["words"][0]["latency_ns"] == 50_000_000
    lines = [json.loads(line) for line in held["clean-u00-0/frames.jsonl"].splitlines()]
    assert [line["ids"] for line in lines if line["kind"] == "rest"] == [["note_id=n-7"]]
    assert all("text" not in line for line in lines)


@pytest.mark.parametrize("redact", [False, True])
def test_no_secret_leaves_the_house(tmp_path, monkeypatch, redact):
    """What a stored run should not hold: named as a secret, shaped as a token, or known to this environment."""
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "partner-canary-1")
    record = one()
    body = {"sdp_suki_token": "named-canary-2", "session_id": "partner-canary-1", "other": f"bearer {TOKEN}", "id": "a"}
    record.frames.rest(
        json.dumps({"call": "create", "status": 201, "body": body}), record.start_ns, record.start_ns + 5
    )
    record.frames.received(f"no json {TOKEN} partner-canary-1", record.start_ns + 9)
    record.error = f"refused {TOKEN}"
    for name, data in case(tmp_path, [record], redact=redact).items():
        for secret in ("partner-canary-1", "named-canary-2", TOKEN):
            assert secret.encode() not in data, (name, secret)
        if name.endswith("frames.jsonl"):
            assert b'"id=a"' in data


@pytest.fixture
def librivox(tmp_path):
    """A store with one session of a real recording."""
    corpus = load_corpus(builtin_corpora()["librivox"])
    utterance = corpus.utterances[0]
    record = heard(utterance=utterance.id)
    record.samples, record.sample_rate_hz = utterance.samples, 16_000
    facts = CorpusFacts(name="librivox", hash=corpus.sha256, location=str(corpus.root))
    stored(tmp_path / "runs", [record], corpus=facts, cells=[CellFacts.of("clean", {})])
    return tmp_path / "runs", utterance


def test_the_command_line_adds_the_sound_as_it_was_sent(librivox, tmp_path):
    """Sample for sample, and inside of the timeline too; nothing where it is redacted; the file is the owner's."""
    store, utterance = librivox
    path = tmp_path / "x.zip"
    done = CliRunner().invoke(cli, ["case", "last", utterance.id, "-o", str(path), "--store", str(store), "--json"])
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    held = files(path)
    assert json.loads(done.stdout)["files"] == list(held)
    (name,) = [name for name in held if name.endswith(".wav")]
    sent, rate = soundfile.read(io.BytesIO(held[name]), dtype="int16")
    wanted, _ = soundfile.read(utterance.audio, dtype="int16")
    assert rate == 16_000
    assert np.array_equal(sent, wanted)
    (timeline,) = [data for name, data in held.items() if name.endswith("timeline.html")]
    assert b"data:audio/" in timeline
    done = CliRunner().invoke(
        cli, ["case", "last", utterance.id, "-o", str(path), "--store", str(store), "--redact"]
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert [name for name in files(path) if name.endswith((".wav", ".txt", "timeline.html"))] == []


def test_sound_that_is_gone_is_said_and_costs_no_case(tmp_path):
    """The corpus of the run is not the one that is there now."""
    stored(tmp_path / "runs", [one()])
    path = tmp_path / "x.zip"
    done = CliRunner().invoke(cli, ["case", "last", "u00", "-o", str(path), "--store", str(tmp_path / "runs")])
    assert done.exit_code == 0, done.output
    assert "u00 is without its sound: the corpus is not what was played" in done.stderr
    held = files(path)
    assert "Without its sound: the corpus is not what was played" in held["index.html"].decode()
    assert "clean-u00-0/timeline.html" in held
    assert "clean-u00-0/audio-as-sent.wav" not in held


def test_what_cannot_be_is_one_clear_line(tmp_path):
    """No recording, an unknown one, sessions of two runs, a folder that is a file."""
    first, second = (Run(stored(tmp_path / "runs", [one()])) for _ in range(2))
    store = ("--store", str(tmp_path / "runs"))
    assert CliRunner().invoke(cli, ["case", "last", *store]).exit_code == 2
    with pytest.raises(InputError, match="no such session"):
        first.save_case(tmp_path / "x.zip", ["u99"])
    with pytest.raises(InputError, match=r"sessions of one run \(got none"):
        first.save_case(tmp_path / "x.zip", [])
    with pytest.raises(InputError, match="sessions of one run"):
        write_case(tmp_path / "x.zip", [first.session("u00"), second.session("u00")])
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the case cannot be written"):
        first.save_case(tmp_path / "file" / "x.zip", ["u00"])
    assert list(tmp_path.glob("*.zip")) == []
