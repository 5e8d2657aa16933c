"""The page Run: its address, the answer, recordings worst first, marks on references, names, lines over a setting."""

from __future__ import annotations

import io
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette

from tests.app.conftest import Draw
from tests.app.stores import damaged_tables, texts, two_cells
from tests.app.test_intake import wav
from tests.stored import batch, failing, heard, store_run, stored
from workbench.app.recordings_data import ORDERS, from_error, ranked, shown
from workbench.app.routes import app_routes
from workbench.store.labels import RunLabel, run_labels


@pytest.mark.parametrize("tab", ["Overview", "Recordings", "Accuracy", "Latency", "Settings"])
def test_every_tab_of_a_run_is_drawn(tab: str, draw: Draw, one_run: Path) -> None:
    """By its address."""
    (run_id,) = (path.name for path in one_run.iterdir() if not path.name.startswith("."))
    test = draw("run", one_run, query={"id": run_id, "run_tab": tab})
    assert not test.exception
    assert not test.error


def test_what_waiting_buys_is_read_when_it_is_opened(draw: Draw, tmp_path: Path) -> None:
    """A sentence, the curve with its table, and WER over the session; words of 200 ms shown before 500 are over.

    3 of 72 words are wrong. A run without certified timing says why there is no latency at all.
    """
    run_id = store_run(tmp_path, batch(24, wrong=3))
    test = draw("run", tmp_path, query={"id": run_id, "run_tab": "Latency"})
    before = len(test.get("plotly_chart")), len(test.dataframe)
    assert "waiting 500 ms" not in texts(test)
    test.session_state["latency_wait"] = True
    test.run()
    assert not test.exception
    told = "waiting 500 ms after each word brings WER from 100.0 % to 4.2 %; at the end of the session it is 4.2 %"
    assert told in texts(test).replace("\\", "")
    assert (len(test.get("plotly_chart")), len(test.dataframe)) == (before[0] + 1, before[1] + 1)
    late = store_run(tmp_path, batch(4, late_ms=90))
    test = draw("run", tmp_path, query={"id": late, "run_tab": "Latency"})
    test.session_state["latency_wait"] = True
    test.run()
    assert "4 recordings not timed, so that no latency is left" in texts(test)
    assert "What does waiting buy?" not in texts(test)


def test_what_a_run_cost_and_how_fast_it_played_stand_on_its_page(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten sessions of 6 s are a minute, played in 20 s; the simulator costs nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "workbench.toml").write_text("price_per_minute = 0.5\n")
    records = [heard(utterance=f"u{i}", chunks=60) for i in range(10)]
    for record in records:
        record.wall_start_ns, record.wall_end_ns = 10**18, 10**18 + 20 * 10**9
    for name, recogniser, cost in (("service", None, True), ("simulator", "scripted", False)):
        run_id = store_run(tmp_path / name, records, recogniser=recogniser)
        test = draw("run", tmp_path / name, query={"id": run_id, "run_tab": "Settings"})
        assert ("0.50 for 1.0 min of audio at 0.5 a minute" in texts(test).replace("\\", "")) == cost
        test = draw("run", tmp_path / name, query={"id": run_id, "run_tab": "Latency"})
        assert "The whole run: 60 s of audio in 20 s: 3.00 times real time." in texts(test)


def test_an_unknown_run_says_so_and_shows_no_other(draw: Draw, tmp_path: Path) -> None:
    """The beginning of an id is enough for one that is there."""
    run_id = two_cells(tmp_path)
    test = draw("run", tmp_path, query={"id": "20200101T000000-abcdef"})
    assert "there is no run 20200101T000000" in texts(test).replace("\\", "")
    assert not test.metric
    assert draw("run", tmp_path, query={"id": run_id[:15]}).metric
    assert not draw("run", tmp_path / "none").exception


def test_the_answer_comes_first_in_a_sentence_and_three_numbers(draw: Draw, tmp_path: Path) -> None:
    """6 of 24 utterances of 3 words have one wrong: 6 of 72."""
    run_id = store_run(tmp_path, batch(24, wrong=6))
    test = draw("run", tmp_path, query={"id": run_id})
    assert "8.3 % of 72 words were wrong; half the words showed within" in texts(test)
    assert [metric.label for metric in test.metric] == [
        "Word error rate",
        "Half · 95 % of words within",
        "Critical errors per 100 words",
    ]
    assert "24 of 24 recordings timed; 92 % of their words have a latency" in texts(test)


