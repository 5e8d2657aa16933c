"""One session as one HTML file: its sound inside, nothing fetched, every word as data."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import stat
from html.parser import HTMLParser

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from tests.stored import batch, heard, stored
from workbench.cli.runs import runs
from workbench.corpus import builtin_corpora, load_corpus
from workbench.errors import InputError
from workbench.reporting.notebook import Run
from workbench.reporting.session import find_session
from workbench.reporting.session_page import render_session_page, write_session_page
from workbench.store import CellFacts, CorpusFacts

NASTY = '</script><img src=x onerror="alert(1)"> \u2028 \x9b <!-- &amp;'
RATE = 16_000


class Page(HTMLParser):
    """Elements, attributes and the text of scripts and styles."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.opened, self.closed, self.attributes, self.texts = [], [], [], {"script": [], "style": []}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.opened.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag in self.texts:
            self.texts[tag].append("")

    def handle_endtag(self, tag):
        self.closed.append(tag)

    def handle_data(self, data):
        tag = self.opened[-1] if self.opened else ""
        if tag in self.texts and self.closed.count(tag) < self.opened.count(tag):
            self.texts[tag][-1] += data


def noise(seconds, rate=RATE):
    """Sound that no codec makes smaller."""
    return np.random.default_rng(1).integers(-32_768, 32_768, int(seconds * rate)).astype(np.int16), rate


def session(tmp_path, text="no test pain", **more):
    result = stored(tmp_path, [heard(text, **more)])
    return find_session(result.run, result.scores, more.get("utterance", "u00"), None, 0)


def told(page):
    """What the page gives its inspector."""
    (data,) = [t for t in Page(page).texts["script"] if t.startswith("{")]
    return json.loads(data)


def sound_of(page):
    address = told(page)["sessions"][0]["audio"]
    kind, _, data = address.removeprefix("data:audio/").partition(";base64,")
    return kind, base64.b64decode(data)


