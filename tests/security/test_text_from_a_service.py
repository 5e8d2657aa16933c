"""Text that a service or a run sends: live tokens are cut out of it, and a terminal does not obey it."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from starlette.responses import JSONResponse, Response

from tests.cli.within import within
from tests.service import Service, final, partial, read_to_end, serve
from tests.stored import heard, store_run
from workbench.client.live_secrets import LiveSecrets
from workbench.client.rest import SukiRest
from workbench.errors import ConfigurationError, WorkbenchError, escaped, visible
from workbench.playing.job import Job
from workbench.playing.plan import build_plan
from workbench.playing.runner import play_many
from workbench.playing.service import Service as Target
from workbench.recording.record import Outcome, SessionKey
from workbench.reference import Reference
from workbench.settings import Credentials, Limits, Secret

PARTNER, SUKI = "Canary/Partner+7f3a9c", "CanarySukiToken51de"
WHO = Credentials("partner", Secret(PARTNER))
LIMITS = Limits(connect_s=5, rest_s=5, terminal_s=5, close_s=1, rest_attempts=1)
FORMS = (PARTNER, SUKI, PARTNER.replace("/", "\\/"), "Canary%2FPartner%2B7f3a9c")


def plan():
    """Three chunks of a tone."""
    pcm = (np.sin(np.arange(4800) / 5) * 8000).astype(np.int16)
    return build_plan(pcm, 16_000, utterance_id="u1", cell="clean", reference=Reference("a b", "a b"), chunk_ms=100)


async def played(service, transport="websockets"):
    """The record of one session."""
    records = []
    async with SukiRest(service.address, WHO, LIMITS) as rest:
        target = Target(service.address, rest, None, LIMITS, transport)
        await play_many([Job(SessionKey("clean", "u1"), plan())], target, concurrency=1, on_done=records.append)
    (record,) = records
    return record


def all_text(record):
    """Everything of a record that is ever stored or shown."""
    return " ".join([str(record.error), str(record.facts), *record.frames.texts(), record.hypothesis() or ""])


def echo(text=f"{PARTNER} {SUKI}"):
    """A login that gives the token, and what says it again."""
    return [JSONResponse({"suki_token": SUKI})], text


@pytest.mark.parametrize("transport", ["websockets", "picows"])
async def test_tokens_that_a_socket_says_are_cut_out_of_everything(transport):
    """Partials, finals, unknown messages, bytes and the reason of the close; the words around them stay."""
    if transport == "picows":
        pytest.importorskip("picows", reason="the extra 'load' is not installed")
    login, text = echo()

    async def stream(ws):
        await ws.accept()
        await read_to_end(ws)
        await ws.send_text(partial(f"see {text}"))
        await ws.send_text(final(f"blood {text} pressure"))
        await ws.send_text(json.dumps({"unknown": text, "url": FORMS[3]}).replace("/", "\\/"))
        await ws.send_bytes(text.encode())
        await ws.close(4000, f"bye {SUKI}")

    async with serve(Service(stream, login=login)) as service:
        record = await played(service, transport)
    kept = all_text(record)
    assert not [form for form in FORMS if form in kept or form.encode().hex() in kept]
    assert "blood *** *** pressure" in kept
    assert "bye ***" in kept


@pytest.mark.parametrize("where", ["login", "create", "end", "handshake"])
async def test_tokens_in_a_refusal_are_cut_out(where):
    """By REST and by the handshake, in the body and in the event log."""
    login, text = echo()
    refusal = JSONResponse({"code": 400, "message": f"bad token {text} {FORMS[3]}"}, 400)
    service = Service(login=login)
    if where == "login":
        service.login = [refusal]
    elif where == "handshake":

        async def stream(ws):
            await ws.send_denial_response(Response(f"no session for {text}", 403))

        service.stream = stream
    else:
        setattr(service, where, [refusal])
    async with serve(service) as running:
        if where == "login":
            with pytest.raises(ConfigurationError) as caught:
                await played(running)
            assert PARTNER not in str(caught.value)
            return
        record = await played(running)
    kept = all_text(record)
    assert not [form for form in FORMS if form in kept], kept
    assert "***" in kept or where == "handshake"


def test_a_login_that_gives_the_same_token_again_still_works():
    """What is cut out of an answer is never the answer itself."""
    secrets = LiveSecrets(["short", PARTNER])
    secrets.add(SUKI)
    secrets.add(SUKI)
    assert secrets.cut(f"short {PARTNER} {SUKI}") == "short *** ***"
    assert secrets.cut_bytes(json.dumps({"t": PARTNER}).encode()) == b'{"t": "***"}'
    assert PARTNER not in repr(secrets)


# -- the terminal ----------------------------------------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\x08x\u2028"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@pytest.fixture
def hostile(tmp_path):
    """A run whose every text moves a cursor."""
    cells = (f"clean{EVIL}", "other")
    records = [heard(f"no {EVIL} pain", utterance=f"u{i}{EVIL}", cell=cells[i % 2]) for i in range(6)]
    for record in records:
        record.error = f"no {EVIL}"
    records[0].outcome = Outcome.REFUSED
    name = store_run(tmp_path / "runs", records, endpoint=f"https://h{EVIL}", recogniser=EVIL)
    file = tmp_path / "runs" / name / "manifest.json"
    facts = json.loads(file.read_text())
    facts["corpus"]["name"] = facts["created"] = EVIL
    file.write_text(json.dumps(facts))
    return tmp_path / "runs", name


@pytest.mark.parametrize("verb", [
    "show R", "show R --sessions", "show R --text", "show R --json", "show R --text --json",
    "score R", "score R --json",
    "compare R", "compare R --json", "gate R --limit wer=0.1", "gate R --limit wer=0.1 --json", "runs list",
    "runs list --json", "runs verify R", "runs verify R --json", "resume R", "runs export R --format csv",
    "runs export R --format ctm", "runs export R --format stm", "runs export R --format jsonl",
    "runs export R --format seglst", "runs export R --format webvtt", "runs export R --format srt",
    "runs export R --format nemo", "runs export R --format none\x1b[2J", "show none\x1b[2J",
    "gate R --limit wer=0.1 --junit gate.xml --markdown gate.md",
])  # fmt: skip
def test_no_verb_prints_or_exports_what_a_terminal_obeys(verb, hostile, tmp_path):
    """Tables, lines, JSON, errors and files of text; JSON keeps its content."""
    store, name = hostile
    before = set(tmp_path.rglob("*"))
    words = [name if word == "R" else word for word in verb.split(" ")]
    done = within(*words, "--store", store, cwd=tmp_path)
    shown = done.stdout + done.stderr
    assert shown or verb.startswith("runs export")
    assert not OBEYED.search(shown), ascii(OBEYED.search(shown))
    if "--json" in verb:
        json.loads(done.stdout)
    written = [path for path in tmp_path.rglob("*") if path not in before and path.is_file() and path.name[0] != "."]
    for path in written:
        text = path.read_text()
        assert not OBEYED.search(text), (path, ascii(OBEYED.search(text)))
        if path.suffix == ".xml":
            ET.fromstring(text)  # noqa: S314  written by ourselves a moment ago
    assert bool(written) == (("export" in verb and "none" not in verb) or "--junit" in verb)


def test_an_error_shows_what_it_got_and_json_keeps_its_content():
    """In brackets for people, escaped for programs."""
    assert str(WorkbenchError("bad", got=EVIL)).isprintable()
    assert visible("tab\there\n", keep="\t\n") == "tab\there\n"
    assert json.loads(escaped(json.dumps({EVIL: EVIL}, ensure_ascii=False, indent=1))) == {EVIL: EVIL}


# -- how much --------------------------------------------------------------------------------------------------------

FLOOD = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from tests.security.test_text_from_a_service import played
from tests.service import Service, serve, read_to_end

async def stream(ws):
    await ws.accept()
    await ws.receive_text()
    for _ in range(100):
        await ws.send_text('{"transcript":{"transcript":"' + "x" * (8 << 20) + '"},"is_final":false}')

async def main():
    async with serve(Service(stream)) as service:
        record = await played(service)
    print(record.outcome.value, record.error)
    print(int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) // 1024)

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_flood_of_messages_ends_the_session_within_a_gigabyte():
    """A hundred messages of 8 MiB took 4.3 GB; the service is in the same process here."""
    done = subprocess.run([sys.executable, "-c", FLOOD], capture_output=True, text=True, check=False, timeout=120,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said, megabytes = done.stdout.strip().splitlines()
    assert "more than" in said
    assert int(megabytes) < 1000
