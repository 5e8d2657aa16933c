"""Service against service in one run: interleaved, paired, each session played where its configuration says."""

from __future__ import annotations

import json

import httpx
import pytest
from click.testing import CliRunner

from tests.quick import SCRIPT, TEXT, resolved, scripted, short_corpus
from workbench.cli import cli
from workbench.comparing.runs import compare_runs
from workbench.corpus import load_corpus
from workbench.errors import ConfigurationError, InputError
from workbench.playing.stop import Stop
from workbench.runs.evaluate import evaluate
from workbench.runs.manifest import settings_of
from workbench.runs.order import session_keys
from workbench.runs.resume import resume, unplayed
from workbench.runs.spec_fields import make_spec
from workbench.runs.sweep import cell_from, cells_of, load_sweep
from workbench.settings import Settings
from workbench.simulator.control_token import control_headers

OTHER = "no test pain"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Four utterances."""
    return short_corpus(tmp_path_factory.mktemp("corpus") / "short", 4)


@pytest.fixture(scope="module")
def other():
    """A second service, which says something else."""
    with scripted() as running:
        said = [{**one, "text": OTHER} if one["kind"] == "final" else one for one in SCRIPT["messages"]]
        script = {**SCRIPT, "messages": said}
        httpx.post(
            f"{running.url}/_sim/scripts/*", json=script, headers=control_headers(running.url)
        ).raise_for_status()
        yield running


@pytest.fixture
def urls(scripted_service, other):
    return scripted_service.url, other.url


def two(corpus, urls, **more):
    cells = tuple(cell_from({"pace": "inf", "service": url}, item="test") for url in urls)
    loaded = load_corpus(corpus)
    return resolved(corpus=loaded, utterances=loaded.utterances, cells=cells, seed=3, **more)


def heard(run):
    """What each configuration heard, every distinct text once."""
    texts = {}
    for record in run.iter_records():
        texts.setdefault(record.key.cell, set()).add(record.hypothesis())
    return texts


def test_each_session_is_played_where_its_configuration_says(corpus, urls, tmp_path):
    """Both services in one run; the endpoint of the run, where nobody listens, is not asked."""
    spec = two(corpus, urls)
    result = evaluate(spec, Settings(endpoint="http://127.0.0.1:9", store=tmp_path / "runs"))
    first, second = (f"pace=inf service={url}" for url in urls)
    assert heard(result.run) == {first: {TEXT}, second: {OTHER}}
    manifest = result.run.manifest
    assert manifest.endpoint == " and ".join(url.removeprefix("http://") for url in urls)
    assert [cell.config["service"] for cell in manifest.cells] == list(urls)
    # Both play each utterance before the next one is begun.
    keys = session_keys(spec)
    assert all(a.utterance == b.utterance and a.cell != b.cell for a, b in zip(keys[::2], keys[1::2], strict=True))
    (pair,) = compare_runs([result], tmp_path / "runs").pairs
    assert (pair.baseline, pair.candidate) == (first, second)
    wer = pair.comparison.differences[0]
    assert (wer.metric, wer.baseline, wer.candidate) == ("wer", 0, pytest.approx(1 / 3))
    assert pair.comparison.n == 4


def test_the_command_line_takes_an_endpoint_twice(corpus, urls, tmp_path):
    """As two configurations, which compare tells apart by their service."""
    store = ("--store", str(tmp_path / "runs"))
    asked = ["run", "--corpus", str(corpus), "--set", "pace=inf", "--json", *store]
    asked += [word for url in urls for word in ("--endpoint", url)]
    done = CliRunner().invoke(cli, asked, standalone_mode=False)
    assert done.exception is None, done.exception
    cells = json.loads(done.stdout)["cells"]
    assert [cell["wer"] for cell in cells] == [0, pytest.approx(1 / 3)]
    compared = CliRunner().invoke(cli, ["compare", "last", *store], standalone_mode=False)
    assert compared.exception is None, compared.exception
    assert "service" in compared.output
    judged = ["gate", "last", "--against-first", "--margin", "wer=0.1", "--json", *store]
    answer = json.loads(CliRunner().invoke(cli, judged, standalone_mode=False).stdout)
    first, second = (f"service={url}" for url in urls)
    assert answer["against"] == first
    margin = next(check for check in answer["checks"] if check["kind"] == "margin")
    assert {check["slice"] for check in answer["checks"]} == {second}
    assert (margin["value"], margin["n"]) == (pytest.approx(1 / 3), 4)


def test_a_stopped_run_goes_on_on_both_services_once_both_are_named(corpus, urls, tmp_path):
    """A stored run does not say where credentials go; whoever names the services does."""
    stop = Stop()
    settings = Settings(endpoint="simulator", store=tmp_path / "runs")
    spec = two(corpus, urls, concurrency=1)
    begun = evaluate(spec, settings, on_session=lambda _, done: stop.request() if done == 3 else None, stop=stop)
    assert not begun.complete
    for named in ((), urls[:1]):
        with pytest.raises(InputError, match="not trusted to say where credentials and speech go"):
            settings_of(begun.run.manifest, settings, None, named)
    done = resume(unplayed(begun.run), settings_of(begun.run.manifest, settings, None, urls))
    assert done.complete
    assert [len(texts) for texts in heard(done.run).values()] == [1, 1]
    assert len(list(done.run.iter_records())) == 8


@pytest.mark.parametrize(
    "text",
    ['[vary]\nservice = ["staging", "{}"]', '[base]\nservice = "{}"', '[[cells]]\nname = "a"\nservice = "{}"'],
)
def test_a_file_names_no_service_that_is_not_built_in(corpus, tmp_path, monkeypatch, text):
    """Wherever it stands; once the file is trusted it counts, and what it names was printed."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file, place = tmp_path / "sweep.toml", "https://elsewhere.example"
    file.write_text(f'corpus = "{corpus}"\n{text.format(place)}\n')
    asked = ["sweep", str(file), "--dry-run"]
    refused = CliRunner().invoke(cli, asked)
    assert isinstance(refused.exception, ConfigurationError)
    assert place in str(refused.exception)
    trusted = CliRunner().invoke(cli, ["trust", str(file)])
    assert place in trusted.output
    assert CliRunner().invoke(cli, asked).exit_code == 0
    file.write_text(f'corpus = "{corpus}"\n{text.format("production")}\n')
    assert CliRunner().invoke(cli, asked).exit_code == 0


