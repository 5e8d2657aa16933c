"""The report: one file, no network, nothing unescaped, nothing redacted that shows."""

from __future__ import annotations

import base64
import io
import json
import re
import stat
from html.parser import HTMLParser

import pytest
import soundfile
from click.testing import CliRunner

from tests.quick import ask, short_corpus
from tests.stored import TEXT, batch, failing, heard, store_run, stored
from workbench.cli.report import report
from workbench.corpus import load_corpus
from workbench.errors import CorpusError, InputError
from workbench.playing.runner import new_record
from workbench.recording.record import Outcome
from workbench.reporting.html_page import LIGHT_BYTES, table_html
from workbench.reporting.html_report import render_report, write_report
from workbench.reporting.tables.cells import cell_json
from workbench.reporting.tables.table import Column, Table
from workbench.runs.manifest import run_manifest
from workbench.runs.prepare import prepare_jobs
from workbench.runs.result import load_result
from workbench.runs.sound import streamed_audio
from workbench.scoring.session import score_session
from workbench.settings import Settings
from workbench.store import RunWriter, open_run

NASTY = '</script><img src=x onerror="alert(1)">&'


class Page(HTMLParser):
    """Elements, addresses and the text of the summary."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.summary, self.handlers, self._in = [], [], "", [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "data", "action", "srcset")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]
        self._in = self._in or dict(attrs).get("id") == "summary"

    def handle_endtag(self, tag):
        if tag == "pre":
            self._in = False

    def handle_data(self, data):
        if self._in:
            self.summary += data


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two configurations, errors, failures, and names that want to be markup."""
    records = batch(24, wrong=3) + batch(24, wrong=12, cell=NASTY) + failing(1)
    records.append(heard(f"no {NASTY} pain", utterance=NASTY))
    return stored(tmp_path_factory.mktemp("runs"), records)


@pytest.fixture(scope="module")
def full(run):
    """The whole page."""
    return render_report(run)


def test_the_page_loads_nothing(full):
    """No address in any element, and a policy that would refuse one."""
    page = Page(full)
    assert page.addresses == page.handlers == []
    assert not {"link", "iframe", "img", "object", "base"} & set(page.tags)
    assert "default-src 'none'" in full
    assert "connect-src" not in full.partition("<body>")[0]


def test_whatever_a_run_is_called_stays_text(full, run):
    """In tables, figures, comparisons, transcripts and JSON, in both forms."""
    light = render_report(run, light=True)
    for text in (full, light):
        assert "<img" not in text
        assert Page(text).tags.count("html") == 1
        assert not {"script", "img"} & set(Page(text).tags)


def test_the_summary_is_inside_as_json(full, run):
    """The same numbers as --json."""
    found = json.loads(Page(full).summary)
    assert (found["run_id"], found["sessions"], found["failed"]) == (run.run.run_id, 50, 1)
    assert found["cells"] == json.loads(json.dumps([cell_json(cell) for cell in run.cells]))


def test_figures_are_drawn_without_a_script_and_none_is_empty(full, tmp_path):
    """WER and the delay, by configuration, over the noise and against each other; what has no value is left out.

    The page stays small enough for a mail.
    """
    assert full.count("<svg") == 6
    assert len(full.encode()) < 2_000_000
    deaf = stored(tmp_path, failing(3))
    assert "<svg" not in render_report(deaf)


def test_what_is_rare_stands_closed_at_the_end(full, tmp_path):
    """What waiting buys with its curve; bounds, overhead and WER(t) in the appendix; nothing without data but why."""
    told = "clean: waiting 500 ms after each word brings WER from 100.0 % to"
    assert full.index("<h2>What does waiting buy?</h2>") < full.index(told) < full.index("<h2>Sessions</h2>")
    appendix = full.partition("<h2>Appendix</h2>")[2].partition("<h2>Method</h2>")[0]
    assert re.findall("<details><summary>([^<]*)</summary>", appendix) == [
        "What a word&#x27;s delay is made of", "Opening a session, both anchors, bounds, transport", "WER by wait",
        "WER and cursor latency over the session",
    ]  # fmt: skip
    rows = [re.findall("<td[^>]*>([^<]*)</td>", row) for row in appendix.split("<tr>")]
    by_name = {row[0]: row[1:3] for row in rows if row}
    # 4,300 bytes on the wire for 3,200 of audio; no word could be matched otherwise.
    assert by_name["wire overhead"] == ["1.34", "1.34"]
    assert by_name["earliest word p95 [ms]"] == by_name["latest word p95 [ms]"] == by_name["word p95 [ms]"]
    assert by_name["breaches"] == ["0", "0"]
    assert "TLS handshake p50 [ms]" not in by_name
    one = heard(chunks=60)
    one.wall_start_ns, one.wall_end_ns = 10**18, 10**18 + 4 * 10**9
    assert "6 s of audio in 4 s: 1.50 times real time" in render_report(stored(tmp_path, [one]))
    deaf = render_report(stored(tmp_path, failing(3)))
    assert "What waiting buys is unknown: no session with certified timing has word times." in deaf
    assert "<h2>Appendix</h2>" not in deaf


def test_the_verdict_comes_first_and_numbers_are_for_people(full):
    """A title that is no id, the sentence before any table, percent instead of ratios."""
    body = full.partition("<main>")[2]
    assert body.strip().startswith("<h1>Run of clinic</h1>")
    assert body.index("words were wrong") < body.index("WER is worse by") < body.index("<table")
    before = body.partition("<h2>Raw summary</h2>")[0]
    assert not re.findall(r">0\.\d{4,}<", before)
    assert "words wrong: " in before


