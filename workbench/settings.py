"""Endpoint, credentials and limits: flags come before the environment, the environment before ``workbench.toml``.

Credentials come from the environment, the system's keyring or a prompt, never from a file or a flag that a process list
would show, and are masked wherever they might be printed.
"""

from __future__ import annotations

import getpass
import ipaddress
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from workbench.errors import ConfigurationError

__all__ = [
    "KEYRING_SERVICE",
    "PRODUCTION",
    "STAGING",
    "Credentials",
    "Limits",
    "Secret",
    "ServiceAddress",
    "Settings",
    "is_loopback",
    "load_settings",
    "resolve_endpoint",
]

KEYRING_SERVICE = "suki-workbench"
"""Name under which the keyring holds partner tokens, one for each partner id."""


class Secret:
    """A string that does not print itself.

    >>> Secret("abc"), f"{Secret('abc')}", Secret("abc").reveal()
    (Secret('***'), '***', 'abc')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value, for the one place that must send it."""
        return self._value

    def __str__(self) -> str:
        """Masked."""
        return "***"

    def __repr__(self) -> str:
        """Masked."""
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a Suki is: one base host for REST and sockets (S-2).

    Attributes:
        name: ``simulator``, ``staging``, ``production`` or the host, for manifests and tables.
        rest_url: base of REST, without a trailing slash.
        ws_url: base of the sockets.
    """

    name: str
    rest_url: str
    ws_url: str


STAGING = ServiceAddress("staging", "https://sdp.suki-stage.com", "wss://sdp.suki-stage.com")
PRODUCTION = ServiceAddress("production", "https://sdp.suki.ai", "wss://sdp.suki.ai")
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_REST_SCHEMES = {"ws": "http", "wss": "https"}


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def resolve_endpoint(text: str) -> ServiceAddress:
    """``staging``, ``production`` or a base URL.

    Raises:
        ConfigurationError: not a URL, or plain HTTP to another machine (S-1).

    >>> resolve_endpoint("http://127.0.0.1:8765/").ws_url
    'ws://127.0.0.1:8765'
    """
    known = {"staging": STAGING, "production": PRODUCTION}
    if text in known:
        return known[text]
    try:
        url = urlsplit(text)
        host, port = url.hostname, url.port
    except ValueError:
        host, port, url = None, None, urlsplit("")
    if url.scheme not in _SCHEMES or not host or url.username or url.path not in ("", "/") or url.query:
        # A URL may carry a password in front of the host; it is not repeated.
        shown = text if "@" not in text else "a URL with credentials in it"
        raise ConfigurationError(
            "endpoint is not usable",
            item="--endpoint",
            got=shown,
            expected="simulator, staging, production or a base URL such as https://host",
        )
    ws_scheme = _SCHEMES[url.scheme]
    if ws_scheme == "ws" and not is_loopback(host):
        raise ConfigurationError(
            "plain HTTP would send credentials and speech in the clear",
            item="--endpoint",
            got=text,
            expected="https:// for any host but this machine",
        )
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port else ""
    return ServiceAddress(netloc, f"{_REST_SCHEMES[ws_scheme]}://{netloc}", f"{ws_scheme}://{netloc}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What login needs (S-8, S-19, S-21).

    Attributes:
        partner_id: issued by Suki.
        partner_token: the partner's own JWT for the provider.
        provider_id: only Bearer and Single Auth partners have one; then it also travels as ``sdp_provider_id``.
        provider_name, provider_org_id, provider_specialty: for registering a provider on first use.
    """

    partner_id: str
    partner_token: Secret
    provider_id: str | None = None
    provider_name: str = "Workbench Provider"
    provider_org_id: str = "workbench"
    provider_specialty: str | None = None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounded waits, seconds."""

    connect_s: float = 10.0
    """Opening the socket, all phases together."""
    rest_s: float = 30.0
    """One REST request, without its retries."""
    terminal_s: float = 20.0
    """From the end of audio to the terminal frame (S-101)."""
    close_s: float = 2.0
    """From the terminal frame to the close; what still arrives is recorded."""
    stall_s: float = 10.0
    """How far sending may fall behind its schedule before the session is given up."""
    rest_attempts: int = 4
    """Tries of one REST request on 429, 5xx and lost connections (S-35)."""
    reconnect_s: float = 30.0
    """How long a refused handshake is tried again once a session has streamed before (S-106)."""
    keep_alive_s: float = 4.0
    """Between two KEEP_ALIVE of a paused stream; the documents allow 5 at most (S-162), and a send may be late."""
    poll_first_s: float | None = None
    """From REST end, and from one status poll to the next; None is 5 s, on this machine 0.25 s."""
    poll_max_s: float | None = None
    """What the interval grows to, by half each time; None is 30 s, on this machine 1 s."""
    result_s: float = 600.0
    """From REST end to the result of an ambient or form-filling session, and to a recording that is not there yet."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    endpoint: str | None = None
    store: str | None = None
    ca_file: str | None = None
    limits: Limits = msgspec.field(default_factory=Limits)
    gate: dict[str, object] = {}
    """Read and checked by :mod:`workbench.gate`, where it is used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is not part of the question being asked.

    Attributes:
        endpoint: as given, before it is resolved.
        store: folder of the runs.
        credentials: None when the environment has none.
        ca_file: extra certificate authority, PEM.
        limits: bounded waits.
        model: of the simulator's recogniser, where a run starts one.
        recogniser: ``pocketsphinx``, or ``replay`` of what that says, decoded once beforehand.
        scenario: of faults that this simulator plays; None for none.
        webhook_port: where notifications are received on this machine; None receives none.
        webhook_secret: that they are signed with.
        provider_id: that a shared partner token acts for, where a flag says it; part of ``credentials``, and of those
            for a simulator that is started.
    """

    endpoint: str = "simulator"
    store: Path = Path(".runs")
    credentials: Credentials | None = None
    ca_file: Path | None = None
    limits: Limits = field(default_factory=Limits)
    model: str = "general"
    recogniser: str = "pocketsphinx"
    scenario: Path | None = None
    webhook_port: int | None = None
    webhook_secret: Secret | None = None
    provider_id: str | None = None


