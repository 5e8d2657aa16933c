"""Live, Inspect and Audio lab over every kind of store, and what they are made of."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
import soundfile

from tests.app.stores import damaged_manifest, damaged_tables, texts, two_cells
from tests.scoring.metrics.records import session, untimed
from tests.stored import batch, failing, heard, store_run, stored
from workbench.app import jobs
from workbench.app.audio_lab_data import AFTER, BEFORE, facts_table, hear
from workbench.app.inspector_data import frames_table, inspected
from workbench.app.live import Clip, Lane, close_registry
from workbench.app.parts.inspector import case_bytes
from workbench.app.presets import PRESETS, preset
from workbench.app.uploads import keep_upload
from workbench.corpus import ManifestRow, write_manifest
from workbench.corpus.rows import WordRow, WordsRow
from workbench.corpus.write import write_words
from workbench.errors import AudioError
from workbench.reporting.session import find_session
from workbench.reporting.session_timeline import session_timeline, step_words
from workbench.runs.result import load_result
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.word_diff import word_diff
from workbench.store import CorpusFacts, open_run

PAGES = ("live", "inspect", "audio_lab")


@pytest.fixture(autouse=True)
def _no_session_of_another_test():
    yield
    close_registry()


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_store_is_no_error(page, draw, tmp_path):
    """Each says what will appear."""
    test = draw(page, tmp_path / "none")
    assert not test.exception
    assert not test.error


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("store", ["one_run", pytest.param("thousand_runs", marks=pytest.mark.slow)])
def test_one_run_and_a_thousand_are_drawn(page, store, draw, request):
    """No error on any of the pages."""
    test = draw(page, request.getfixturevalue(store))
    assert not test.exception
    assert not test.error


def test_inspect_says_that_the_sound_is_missing_and_shows_the_rest(draw, one_run):
    """These runs were made by hand: no corpus has their audio."""
    shown = texts(draw("inspect", one_run))
    assert "Missing" in shown
    assert "sound" in shown


def test_inspect_names_what_is_damaged(draw, tmp_path):
    """A broken run is the state failed, never a traceback."""
    two_cells(tmp_path)
    damaged_manifest(tmp_path)
    assert not draw("inspect", tmp_path).exception
    run_id = damaged_tables(tmp_path)
    test = draw("inspect", tmp_path, query={"inspect_run": run_id} if isinstance(run_id, str) else {})
    assert not test.exception


def test_privacy_mode_hides_words_and_sound(draw, one_run):
    """Neither what was said nor what was heard reaches the page."""
    for page in ("live", "inspect"):
        assert "Privacy mode" in texts(draw(page, one_run, private=True))
    test = draw("audio_lab", one_run, private=True)
    assert not test.exception
    assert not test.get("audio")


def test_a_link_to_a_session_that_is_gone_shows_the_page_as_it_begins(draw, tmp_path):
    """Sessions live as long as the app; runs stay."""
    test = draw("live", tmp_path, query={"live_session": "0123456789abcdef"})
    assert not test.exception
    assert "appear here" in texts(test)


def test_live_offers_four_lanes_and_their_models_and_keeps_its_frame_for_an_audience_away(draw, tmp_path):
    """A fourth lane appears behind a third; models and services when they are asked for; no frame in present mode."""
    test = draw("live", tmp_path, query={"live_second": list(PRESETS)[1], "live_third": list(PRESETS)[2]})
    assert [box.label for box in test.selectbox if "lane" in box.label.lower()] == [
        "Lane", "Second lane", "Third lane", "Fourth lane",
    ]  # fmt: skip
    assert "Model" not in [box.label for box in test.selectbox]
    test.toggle(key="live_others").set_value(True).run()
    assert [box.label for box in test.selectbox].count("Model") == 3
    assert not test.exception
    test = draw("live", tmp_path, query={"present": "1"})
    assert not test.exception
    assert "stSidebar" in "".join(str(html.proto.body) for html in test.get("html"))


def test_the_lab_draws_every_preset(draw, tmp_path):
    """Each changes something that is measured."""
    for name in list(PRESETS)[1:]:
        before, after = hear(Clip((Lane(BEFORE), Lane(AFTER, preset(name).settings)), "vitals-01-slt", "clinic"))
        assert not np.array_equal(before.pcm, after.pcm), name
        assert {"level (RMS)", "samples at full scale"} <= {row["fact"] for row in facts_table([before, after]).rows}


def session_of(store, heard="no test pain"):
    """The session of a run of one utterance."""
    run = open_run(store, store_run(store, batch(1, wrong=1)))
    return find_session(run, load_result(run).scores, "u00", None, 0)


def test_the_inspector_draws_what_the_score_counts(tmp_path):
    """Errors, words with their times, and the index of the word behind each step."""
    session = session_of(tmp_path)
    drawn = session_timeline(session, None, None, "clean")
    assert [step[0] for step in drawn["steps"]].count("equal") == session.score.words.hits
    assert [word[0] for word in drawn["words"]] == ["no", "chest", "pain"]
    assert [step[3] for step in step_words(session)] == [0, 1, 2]
    assert drawn["texts"][-1][2] is True


def test_raw_frames_show_no_word(tmp_path):
    """Length and hash only."""
    session = session_of(tmp_path)
    shown = " ".join(str(row["text"]) for row in frames_table(session).rows)
    assert "characters, sha256" in shown
    assert "pain" not in shown


def test_the_drawn_alignment_and_the_printed_wer_agree_for_500_random_pairs():
    """Whatever the normaliser, the steps on the screen come to the errors of the table."""
    import random

    from workbench.reference import Reference
    from workbench.scoring.metrics.accuracy import word_errors

    draw = random.Random(7)
    words = "no chest pain, left Lung x-ray 2.5 mg denies the the a B.P. 120/80 stable".split()  # noqa: SIM905
    for number in range(500):
        normaliser = NORMALISERS[("raw", "basic", "clinical")[number % 3]]
        said = draw.choices(words, k=draw.randrange(1, 30))
        heard = [word for word in said if draw.random() > 0.15]
        for _ in range(draw.randrange(0, 6)):
            heard.insert(draw.randrange(len(heard) + 1), draw.choice(words))
        steps = word_diff(Reference(" ".join(said), " ".join(said)), " ".join(heard), normaliser)
        printed = word_errors(normaliser.tokens(" ".join(said)), normaliser.tokens(" ".join(heard)))
        errors = sum(step.kind != "equal" for step in steps)
        of = sum(step.kind != "insertion" for step in steps)
        assert (errors, of) == (printed.errors, printed.reference)


def test_an_upload_is_kept_once_under_a_safe_name(tmp_path):
    """The browser's name is not trusted."""
    source = tmp_path / "in.wav"
    soundfile.write(source, np.zeros(1_600, np.int16), 16_000)
    kept = keep_upload(tmp_path / "runs", "..\\..//etc/pass wd?.wav", source.read_bytes())
    assert kept.name == "pass_wd_.wav"
    assert kept.is_relative_to(tmp_path / "runs" / "recordings")
    assert keep_upload(tmp_path / "runs", "pass wd?.wav", source.read_bytes()) == kept
    with pytest.raises(AudioError):
        keep_upload(tmp_path / "runs", "no.wav", b"no sound")
    shutil.rmtree(tmp_path / "runs")


