"""Nothing that lies in the working directory runs: every verb, in a folder full of modules that tell when they do.

Every Python of a command writes down how it was started, so that a verb that starts no child proves nothing unseen.
"""

import ast
import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.quick import environment, resolved, short_corpus
from tests.stored import batch, store_run
from workbench.app import jobs
from workbench.app.live.process import PlayerProcess
from workbench.cli import cli
from workbench.corpus import load_corpus
from workbench.playing.stop import Stop
from workbench.runs.evaluate import evaluate
from workbench.runs.sweep import cell_from
from workbench.settings import Settings
from workbench.simulator.auth.accounts import DEMO_PARTNER

ROOT = Path(__file__).parents[2]

# Every name that any Python here could import by mistake, those that are looked up at start-up included.
PACKAGES = {"workbench", "sitecustomize", "usercustomize", *packages_distributions()}
LIBRARY = set(sys.stdlib_module_names) - set(sys.builtin_module_names)

POISON = (
    "import os\n"
    "with open({marker!r} + str(os.getpid()), 'w') as file:\n"
    "    file.write(os.environ['SUKI_PARTNER_TOKEN'])\n"
)
DIARY = (
    "import json, os, sys\n"
    "with open(os.path.join({folder!r}, str(os.getpid())), 'a') as file:\n"
    "    print(json.dumps([sys.orig_argv, bool(sys.flags.safe_path)]), file=file)\n"
)

# Of each verb: arguments, and the children that it is known to start. C is the corpus, F a sound file of it, R and R2
# are stored runs, V is a watch file, H is a run of which half was played, U the service, P a free port.
SIMULATOR = ("workbench simulate", "workbench.simulator.recognition.worker")
PLAYS = (*SIMULATOR, "workbench.client.rest_worker")
CASES = {
    "demo": ("demo --no-app --corpus C", PLAYS),
    "run": ("run --corpus C --limit 1", PLAYS),
    "run-replay": ("run --corpus C --limit 1 --recogniser replay", PLAYS),
    "sweep": ("sweep --corpus C --limit 1 --vary chunk_ms=50,100", PLAYS),
    "resume": ("resume H --endpoint U", ("workbench.client.rest_worker",)),
    "live": ("live --file F", PLAYS),
    "calibrate": ("calibrate --sessions 1", ("workbench simulate", "workbench.client.rest_worker")),
    "capacity": (
        "capacity --sessions 2 --seconds 1 --processes 2",
        ("workbench simulate", "workbench.instrument.capacity.worker", "workbench.client.rest_worker"),
    ),
    "doctor": ("doctor --endpoint simulator", SIMULATOR),
    "simulate": ("simulate --port 0 --processes 2 --end-with-stdin", SIMULATOR),
    "app": ("app --port P", ("workbench.app", "workbench.app.live.player", *PLAYS)),
    "score": ("score R", ()),
    "show": ("show R", ()),
    "compare": ("compare R R2", ()),
    "gate": ("gate R --limit wer=1", ()),
    "report": ("report R --output out.html", ()),
    "case": ("case R u00 -o case.zip", ()),
    "runs": ("runs list", ()),
    "datasets": ("datasets check C", ()),
    "models": ("models list", ()),
    "notebooks": ("notebooks copied", ()),
    "trend": ("trend", ()),
    "watch": ("watch V --times 1", PLAYS),
    "trust": ("trust", ()),
    "clean": ("clean --recordings", ()),
}