def test_services_are_a_setting_like_any_other(tmp_path):
    """Varied alone or with others; None is the endpoint of the run."""
    cells = cells_of(make_spec({"vary": {"service": ["staging", "production"], "chunk_ms": [50, 100]}}))
    assert [cell.name for cell in cells] == [
        "service=staging chunk_ms=50", "service=staging chunk_ms=100",
        "service=production chunk_ms=50", "service=production chunk_ms=100",
    ]  # fmt: skip
    assert cells[0].settings() == {"chunk_ms": 50, "service": "staging"}
    assert cell_from(cells[0].all_settings(), item="test").settings() == cells[0].settings()
    assert cell_from({"service": None}, item="test").settings() == {}
    file = tmp_path / "sweep.toml"
    file.write_text('[vary]\nservice = ["staging", "production"]\n')
    assert len(cells_of(load_sweep(file))) == 2


@pytest.mark.parametrize("value", ["nowhere", "http://elsewhere.example", "https://me:secret@suki.example", 7])
def test_what_is_no_service_is_refused_where_it_stands(value):
    """A password in front of the host is not repeated."""
    with pytest.raises(InputError, match=r"test\.service: ") as caught:
        cell_from({"service": value}, item="test")
    assert "secret" not in str(caught.value)


def test_what_one_service_does_for_all_sessions_is_refused(corpus, urls, tmp_path):
    """Whole recordings by the simulator's model, one port for notifications, a live session."""
    for more in ({"offline_baseline": True}, {"webhook_port": 9}):
        with pytest.raises(InputError, match="their own services are not possible here"):
            two(corpus, urls, **more)
    asked = ["live", "--corpus", str(corpus), "--set", f"service={urls[0]}", "--store", str(tmp_path)]
    done = CliRunner().invoke(cli, asked)
    assert isinstance(done.exception, InputError)
    assert "live: configurations with their own services" in str(done.exception)
