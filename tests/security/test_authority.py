"""Who may say where credentials, speech and transcripts go: the user, and no file or run that came from elsewhere."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.quick import short_corpus
from tests.stored import batch, store_run
from workbench.cli import cli
from workbench.errors import ConfigurationError, InputError, StoreError
from workbench.runs.manifest import settings_of
from workbench.runs.sweep import load_sweep
from workbench.settings import Settings, load_settings
from workbench.store import open_run
from workbench.store.remote import remote_store

NAMED = {
    "endpoint": 'endpoint = "https://elsewhere.example"',
    "this machine": 'endpoint = "http://127.0.0.1:9"',
    "ca_file": 'ca_file = "ca.pem"',
    "proxy": 'proxy = "http://elsewhere.example:3128"',
    "empty proxy": 'proxy = ""',
    "ftp": 'store = "ftp://elsewhere.example/runs"',
    "bucket": 'store = "s3:/bucket"',
    "chained": 'store = "simplecache::http://elsewhere.example/runs"',
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkout of somebody else, and a home of our own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("WORKBENCH_STORE", "WORKBENCH_ENDPOINT", "WORKBENCH_CA_FILE"):
        monkeypatch.delenv(name, raising=False)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    monkeypatch.chdir(checkout)
    return checkout


def environment(tmp_path: Path) -> dict[str, str]:
    """Of a user with a configuration folder."""
    return {"XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.mark.parametrize("what", NAMED)
def test_a_file_of_the_folder_names_no_place_that_is_not_built_in(what, folder, tmp_path):
    """It is named, refused, and allowed once the user has said so; until its content changes."""
    file = folder / "workbench.toml"
    file.write_text(NAMED[what])
    value = NAMED[what].partition('"')[2].rstrip('"')
    with pytest.raises(ConfigurationError, match="not trusted") as caught:
        load_settings(environment(tmp_path))
    assert value in str(caught.value)
    assert "workbench trust" in str(caught.value)
    done = CliRunner().invoke(cli, ["trust"], env=environment(tmp_path))
    assert done.exit_code == 0, done.output
    assert value in done.output
    load_settings(environment(tmp_path))
    file.write_text(NAMED[what] + "\n[limits]\nrest_s = 5.0\n")
    with pytest.raises(ConfigurationError, match="not trusted"):
        load_settings(environment(tmp_path))


def test_the_content_of_an_authority_is_part_of_what_is_trusted(folder, tmp_path):
    """Else a pull request changes the certificate and leaves the line."""
    (folder / "workbench.toml").write_text(NAMED["ca_file"])
    (folder / "ca.pem").write_text("one")
    assert CliRunner().invoke(cli, ["trust", "."], env=environment(tmp_path)).exit_code == 0
    assert load_settings(environment(tmp_path)).ca_file == Path("ca.pem")
    (folder / "ca.pem").write_text("two")
    with pytest.raises(ConfigurationError, match="not trusted"):
        load_settings(environment(tmp_path))


def test_trust_is_of_one_folder(folder, tmp_path, monkeypatch):
    """The same file elsewhere is another checkout."""
    (folder / "workbench.toml").write_text(NAMED["endpoint"])
    assert CliRunner().invoke(cli, ["trust"], env=environment(tmp_path)).exit_code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "workbench.toml").write_text(NAMED["endpoint"])
    monkeypatch.chdir(other)
    with pytest.raises(ConfigurationError, match="not trusted"):
        load_settings(environment(tmp_path))


@pytest.mark.parametrize(
    "text", ['endpoint = "staging"', 'endpoint = "production"', 'store = "runs"', 'store = "/d/x"']
)
def test_built_in_endpoints_and_local_folders_need_no_trust(text, folder, tmp_path):
    """A checkout may well say these."""
    (folder / "workbench.toml").write_text(text)
    load_settings(environment(tmp_path))


def test_flag_environment_and_own_configuration_name_any_endpoint(folder, tmp_path):
    """They come before the file, which then decides nothing."""
    (folder / "workbench.toml").write_text(
        'endpoint = "https://elsewhere.example"\nstore = "ftp://elsewhere.example"\n'
    )
    ours = {**environment(tmp_path), "WORKBENCH_ENDPOINT": "https://ours.example", "WORKBENCH_STORE": "mine"}
    assert load_settings(ours).endpoint == "https://ours.example"
    flags = load_settings(environment(tmp_path), endpoint="https://flag.example", store=Path("mine"))
    assert (flags.endpoint, flags.store) == ("https://flag.example", Path("mine"))
    (folder / "workbench.toml").unlink()
    own = tmp_path / "config" / "suki-workbench"
    own.mkdir(parents=True)
    (own / "workbench.toml").write_text('endpoint = "https://own.example"\nca_file = "ca.pem"\nproxy = "http://p:1"\n')
    settings = load_settings(environment(tmp_path))
    assert (settings.endpoint, settings.ca_file) == ("https://own.example", own / "ca.pem")
    assert settings.proxy == "http://p:1"


def test_a_damaged_record_trusts_nothing(folder, tmp_path):
    """Rather ask again."""
    (folder / "workbench.toml").write_text(NAMED["endpoint"])
    record = tmp_path / "config" / "suki-workbench" / "trusted.json"
    record.parent.mkdir(parents=True)
    record.write_text("[]")
    with pytest.raises(ConfigurationError, match="not trusted"):
        load_settings(environment(tmp_path))


def test_a_sweep_file_names_no_endpoint_either(folder, tmp_path):
    """By verb and by keyword; a flag comes before it."""
    import workbench as wb

    corpus = short_corpus(folder / "corpus", 1)
    file = folder / "sweep.toml"
    file.write_text(f'corpus = "{corpus}"\nendpoint = "https://elsewhere.example"\n[vary]\nchunk_ms = [50, 100]\n')
    assert load_sweep(file).endpoint == "https://elsewhere.example"
    refused = CliRunner().invoke(cli, ["sweep", str(file), "--dry-run"], env=environment(tmp_path))
    assert isinstance(refused.exception, ConfigurationError)
    with pytest.raises(ConfigurationError, match=r"elsewhere\.example"):
        wb.sweep(file=file)
    allowed = CliRunner().invoke(
        cli, ["sweep", str(file), "--endpoint", "staging", "--dry-run"], env=environment(tmp_path)
    )
    assert allowed.exit_code == 0, allowed.exception
    assert CliRunner().invoke(cli, ["trust", str(file)], env=environment(tmp_path)).exit_code == 0
    trusted = CliRunner().invoke(cli, ["sweep", str(file), "--dry-run"], env=environment(tmp_path))
    assert trusted.exit_code == 0, trusted.exception


@pytest.mark.parametrize("scheme", ["http", "ftp", "webhdfs", "HTTP"])
def test_a_store_that_would_carry_transcripts_in_the_clear_is_refused(scheme):
    """Whoever names it; on this machine it may be."""
    with pytest.raises(StoreError, match="in the clear"):
        remote_store(f"{scheme}://elsewhere.example/runs")


# -- received runs ---------------------------------------------------------------------------------------------------


class _Listener(BaseHTTPRequestHandler):
    """Takes whatever comes, as somebody would who waits for tokens."""

    taken: list[str] = []  # noqa: RUF012

    def do_POST(self):
        self.taken.append(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())
        self.send_response(500)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def thief():
    """A service of somebody else."""
    server = HTTPServer(("127.0.0.1", 0), _Listener)
    _Listener.taken.clear()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def received(root: Path, corpus: Path, endpoint: str) -> str:
    """A run of which everything is left to play, as somebody sends it."""
    from tests.quick import resolved
    from workbench.corpus import load_corpus
    from workbench.runs.manifest import run_manifest
    from workbench.runs.sweep import cell_from
    from workbench.store import RunWriter

    loaded = load_corpus(corpus)
    settings = Settings(endpoint=endpoint, store=root, ca_file=root / "ca.pem")
    manifest = run_manifest(
        resolved(corpus=loaded, utterances=loaded.utterances, cells=(cell_from({}, item="t"),)),
        endpoint,
        None,
        1,
        settings,
    )
    with RunWriter.create(root, manifest):
        pass
    return manifest.run_id


def test_a_received_run_does_not_get_the_token(thief, tmp_path):
    """Not over the user's own endpoint either; it is named and asked for."""
    corpus = short_corpus(tmp_path / "corpus", 1)
    run_id = received(tmp_path / "runs", corpus, thief)
    kept = {"SUKI_PARTNER_ID": "p", "SUKI_PARTNER_TOKEN": "CanaryToken", "WORKBENCH_ENDPOINT": "staging"}
    done = CliRunner().invoke(cli, ["resume", run_id, "--store", str(tmp_path / "runs")], env=kept)
    assert isinstance(done.exception, InputError)
    assert thief in str(done.exception)
    assert "not trusted" in str(done.exception)
    assert not _Listener.taken


