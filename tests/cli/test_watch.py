"""The verb: plays for real, tells a webhook, and asks before a file decides whom it tells."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.quick import short_corpus
from workbench.cli import cli
from workbench.errors import ConfigurationError
from workbench.simulator.local import LocalSimulator


class _Hook(BaseHTTPRequestHandler):
    told: list[dict[str, object]] = []  # noqa: RUF012

    def do_POST(self) -> None:
        self.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hook() -> Iterator[str]:
    """Address of somebody who wants to be told."""
    _Hook.told.clear()
    server = HTTPServer(("127.0.0.1", 0), _Hook)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/tell"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A watch file of one short recording at full speed."""
    monkeypatch.setenv("SUKI_PARTNER_ID", "partner")
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", "secret-token")
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "runs"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    corpus = short_corpus(tmp_path / "corpus", 1)
    path = tmp_path / "watch.toml"
    path.write_text(f'corpus = "{corpus}"\n[base]\npace = "inf"\n[watch]\nevery = "1min"\n')
    return path


def called(*words: str) -> Result:
    return CliRunner().invoke(cli, ["watch", *words], standalone_mode=False)


def test_a_round_is_played_and_said(
    file: Path, scripted_service: LocalSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With few runs behind it, it is within limits."""
    monkeypatch.setenv("SUKI_PARTNER_ID", scripted_service.partner_id)
    monkeypatch.setenv("SUKI_PARTNER_TOKEN", scripted_service.partner_token or "")
    done = called(str(file), "--times", "1", "--endpoint", scripted_service.url)
    assert (done.exception, done.return_value) == (None, 0)
    assert "within limits" in done.output
    assert "every 1min" in done.output


def test_a_service_that_is_away_is_told_to_the_webhook(file: Path, hook: str) -> None:
    """Exit code 3, and JSON that any receiver understands."""
    done = called(str(file), "--times", "1", "--endpoint", "http://127.0.0.1:9", "--webhook", hook, "--json")
    assert (done.exception, done.return_value) == (None, 3)
    (told,) = _Hook.told
    assert told["corpus"] == "short"
    assert "no run: " in str(told["text"])
    assert "secret-token" not in done.output + json.dumps(told)
    assert json.loads(done.output.splitlines()[-1])["problem"]


def test_a_webhook_of_a_file_counts_once_the_file_is_trusted(file: Path, hook: str) -> None:
    """What is found goes to nobody whom the user does not know of."""
    file.write_text(file.read_text() + f'webhook = "{hook}"\n')
    refused = called(str(file), "--times", "1", "--endpoint", "http://127.0.0.1:9")
    assert isinstance(refused.exception, ConfigurationError)
    assert "webhook = " in str(refused.exception)
    shown = CliRunner().invoke(cli, ["trust", str(file)])
    assert f"webhook: {hook}" in shown.output
    assert called(str(file), "--times", "1", "--endpoint", "http://127.0.0.1:9").return_value == 3
    assert len(_Hook.told) == 1


@pytest.mark.parametrize("address", ["http://elsewhere.example/x", "elsewhere", "file:///etc/passwd"])
def test_a_webhook_in_the_clear_or_without_a_host_is_refused_first(file: Path, address: str) -> None:
    """In one line."""
    done = called(str(file), "--times", "1", "--webhook", address)
    assert isinstance(done.exception, ConfigurationError)