def load_settings(
    environment: Mapping[str, str],
    *,
    file: Path = Path("workbench.toml"),
    endpoint: str | None = None,
    store: Path | None = None,
    ca_file: Path | None = None,
    webhook_port: int | None = None,
    model: str | None = None,
    scenario: Path | None = None,
    provider_id: str | None = None,
    recogniser: str = "pocketsphinx",
) -> Settings:
    """Settings from flags (the keyword arguments), environment and file, in this order of precedence.

    Raises:
        ConfigurationError: the file cannot be read or has an unknown key, or half of the credentials are set.
    """
    stored = _read_file(file)
    pick_endpoint = endpoint or environment.get("WORKBENCH_ENDPOINT") or stored.endpoint or "simulator"
    pick_store = store or environment.get("WORKBENCH_STORE") or stored.store or ".runs"
    pick_ca = ca_file or environment.get("WORKBENCH_CA_FILE") or stored.ca_file
    return Settings(
        endpoint=pick_endpoint,
        store=Path(pick_store),
        credentials=_credentials(environment, provider_id),
        ca_file=Path(pick_ca) if pick_ca else None,
        limits=stored.limits,
        model=model or "general",
        recogniser=recogniser,
        scenario=scenario,
        webhook_port=webhook_port,
        webhook_secret=_webhook_secret(environment, pick_endpoint) if webhook_port is not None else None,
        provider_id=provider_id,
    )


def _webhook_secret(environment: Mapping[str, str], endpoint: str) -> Secret:
    """What notifications are signed with; a simulator that is started for the run gets a fresh one."""
    secret = environment.get("SUKI_WEBHOOK_SECRET")
    if not secret and endpoint != "simulator":
        raise ConfigurationError(
            "no secret to verify notifications with",
            item="--webhook-port",
            expected="SUKI_WEBHOOK_SECRET in the environment",
        )
    return Secret(secret or secrets.token_hex(32))


def _read_file(file: Path) -> _File:
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return _File()
    except OSError as error:
        raise ConfigurationError(
            "settings cannot be read",
            item=str(file),
            got=error.strerror,
            action="Check who may read it, or call from another folder",
        ) from None
    try:
        return msgspec.toml.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "settings cannot be understood",
            item=str(file),
            got=str(error),
            expected="endpoint, store, ca_file and a [limits] table (credentials belong into the environment)",
        ) from None


def _kept_token(partner: str) -> str | None:
    """The partner token in the system's keyring; None without the package ``keyring`` or an entry."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        kept: str | None = keyring.get_password(KEYRING_SERVICE, partner)
    except KeyringError:  # locked, or there is none on this machine
        return None
    return kept


def _asked_token(partner: str) -> str | None:
    """The partner token as typed, unseen; None where nobody sits at a terminal."""
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass(f"Partner token of {partner}: ", stream=sys.stderr)


def _credentials(environment: Mapping[str, str], provider_id: str | None) -> Credentials | None:
    partner, token = environment.get("SUKI_PARTNER_ID"), environment.get("SUKI_PARTNER_TOKEN")
    if not partner and not token:
        return None
    if partner and not token:
        token = _kept_token(partner) or _asked_token(partner)
    if not partner or not token:
        raise ConfigurationError(
            "half of the credentials is missing",
            item="environment",
            got="SUKI_PARTNER_ID alone" if partner else "SUKI_PARTNER_TOKEN alone",
            expected="both SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN, or the token in the system's keyring",
        )
    return Credentials(
        partner_id=partner,
        partner_token=Secret(token),
        provider_id=provider_id or environment.get("SUKI_PROVIDER_ID"),
        provider_name=environment.get("SUKI_PROVIDER_NAME", "Workbench Provider"),
        provider_org_id=environment.get("SUKI_PROVIDER_ORG_ID", "workbench"),
        provider_specialty=environment.get("SUKI_PROVIDER_SPECIALTY"),
    )
