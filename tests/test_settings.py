"""Endpoint, credentials and limits."""

import os
import pickle
from pathlib import Path

import pytest

from workbench.client.credentials import find_credentials
from workbench.errors import ConfigurationError
from workbench.settings import Secret, is_loopback, load_settings, resolve_endpoint


@pytest.mark.parametrize(
    ("text", "rest", "sockets"),
    [
        ("staging", "https://sdp.suki-stage.com", "wss://sdp.suki-stage.com"),
        ("production", "https://sdp.suki.ai", "wss://sdp.suki.ai"),
        ("https://suki.example/", "https://suki.example", "wss://suki.example"),
        ("wss://suki.example:444", "https://suki.example:444", "wss://suki.example:444"),
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765", "ws://127.0.0.1:8765"),
        ("ws://localhost:1", "http://localhost:1", "ws://localhost:1"),
        ("http://[::1]:9", "http://[::1]:9", "ws://[::1]:9"),
    ],
)
def test_rest_and_sockets_share_one_base_host(text, rest, sockets):
    """S-2 and S-4: one host for both, staging and production by name."""
    address = resolve_endpoint(text)
    assert (address.rest_url, address.ws_url) == (rest, sockets)


@pytest.mark.parametrize(
    "text",
    ["http://suki.example", "ws://10.0.0.1:80", "ftp://x", "nonsense", "https://", "https://h/path", "https://h:x"],
)
def test_an_unusable_endpoint_is_refused_with_what_was_got_and_expected(text):
    """S-1: plain HTTP leaves this machine under no name."""
    with pytest.raises(ConfigurationError) as caught:
        resolve_endpoint(text)
    assert caught.value.item == "endpoint"
    assert "endpoint" in str(caught.value)
    assert "expected" in str(caught.value)


def test_a_password_in_a_url_is_not_repeated_in_the_error():
    """Secrets never reach an error."""
    with pytest.raises(ConfigurationError) as caught:
        resolve_endpoint("https://user:hunter2@suki.example")
    assert "hunter2" not in str(caught.value)


def test_flags_come_before_environment_before_file(tmp_path: Path):
    """The documented order of precedence."""
    file = tmp_path / "workbench.toml"
    file.write_text('endpoint = "staging"\nstore = "from-file"\n[limits]\nconnect_s = 3.5\n')
    environment = {"WORKBENCH_STORE": "from-environment"}
    settings = load_settings(environment, file=file, endpoint="production")
    assert settings.endpoint == "production"
    assert settings.store == Path("from-environment")
    assert settings.limits.connect_s == 3.5
    assert load_settings({}, file=file).endpoint == "staging"
    assert load_settings({}, file=tmp_path / "none.toml").endpoint == "simulator"


@pytest.mark.parametrize("content", ["partner_token = 'x'", "[limits]\nconect_s = 1", "endpoint = 3", "not toml"])
def test_a_settings_file_with_a_mistake_names_it(tmp_path: Path, content: str):
    """Unknown keys are mistakes; credentials do not belong into a file."""
    file = tmp_path / "workbench.toml"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"workbench\.toml"):
        load_settings({}, file=file)


def test_half_of_the_credentials_is_a_mistake_that_names_the_missing_half():
    """A forgotten variable is the commonest mistake of a first hour."""
    with pytest.raises(ConfigurationError, match="SUKI_PARTNER_TOKEN"):
        find_credentials(load_settings({"SUKI_PARTNER_ID": "p"}, file=Path("/nonexistent.toml")))


def test_a_secret_does_not_print_itself():
    """S-29: not by repr, str, format or inside another repr."""
    settings = load_settings(
        {"SUKI_PARTNER_ID": "p", "SUKI_PARTNER_TOKEN": "canary-token"}, file=Path("/nonexistent.toml")
    )
    credentials = find_credentials(settings)
    assert "canary-token" not in f"{settings!r} {credentials} {credentials!r} {Secret('canary-token')!s}"
    assert credentials is not None
    assert credentials.partner_token.reveal() == "canary-token"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True), ("LocalHost.", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("127.1", True),
        ("::ffff:127.0.0.1", True), ("0x7f.0.0.1", True), ("0177.0.0.1", True), ("2130706433", True),
        ("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("h", False), ("127.0.0.1.example", False), ("127", False),
        ("2147483648", False), ("2113929216", False), ("localhost.example", False), ("", False),
    ],
)  # fmt: skip
def test_only_addresses_of_this_machine_are_loopback(host, expected):
    """The whole 127/8 block in every spelling that the system takes, ::1 and localhost."""
    assert is_loopback(host) is expected


def test_a_proxy_is_named_in_the_file(tmp_path: Path):
    """It goes where the endpoint goes; the file is the user's own, others are not trusted with it."""
    own = tmp_path / "suki-workbench"
    own.mkdir()
    (own / "workbench.toml").write_text('proxy = "http://proxy.example:3128"\n')
    settings = load_settings({"XDG_CONFIG_HOME": str(tmp_path)}, file=tmp_path / "none.toml")
    assert settings.proxy == "http://proxy.example:3128"
    assert resolve_endpoint("staging", settings.proxy).proxy == settings.proxy
    assert load_settings({}, file=tmp_path / "none.toml").proxy is None


def test_settings_go_to_another_process_as_they_are(monkeypatch, tmp_path):
    """The environment itself cannot; clients of capacity have processes of their own."""
    monkeypatch.setenv("SUKI_PARTNER_ID", "ours")
    found = load_settings(os.environ, file=tmp_path / "none.toml")
    there = pickle.loads(pickle.dumps(found))  # noqa: S301  what was made in this line
    assert there == found
    assert there.environment["SUKI_PARTNER_ID"] == "ours"
