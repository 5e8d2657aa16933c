"""No secret anywhere, no speech but where it belongs: every verb, every page, good paths and bad ones."""

import json
import logging
import pkgutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.ports import free_port
from tests.security.canaries import PARTNER_TOKEN, SAID, WEBHOOK_SECRET, Place, running_service, strings_in
from workbench.cli import VERBS
from workbench.corpus import HeaderRow, ManifestRow, write_manifest

pytestmark = pytest.mark.timeout(2_400)  # a minute on a quiet machine, several on a busy one
CANARY_WORDS = SAID.split()

# Of each verb first what works, then what does not. C is the corpus, U the service, P the port for notifications,
# W a thing that there is not.
CASES: dict[str, list[list[str]]] = {
    "demo": [["demo", "--no-app", "--corpus", "C"], ["demo", "--no-app", "--corpus", "W"]],
    "run": [
        ["run", "--corpus", "C", "--endpoint", "U"],
        ["run", "--corpus", "C", "--endpoint", "U", "--json", "--transport", "picows", "--limit", "1"],
        ["run", "--corpus", "C", "--endpoint", "U", "--product", "ambient", "--webhook-port", "P", "--limit", "1"],
        ["run", "--corpus", "C", "--endpoint", "http://198.51.100.7", "--limit", "1"],
        ["run", "--corpus", "C", "--endpoint", "https://nowhere.invalid", "--limit", "1"],
        ["run", "--corpus", "W", "--endpoint", "U"],
    ],
    "sweep": [
        ["sweep", "--corpus", "C", "--endpoint", "U", "--vary", "chunk_ms=50,100", "--limit", "1"],
        ["sweep", "--corpus", "C", "--endpoint", "U", "--vary", "weather=fine"],
    ],
    "resume": [["resume", "last", "--endpoint", "U"], ["resume", "W"]],
    "score": [["score", "last", "--normaliser", "clinical"], ["score", "W"]],
    "show": [
        ["show", "last"], ["show", "last", "--sessions"],
        ["show", "last", "--curve", "--delays", "--by", "tag", "--columns", "details"],
        ["show", "last", "--plot", "figures.svg"], ["show", "last", "--plot", "figures.png"], ["show", "W"],
    ],
    "compare": [["compare", "last"], ["compare", "last", "--json"], ["compare", "W"]],
    "gate": [["gate", "last", "--limit", "wer=0.1", "--junit", "gate.xml", "--markdown", "gate.md"], ["gate", "W"]],
    "trend": [["trend", "--json"], ["trend", "--corpus", "W"]],
    "watch": [
        ["watch", "V", "--times", "1", "--endpoint", "U"],
        ["watch", "V", "--times", "1", "--endpoint", "https://nowhere.invalid"], ["watch", "W"],
    ],
    "report": [["report", "last", "--redact", "--output", "redacted.html"], ["report", "W"]],
    "case": [
        ["case", "last", "u0", "--output", "O"], ["case", "last", "u0", "--redact", "--output", "redacted.zip"],
        ["case", "last", "W"],
    ],
    "live": [
        ["live", "--corpus", "C", "--utterance", "u0", "--endpoint", "U"],
        ["live", "--file", "W", "--endpoint", "U"],
    ],
    "calibrate": [["calibrate", "--sessions", "2"], ["calibrate", "--sessions", "0"]],
    "capacity": [
        ["capacity", "--endpoint", "U", "--sessions", "2", "--seconds", "2"],
        ["capacity", "--endpoint", "https://nowhere.invalid", "--sessions", "2"],
    ],
    "runs": [
        ["runs", "list"], ["runs", "list", "--json"], ["runs", "verify", "last"], ["runs", "recover", "last"],
        ["runs", "export", "W", "--format", "csv"], ["runs", "rm", "W", "--yes"], ["runs", "merge", "W"],
    ],
    "datasets": [
        ["datasets", "list"], ["datasets", "check", "C"], ["datasets", "check", "W"],
        ["datasets", "review", "C"], ["datasets", "review", "W"],
        ["datasets", "import", "nemo", "W", "imported"], ["datasets", "align", "W"],
    ],
    "models": [["models", "list"], ["models", "no-such-verb"]],
    "notebooks": [["notebooks", "copied"], ["notebooks", "/proc/none"]],
    "doctor": [["doctor", "--endpoint", "U"], ["doctor", "--endpoint", "https://nowhere.invalid"]],
    "simulate": [
        ["simulate", "--port", "0", "--recogniser", "scripted", "--end-with-stdin", "--json"],
        ["simulate", "--scenario", "W"], ["simulate", "--webhook-url", "http://198.51.100.7/x"],
    ],
    "clean": [["clean", "--recordings", "--yes"], ["clean"]],
    "trust": [["trust", "T"], ["trust", "no-such-thing"]],
    "app": [["app", "--host", "no such host"]],
}  # fmt: skip

