"""The real client against the real simulator, and the command line as a user meets it."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from tests.bare import bare
from tests.cli.within import within
from tests.quick import resolved
from workbench.corpus import HeaderRow, ManifestRow, find_corpus, load_corpus, write_manifest
from workbench.corpus.join import join
from workbench.recording.frame import FrameKind
from workbench.recording.record import Outcome
from workbench.runs.evaluate import evaluate
from workbench.runs.order import select
from workbench.runs.result import load_result, rescore
from workbench.runs.sweep import cell_from
from workbench.scoring.metrics.normalize import normaliser
from workbench.settings import Settings
from workbench.simulator.local import LocalSimulator
from workbench.store import open_run


def workbench(*arguments, cwd, env=None, timeout=120):
    """Call the command line in a process of its own; it must never show a traceback."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("SUKI_", "WORKBENCH_")) or key == "WORKBENCH_MODEL"
    }
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *arguments],
        cwd=cwd, env=environment | (env or {}), capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def simulator(recognising_service):
    """What is played to."""
    return recognising_service


@pytest.fixture(scope="module")
def stored(simulator, tmp_path_factory):
    """A small run on real speech under two configurations."""
    return play_real_speech(simulator, tmp_path_factory.mktemp("runs"))


def play_real_speech(simulator, store):
    """One read and one synthetic utterance, clean and in noise, in real time."""
    corpus = join([load_corpus(find_corpus(name)) for name in ("librivox", "clinic")])
    real = [u for u in corpus.utterances if "synthetic" not in u.tags]
    synthetic = [u for u in corpus.utterances if "synthetic" in u.tags and u.speaker == "rms"]
    utterances = tuple(min(group, key=lambda u: u.samples) for group in (real, synthetic))
    spec = resolved(
        corpus=corpus,
        utterances=utterances,
        cells=(cell_from({"name": "clean"}, item="t"), cell_from({"name": "noisy", "snr_db": 15.0}, item="t")),
        concurrency=2,
    )
    return evaluate(spec, Settings(endpoint=simulator.url, store=store))


def test_real_speech_is_recognised_and_noise_makes_it_worse(stored):
    """The words come from decoding the audio that was streamed."""
    clean, noisy = stored.cells
    assert (clean.cell, noisy.cell) == ("clean", "noisy")
    assert clean.failed == noisy.failed == 0
    assert 0.02 < clean.words.rate < 0.6
    assert noisy.words.rate > clean.words.rate


@pytest.mark.timing
def test_latencies_are_those_of_a_streaming_recogniser(simulator, tmp_path):
    """Partials come while the speech goes on, finals soon after it has ended.

    There is no latency of a session whose pacing was not valid; that may be only where a bare timer is late, too.
    """
    with bare() as reference:
        clean = play_real_speech(simulator, tmp_path).cells[0]
    if clean.pacing.reasons:
        assert reference.late_p99_ns > 2_000_000, clean.pacing.reasons
        return
    assert 0 < clean.first_partial_ns < 3e9 * reference.stretch
    assert 0 < clean.finalisation_p50_ns < 3e9 * reference.stretch
    assert clean.coverage > 0.4


def test_the_record_holds_every_chunk_and_the_whole_conversation(stored):
    """The event log is the product."""
    for record in open_run(stored.run.path.parent, stored.run.run_id).records():
        assert record.outcome is Outcome.COMPLETED
        frames = list(record.frames.frames())
        audio = [f for f in frames if f.kind is FrameKind.AUDIO]
        assert [f.chunk for f in audio] == list(range(len(audio)))
        assert audio[-1].end_sample == record.samples
        assert all(f.sent_ns >= f.due_ns for f in audio)
        assert sum(f.kind is FrameKind.CONTROL for f in frames) == 1
        assert record.hypothesis()
        assert record.violations == ()


def test_rescoring_changes_the_scores_and_nothing_else(stored):
    """Every other file keeps its bytes."""
    before = {p.name: p.read_bytes() for p in stored.run.path.iterdir() if p.name != "scores.parquet" and p.is_file()}
    raw = rescore(open_run(stored.run.path.parent, stored.run.run_id), normaliser("raw"))
    after = {p.name: p.read_bytes() for p in stored.run.path.iterdir() if p.name != "scores.parquet" and p.is_file()}
    assert before == after
    assert raw.cells[0].words.rate != stored.cells[0].words.rate
    again = rescore(stored.run, normaliser("clinical"))
    assert again.cells == stored.cells == load_result(stored.run).cells


