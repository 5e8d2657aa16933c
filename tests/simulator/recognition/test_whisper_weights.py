"""Where the weights come from, and what a wrong byte gets."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from workbench.cli.models import models
from workbench.errors import ConfigurationError, InputError, ServiceError
from workbench.simulator.recognition.whisper import fetch, variants, weights
from workbench.simulator.recognition.whisper.model import WhisperModel

CONTENT = {"config.json": b"{}", "model.bin": bytes(range(256)) * 1024}


@pytest.fixture
def small(monkeypatch):
    """Weights of 256 kB in place of 148 MB."""
    files = tuple(
        weights.WeightFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()
    )
    for module in (fetch, variants, weights):
        monkeypatch.setattr(module, "FILES", files)
    return {file.name: file for file in files}


class Hub(BaseHTTPRequestHandler):
    """A model hub: ranges, and what else the server object says."""

    def do_GET(self):
        server = self.server
        server.asked.append((self.path, self.headers.get("Range")))
        data = server.content[self.path.rpartition("/")[2]]
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if server.ignores_ranges:
            start = 0
        self.send_response(server.status or (206 if start else 200))
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start : start + server.breaks_after] if server.breaks_after else data[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.content, server.asked, server.status = dict(CONTENT), [], None
    server.breaks_after, server.ignores_ranges = None, False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def parts_of(folder, content):
    """Packages as the index has them."""
    parts = (folder / "one", folder / "two")
    for part in parts:
        part.mkdir()
    (parts[0] / "config.json").write_bytes(content["config.json"])
    (parts[0] / "model.bin.part1").write_bytes(content["model.bin"][:1000])
    (parts[1] / "model.bin.part2").write_bytes(content["model.bin"][1000:])
    return parts


@pytest.mark.usefixtures("small")
def test_a_download_is_private_complete_and_not_repeated(tmp_path, hub):
    told = []
    fetch.download(tmp_path / "w", lambda *facts: told.append(facts), hub.url)
    assert {p.name: p.read_bytes() for p in (tmp_path / "w").iterdir()} == CONTENT
    assert (tmp_path / "w").stat().st_mode & 0o777 == 0o700
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "w").iterdir())
    assert told[-1] == ("model.bin", 262_144, 262_144)
    assert hub.asked[0][0].endswith(f"/{weights.REPOSITORY}/resolve/{weights.REVISION}/config.json")
    fetch.download(tmp_path / "w", None, hub.url)
    assert len(hub.asked) == 2


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("ignores_ranges", [False, True])
def test_a_broken_download_is_continued(tmp_path, hub, ignores_ranges):
    hub.breaks_after, hub.ignores_ranges = 100_000, ignores_ranges
    with pytest.raises(ServiceError, match=r"did not deliver .*the download is continued"):
        fetch.download(tmp_path, None, hub.url)
    assert not (tmp_path / "model.bin").exists()
    hub.breaks_after = None
    fetch.download(tmp_path, None, hub.url)
    assert hub.asked[-1][1] == "bytes=100000-"
    assert (tmp_path / "model.bin").read_bytes() == CONTENT["model.bin"]


def test_a_wrong_byte_is_refused_with_both_hashes_and_thrown_away(tmp_path, hub, small):
    hub.content["model.bin"] = b"x" + CONTENT["model.bin"][1:]
    wrong = hashlib.sha256(hub.content["model.bin"]).hexdigest()
    with pytest.raises(InputError) as caught:
        fetch.download(tmp_path, None, hub.url)
    assert "model.bin" in str(caught.value)
    assert wrong in str(caught.value)
    assert small["model.bin"].sha256 in str(caught.value)
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]
    hub.content = dict(CONTENT)
    fetch.download(tmp_path, None, hub.url)
    assert (tmp_path / "model.bin").read_bytes() == CONTENT["model.bin"]


@pytest.mark.usefixtures("small")
def test_a_hub_that_refuses_or_is_not_there_gets_one_line(tmp_path, hub):
    hub.status = 404
    with pytest.raises(ServiceError, match=r"refused .*status 404"):
        fetch.download(tmp_path, None, hub.url)
    with pytest.raises(ServiceError, match=r"did not deliver .*ConnectError"):
        fetch.download(tmp_path, None, "http://127.0.0.1:9")


@pytest.mark.usefixtures("small")
def test_packages_are_joined_and_checked(tmp_path):
    parts = parts_of(tmp_path, CONTENT)
    fetch.unpack(parts, tmp_path / "w")
    assert (tmp_path / "w" / "model.bin").read_bytes() == CONTENT["model.bin"]
    (parts[1] / "model.bin.part2").write_bytes(b"short")
    (tmp_path / "w" / "model.bin").unlink()
    with pytest.raises(InputError, match=r"model\.bin\.part2: .*got 1,005 bytes, sha256 .*expected 262,144 bytes"):
        fetch.unpack(parts, tmp_path / "w")
    (parts[1] / "model.bin.part2").unlink()
    with pytest.raises(InputError, match=r"part2: a file of the package is missing"):
        fetch.unpack(parts, tmp_path / "w")


@pytest.mark.usefixtures("small")
def test_nothing_is_fetched_where_weights_are_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(variants, "installed_parts", lambda: None)
    with pytest.raises(ConfigurationError, match=r"no config.json, no model.bin in .*`workbench models fetch`"):
        variants.find_weights()


@pytest.mark.usefixtures("small")
def test_a_truncated_file_and_a_wrong_byte_are_named(tmp_path, monkeypatch, small):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    parts = parts_of(tmp_path, CONTENT)
    monkeypatch.setattr(variants, "installed_parts", lambda: parts)
    folder = variants.find_weights()
    weights.verify(folder)
    (folder / "model.bin").write_bytes(CONTENT["model.bin"][:-1])
    with pytest.raises(InputError, match=rf"model\.bin: .*262,143 bytes, sha256 .*{small['model.bin'].sha256}"):
        variants.find_weights()
    (folder / "model.bin").write_bytes(CONTENT["model.bin"][:-1] + b"?")
    assert variants.find_weights() == folder
    with pytest.raises(InputError, match=rf"model\.bin: .*sha256 .*{small['model.bin'].sha256}"):
        weights.verify(folder)
    with pytest.raises(InputError, match=r"config\.json: a file of the weights is missing"):
        weights.verify(tmp_path)


def test_listing_models_joins_nothing(tmp_path, monkeypatch):
    """It only looks; a run joins the weights when it needs them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(variants, "installed_parts", lambda: (tmp_path / "one", tmp_path / "two"))
    rows = json.loads(CliRunner().invoke(models, ["list", "--json"]).stdout)["models"]
    assert {row["model"]: row["usable"] for row in rows}["whisper"] is True
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_installed_packages_carry_the_pinned_weights(cache):
    assert variants.find_weights().is_relative_to(cache)
    weights.verify(variants.find_weights())