def poison(folder, names):
    """A module for every name; whichever is imported leaves a file in ``markers``."""
    (folder / "markers").mkdir()
    for name in names:
        path = folder / "here" / (f"{name}.py" if name != "workbench" else f"{name}/__init__.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(POISON.format(marker=f"{folder}/markers/{name}-"))
    (folder / "here/workbench/__main__.py").write_text(POISON.format(marker=f"{folder}/markers/workbench-main-"))


class Place:
    """A poisoned folder, and what every Python that was started in it wrote down."""

    def __init__(self, folder):
        self.here, self.markers, self.diary = folder / "here", folder / "markers", folder / "diary"
        poison(folder, PACKAGES | LIBRARY)
        (self.here / "workbench.toml").write_text("[limits]\nrest_s = 30.0\n")
        (folder / "start").mkdir()
        self.diary.mkdir()
        (folder / "start/sitecustomize.py").write_text(DIARY.format(folder=str(self.diary)))
        self.environment = environment(
            SUKI_PARTNER_ID=DEMO_PARTNER.id, SUKI_PARTNER_TOKEN=DEMO_PARTNER.token,
            WORKBENCH_STORE=str(folder / "runs"), PYTHONPATH=str(folder / "start"),
            HOME=str(folder), XDG_CACHE_HOME=str(folder / "cache"),
        )  # fmt: skip

    def start(self, *arguments, **more):
        """The console script, as a user starts it."""
        script = str(Path(sys.executable).with_name("workbench"))
        return subprocess.Popen(
            [script, *arguments], cwd=self.here, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
        )  # fmt: skip

    def started(self):
        """Command lines of every Python, and whether it left the working directory out."""
        lines = [line for file in self.diary.iterdir() for line in file.read_text().splitlines()]
        return [(" ".join(command), safe) for command, safe in map(json.loads, lines)]

    def check(self, children, *, scripts=1):
        """Nothing that lay there ran; these children were there, and each of them was started safely."""
        assert {file.name: file.read_text() for file in self.markers.iterdir()} == {}
        commands = self.started()
        assert len([command for command, safe in commands if not safe]) == scripts, commands
        for child in children:
            assert any(f" -m {child}" in command for command, _ in commands), (child, commands)
        assert children or len(commands) == scripts, commands


@pytest.fixture
def place(tmp_path, monkeypatch):
    """For one command; this process stands there, too."""
    place = Place(tmp_path)
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(place.here)
    return place


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two utterances."""
    return short_corpus(tmp_path_factory.mktemp("corpus") / "short", 2)


@pytest.fixture(scope="module")
def service(scripted_service):
    """Where runs are played that need no simulator of their own."""
    return scripted_service


def half_played(store, corpus, url):
    """Id of a run of two sessions of which the second was never played."""
    loaded, stop = load_corpus(corpus), Stop()
    cell = cell_from({"pace": "inf"}, item="test")
    spec = resolved(corpus=loaded, utterances=loaded.utterances, cells=(cell,), concurrency=1)
    evaluate(spec, Settings(endpoint=url, store=store), on_session=lambda *_: stop.request(), stop=stop)
    return next(path.name for path in store.iterdir() if (path / "manifest.json").exists())


def words_of(case, place, corpus, request):
    """The arguments with what single letters stand for."""
    words = CASES[case][0].split()
    store = Path(place.environment["WORKBENCH_STORE"])
    table = {
        "C": str(corpus),
        "F": str(corpus / "tone.wav"),
        "P": str(free_port()),
        "V": str(store.parent / "watch.toml"),
    }
    if "V" in words:
        Path(table["V"]).write_text(f'corpus = "{corpus}"\nlimit = 1\n[watch]\n')
    if "R" in words or case == "trend":
        table |= {"R": store_run(store, batch(4)), "R2": store_run(store, batch(4, delay=5), seed=2)}
    if "U" in words:
        url = request.getfixturevalue("service").url
        table |= {"U": url, "H": half_played(store, corpus, url)}
        for file in place.diary.iterdir():
            file.unlink()
    return [table.get(word, word) for word in words]


def test_every_verb_has_its_case():
    """A new verb cannot escape."""
    assert {words.split()[0] for words, _ in CASES.values()} == set(cli.list_commands(None))


@pytest.mark.parametrize("case", [case for case in CASES if case != "app"])
def test_a_verb_runs_nothing_that_lies_in_the_working_directory(case, place, corpus, request):
    """Whatever it is called and whatever it starts: it does what it was asked, and no marker appears."""
    words = words_of(case, place, corpus, request)
    with place.start(*words) as process:
        out, err = process.communicate(timeout=250)
    place.check(CASES[case][1])
    # A gate of four utterances does not judge, and the machine is not ours to be quiet: capacity may have to give way.
    assert process.returncode in ((0, 1, 6) if case == "capacity" else (0, 6)), (out, err)


def test_the_app_and_its_player_run_nothing_that_lies_in_the_working_directory(place):
    """The player and its simulator start with the app; pages are asked for, and the app is ended as a user ends it."""
    pytest.importorskip("streamlit", reason="the extra 'app' is not installed")
    port = free_port()
    with place.start("app", "--port", str(port)) as process, httpx.Client(timeout=10) as http:
        until_s = time.monotonic() + 300
        while time.monotonic() < until_s and process.poll() is None:
            try:
                http.get(f"http://127.0.0.1:{port}/workbench/health")
                http.get(process.stdout.readline().removeprefix("Suki Workbench: ").strip())
                pages = [http.get(f"http://127.0.0.1:{port}{path}") for path in ("/", "/_stcore/health", "/runs")]
                break
            except httpx.TransportError:
                time.sleep(0.05)
        workers = CASES["app"][1]
        while time.monotonic() < until_s and not all(
            any(f" -m {child}" in command for command, _ in place.started()) for child in workers
        ):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=300)
    place.check(workers)
    assert [page.status_code for page in pages] == [200, 200, 200]


def test_what_the_app_starts_later_runs_nothing_that_lies_in_the_working_directory(place, tmp_path):
    """A job, a spec to the command line, and a player that is started again."""
    job = jobs.start(tmp_path / "runs", "A list", ("runs", "list", "--json"))
    (child,) = (child for child in jobs._CHILDREN if child.pid == job.pid)
    child.wait(300)
    assert jobs.output(tmp_path / "runs", job) is not None
    assert jobs.ask(tmp_path / "runs", ("runs", "list", "--json"))["runs"] == []
    ready = threading.Event()
    player = PlayerProcess(tmp_path / "runs", lambda _: ready.set(), lambda _: ready.set())
    try:
        assert ready.wait(300)
    finally:
        player.close()
    place.check(("workbench runs list", "workbench.app.live.player", *PLAYS), scripts=0)


def test_as_a_module_it_forgets_the_working_directory_as_well(place):
    """``python -m workbench``: the interpreter itself has looked there by then, nobody of us does."""
    for name in LIBRARY | {"workbench"}:  # what finds and starts a module comes from there, if it lies there
        (place.here / f"{name}.py").unlink(missing_ok=True)
        shutil.rmtree(place.here / name, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "runs", "list"], cwd=place.here, env=place.environment, capture_output=True,
        text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert list(place.markers.iterdir()) == []


def test_markers_appear_where_they_should(place):
    """Otherwise nothing above means anything: without ``-P`` the same folder takes over."""
    subprocess.run([sys.executable, "-m", "workbench"], cwd=place.here, env=place.environment, check=False, timeout=300)
    (marker, *_) = place.markers.iterdir()
    assert marker.read_text() == DEMO_PARTNER.token


def test_one_place_starts_a_python():
    """Command lines of children are written by ``child_process`` alone, and nothing is forked or spawned."""
    found = set()
    for file in (ROOT / "workbench").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in ("executable", "get_context", "ProcessPoolExecutor"):
                found.add((file.relative_to(ROOT).as_posix(), ast.unparse(node)))
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names}
                if names & {"multiprocessing", "Process", "ProcessPoolExecutor", "executable", "Pool", "get_context"}:
                    found.add((file.relative_to(ROOT).as_posix(), ast.unparse(node)))
    assert found == {("workbench/child_process.py", "sys.executable")}
