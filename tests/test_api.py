"""``import workbench as wb``: the public names, and results as notebooks see them."""

from __future__ import annotations

import asyncio
import json
import pkgutil
import subprocess
import sys
import types
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

import workbench as wb
from tests.quick import scripted, short_corpus
from tests.stored import TEXT, batch, failing, stored
from workbench.errors import InputError
from workbench.reporting.dataframe import typed_frame
from workbench.reporting.judged import Compared
from workbench.reporting.notebook import Run
from workbench.reporting.tables.cells import CELL_COLUMNS
from workbench.reporting.tables.comparison import DIFFERENCE_COLUMNS
from workbench.reporting.tables.sessions import SESSION_COLUMNS
from workbench.reporting.tables.table import Table
from workbench.scoring.measures import METRICS
from workbench.scoring.session import ROW_TYPES
from workbench.store import open_run

NAMES = {
    "AlignmentReport", "AudioConfig", "AudioError", "Calibrated", "Calibration", "Cell", "CellScore", "Clip",
    "Compared", "ConfigurationError", "Corpus", "CorpusError", "Credentials", "Diff", "DiffWord", "GateResult",
    "Gated", "ImportReport", "InputError", "LocalProtocolError", "MeasurementError", "Normaliser", "Problem",
    "Reference", "RemoteProtocolError", "Run", "RunComparison", "RunKeywords", "RunResult", "Secret", "ServiceError",
    "Session", "SessionRecord", "SessionScore", "Settings", "StoreError", "StoredRun", "SweepKeywords", "Term",
    "TextScore", "Utterance", "WorkbenchError", "__version__", "align_corpus", "calibrate", "check_corpus", "compare",
    "compare_async", "gate", "import_corpus", "list_runs", "load", "load_async", "load_corpus", "normaliser",
    "resume", "resume_async", "run", "run_async", "score_text", "sweep", "sweep_async",
}  # fmt: skip
NASTY = "<script>alert(1)</script>"


def test_the_public_names_are_frozen():
    """A new one is a decision; each is there, and the stub says the same."""
    assert set(wb.__all__) == NAMES
    assert dir(wb) == sorted(NAMES), "what a prompt offers after a tab is the interface and nothing else"
    for name in NAMES:
        assert not isinstance(getattr(wb, name), types.ModuleType), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = wb.nothing
    stub = {}
    exec(Path(wb.__file__ + "i").read_text(), stub)  # noqa: S102  our own stub
    assert set(stub["__all__"]) == NAMES
    assert all(stub[name] is getattr(wb, name) for name in NAMES - {"__version__"})