def test_failed_recordings_are_said_and_can_be_played_again(draw: Draw, tmp_path: Path) -> None:
    """A run where some failed, and one that cannot be read."""
    run_id = store_run(tmp_path, batch(4) + failing(2))
    test = draw("run", tmp_path, query={"id": run_id})
    assert "2 failed and excluded from averages" in texts(test)
    assert [b.label for b in test.button if b.key == "run_retry"] == ["Play 2 failed again"]
    broken = damaged_tables(tmp_path)
    test = draw("run", tmp_path, query={"id": broken})
    assert not test.exception


def test_recordings_come_worst_first_with_their_differences(tmp_path: Path) -> None:
    """Substitutions are marked, texts are escaped, and the first error has its place in the sound."""
    records = [heard(utterance="good"), heard("no test <b>", utterance="bad"), *failing(1)]
    result = stored(tmp_path, records)
    order = [score.utterance for score in ranked(result.scores, ORDERS[0])]
    assert order == ["f0", "bad", "good"]
    assert [s.utterance for s in ranked(result.scores, "by name")] == ["bad", "f0", "good"]
    failed, bad, good = shown(result, ranked(result.scores, ORDERS[0]))
    assert failed.html == ""
    assert "failed" in failed.summary
    assert "<b>" not in bad.html
    assert "→" in bad.html
    word = next(w for w in next(r for r in result.run.iter_records() if r.key == bad.key).reference.words
                if w.text == "chest")  # fmt: skip
    assert bad.error_at_ms == pytest.approx(1000 * word.start_sample / 16_000)
    assert good.summary.startswith("no word wrong")


def test_a_tag_of_two_words_finds_its_recordings(draw: Draw, tmp_path: Path) -> None:
    """Columns of an imported table become such tags; the two others are not shown."""
    records = batch(4)
    for record in records[:2]:
        record.tags = ("ward:north wing",)
    run_id = store_run(tmp_path, records)
    test = draw("run", tmp_path, query={"id": run_id, "run_tab": "Recordings"})
    assert all(name in texts(test) for name in ("u00", "u01", "u02", "u03"))
    test.multiselect(key="run_tag").set_value(["ward:north wing"]).run()
    assert not test.exception
    assert [name in texts(test) for name in ("u00", "u01", "u02", "u03")] == [True, True, False, False]


@pytest.mark.parametrize(
    ("chosen", "left"),
    [
        ({"run_kept": "with wrong words"}, ["u00", "u01"]),
        ({"run_kept": "failed"}, ["f0"]),
        ({"run_kept": "not timed"}, ["late"]),
        ({"run_search": "chest U00"}, ["u00"]),
        ({"run_search": "nowhere"}, []),
        ({}, ["f0", "u00", "u01", "late", "u02", "u03"]),
    ],
)
def test_recordings_are_filtered(chosen: dict[str, str], left: list[str], draw: Draw, tmp_path: Path) -> None:
    """Two of four with a wrong word, one that failed, one whose audio was sent late; by name and by words."""
    records = [*batch(4, wrong=2), *failing(1), heard(utterance="late", late_ms=80)]
    run_id = store_run(tmp_path, records)
    query = {key: value for key, value in chosen.items() if key != "run_search"}
    test = draw("run", tmp_path, query={"id": run_id, "run_tab": "Recordings", **query})
    test.text_input(key="run_search").set_value(chosen.get("run_search", "")).run()
    assert not test.exception
    assert "run_search" not in test.query_params
    listed = [text.value.strip("*") for text in test.markdown if text.value.startswith("**")]
    assert listed == left
    assert ("of 6 recordings" in texts(test)) == (len(left) < 6)


def test_latency_begins_with_three_numbers(draw: Draw, tmp_path: Path) -> None:
    """Words end at 200, 400 and 600 ms and show at 250, 700 and 700 ms: 50, 300 and 100 ms late, to a few ms more."""
    run_id = store_run(tmp_path, batch(60) + batch(60, cell="late", delay=1_000))
    test = draw("run", tmp_path, query={"id": run_id, "run_tab": "Latency"})
    assert [(number.label, number.value) for number in test.metric] == [
        ("First word", "0.25 s"),
        ("Half · 95 % of words within", "0.10 s · 0.30 s"),
        ("Last word final after", "0.10 s"),
    ]
    test.selectbox(key="latency_of").set_value("late").run()
    assert [number.value for number in test.metric] == ["1.25 s", "1.10 s · 1.30 s", "1.10 s"]
    assert all(" to " in number.delta for number in test.metric)