@pytest.mark.slow
def test_the_same_works_over_tls_with_an_authority_of_ones_own(tmp_path):
    """S-1: wss and https, verified; an unknown authority is refused and named."""
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = authority.issue_cert("127.0.0.1", "localhost")
    server.private_key_pem.write_to_path(tmp_path / "key.pem")
    server.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    corpus = load_corpus(find_corpus("librivox"))
    spec = resolved(
        corpus=corpus,
        utterances=(min(corpus.utterances, key=lambda u: u.samples),),
        cells=(cell_from({}, item="t"),),
    )
    tls = ("--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem"))
    with LocalSimulator(*tls) as running:
        assert running.url.startswith("https:")
        assert running.ws_url.startswith("wss:")
        settings = Settings(endpoint=running.url, store=tmp_path / "runs", ca_file=tmp_path / "ca.pem")
        result = evaluate(spec, settings)
        done = workbench("run", "--corpus", "librivox", "--limit", "1", "--endpoint", running.url, cwd=tmp_path)
    assert result.cells[0].failed == 0
    assert result.run.records()[0].connect.tls_ns > 0
    assert done.returncode == 5
    assert "TLS was refused" in done.stderr
    assert "--ca-file" in done.stderr


def test_selection_is_drawn_by_seed_and_spread_over_speakers():
    """The same seed gives the same utterances; a few utterances are of many voices."""
    corpus = load_corpus(find_corpus("clinic"))
    chosen = select(corpus, 8, 1)
    assert chosen == select(corpus, 8, 1) != select(corpus, 8, 2)
    assert len({u.speaker for u in chosen}) >= 4
    assert [u.id for u in chosen] == [u.id for u in corpus.utterances if u in chosen]