def test_scroll_areas_can_be_focused_and_no_control_character_is_left(tmp_path):
    """What a service sends may hold any; HTML may not."""
    page = render_report(stored(tmp_path, [heard("no \x07chest\x9f \x1bpain", utterance=f"u{i}") for i in range(2)]))
    assert page.count('class="scroll"') == page.count('class="scroll" tabindex="0" role="region"')
    assert not re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", page)


def test_configurations_are_compared_with_a_verdict(full):
    """The first against each other one."""
    assert "<h2>Against clean</h2>" in full
    assert "WER is worse by" in full
    assert "1 session failed" in full


def test_a_redacted_report_holds_no_word_that_was_said(run):
    """Numbers of words instead; the page says that it is redacted."""
    for light in (False, True):
        text = render_report(run, redact=True, light=light)
        assert "transcripts redacted" in text
        assert "3 words" in text
        assert "chest" not in text
        assert "no test pain" not in text
    assert TEXT in render_report(run, light=True)


def test_a_light_report_has_no_script_and_stays_small(tmp_path):
    """However many configurations, sessions and words; what is hidden is counted."""
    records = batch(130, wrong=130, cell="one " + "x" * 300) + batch(130, wrong=130, cell="two " + "y" * 300)
    for record in records[:20]:
        record.final_transcript = "very long " * 900
    run = stored(tmp_path, records)
    text = render_report(run, light=True)
    page = Page(text)
    assert len(text.encode()) < LIGHT_BYTES
    assert "script" not in page.tags
    assert "svg" in page.tags
    assert "rows hidden" in text
    assert "characters more" in text
    assert len(json.loads(page.summary)["cells"]) == 2


def test_a_run_without_any_score_still_has_its_report(tmp_path):
    """All failed, or nothing played at all; one configuration is compared with nothing."""
    for records in (failing(2), []):
        text = render_report(stored(tmp_path, records, commit=False, planned=2))
        assert "not complete" in text
        assert "<h2>Against" not in text


def test_a_table_says_how_many_rows_it_hides():
    """And no table at all is said in a word."""
    column = Column("k", "a <b>", lambda x: x, explain='"quoted"')
    table = Table((column,), tuple({"k": f"<{i}>"} for i in range(5)), ("n < 5",))
    text = table_html(table, rows=2)
    assert "3 rows hidden" in text
    assert "&lt;1&gt;" in text
    assert "&lt;2&gt;" not in text
    assert "n &lt; 5" in text
    assert 'title="&quot;quoted&quot;"' in text
    assert table_html(Table((column,), ())) == "<p>None.</p>"


def test_only_the_owner_may_read_the_file(tmp_path, run):
    """It may hold transcripts; a folder that is not there is one clear error."""
    path = tmp_path / "report.html"
    size = write_report(path, run, light=True)
    assert path.stat().st_size == size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(InputError, match="the report cannot be written"):
        write_report(tmp_path / "none" / "report.html", run, light=True)


def test_the_verb_writes_a_file_and_names_it(tmp_path, monkeypatch):
    """By the run where no name is given."""
    monkeypatch.chdir(tmp_path)
    name = store_run(tmp_path, batch(3))
    ran = CliRunner().invoke(report, ["--store", str(tmp_path), "--light"], standalone_mode=False)
    assert ran.stdout == f"{name}.html\n"
    assert "patient data" in ran.stderr
    words = ["last", "-o", "r.html", "--redact", "--json", "--store", str(tmp_path)]
    answer = json.loads(CliRunner().invoke(report, words, standalone_mode=False).stdout)
    assert answer["bytes"] == (tmp_path / "r.html").stat().st_size
    assert answer["redacted"] is True


def test_sound_is_inside_only_on_request(tmp_path):
    """As it was streamed, loaded from nowhere; never in a redacted or a light report."""
    corpus = load_corpus(short_corpus(tmp_path / "c", 2))
    question = ask(corpus, cells=1)
    manifest = run_manifest(question, "here", None, 2, Settings())
    with RunWriter.create(tmp_path / "runs", manifest) as writer:
        for job in prepare_jobs(question):
            record = new_record(job)
            record.outcome, record.final_transcript = Outcome.COMPLETED, "no test pain"
            writer.add(record)
        writer.commit([score_session(r, question.normaliser).to_row() for r in writer.records()])
    run = load_result(open_run(tmp_path / "runs"))
    silent, loud = render_report(run), render_report(run, audio=True)
    assert "<audio" not in silent
    found = re.findall(r'<audio controls preload="none" aria-label="[^"]+" src="data:audio/flac;base64,([^"]+)">', loud)
    assert len(found) == 2
    assert "media-src data:" in loud
    pcm, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(found[0])), dtype="int16")
    first = run.run.records()[0]
    assert (pcm.size, rate_hz) == (first.samples, first.sample_rate_hz)
    again, _ = streamed_audio(manifest, first, corpus)
    assert (pcm == again).all()
    for more in ({"redact": True}, {"light": True}):
        with pytest.raises(InputError, match="no room for sound"):
            render_report(run, audio=True, **more)
    (tmp_path / "c" / "manifest.jsonl").unlink()
    with pytest.raises(CorpusError, match="corpus not found"):
        render_report(run, audio=True)
