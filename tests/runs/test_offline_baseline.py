"""What streaming costs: streamed finals beside the same model's text of the whole recording."""

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from tests.cli.within import within
from tests.stored import batch, stored
from workbench.cli.compare import compare
from workbench.comparing.streaming import streaming_costs
from workbench.errors import InputError
from workbench.reporting.html_report import render_report
from workbench.reporting.notebook import Run
from workbench.runs import offline_baseline
from workbench.runs.offline_baseline import WHOLE_TEXT, with_baseline
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resolve import resolve
from workbench.runs.spec import RunSpec
from workbench.settings import Settings
from workbench.store.request import RunRequest

SPEC = RunSpec(utterances=("librivox-0930", "cards-001"), corpus="librivox", repeats=2, offline_baseline=True)


@pytest.fixture
def decoded(monkeypatch):
    """A transcriber that writes its name, and what it was given."""
    seen = []

    def load(model, threads):
        def text(pcm, sample_rate_hz):
            seen.append((model, len(pcm), sample_rate_hz))
            return "Confidential."

        return text

    monkeypatch.setattr(offline_baseline, "load_transcriber", load)
    return seen


def whole(records, wrong=0):
    """The records, with a text of the whole recording of which the first ``wrong`` have an error."""
    text = ["no chest pain at all" if i < wrong else "No chest pain." for i in range(len(records))]
    return [replace(record, facts=record.facts | {WHOLE_TEXT: t}) for record, t in zip(records, text, strict=True)]


def test_the_cost_is_paired_and_has_an_interval(tmp_path):
    """24 utterances of three words: 6 errors streamed, 2 insertions in each of 2 whole: 8.3 - 5.6 = 2.8 points."""
    (cost,) = streaming_costs(stored(tmp_path, whole(batch(24, wrong=6), wrong=2)))
    assert (cost.wer.n, cost.wer.baseline, cost.wer.candidate) == (24, pytest.approx(4 / 72), pytest.approx(6 / 72))
    assert cost.wer.interval.low < cost.wer.difference < cost.wer.interval.high
    assert str(cost).startswith("clean: streaming costs +2.8 points of WER (95 % ")
    assert str(cost).endswith("whole recordings 5.6 %, streamed 8.3 %, n = 24")


def test_compare_tells_it_of_a_stored_run(tmp_path):
    """As a sentence and as JSON."""
    run = stored(tmp_path, whole(batch(24, wrong=6))).run.run_id
    said = CliRunner().invoke(compare, [run, "--offline-baseline", "--store", str(tmp_path)])
    assert said.output.splitlines()[0] == run
    assert "streaming costs +8.3 points of WER" in said.output
    said = CliRunner().invoke(compare, [run, "--offline-baseline", "--store", str(tmp_path), "--json"])
    (row,) = json.loads(said.stdout)["runs"][0]["streaming_cost"]
    assert (row["audio"], row["metric"], row["n"], row["baseline"]) == ("clean", "wer", 24, 0)


def test_a_report_and_a_page_tell_it_where_nothing_must_be_decoded(tmp_path, decoded, monkeypatch):
    """Of a run that was played with it; any other says nothing, and no recording is decoded to find out."""
    pytest.importorskip("streamlit", reason="the extra 'app' is not installed")
    from streamlit.testing.v1 import AppTest

    told = "streaming costs +8.3 points of WER"
    request = RunRequest(spec={"offline_baseline": True}, utterance_ids=[])
    asked = stored(tmp_path / "asked", whole(batch(24, wrong=6)), request=request)
    plain = stored(tmp_path / "plain", batch(24, wrong=6))
    untold = stored(tmp_path / "untold", batch(24, wrong=6), request=request)
    assert [told in render_report(run) for run in (asked, plain, untold)] == [True, False, False]
    for name, shown in (("asked", True), ("plain", False)):
        monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / name))
        test = AppTest.from_string("from workbench.app.pages.accuracy import page\npage()", default_timeout=60).run()
        assert not test.exception
        assert any("streaming costs" in one.value for one in test.markdown) == shown
    assert decoded == []


def test_a_notebook_has_it_as_a_frame(tmp_path):
    """Ratios, with the interval."""
    frame = Run(stored(tmp_path, whole(batch(24, wrong=6)))).streaming_cost
    assert (frame.audio[0], frame.n[0], frame.baseline[0]) == ("clean", 24, 0)
    assert frame.low[0] < frame.difference[0] < frame.high[0]


def test_each_recording_is_decoded_once_and_before_the_run(decoded):
    """Repeats share their text; nothing of it is in a repr."""
    resolved = resolve(SPEC)
    jobs = with_baseline(resolved, Settings(model="whisper-lite"), prepare_jobs(resolved))
    assert [job.plan.facts[WHOLE_TEXT] for job in jobs] == ["Confidential."] * 4
    assert sorted(decoded) == sorted({("whisper-lite", len(job.plan.pcm), 16_000) for job in jobs})
    with_baseline(resolved, Settings(), jobs)
    assert len(decoded) == 2
    assert "Confidential" not in repr(jobs)


def test_configurations_that_send_the_same_sound_keep_their_own_plans(decoded):
    """It is decoded once; cell, chunks and reference stay those of each."""
    spec = RunSpec(corpus="librivox", utterances=("cards-001",), vary={"chunk_ms": [50, 100]}, offline_baseline=True)
    resolved = resolve(spec)
    before = prepare_jobs(resolved)
    after = with_baseline(resolved, Settings(), before)
    assert len(decoded) == 1
    assert [(j.key, j.plan.cell, j.plan.chunk_samples) for j in after] == [
        (j.key, j.plan.cell, j.plan.chunk_samples) for j in before
    ]


def test_without_the_option_nothing_is_decoded(decoded):
    """Not even loaded."""
    resolved = resolve(RunSpec(utterances=("cards-001",), corpus="librivox"))
    jobs = prepare_jobs(resolved)
    assert with_baseline(resolved, Settings(), jobs) is jobs
    assert not decoded


def test_what_no_model_here_can_decode_is_refused(tmp_path):
    """Another service, another engine, a stored run of a service: one line each."""
    resolved = resolve(SPEC)
    jobs = prepare_jobs(resolved)
    with pytest.raises(InputError, match="offline_baseline: only the model of the local simulator"):
        with_baseline(resolved, Settings(endpoint="staging"), jobs)
    with pytest.raises(InputError, match="whole recordings are decoded by whisper only"):
        with_baseline(resolved, Settings(model="general"), jobs)
    with pytest.raises(InputError, match=r"only the model of the local simulator .*got endpoint staging"):
        streaming_costs(stored(tmp_path, batch(2), endpoint="staging"))


@pytest.mark.slow
def test_a_run_with_whisper_tells_its_cost_and_so_does_the_stored_run_decoded_again(tmp_path, monkeypatch):
    """The stored text, and the text decoded again from the corpus, are the same."""
    model = ("--model", "whisper", "--utterance", "librivox-0930", "--offline-baseline")
    played = within("run", "--corpus", "librivox", *model, "--json", cwd=tmp_path)
    assert played.returncode == 0, played.stderr
    (row,) = json.loads(played.stdout)["streaming_cost"]
    assert (row["n"], row["baseline"]) == (1, 0)
    monkeypatch.setattr(offline_baseline, "_stored", lambda records: {})
    again = within("compare", "last", "--offline-baseline", "--json", cwd=tmp_path)
    assert json.loads(again.stdout)["runs"][0]["streaming_cost"] == [row]