# -- the command line ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_run_show_score_and_compare_speak_json(simulator, tmp_path):
    """The verbs of a first hour, one after the other."""
    common = ("--endpoint", simulator.url, "--json")
    ran = workbench("run", "--corpus", "librivox", "--limit", "1", *common, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    run = json.loads(ran.stdout)
    assert run["schema_version"] == 1
    (cell,) = run["cells"]
    wanted = {
        "audio", "n", "failed", "wer", "wer_low", "wer_high", "first_partial_ms", "word_latency_p50_ms",
        "word_latency_p95_ms", "finalisation_p50_ms", "pacing",
    }  # fmt: skip
    assert wanted <= set(cell)
    assert {"valid", "p99_ms", "max_ms"} <= set(cell["pacing"])
    shown = json.loads(workbench("show", run["run_id"], "--json", "--sessions", cwd=tmp_path).stdout)
    assert shown["cells"] == run["cells"]
    assert len(shown["session_scores"]) == 1
    raw = json.loads(workbench("score", "last", "--normaliser", "raw", "--json", cwd=tmp_path).stdout)
    assert raw["normaliser"]["name"] == "raw"
    again = workbench("run", "--corpus", "librivox", "--limit", "1", *common, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    compared = workbench("compare", run["run_id"], "last", "--json", cwd=tmp_path)
    assert compared.returncode == 0, compared.stderr
    assert json.loads(compared.stdout)["comparisons"][0]["pairs"] == 1
    folder = tmp_path / ".runs" / run["run_id"]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert "demo-partner-token" not in "".join(p.read_text(errors="replace") for p in folder.iterdir() if p.is_file())


@pytest.fixture
def corpus(tmp_path):
    """A corpus of one's own: a folder, a manifest, one file."""

    def make(**changes):
        folder = tmp_path / "mine"
        (folder / "audio").mkdir(parents=True, exist_ok=True)
        tone = (np.sin(np.arange(16_000) / 9) * 9000).astype(np.int16)
        soundfile.write(folder / "audio" / "a.wav", tone, 16_000)
        row = {"id": "a", "audio": "audio/a.wav", "reference": "Hello there."} | changes
        (folder / "manifest.jsonl").write_text(json.dumps(row) + "\n")
        return folder

    return make


def test_a_manifest_of_three_keys_is_enough(corpus, simulator, tmp_path):
    """id, audio, reference."""
    done = within("run", "--corpus", str(corpus()), "--endpoint", simulator.url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cells"][0]["n"] == 1


def missing(folder):
    (folder / "audio" / "a.wav").unlink()


def truncated(folder):
    file = folder / "audio" / "a.wav"
    file.write_bytes(file.read_bytes()[:9_000])


def empty_reference(folder):
    manifest = folder / "manifest.jsonl"
    manifest.write_text(manifest.read_text().replace("Hello there.", " "))


def duplicate(folder):
    manifest = folder / "manifest.jsonl"
    manifest.write_text(manifest.read_text() * 2)


def not_audio(folder):
    (folder / "audio" / "a.wav").write_text("this is a text file")


def not_json(folder):
    (folder / "manifest.jsonl").write_text("{oops\n")


@pytest.mark.parametrize("damage", [missing, truncated, empty_reference, duplicate, not_audio, not_json])
@pytest.mark.parametrize("verb", ["run", "datasets check"])
def test_a_damaged_corpus_is_one_clear_line_and_exit_code_2(corpus, tmp_path, damage, verb):
    """The file, the line, what is wrong; before the first session."""
    folder = corpus()
    damage(folder)
    if verb == "run":
        done = within("run", "--corpus", str(folder), "--endpoint", "http://127.0.0.1:9", cwd=tmp_path)
        assert len(done.stderr.strip().splitlines()[-1:]) == 1
        assert done.stderr.strip().splitlines()[-1].startswith("workbench: ")
        assert done.returncode == 2
    else:
        done = within("datasets", "check", str(folder), cwd=tmp_path)
        assert done.returncode in (1, 2)
    said = done.stdout + done.stderr
    assert "manifest.jsonl" in said or "a.wav" in said


def test_a_stereo_mp3_at_44_kilohertz_is_legal_input(tmp_path, simulator):
    """It is downmixed and resampled, and the facts say so."""
    source = load_corpus(find_corpus("librivox")).utterances[1]
    data, rate = soundfile.read(source.audio)
    import soxr

    wide = soxr.resample(data, rate, 44_100)
    folder = tmp_path / "mp3"
    folder.mkdir()
    soundfile.write(folder / "a.mp3", np.stack([wide, wide], axis=1), 44_100)
    write_manifest(folder, [ManifestRow(id="a", audio="a.mp3", reference=source.reference.written)], HeaderRow())
    done = within("run", "--corpus", str(folder), "--endpoint", simulator.url, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cells"][0]["wer"] < 0.8


WRONG = {"SUKI_PARTNER_ID": "demo-partner", "SUKI_PARTNER_TOKEN": "wrong"}


@pytest.mark.parametrize(
    ("arguments", "env", "status", "says"),
    [
        (("--endpoint", "SIM"), WRONG, 4, "SUKI_PARTNER_TOKEN"),
        (("--endpoint", "https://no-such-host.invalid"), WRONG, 5, "no-such-host"),
        (("--endpoint", "staging"), {}, 4, "SUKI_PARTNER_ID"),
        (("--endpoint", "http://10.1.2.3"), {}, 4, "https"),
        (("--endpoint", "SIM", "--sample-rate", "7"), {}, 2, "sample_rate_hz"),
        (("--endpoint", "SIM", "--set", "snr_db=loud"), {}, 2, "snr_db"),
        (("--endpoint", "SIM", "--normaliser", "none"), {}, 2, "basic"),
        (("--endpoint", "SIM", "--concurrency", "0"), {}, 2, "--concurrency"),
        (("--nope",), {}, 2, "--nope"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_one_clear_line_with_its_exit_code(simulator, tmp_path, arguments, env, status, says):
    """What was got, what was expected, what to do; never a traceback, never a run left behind."""
    arguments = [simulator.url if a == "SIM" else a for a in arguments]
    done = within("run", "--corpus", "librivox", "--limit", "1", *arguments, cwd=tmp_path, env=env)
    assert done.returncode == status, done.stderr
    assert says in done.stderr.splitlines()[-1]
    assert not list(tmp_path.glob(".runs/*"))


def test_a_process_ends_with_the_same_line_and_code(tmp_path):
    """What the calls within this process stand for."""
    words = ("run", "--corpus", "librivox", "--endpoint", "http://10.1.2.3")
    apart, here = workbench(*words, cwd=tmp_path), within(*words, cwd=tmp_path)
    assert (apart.returncode, apart.stdout, apart.stderr) == (here.returncode, here.stdout, here.stderr)
    assert here.returncode == 4


def test_every_verb_helps_with_an_example():
    """--help ends with something to copy; a group's verbs each have their own."""
    from click.testing import CliRunner

    from workbench.cli import VERBS, cli

    wanted = [[verb] for verb in VERBS]
    while wanted:
        path = wanted.pop()
        shown = CliRunner().invoke(cli, [*path, "--help"])
        assert shown.exit_code == 0, path
        if "COMMAND [ARGS]" in shown.output:
            names = shown.output.partition("Commands:")[2].splitlines()
            wanted += [[*path, name.split()[0]] for name in names if name.startswith("  ") and name[2] != " "]
        else:
            assert "Example" in shown.output, path


def test_help_is_fast_and_imports_no_heavy_package(tmp_path):
    """A quarter of a second is the budget; the imports are what decides it."""
    probe = (
        "import sys; from workbench.cli import cli\ntry: cli(['--help'], standalone_mode=False)\nfinally: "
        "heavy = {'pandas', 'plotly', 'scipy', 'duckdb', 'streamlit', 'numpy', 'httpx'}; "
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stderr.strip() == ""


@pytest.mark.slow
def test_the_demo_answers_the_main_question(tmp_path):
    """Real and synthetic speech, three configurations, real time, decoded by Whisper on a machine of its own.

    Of a quarter of the recordings: the first number in README is of all of them.
    """
    done = workbench(
        "demo", "--limit", "6", "--json", "--no-app", cwd=tmp_path, env={"WORKBENCH_MODEL": "whisper"}, timeout=800
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    clean, noisy, narrow = result["cells"]
    assert 0.02 < clean["wer"] < 0.2  # of this draw 0.13, 0.27 and 0.25
    assert clean["wer"] < noisy["wer"] < 0.4
    assert clean["wer"] < narrow["wer"] < 0.4
    assert [cell["n"] for cell in result["cells"]] == [6, 6, 6]
    assert {cell["failed"] for cell in result["cells"]} == {0}
    assert (tmp_path / ".runs" / result["run_id"]).is_dir()