def test_importing_the_package_imports_nothing_else():
    """Not even its own modules."""
    probe = "import workbench, sys; print(sorted(m for m in sys.modules if m.startswith('workbench.') or m == 'numpy'))"
    assert subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A stored run of two configurations, one of them with a name that wants to be markup."""
    return Run(stored(tmp_path_factory.mktemp("runs"), played()))


def played():
    """Two configurations, and one session that failed."""
    return batch(24, wrong=2) + batch(24, wrong=12, cell=NASTY) + failing(1)


def test_a_run_is_a_typed_frame(run):
    """One row a session; unknown is NA in a column that keeps its type."""
    frame = run.df
    assert len(frame) == 49
    kinds = {name: str(frame[name].dtype) for name in ("audio", "repeat", "wer", "pacing_valid", "pacing_reason")}
    assert kinds == {
        "audio": "string", "repeat": "Int64", "wer": "Float64", "pacing_valid": "boolean", "pacing_reason": "string",
    }  # fmt: skip
    assert frame["finalisation_ms"].isna().sum() == 1
    assert run.summary["wer"].tolist() == pytest.approx([2 / 72, 12 / 72])


@pytest.mark.parametrize("columns", [SESSION_COLUMNS, CELL_COLUMNS, DIFFERENCE_COLUMNS])
def test_every_declared_column_has_its_type_even_without_rows(columns, run):
    """Types do not depend on the values: an empty frame has those of a full one."""
    empty = typed_frame(Table(columns, ()))
    full = {SESSION_COLUMNS: run.df, CELL_COLUMNS: run.summary}.get(columns)
    wanted = wb.compare(run).df if full is None else full
    for column in columns:
        assert empty[column.key].dtype == wanted[column.key].dtype, column.key


def test_arrow_has_every_column_of_a_score_and_no_transcript(run):
    """Counts and nanoseconds, in the declared types."""
    table = run.to_arrow()
    assert table.column_names == list(ROW_TYPES)
    assert table.schema.field("words_hits").type == pa.int64()
    assert table.schema.field("latency_word_latency_ns").type == pa.list_(pa.int64())
    assert TEXT not in str(table.to_pylist())


def test_results_show_themselves_with_every_text_escaped(run):
    """As HTML in notebooks; the plain form names the run, and neither holds a transcript."""
    compared = wb.compare(run)
    for shown in (run._repr_html_(), compared._repr_html_()):
        assert "<table>" in shown
        assert NASTY not in shown
        assert "&lt;script&gt;" in shown
    assert repr(run) == f"Run({run.id}, 2 configurations, 49 sessions, 1 failed)"
    assert "WER is worse" in repr(compared)
    assert repr(run.compare()) == repr(compared)
    assert TEXT not in repr(run) + repr(compared)


def test_runs_are_loaded_compared_judged_and_reported(run, tmp_path):
    """By id, by folder or as they are; the same as on the command line."""
    root = run.path.parent
    again = wb.load(run.id, store=root)
    assert again.scores == wb.load(run.path).scores == run.scores
    with pytest.raises(InputError, match="compared with itself"):
        wb.compare(run.id, again, store=root)
    again = Run(stored(root, played()))
    compared = wb.compare(run.id, again, store=root)
    assert isinstance(compared, Compared)
    assert [p.comparison.wer.difference for p in compared.found.pairs] == [0.0, 0.0]
    assert len(compared.verdicts) == 2
    assert any("failed" in line for line in compared.warnings)
    assert compared.to_arrow().num_rows == len(compared.df) == 2 * sum(metric.compared for metric in METRICS.values())
    assert compared.df["metric"].iloc[0] == "wer"
    assert run.gate(limits={"wer": 0.5, "failed": 0.1}, margins={"wer": 0.15}, against=again).exit_code == 0
    assert run.gate(limits={"wer": 0.5, "failed": 0.1}, min_utterances=100).exit_code == 6
    assert run.gate(limits={"wer": 0.1}).exit_code == 1
    gated = wb.gate(run.id, limits={"wer": 0.5, "failed": 0.1}, margins={"wer": 0.15}, against=again.id, store=root)
    assert gated.verdict == "pass"
    listed = wb.list_runs(store=root)
    assert listed["run_id"].tolist()[:2] == [again.id, run.id]
    assert listed["n"].tolist()[:2] == [49, 49]
    assert run.report(tmp_path / "r.html", light=True, redact=True).stat().st_size > 1_000
    assert run.complete
    assert [c.cell for c in run.cells] == ["clean", NASTY]


async def test_twins_await_the_same(run):
    """The caller's loop goes on meanwhile; names say what they are."""
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    loaded = await wb.load_async(run.path)
    compared = await wb.compare_async(loaded)
    ticking.cancel()
    assert loaded.id == run.id
    assert len(compared.verdicts) == 1
    assert ticks > 1
    assert wb.run_async.__name__ == "run_async"


@pytest.mark.slow
async def test_cancelling_the_await_ends_the_run_and_leaves_it_resumable(tmp_path):
    """What was recorded is stored by the time the cancellation comes through, and the rest can be played."""
    began = asyncio.Event()
    loop = asyncio.get_running_loop()
    corpus = short_corpus(tmp_path / "c", 20)
    with scripted() as service:
        asked = {"endpoint": service.url, "store": tmp_path / "runs", "concurrency": 1}
        playing = asyncio.create_task(
            wb.run_async(corpus, on_session=lambda *_: loop.call_soon_threadsafe(began.set), **asked)
        )
        await asyncio.wait_for(began.wait(), 300)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        run = open_run(tmp_path / "runs")
        assert run.status == "interrupted"
        assert 1 <= len(run.keys()) < 20
        with pytest.raises(InputError, match="not trusted to say where"):
            wb.resume(store=tmp_path / "runs")
        done = await wb.resume_async(endpoint=service.url, store=tmp_path / "runs")
        assert wb.resume(done, store=tmp_path / "runs").scores == done.scores, "nothing is left to play"
    assert done.complete
    assert done.result.run.manifest.counts.sessions == 20


async def test_mistakes_are_raised_as_they_are():
    """From plain and asynchronous calls, before anything is played."""
    with pytest.raises(InputError, match="speed_of_light"):
        wb.run("clinic", speed_of_light=3)
    with pytest.raises(InputError, match="vary"):
        await wb.sweep_async("clinic", vary={"snr_db": []})
    with pytest.raises(wb.StoreError, match="no such run"):
        wb.load("nothing")
    with pytest.raises(InputError, match=r"^audio: .* \(got dict; expected an AudioConfig"):
        wb.run("clinic", audio={"noise": "pink"})


@pytest.mark.parametrize(
    ("keywords", "named"),
    [({"noise": "pnk"}, "noise"), ({"base": {"noise": "pnk"}}, "base.noise"), ({"chunk_ms": 5}, "chunk_ms"),
     ({"noise": "pink"}, "snr_db"),
     ({"limit": 0}, "limit"), ({"normaliser": "klinical"}, "normaliser"),
     ({"push_to_talk": True, "product": "ambient"}, "push_to_talk")],
)  # fmt: skip
def test_an_error_names_the_keyword(keywords, named):
    """As the caller wrote it: never a flag of the command line."""
    with pytest.raises(InputError) as found:
        wb.run("clinic", **keywords)
    assert found.value.item == named
    assert "--" not in str(found.value)


