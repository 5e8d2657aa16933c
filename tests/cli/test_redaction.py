"""The redacting filter, and the places that credentials may come from."""

import logging
import sys
import types

import pytest

from workbench.cli.redaction import RedactingFilter, redact
from workbench.client.credentials import KEYRING_SERVICE, find_credentials
from workbench.errors import ConfigurationError
from workbench.settings import Secret, load_settings, secrets_of

CANARY = "canary-5f3a"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl-_x"


@pytest.mark.parametrize(
    "text",
    [
        f"header sdp_suki_token: {CANARY}", f"{{'sdp_suki_token': '{CANARY}'}}", f'{{"partner_token":"{CANARY}"}}',
        f"[(b'sdp_suki_token', b'{CANARY}')]", f"X-API-Key={CANARY}", f"Sec-WebSocket-Protocol: {CANARY}",
        f'{{"transcript":{{"transcript":"{CANARY} \\" pain","words":[]}}}}', f'{{"final_transcript":"{CANARY}',
        f'{{"type":"AUDIO","audioData":"{CANARY}"}}', f"X-Control-Token: {CANARY}", f'"suki_token": "{CANARY}"',
    ],
)  # fmt: skip
def test_what_stands_behind_a_telling_name_is_blotted_out(text):
    """In the forms in which libraries print headers and bodies."""
    assert CANARY not in redact(text)


def test_tokens_audio_and_known_secrets_are_blotted_out_wherever_they_stand():
    """Without any name beside them."""
    assert JWT not in redact(f"sent {JWT} away")
    assert "QUJD" * 40 not in redact("frame " + "QUJD" * 40)
    assert CANARY not in redact(f"x{CANARY}y", [Secret(CANARY)])


def test_ordinary_lines_stay_as_they_are():
    """A log that says nothing helps nobody."""
    for line in ("session 1c0f ended: completed", "notification of s-1 was refused with 401", "GET /_sim/health 200"):
        assert redact(line) == line


def test_a_handler_with_the_filter_writes_neither_secret_nor_traceback(caplog):
    """Whatever a library hands to logging."""
    handler = caplog.handler
    handler.addFilter(RedactingFilter(secrets_of({"SUKI_PARTNER_TOKEN": CANARY})))
    log = logging.getLogger("somebody.else")
    try:
        int(CANARY)
    except ValueError:
        log.exception("request with %s failed", CANARY)
    log.warning("does not fit %d", CANARY)
    assert CANARY not in caplog.text
    assert "Traceback" not in caplog.text
    assert "ValueError" in caplog.text


def fake_keyring(monkeypatch, kept):
    """A keyring that holds one entry."""
    errors = types.ModuleType("keyring.errors")
    errors.KeyringError = type("KeyringError", (Exception,), {})
    module = types.ModuleType("keyring")
    module.errors = errors

    def get_password(service, name):
        if isinstance(kept, str):
            return kept if (service, name) == (KEYRING_SERVICE, "p") else None
        raise errors.KeyringError

    module.get_password = get_password
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", errors)


def test_a_token_that_is_not_in_the_environment_comes_from_the_keyring(monkeypatch, tmp_path):
    """Under the partner's id."""
    fake_keyring(monkeypatch, CANARY)
    settings = load_settings({"SUKI_PARTNER_ID": "p"}, file=tmp_path / "none.toml")
    assert find_credentials(settings).partner_token.reveal() == CANARY
    assert CANARY not in repr(settings)


def test_a_locked_keyring_and_no_terminal_leave_one_clear_line(monkeypatch, tmp_path):
    """It names every place that a token may come from."""
    fake_keyring(monkeypatch, None)
    with pytest.raises(ConfigurationError, match="keyring"):
        find_credentials(load_settings({"SUKI_PARTNER_ID": "p"}, file=tmp_path / "none.toml"))


def test_at_a_terminal_the_token_is_asked_for_and_not_shown(monkeypatch, tmp_path):
    """Typed unseen, on standard error."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    for stream in (sys.stdin, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt, stream: CANARY if "p" in prompt else "")
    settings = load_settings({"SUKI_PARTNER_ID": "p"}, file=tmp_path / "none.toml")
    assert find_credentials(settings).partner_token.reveal() == CANARY