def test_the_inspector_goes_to_the_next_recording_and_back(draw, tmp_path):
    """The ends of the list have nowhere further to go; the address follows."""
    store_run(tmp_path, [heard(utterance=name) for name in ("a", "b", "c")])
    test = draw("inspect", tmp_path)
    assert test.button(key="inspect_previous").disabled
    test.button(key="inspect_next").click().run()
    assert test.selectbox(key="inspect_utterance").value == "b"
    assert test.query_params["inspect_utterance"] == "b"
    test.button(key="inspect_next").click().run()
    assert test.button(key="inspect_next").disabled
    test.button(key="inspect_previous").click().run()
    assert test.selectbox(key="inspect_utterance").value == "b"


def test_what_inspect_shows_can_be_saved_as_a_case(draw, tmp_path):
    """A failed session too; privacy mode offers no file."""
    records = [heard(utterance="a"), *failing(1)]
    result = stored(tmp_path, records)
    test = draw("inspect", tmp_path)
    assert "Case for the vendor" in [one.proto.label for one in test.get("download_button")]
    assert not draw("inspect", tmp_path, private=True).get("download_button")
    sessions = [find_session(result.run, result.scores, record.key.utterance, None, 0) for record in records]
    with zipfile.ZipFile(io.BytesIO(case_bytes(sessions))) as held:
        found = json.loads(held.read("case.json"))["recordings"]
        assert [entry["outcome"] for entry in found] == ["completed", records[1].outcome.value]
        assert "a" in held.read("index.html").decode()