ASKED = ("live", "show")
"""Verbs whose standard output is where the user asked for the words."""


def test_every_verb_has_its_paths():
    """A new verb cannot escape."""
    assert set(CASES) == set(VERBS)
    assert all(len(paths) > 1 for verb, paths in CASES.items() if verb != "app")  # which is served below


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """All verbs have run; what they left and said is here."""
    place = Place(tmp_path_factory.mktemp("place"))
    corpus = place.root / "corpus"
    corpus.mkdir()
    tone = (6_000 * np.sin(np.arange(8_000) / 6)).astype(np.int16)
    soundfile.write(corpus / "tone.wav", tone, 16_000)
    rows = [ManifestRow(id=f"u{i}", audio="tone.wav", reference="plain reference", speaker="s") for i in range(2)]
    write_manifest(corpus, rows, HeaderRow(name="plain"))
    (place.root / "asked").mkdir(mode=0o700)
    (place.root / "trusted").mkdir()
    (place.root / "trusted" / "workbench.toml").write_text('endpoint = "staging"\n')
    place.environment()
    with running_service(place):
        table = {
            "C": str(corpus),
            "U": place.url,
            "P": str(place.webhook_port),
            "W": "no-such-thing",
            "T": str(place.root / "trusted"),
            "V": str(place.root / "watch.toml"),
            "O": str(place.root / "asked" / "case.zip"),
        }
        Path(table["V"]).write_text(f'corpus = "{corpus}"\nlimit = 1\n[watch]\n')
        place.table = table
        for words in (words for paths in CASES.values() for words in paths):
            place.call(*(table.get(word, word) for word in words))
        wrong = place.call(
            "run",
            "--corpus",
            str(corpus),
            "--endpoint",
            place.url,
            "--seed",
            "9",
            SUKI_PARTNER_TOKEN=PARTNER_TOKEN + "x",
        )
        assert wrong.returncode == 4
        place.call("runs", "export", "last", "--format", "csv", "--output", str(place.root / "asked" / "run.csv"))
        serve(place)
        yield place