def test_what_is_no_model_gets_one_line(tmp_path):
    with pytest.raises(InputError, match=r"model: no such model \(got whispr; expected whisper, "):
        variants.weights_of("whispr")
    with pytest.raises(InputError, match=r"not a model folder of CTranslate2 .*got no model.bin and no config.json"):
        WhisperModel(tmp_path)


def test_a_damaged_model_of_ones_own_gets_one_line(tmp_path):
    """Its hash is known to nobody; CTranslate2 says what it finds."""
    part = fetch.installed_parts()[0]
    for name in ("config.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes((part / name).read_bytes())
    (tmp_path / "model.bin").write_bytes((part / "model.bin.part1").read_bytes()[:100_000])
    with pytest.raises(InputError, match=r"model\.bin: CTranslate2 cannot load this model"):
        variants.load_whisper(str(tmp_path), 1)


@pytest.mark.parametrize("types", [{"float32"}, None], ids=["processor", "library"])
def test_a_machine_that_cannot_run_it_gets_one_line(tmp_path, monkeypatch, types):
    import ctranslate2

    part = fetch.installed_parts()[0]
    for name in ("config.json", "vocabulary.txt"):
        (tmp_path / name).write_bytes((part / name).read_bytes())
    (tmp_path / "model.bin").write_bytes(b"")
    if types is None:
        monkeypatch.setitem(__import__("sys").modules, "ctranslate2", None)
        wanted = r"not installed .*pip install .*\[whisper\]"
    else:
        monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda _: types)
        wanted = "processor lacks the instructions .*got float32; expected int8.*the model general"
    with pytest.raises(ConfigurationError, match=wanted):
        WhisperModel(tmp_path)


def test_variants_differ_in_what_they_are_known_by(cache):
    from workbench.simulator.recognition.whisper.tokens import Vocabulary

    vocabulary = Vocabulary.read(fetch.installed_parts()[0])
    told = variants.settings_of("whisper-vocabulary", vocabulary).recipe.carrier
    assert "sertraline" in vocabulary.text(told)
    assert len(told) + 60 < 224
    prints = {variants.fingerprint(m, p, e) for m in variants.VARIANTS for p in ("all", "settled") for e in (0.5, 1.0)}
    assert len(prints) == 12
