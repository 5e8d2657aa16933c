"""Words that exist nowhere else, put where secrets and speech are, and a search for them everywhere else."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.ports import free_port
from tests.simulators import new_simulator
from workbench.settings import Secret
from workbench.simulator.auth.accounts import DEMO_PARTNER
from workbench.simulator.faults.scenario import Scenario
from workbench.simulator.limits import SimulatorLimits
from workbench.simulator.recognition.scripted import EVERY_SESSION, Script, ScriptMessage
from workbench.simulator.server import Simulator, SimulatorOptions

__all__ = ["PARTNER_TOKEN", "SAID", "WEBHOOK_SECRET", "Place", "running_service", "strings_in"]

PARTNER_TOKEN = "CanaryPartnerToken7f3a9c"
WEBHOOK_SECRET = "CanaryWebhookSecret51de"
SAID = "canaryspeech quokka pneumonoultra"
"""What the service hears; the reference says something else."""


@dataclass
class Place:
    """Where commands run, and what was seen of them.

    Attributes:
        root: home, working folder and temporary folder of every command lie in it.
        tokens: Suki tokens that the service issued, and its control token.
        table: what single letters of a command stand for.
        output: (arguments, standard output, standard error) of each command.
        codes: their exit codes.
        titles: command lines of all processes that were seen meanwhile.
    """

    root: Path
    url: str = ""
    table: dict[str, str] = field(default_factory=dict)
    webhook_port: int = 0
    tokens: set[str] = field(default_factory=set)
    output: list[tuple[tuple[str, ...], str, str]] = field(default_factory=list)
    titles: set[str] = field(default_factory=set)
    codes: dict[tuple[str, ...], int] = field(default_factory=dict)

    @property
    def secrets(self) -> set[str]:
        """Everything that must be nowhere."""
        return {PARTNER_TOKEN, WEBHOOK_SECRET, *self.tokens}

    def environment(self, **more: str) -> dict[str, str]:
        """Of a command: nothing of this machine's own settings."""
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SUKI_", "WORKBENCH_")) or key == "WORKBENCH_MODEL"
        }
        for name in ("home", "tmp", "work"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        return kept | {
            "HOME": str(self.root / "home"), "XDG_CACHE_HOME": str(self.root / "home/.cache"),
            "TMPDIR": str(self.root / "tmp"), "SUKI_PARTNER_ID": "demo-partner", "SUKI_PARTNER_TOKEN": PARTNER_TOKEN,
            "SUKI_WEBHOOK_SECRET": WEBHOOK_SECRET, **more,
        }  # fmt: skip

    def call(self, *arguments: str, wait_s: float = 170, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own and keep what it says."""
        child = subprocess.Popen(
            [sys.executable, "-m", "workbench", *arguments], cwd=self.root / "work",
            env=self.environment(**environment), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        watching = threading.Thread(target=self._watch, args=(child,), daemon=True)
        watching.start()
        try:
            out, err = child.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired:
            child.terminate()
            out, err = child.communicate()
        watching.join()
        self.output.append((arguments, out, err))
        self.codes[arguments] = child.returncode
        return subprocess.CompletedProcess(arguments, child.returncode, out, err)

    def _watch(self, child: subprocess.Popen[str]) -> None:
        """Titles of all processes while a command runs: any user of the machine may read them."""
        while child.poll() is None:
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.titles.add(entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:
                    continue  # it has ended
            time.sleep(0.05)


@contextmanager
def running_service(place: Place, scenario: Scenario | None = None) -> Iterator[Simulator]:
    """A service in a thread, with the canaries as its partner's token, its secret and its speech."""
    place.webhook_port = free_port()
    options = SimulatorOptions(
        recogniser="scripted", scenario=scenario, partner=replace(DEMO_PARTNER, token=PARTNER_TOKEN),
        limits=SimulatorLimits(processing_s=0.05, least_audio_s=0.1), webhook_secret=Secret(WEBHOOK_SECRET),
        webhook_url=f"http://127.0.0.1:{place.webhook_port}/webhooks/notification",
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    simulator = new_simulator(options)
    issue = simulator._tokens.issue

    def issued(identity):
        token = issue(identity)
        place.tokens.update((token, token.rsplit(".", 1)[1]))
        return token

    simulator._tokens.issue = issued
    asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result(30)
    place.tokens.add(simulator._control_token.reveal())
    place.url = simulator.url
    words = SAID.split()
    script = Script((ScriptMessage("partial", words[0], at_ms=100), ScriptMessage("final", SAID)))
    loop.call_soon_threadsafe(simulator.recogniser.register, EVERY_SESSION, script)
    try:
        yield simulator
    finally:
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def strings_in(path: Path) -> str:
    """Everything that can be read in a file, packed or not, and its name."""
    data = path.read_bytes()
    found = f"{path}\n" + data.decode("utf-8", "replace")
    if data[:4] == b"PAR1":
        import pyarrow.parquet as pq

        found += str(pq.read_table(path).to_pylist()) + str(pq.read_schema(path).metadata)
    elif data[:2] == b"\x1f\x8b":
        found += gzip.decompress(data).decode("utf-8", "replace")
    elif data[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            found += "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return found