def serve(place):
    """The app for a moment, and a simulator; both are ended as a user ends them."""
    port = free_port()
    command = [sys.executable, "-m", "workbench", "app", "--port", str(port)]
    child = subprocess.Popen(
        command, cwd=place.root / "work", env=place.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    pages = []
    until_s = time.monotonic() + 300
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        while time.monotonic() < until_s and child.poll() is None:
            try:
                http.get("/workbench/health")
                http.get(child.stdout.readline().removeprefix("Suki Workbench: ").strip())
                pages += [http.get(path).text for path in ("/", "/_stcore/health", "/runs", "/nowhere")]
                break
            except httpx.TransportError:
                time.sleep(0.1)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    place.output.append((tuple(command[3:]), out + "".join(pages), err))


@pytest.mark.slow
def test_what_was_asked_for_was_done(place):
    """Otherwise nothing below means anything: the words were heard, stored and exported."""
    table = place.table
    for verb, paths in CASES.items():
        first, last = (tuple(table.get(word, word) for word in paths[end]) for end in (0, -1))
        said = {words: err for words, _, err in place.output}
        assert verb == "app" or place.codes[first] in (0, 1, 6), (first, said[first])  # a gate may say no, or too few
        assert place.codes[last] != 0, last
    runs = [path for path in (place.root / "work" / ".runs").iterdir() if path.is_dir() and path.name[:2] == "20"]
    assert runs
    stored = "".join(strings_in(file) for run in runs for file in run.rglob("*") if file.is_file())
    assert SAID in stored
    assert SAID in (place.root / "asked" / "run.csv").read_text()
    said = " ".join(out for words, out, _ in place.output if words[0] == "live")
    assert CANARY_WORDS[0] in said
    assert len(place.tokens) > 3


@pytest.mark.slow
def test_no_secret_is_on_a_screen_in_a_file_or_in_a_process_title(place):
    """Not on standard output, not in a log line, not in a page of the app, not in any file, not in ``ps``."""
    for words, out, err in place.output:
        for secret in place.secrets:
            assert secret not in out, words
            assert secret not in err, words
            assert "Traceback" not in err, words
    for file in place.root.rglob("*"):
        if file.is_file() and not file.name.startswith("control-"):  # the one file that is made to be found
            text = strings_in(file)
            assert not [secret for secret in place.secrets if secret in text], file
    assert not [title for title in place.titles if any(secret in title for secret in place.secrets)]


@pytest.mark.slow
def test_speech_is_in_the_run_store_and_where_it_was_asked_for_and_nowhere_else(place):
    """Not in a log line, not on a screen that nobody asked for it, not in a file outside of a run, not in ``ps``."""
    for words, out, err in place.output:
        assert not [word for word in CANARY_WORDS if word in err], words
        if words[0] not in ASKED:
            assert not [word for word in CANARY_WORDS if word in out], words
    allowed = (place.root / "work" / ".runs", place.root / "asked")
    for file in place.root.rglob("*"):
        if file.is_file() and not any(file.is_relative_to(folder) for folder in allowed):
            assert not [word for word in CANARY_WORDS if word in strings_in(file)], file
    assert not [title for title in place.titles if any(word in title for word in CANARY_WORDS)]


@pytest.mark.slow
def test_whatever_was_written_is_private_whatever_the_umask(place):
    """Folders 0700, files 0600: the commands set it themselves."""
    for path in (place.root / "work").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    for path in (place.root / "asked").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


PAGES = [found.name for found in pkgutil.iter_modules([str(Path(__file__).parents[2] / "workbench" / "app" / "pages")])]


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_or_logs_a_secret(place, page, monkeypatch, caplog):
    """Every page of the app, over the runs that were just made."""
    pytest.importorskip("streamlit", reason="the extra 'app' is not installed")
    from streamlit.testing.v1 import AppTest

    for name, value in place.environment(WORKBENCH_STORE=str(place.root / "work" / ".runs")).items():
        if name.startswith(("SUKI_", "WORKBENCH_")):
            monkeypatch.setenv(name, value)
    caplog.set_level(logging.DEBUG)
    test = AppTest.from_string(f"from workbench.app.pages.{page} import page\npage()", default_timeout=300).run()
    shown = " ".join(str(element) for element in test.main) + " ".join(str(e) for e in test.sidebar)
    for secret in place.secrets:
        assert secret not in shown
        assert secret not in caplog.text
    assert not [word for word in CANARY_WORDS if word in caplog.text]


@pytest.mark.slow
def test_no_refusal_repeats_what_it_refuses(place):
    """Answers of the simulator to wrong tokens, ids and bodies never hold their values."""
    with httpx.Client(base_url=place.url) as http:
        bad = {"partner_id": "demo-partner", "partner_token": PARTNER_TOKEN + "x"}
        answers = [
            http.post("/api/v1/auth/login", json=bad),
            http.post("/api/v1/auth/login", content=json.dumps(bad)[:-2]),
            http.post("/api/v1/auth/login", json={"partner_id": "demo-partner", "partner_token": [PARTNER_TOKEN]}),
            http.post("/api/v1/transcription/session/create", headers={"sdp_suki_token": PARTNER_TOKEN}),
            http.post("/api/v1/transcription/session/create", headers={"sdp_suki_token": f"Bearer {PARTNER_TOKEN}"}),
            http.get(f"/api/v1/ambient/session/{PARTNER_TOKEN}/status", headers={"sdp_suki_token": WEBHOOK_SECRET}),
            http.get("/_sim/health", headers={"X-Control-Token": WEBHOOK_SECRET}),
            http.get(f"/{PARTNER_TOKEN}"),
        ]
    assert all(answer.status_code >= 400 for answer in answers)
    for answer in answers:
        told = answer.text + str(answer.headers)
        assert PARTNER_TOKEN not in told
        assert WEBHOOK_SECRET not in told