def test_the_page_is_whole_and_fetches_nothing(tmp_path):
    """Every element that opens closes, no address leads out, and nothing but its own script and style is allowed."""
    text = render_session_page([session(tmp_path)], noise(1))
    page = Page(text)
    assert sorted(tag for tag in page.opened if tag not in ("meta", "br")) == sorted(page.closed)
    assert [v for _, k, v in page.attributes if k in ("src", "href", "action", "srcset") or k.startswith("on")] == []
    (policy,) = [v for tag, k, v in page.attributes if tag == "meta" and k == "content" and "default-src" in v]
    (script,) = [t for t in page.texts["script"] if not t.startswith("{")]
    (style,) = page.texts["style"]
    hashes = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in (script, style)]
    assert policy.split("; ") == [
        "default-src 'none'", f"script-src 'sha256-{hashes[0]}'", f"style-src 'sha256-{hashes[1]}'",
        "media-src data:", "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    assert re.search(r"^(import|export)\b|innerHTML|fetch\(|WebSocket", script, re.MULTILINE) is None
    assert "@import" not in style
    assert "url(" not in style


def test_markup_in_names_and_words_stays_text(tmp_path):
    """It makes no element; the words come out of the data as they were."""
    text = render_session_page([session(tmp_path, NASTY, utterance="<b>one</b>")], noise(1))
    assert Page(text).opened.count("script") == 2
    assert not {"img", "b"} & set(Page(text).opened)
    assert told(text)["sessions"][0]["texts"][-1][1] == NASTY
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text) is None


def test_each_word_has_its_times(tmp_path):
    """Worked by hand: words of 200 ms in chunks of 100 ms; a partial at 250 ms has "no", the final at 700 ms the rest.

    "no" ends at 200 ms, so it is due then, and was shown 50 ms later; "chest" never came.
    """
    drawn = told(render_session_page([session(tmp_path)], noise(1)))["sessions"][0]
    words = {word[0]: word[1:] for word in drawn["words"]}
    assert words["no"] == [0.0, 200.0, 200.0, 250.0, 250.0, 700.0, 50.0]
    assert words["chest"] == [200.0, 400.0, 400.0, None, None, None, None]
    assert drawn["steps"][1][:3] == ["substitution", "test", "chest"]


def test_the_sound_keeps_every_sample_where_there_is_room(tmp_path):
    """A minute that cannot be compressed is under 3 MB; what is faster than 16 kHz goes at that rate."""
    one = session(tmp_path)
    pcm, rate = noise(60)
    text = render_session_page([one], (pcm, rate))
    assert len(text.encode()) < 3_000_000
    kind, data = sound_of(text)
    assert kind == "flac"
    back, back_rate = soundfile.read(io.BytesIO(data), dtype="int16")
    assert back_rate == RATE
    assert np.array_equal(back, pcm)
    _, data = sound_of(render_session_page([one], noise(2, 48_000)))
    info = soundfile.info(io.BytesIO(data))
    assert (info.samplerate, info.frames) == (RATE, 2 * RATE)


def test_long_sound_is_compressed(tmp_path):
    """80 s that FLAC leaves at 2.6 MB take a third as Opus; their length is kept."""
    text = render_session_page([session(tmp_path)], noise(80))
    assert len(text.encode()) < 1_500_000
    kind, data = sound_of(text)
    info = soundfile.info(io.BytesIO(data))
    assert (kind, info.subtype) == ("ogg", "OPUS")
    assert info.duration == pytest.approx(80, abs=0.1)


def test_two_sessions_share_one_sound(tmp_path):
    """The second has words and no sound; two recordings, or three sessions, are refused."""
    run = Run(stored(tmp_path, batch(2) + batch(2, wrong=1, cell="noise")))
    both = [run.session("u00"), run.session("u00", "noise")]
    first, second = told(render_session_page(both, noise(1)))["sessions"]
    assert first["audio"] is not None
    assert second["audio"] is None
    assert [len(first["words"]), len(second["words"])] == [3, 3]
    with pytest.raises(InputError, match="got u00, u01; expected one recording"):
        render_session_page([run.session("u00"), run.session("u01")], noise(1))
    for wrong in ([], [*both, both[0]]):
        with pytest.raises(InputError, match="expected 1 to 2"):
            render_session_page(wrong, noise(1))


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """Only the owner reads the file."""
    path = tmp_path / "one.html"
    assert write_session_page(path, [session(tmp_path)], noise(1)) == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the session cannot be written"):
        write_session_page(tmp_path / "file" / "one.html", [session(tmp_path)], noise(1))


@pytest.fixture
def librivox(tmp_path):
    """Two runs of one real recording, the second under two configurations."""
    corpus = load_corpus(builtin_corpora()["librivox"])
    utterance = corpus.utterances[0]
    facts = CorpusFacts(name="librivox", hash=corpus.sha256, location=str(corpus.root))
    for cells in (("clean",), ("clean", "8 kHz")):
        records = [heard(utterance=utterance.id, cell=cell) for cell in cells]
        for record in records:
            record.samples, record.sample_rate_hz = utterance.samples, 16_000
            if record.key.cell == "8 kHz":
                record.samples, record.sample_rate_hz = utterance.samples // 2, 8_000
        asked = [CellFacts.of(cell, {"sample_rate_hz": 8000} if cell == "8 kHz" else {}) for cell in cells]
        stored(tmp_path / "runs", records, corpus=facts, cells=asked)
    return tmp_path / "runs", utterance


def test_the_command_line_writes_one_or_two_sessions(librivox, tmp_path):
    """Of one run, of one run under two configurations, of two runs; each option is refused where it means nothing."""
    store, utterance = librivox
    first, last = sorted(path.name for path in store.iterdir() if path.name[0] == "2")

    def export(*more):
        return CliRunner().invoke(runs, ["export", last, "--store", str(store), *more])

    html = ("--format", "html", "--output", str(tmp_path / "x.html"), "--recording", utterance.id)
    names = []
    for more in ((), ("--configuration", "clean", "--configuration", "8 kHz"), ("--with", first)):
        answer = export(*html, *more)
        assert answer.exit_code == 0, answer.output
        sessions = told((tmp_path / "x.html").read_text())["sessions"]
        names.append([one["name"].partition(",")[0] for one in sessions])
        assert sessions[0]["lengthMs"] == pytest.approx(1000 * utterance.duration_s, abs=1)
    assert names == [["clean"], ["clean", "8 kHz"], ["clean", "clean"]]
    assert json.loads(export(*html, "--json").stdout)["files"] == [str(tmp_path / "x.html")]
    for wrong, message in (
        (("--format", "html"), "needs --recording"),
        (("--format", "csv", "--recording", utterance.id), "are for --format html"),
        ((*html, *(("--configuration", "clean") * 3)), "given 3 times"),
    ):
        answer = export(*wrong)
        assert answer.exit_code == 2
        assert message in answer.output


def test_a_notebook_saves_a_session(librivox, tmp_path):
    """The corpus is found where the run says."""
    store, utterance = librivox
    from workbench.runs.result import load_result
    from workbench.store import open_run

    run = Run(load_result(open_run(store, "last")))
    path = run.save_session(tmp_path / "y.html", utterance.id, other=run.session(utterance.id, "8 kHz"))
    assert len(told(path.read_text())["sessions"]) == 2