def test_sound_from_an_error_begins_with_it_to_the_sample() -> None:
    """At 16 kHz, 100 ms are 1,600 samples."""
    whole, _ = soundfile.read(io.BytesIO(wav(0.5)), dtype="int16")
    rest, rate = soundfile.read(io.BytesIO(from_error((whole, 16_000), 100.0)), dtype="int16")
    assert rate == 16_000
    assert np.array_equal(rest, whole[1_600:])


def test_a_wrong_reference_is_marked_counted_and_unmarked(draw: Draw, tmp_path: Path) -> None:
    """The rate falls to that of the others."""
    run_id = store_run(tmp_path, batch(4, wrong=1))
    query = {"id": run_id, "run_tab": "Recordings"}
    test = draw("run", tmp_path, query=query)
    test.button(key="run_0_flag").click().run()
    assert not test.exception
    assert "1 recording excluded from every number" in texts(test)
    for page in ("start", "runs", "trends"):
        assert "1 session excluded from every rate here" in texts(draw(page, tmp_path)), page
    assert "0.0 % of 9 words were wrong" in texts(draw("start", tmp_path))
    assert "0.0 % of 9 words were wrong" in texts(draw("run", tmp_path, query={"id": run_id}))
    test = draw("run", tmp_path, query=query)
    test.button(key="run_unflag_u00").click().run()
    assert "8.3 % of 12 words were wrong" in texts(draw("run", tmp_path, query={"id": run_id}))


def test_a_run_is_named_in_place(draw: Draw, tmp_path: Path) -> None:
    """The name becomes its title."""
    run_id = store_run(tmp_path, batch(2))
    test = draw("run", tmp_path, query={"id": run_id})
    field = {field.label: field for field in [*test.text_input, *test.text_area]}
    field["Name"].set_value("Friday smoke test")
    field["Tags"].set_value("#release-1.8 smoke")
    field["Note"].set_value("two *mics*")
    next(button for button in test.button if button.label == "Save").click().run()
    assert run_labels(tmp_path) == {run_id: RunLabel("Friday smoke test", "two *mics*", ("release-1.8", "smoke"))}
    assert draw("run", tmp_path, query={"id": run_id}).title[0].value == "Friday smoke test"


async def test_addresses_below_a_page_lead_to_the_run_or_say_that_they_are_unknown(tmp_path: Path) -> None:
    """None is a white page."""
    run_id = two_cells(tmp_path)
    transport = httpx.ASGITransport(Starlette(routes=app_routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get(f"/runs/{run_id}")).headers["location"] == f"/run?id={run_id}"
        unknown = await client.get("/runs/nothing-of-ours")
        assert unknown.status_code == 404
        assert "There is no page at this address" in unknown.text
        assert (await client.get("/latency/")).headers["location"] == "/latency"


def test_the_start_page_tells_the_newest_run_and_its_change(draw: Draw, tmp_path: Path) -> None:
    """2 of 12 words wrong after 1 of 12: 8.3 points more."""
    store_run(tmp_path, batch(4, wrong=1))
    store_run(tmp_path, batch(4, wrong=2))
    told = texts(draw("start", tmp_path)).replace("\\", "")
    assert "16.7 % of 12 words were wrong" in told
    assert "+8.3 points of word errors against the run before (4 recordings then, 4 now)" in told
    store_run(tmp_path, batch(4, wrong=2), endpoint="staging", recogniser=None)
    told = texts(draw("start", tmp_path)).replace("\\", "")
    assert "The first run of this data set and configuration against this target." in told


def test_recordings_as_a_table_have_their_numbers(draw: Draw, tmp_path: Path) -> None:
    """Worst first; a column sorts them otherwise. One of three words is wrong; a failed one has no rate."""
    run_id = store_run(tmp_path, batch(3, wrong=1) + failing(1))
    test = draw("run", tmp_path, query={"id": run_id, "run_tab": "Recordings"})
    test.toggle(key="run_table").set_value(True).run()
    assert not test.exception
    rows = test.dataframe[0].value
    assert rows["utterance"].tolist() == ["f0", "u00", "u01", "u02"]
    assert rows["outcome"].tolist()[0] == "failed"
    assert rows["wrong"].tolist()[1:] == [1, 0, 0]
    assert rows["wer"].tolist()[1] == pytest.approx(100 / 3)
    assert rows["wer"].isna().tolist() == [True, False, False, False]
