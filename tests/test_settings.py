"""Endpoint, credentials and limits."""

from pathlib import Path

import pytest

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
    assert "--endpoint" in str(caught.value)
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
        load_settings({"SUKI_PARTNER_ID": "p"}, file=Path("/nonexistent.toml"))


def test_a_secret_does_not_print_itself():
    """S-29: not by repr, str, format or inside another repr."""
    settings = load_settings(
        {"SUKI_PARTNER_ID": "p", "SUKI_PARTNER_TOKEN": "canary-token"}, file=Path("/nonexistent.toml")
    )
    assert "canary-token" not in f"{settings!r} {settings.credentials} {Secret('canary-token')!s}"
    assert settings.credentials is not None
    assert settings.credentials.partner_token.reveal() == "canary-token"


@pytest.mark.parametrize(
    ("host", "expected"), [("localhost", True), ("127.9.9.9", True), ("::1", True), ("10.0.0.1", False), ("h", False)]
)
def test_only_addresses_of_this_machine_are_loopback(host, expected):
    """The whole 127/8 block, ::1 and localhost."""
    assert is_loopback(host) is expected
