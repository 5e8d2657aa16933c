"""The page Data sets: the list, one set with its recordings, foreign formats, what a check finds."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from tests.app.conftest import Draw
from tests.app.stores import texts
from tests.app.test_intake import packed, wav
from tests.stored import heard, store_run
from workbench.app import jobs
from workbench.app.intake import import_rows, pair, receive
from workbench.corpus import ManifestRow, builtin_corpora, load_corpus, write_manifest
from workbench.corpus.own import correct_reference, corrections, own_corpora, own_place
from workbench.corpus.rows import MANIFEST, parse_rows
from workbench.store import CorpusFacts
from workbench.store.labels import flagged


def own_set(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of one's own of two recordings; gives its folder."""
    monkeypatch.setenv("WORKBENCH_STORE", str(store))
    files = [
        (f"{name}.{end}", io.BytesIO(data)) for name in "ab" for end, data in (("wav", wav()), ("txt", b"no pain"))
    ]
    received = receive(store / "in", files)
    place = own_place("mine")
    import_rows(received, pair(received)[0], place)
    return place


def test_every_data_set_is_listed_with_its_facts(draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One's own first, then the built-in ones."""
    own_set(tmp_path, monkeypatch)
    test = draw("datasets", tmp_path)
    assert not test.exception
    rows = test.dataframe[0].value.set_index("name")
    assert rows.loc["mine", "own"] == "own"
    assert rows.loc["mine", "recordings"] == 2
    assert rows.loc["clinic", "own"] == "built in"


def test_a_set_opens_by_its_address_and_unknown_ones_say_so(draw: Draw, tmp_path: Path) -> None:
    """The facts in one sentence, the recordings in a table that can be searched."""
    test = draw("datasets", tmp_path, query={"datasets_set": "clinic"})
    assert not test.exception
    assert "64 recordings, 5.0 minutes, 5 speakers" in texts(test)
    test.text_input(key="datasets_search").set_value("98.6").run()
    assert all("98.6" in text for text in test.dataframe[0].value["reference"])
    assert "of 64 recordings; the filters hide the others" in texts(test)
    assert "there is no data set nowhere" in texts(draw("datasets", tmp_path, query={"datasets_set": "nowhere"}))


def test_privacy_mode_hides_what_is_said(draw: Draw, tmp_path: Path) -> None:
    """The facts stay."""
    test = draw("datasets", tmp_path, query={"datasets_set": "clinic"}, private=True)
    assert not test.exception
    assert len(test.dataframe) == 0


def test_word_times_are_found_by_the_command_and_the_outcome_is_told(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording that does not follow its text is named."""
    own_set(tmp_path, monkeypatch)
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "start", lambda store, title, arguments: started.append(arguments) or SimpleNamespace())
    test = draw("datasets", tmp_path, query={"datasets_set": "mine"})
    test.button(key="datasets_align").click().run()
    assert started == [("datasets", "align", "mine", "--json")]
    job = jobs.Job(job_id="1700000000000-abcdef", title="Word times of mine", arguments=(), started=0.0, pid=1)
    answer = {"aligned": 2, "tokens": 4, "failed": {"b": ["too short"]}}
    monkeypatch.setattr(jobs, "jobs", lambda store: [job])
    monkeypatch.setattr(jobs, "state_of", lambda store, job: "done")
    monkeypatch.setattr(jobs, "output", lambda store, job: answer)
    told = texts(draw("datasets", tmp_path, query={"datasets_set": "mine"})).replace("\\", "")
    assert "2 of 4 words have a time now (50 %)" in told
    assert "1 recording could not be aligned with the text" in told


def test_an_own_set_is_removed_only_after_a_second_word(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first click names what goes."""
    place = own_set(tmp_path, monkeypatch)
    test = draw("datasets", tmp_path, query={"datasets_set": "mine"})
    test.button(key="datasets_remove").click().run()
    assert load_corpus(place).utterances
    assert "mine" in texts(test)
    assert [button.label for button in test.button if button.key == "datasets_remove_yes"] == ["Remove for good"]


def test_a_foreign_format_needs_a_source_that_is_there_and_starts_the_command(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named; with everything there one process is started."""
    started = []
    monkeypatch.setattr(jobs, "start", lambda *asked, **_: started.append(asked) or SimpleNamespace())
    test = draw("datasets", tmp_path)
    assert test.button(key="data_import").disabled
    test.text_input(key="data_source").set_value(str(tmp_path / "nowhere.jsonl")).run()
    assert "there is no" in texts(test)
    (tmp_path / "here.jsonl").write_text("")
    test.text_input(key="data_source").set_value(str(tmp_path / "here.jsonl")).run()
    test.text_input(key="data_target").set_value("new set").run()
    test.selectbox(key="data_format").set_value("nemo").run()
    test.button(key="data_import").click().run()
    assert not test.exception
    assert started[0][2][:3] == ("datasets", "import", "nemo")
    assert started[0][2][4] == str((tmp_path / "datasets" / "new-set").resolve())
    assert started[0][2][-1] == "--json"


def test_what_is_wrong_with_an_import_is_named_row_by_row(draw: Draw, tmp_path: Path) -> None:
    """The command has ended well and has brought in nothing; the panel says which rows and why."""
    (tmp_path / "bad.jsonl").write_text('{"audio_filepath": "nowhere.wav", "duration": 1.0, "text": "no pain"}\n')
    job = jobs.start(
        tmp_path, "Import", ("datasets", "import", "nemo", str(tmp_path / "bad.jsonl"), str(tmp_path / "new"), "--json")
    )
    next(child for child in jobs._CHILDREN if child.pid == job.pid).wait(60)
    test = draw("datasets", tmp_path)
    assert not test.exception
    assert "1 bad rows" in texts(test).replace("\\", "")
    assert "nowhere" in texts(test)


def test_what_is_wrong_with_a_data_set_is_grouped_and_listed(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the command tells it."""
    problem = {"path": "/x/manifest.jsonl", "line": 3, "item": "u1", "what": "the audio is gone"}
    report = {"good": False, "problems": [problem], "remarks": [{**problem, "what": "quiet", "cause": "level"}] * 2}
    monkeypatch.setattr(jobs, "ask", lambda *asked: report)
    test = draw("datasets", tmp_path, query={"datasets_set": "clinic"})
    test.button(key="datasets_check").click().run()
    assert not test.exception
    row = test.dataframe[0].value.iloc[0]
    assert (row["path"], row["line"], row["what"]) == ("manifest.jsonl", 3, "the audio is gone")
    assert "2 × level" in texts(test)


def test_dropped_files_are_previewed_named_imported_and_aligned(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is said; the set is open afterwards and its word times are being found."""
    started: list[tuple[str, ...]] = []
    monkeypatch.setattr(jobs, "start", lambda store, title, arguments: started.append(arguments) or SimpleNamespace())
    test = draw("datasets", tmp_path)
    files = [("a.wav", wav(), "audio/wav"), ("b.wav", wav(), "audio/wav")]
    test.file_uploader[0].set_value(files).run()
    assert "no recording has a text yet" in texts(test)
    table = ("list.csv", b"clip,said\na.wav,no pain\nb.wav,dry cough\n", "text/csv")
    test.file_uploader[0].set_value([*files, table]).run()
    test.selectbox(key="datasets_column_audio").set_value("clip").run()
    test.selectbox(key="datasets_column_reference").set_value("said").run()
    told = texts(test)
    assert "2 recordings, 0 seconds" in told
    assert "dry cough" in told
    test.text_input(key="datasets_name").set_value("ward round").run()
    test.button(key="datasets_import").click().run()
    assert not test.exception
    assert not test.error
    assert started == [("datasets", "align", "ward-round", "--json")]
    assert test.selectbox(key="datasets_set").value == "ward-round"
    assert test.dataframe[0].value["reference"].tolist() == ["no pain", "dry cough"]
    assert list((tmp_path / "datasets" / ".incoming").iterdir()) == []


def test_an_archive_that_is_refused_is_said_in_one_line(draw: Draw, tmp_path: Path) -> None:
    """And nothing of it stays."""
    test = draw("datasets", tmp_path)
    test.file_uploader[0].set_value([("all.zip", packed(("../evil.wav", wav())), "application/zip")]).run()
    assert not test.exception
    assert "leaves its folder" in test.error[0].value


def reviewed_set(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of one's own with a draft, and a reference that runs of two recognisers contradict alike."""
    place = own_set(store, monkeypatch)
    rows = [row for _, row in parse_rows(place / MANIFEST, ManifestRow, [])]
    write_manifest(place, [rows[0], msgspec.structs.replace(rows[1], draft=True)])
    for recogniser in ("one", "two"):
        facts = CorpusFacts(name="mine", hash="0" * 64, location=str(place))
        store_run(store, [heard("cough since Monday", utterance="a")], recogniser=recogniser, corpus=facts)
    return place


def test_what_recognisers_agree_on_is_reviewed_before_drafts(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Heard is right: the reference changes and its history keeps the old one; the draft is confirmed as it stands."""
    place = reviewed_set(tmp_path, monkeypatch)
    test = draw("datasets", tmp_path, query={"datasets_set": "mine"})
    assert not test.exception
    assert "2 references to review" in [one.label for one in test.expander]
    assert texts(test).index("two recognisers agree on other words") < texts(test).index("a draft that nobody")
    test.button(key="datasets_review_0_heard").click().run()
    assert [(c.before, c.after) for c in corrections(place)] == [("no pain", "cough since Monday")]
    test.button(key="datasets_review_0_right").click().run()
    assert not test.exception
    assert not any(utterance.draft for utterance in load_corpus(place).utterances)
    assert "Nothing to review" in texts(test)


def test_a_built_in_reference_can_only_be_excluded(draw: Draw, tmp_path: Path) -> None:
    """Its files are those of the package; a mark in the store takes it out of every number."""
    utterance = load_corpus(builtin_corpora()["clinic"]).utterances[0]
    for recogniser in ("one", "two"):
        facts = CorpusFacts(name="clinic", hash="0" * 64)
        store_run(tmp_path, [heard("good evening", utterance=utterance.id)], recogniser=recogniser, corpus=facts)
    test = draw("datasets", tmp_path, query={"datasets_set": "clinic"})
    assert [b.key for b in test.button if b.key == "datasets_review_0_heard"] == []
    test.button(key="datasets_review_0_flag").click().run()
    assert not test.exception
    assert list(flagged(tmp_path, "clinic")) == [utterance.id]
    assert "Nothing to review" in texts(test)


def test_a_built_in_set_is_copied_to_correct_a_reference(draw: Draw, tmp_path: Path) -> None:
    """The copy has every recording and its sound under a name of its own; the built-in set stays as it is."""
    test = draw("datasets", tmp_path, query={"datasets_set": "names"})
    for name, told in (("names", "a data set of this name exists"), ("my-names", "")):
        next(field for field in test.text_input if field.label == "Name of the copy").set_value(name)
        next(button for button in test.button if button.label == "Copy").click().run()
        assert not test.exception
        assert told in texts(test).replace("\\", "")
    copy, first = load_corpus(own_corpora()["my-names"]), load_corpus(builtin_corpora()["names"])
    assert copy.name == "my-names"
    assert [u.reference for u in copy.utterances] == [u.reference for u in first.utterances]
    name = first.utterances[0].id
    correct_reference(copy.root, name, "another text")
    assert load_corpus(own_corpora()["my-names"]).utterance(name).reference.written == "another text"
    assert load_corpus(builtin_corpora()["names"]).utterance(name).reference == first.utterances[0].reference


def test_lengths_levels_and_rare_words_are_shown_on_request(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two recordings of 0.5 s; both words are in the dictionary and neither is said once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    own_set(tmp_path, monkeypatch)
    test = draw("datasets", tmp_path, query={"datasets_set": "mine"})
    assert not test.get("plotly_chart")
    test.toggle(key="datasets_spread").set_value(True).run()
    assert not test.exception
    assert len(test.get("plotly_chart")) == 2
    assert "No word is said once." in texts(test)