def test_an_audio_configuration_is_taken_as_a_whole_and_keywords_override_it(monkeypatch):
    """Also over what a sweep says; every keyword that a prompt offers is one that is taken."""
    from inspect import signature

    from workbench.api.keywords import spec_of
    from workbench.runs.sweep import cells_of

    audio = wb.AudioConfig(noise="pink", snr_db=20, chunk_ms=50, name="clinic room")
    (cell,) = cells_of(spec_of({"audio": audio}))
    assert (cell.audio, cell.name) == (audio, "clinic room")
    (cell,) = cells_of(spec_of({"audio": audio, "snr_db": 10, "pace": 2.0}))
    assert (cell.audio.noise, cell.audio.snr_db, cell.audio.chunk_ms, cell.pace) == ("pink", 10, 50, 2.0)
    assert [c.audio.snr_db for c in cells_of(spec_of({"audio": audio, "vary": {"snr_db": [30, 10]}}))] == [30, 10]
    for function, typed in ((wb.run, wb.RunKeywords), (wb.sweep, wb.SweepKeywords)):
        shown = set(signature(function).parameters) - {"corpus", "store", "settings", "on_session"}
        assert shown == set(typed.__annotations__) | set(getattr(typed, "__optional_keys__", ()))


@pytest.fixture(scope="module")
def simulator(recognising_service):
    """What is played to."""
    return recognising_service


@pytest.mark.slow
async def test_a_corpus_is_played_inside_and_outside_of_a_loop(simulator, tmp_path):
    """One utterance: from a coroutine, and by a plain call while a loop is running, as in a notebook."""
    seen = []
    asked = {"limit": 1, "endpoint": simulator.url, "store": tmp_path}
    one = await wb.run_async("librivox", on_session=lambda record, done: seen.append(done), **asked)
    two = wb.run(wb.load_corpus("librivox"), sample_rate_hz=8000, **asked)
    assert (len(one.scores), seen) == (1, [1])
    assert wb.load(store=tmp_path).id == two.id
    assert "8000" in two.cells[0].cell


def test_a_sweep_is_asked_for_by_grid_cells_or_file(simulator, tmp_path, monkeypatch):
    """The same cells either way."""
    asked = []
    monkeypatch.setattr(
        import_module("workbench.api.play"), "evaluate", lambda question, settings, **_: asked.append(question)
    )
    file = tmp_path / "sweep.toml"
    file.write_text('corpus = "librivox"\nlimit = 2\n[vary]\nsnr_db = [30, 20]\n')
    wb.sweep("librivox", vary={"snr_db": [30, 20]}, limit=2)
    wb.sweep(file=file)
    wb.sweep("librivox", cells=[{"snr_db": 30}, asked[0].cells[1]], base={"chunk_ms": 100}, limit=2)
    wb.sweep("librivox", base={"snr_db": 30}, limit=2)
    assert asked[0].cells == asked[1].cells
    assert [c.audio.snr_db for c in asked[2].cells] == [30.0, 20.0]
    assert [len(q.cells) for q in asked] == [2, 2, 2, 1]
    assert {len(q.utterances) for q in asked} == {2}


def test_a_corpus_is_imported_checked_and_aligned(tmp_path):
    """The same as the verbs of ``workbench datasets``; bad rows are listed and nothing is written."""
    source = tmp_path / "source"
    source.mkdir()
    shipped = wb.load_corpus("librivox").utterances[0]
    (source / "a.flac").write_bytes(shipped.audio.read_bytes())
    row = {"audio_filepath": "a.flac", "text": shipped.reference.spoken}
    (source / "m.jsonl").write_text(json.dumps(row) + "\n" + json.dumps({"text": "no audio"}) + "\n")
    report = wb.import_corpus("nemo", source / "m.jsonl", tmp_path / "mine")
    assert [problem.line for problem in report.problems] == [2]
    assert not (tmp_path / "mine").exists()
    (source / "m.jsonl").write_text(json.dumps(row) + "\n")
    assert wb.import_corpus("nemo", source / "m.jsonl", tmp_path / "mine", copy=True).utterances == 1
    assert wb.check_corpus(tmp_path / "mine") == []
    assert wb.align_corpus(tmp_path / "mine").aligned > 5
    assert wb.load_corpus(tmp_path / "mine").utterances[0].reference.words


@pytest.mark.slow
def test_the_instrument_calibrates_itself(tmp_path):
    """Counts are exact, whatever the machine is doing; the file lies beside the runs."""
    found = wb.calibrate(1, store=tmp_path)
    assert found.counts_exact
    assert "word latency" in found.df["metric"].tolist()
    assert "<table>" in found._repr_html_()
    assert found.resolution_ms > 0
    assert (tmp_path / "calibration.json").exists()


def test_no_module_has_the_name_of_a_public_function():
    """What `import workbench.x` binds can then never stand in the place of `wb.x(...)`."""
    modules = {found.name for found in pkgutil.iter_modules(wb.__path__)}
    assert not modules & {name for name in wb.__all__ if callable(getattr(wb, name))}