def test_the_place_of_another_recording_is_left_behind(draw, tmp_path):
    """A link opens where it says; the next recording opens at its beginning."""
    store_run(tmp_path, [heard(utterance=name) for name in ("a", "b")])
    test = draw("inspect", tmp_path, query={"inspect_at": "250", "inspect_zoom": "100-900"})
    assert (test.query_params["inspect_at"], test.query_params["inspect_zoom"]) == ("250", "100-900")
    test.button(key="inspect_next").click().run()
    assert not {"inspect_at", "inspect_zoom"} & set(test.query_params)
    assert not draw("inspect", tmp_path, query={"inspect_at": "x", "inspect_zoom": "9-1"}).exception


TIMES = WordsRow(
    id="u",
    origin="given",
    words=(WordRow("no", 0, 3_200), WordRow("chest", 3_200, 6_400), WordRow("pain", 6_400, 9_600)),
)


@pytest.fixture
def own_untimed(tmp_path, monkeypatch):
    """A data set of one's own without word times, and a run of it."""
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    folder = tmp_path / "datasets" / "mine"
    folder.mkdir(parents=True)
    soundfile.write(folder / "u.wav", np.zeros(16_000, np.int16), 16_000)
    write_manifest(folder, [ManifestRow(id="u", audio="u.wav", reference="no chest pain")])
    messages = [(700, "final", "no chest pain"), (1100, "end", "")]
    record = session(untimed("no chest pain"), messages, utterance="u")
    facts = CorpusFacts(name="mine", hash="0" * 64, location=str(folder))
    return folder, store_run(tmp_path, [record], corpus=facts)


def test_a_recording_without_word_times_says_so_and_finds_them(draw, own_untimed, tmp_path, monkeypatch):
    """The job of the data set is started; once there are times, the run that was played before has them."""
    started = []
    monkeypatch.setattr(jobs, "start", lambda store, title, arguments: started.append(tuple(arguments)))
    folder, run_id = own_untimed
    test = draw("inspect", tmp_path, query={"inspect_run": run_id})
    assert not test.exception
    assert "cannot be heard one by one" in texts(test)
    test.button(key="inspect_align").click().run()
    assert started == [("datasets", "align", "mine", "--json")]
    write_words(folder, [TIMES])
    test.run()
    assert "cannot be heard one by one" not in texts(test)


def test_a_run_played_without_word_times_gets_those_of_its_data_set(own_untimed, tmp_path):
    """Times by hand: "chest" from 0.2 to 0.4 s, due at 0.4 s, shown and final at 0.7 s: 300 ms."""
    folder, run_id = own_untimed
    result = load_result(open_run(tmp_path, run_id))
    one = find_session(result.run, result.scores, "u", None, 0)
    assert inspected(one).drawn(None, "clean")["words"] == []
    write_words(folder, [TIMES])
    assert inspected(one).drawn(None, "clean")["words"][1] == ["chest", 200, 400, 400, 700, 700, 700, 300]
    write_manifest(folder, [ManifestRow(id="u", audio="u.wav", reference="no chest pains")])
    assert inspected(one).drawn(None, "clean")["words"] == []