def test_a_received_run_names_no_authority_and_the_endpoint_must_be_named(tmp_path):
    """The same endpoint in the user's own words will do."""
    corpus = short_corpus(tmp_path / "corpus", 1)
    run_id = received(tmp_path / "runs", corpus, "https://suki.example")
    manifest = open_run(tmp_path / "runs", run_id).manifest
    with pytest.raises(InputError, match="not trusted"):
        settings_of(manifest, Settings(endpoint="staging"))
    for given in (settings_of(manifest, Settings(endpoint="https://suki.example")),
                  settings_of(manifest, Settings(), "https://suki.example")):  # fmt: skip
        assert given.ca_file is None


@pytest.mark.slow
def test_the_host_that_credentials_go_to_is_printed_first(thief, tmp_path):
    """Unless it is Suki's own, or the credentials are those of the simulator."""
    corpus = short_corpus(tmp_path / "corpus", 1)
    (tmp_path / "work").mkdir()

    def call(**more):
        import os

        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUKI_", "WORKBENCH_"))}
        return subprocess.run(
            [sys.executable, "-P", "-m", "workbench", "run", "--corpus", corpus, "--endpoint", thief],
            cwd=tmp_path / "work", env=kept | more, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip

    done = call(SUKI_PARTNER_ID="p", SUKI_PARTNER_TOKEN="CanaryToken")
    lines = done.stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if f"credentials of p go to {thief}" in line)
    assert at < len(lines) - 1
    assert any("CanaryToken" in body for body in _Listener.taken)
    assert "CanaryToken" not in done.stderr
    assert "go to" not in call().stderr


def test_what_the_list_of_runs_says_is_no_content_of_a_run(tmp_path):
    """An index that came with a store names no folder."""
    run_id = store_run(tmp_path, batch(2))
    from workbench.store import index_runs

    index_runs(tmp_path)
    index = tmp_path / ".index.json"
    held = json.loads(index.read_text())
    held["runs"][run_id]["value"]["run_id"] = "--store=/elsewhere"
    index.write_text(json.dumps(held))
    assert [line.run_id for line in index_runs(tmp_path)] == [run_id]
