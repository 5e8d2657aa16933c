"""Live, Inspect and Audio lab over every kind of store, and what they are made of."""

import shutil

import numpy as np
import pytest
import soundfile

from tests.app.stores import damaged_manifest, damaged_tables, texts, two_cells
from tests.stored import batch, store_run
from workbench.app.inspecting import frames_table, inspector_session, step_words
from workbench.app.lab import AFTER, BEFORE, facts_table, hear
from workbench.app.live import Clip, Lane, close_registry
from workbench.app.presets import PRESETS, preset
from workbench.app.uploads import keep_upload
from workbench.errors import AudioError
from workbench.inspection import find_session
from workbench.metrics.normalize import NORMALISERS
from workbench.pipeline import load_result
from workbench.store import open_run
from workbench.word_diff import word_diff

pytestmark = pytest.mark.slow

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
def test_one_run_and_a_thousand_are_drawn(page, draw, one_run, thousand_runs):
    """No error on any of the pages."""
    for store in (one_run, thousand_runs):
        test = draw(page, store)
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
    drawn = inspector_session(session, None, None, "clean")
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

    from workbench.metrics.accuracy import word_errors
    from workbench.reference import Reference

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
