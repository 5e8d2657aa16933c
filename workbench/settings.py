"""Endpoint, credentials and limits: flags come before the environment, the environment before ``workbench.toml``.

``workbench.toml`` of the working directory comes before that of the user; :mod:`workbench.trust` says what it may name.

Credentials come from the environment, the system's keyring or a prompt, never from a file or a flag that a process list
would show, and are masked wherever they might be printed.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from workbench.errors import ConfigurationError
from workbench.trust.authority import AUTHORITIES, check_authority, user_folder

__all__ = [
    "DEFAULT_MODEL",
    "PRODUCTION",
    "SECRET_VARIABLES",
    "STAGING",
    "TOKEN",
    "Credentials",
    "Limits",
    "Secret",
    "ServiceAddress",
    "Settings",
    "in_the_clear",
    "is_loopback",
    "load_settings",
    "resolve_endpoint",
    "secrets_of",
]


DEFAULT_MODEL = "whisper"
"""Model of the simulator's recogniser where nobody says otherwise."""


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


SECRET_VARIABLES = ("SUKI_PARTNER_TOKEN", "SUKI_WEBHOOK_SECRET")
"""Variables of the environment whose values must never be written."""

TOKEN = re.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
"""What a JSON Web Token looks like."""


def secrets_of(environment: Mapping[str, str]) -> list[Secret]:
    """The secrets that an environment holds."""
    return [Secret(environment[name]) for name in SECRET_VARIABLES if environment.get(name)]


@dataclass(frozen=True, slots=True)
class ServiceAddress:
    """Where a Suki is: one base host for REST and sockets (S-2).

    Attributes:
        name: ``simulator``, ``staging``, ``production`` or the host, for manifests and tables.
        rest_url: base of REST, without a trailing slash.
        ws_url: base of the sockets.
        proxy: the setting of this name; None asks the environment (:mod:`workbench.client.proxies`).
    """

    name: str
    rest_url: str
    ws_url: str
    proxy: str | None = field(default=None, repr=False)


STAGING = ServiceAddress("staging", "https://sdp.suki-stage.com", "wss://sdp.suki-stage.com")
PRODUCTION = ServiceAddress("production", "https://sdp.suki.ai", "wss://sdp.suki.ai")
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_REST_SCHEMES = {"ws": "http", "wss": "https"}


_OLD_LOOPBACK = re.compile(r"(?:127|0x7f|0+177)(?:\.(?:0x[0-9a-f]+|[0-9]+)){1,3}|0x7f[0-9a-f]{6}|0+177[0-7]{8}")
"""What the system also takes for an address of 127/8: ``127.1``, ``0x7f.0.0.1``."""


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine.

    >>> [is_loopback(host) for host in ("LocalHost", "127.8.0.1", "127.1", "::1", "::ffff:127.0.0.1")]
    [True, True, True, True, True]
    >>> [is_loopback(host) for host in ("127.0.0.1.example", "128.0.0.1", "::ffff:10.0.0.1", "0.0.0.0")]
    [False, False, False, False]
    """
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        as_number = re.fullmatch(r"21[0-9]{8}", name) is not None and int(name) >> 24 == 127
        return as_number or _OLD_LOOPBACK.fullmatch(name) is not None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def in_the_clear(item: str, got: str) -> ConfigurationError:
    """Plain HTTP to another machine (S-1)."""
    return ConfigurationError(
        "plain HTTP would send credentials and speech in the clear",
        item=item,
        got=got,
        expected="https:// for any host but this machine",
    )


def resolve_endpoint(text: str, proxy: str | None = None) -> ServiceAddress:
    """``staging``, ``production`` or a base URL, reached through ``proxy`` where that is given.

    Raises:
        ConfigurationError: not a URL, or plain HTTP to another machine (S-1).

    >>> resolve_endpoint("http://127.0.0.1:8765/").ws_url
    'ws://127.0.0.1:8765'
    """
    known = {"staging": STAGING, "production": PRODUCTION}
    if text in known:
        return replace(known[text], proxy=proxy)
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
            item="endpoint",
            got=shown,
            expected="simulator, staging, production or a base URL such as https://host",
        )
    ws_scheme = _SCHEMES[url.scheme]
    if ws_scheme == "ws" and not is_loopback(host):
        raise in_the_clear("endpoint", text)
    netloc = f"[{host}]" if ":" in host else host
    netloc += f":{port}" if port else ""
    return ServiceAddress(netloc, f"{_REST_SCHEMES[ws_scheme]}://{netloc}", f"{ws_scheme}://{netloc}", proxy)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What login needs (S-8, S-19, S-21).

    Attributes:
        partner_id: issued by Suki.
        partner_token: the partner's own JWT for the provider.
        provider_id: only Bearer and Single Auth partners have one; then it also travels as ``sdp_provider_id``.
        provider_name, provider_org_id, provider_specialty: for registering a provider on first use.

    >>> Credentials("partner-1", Secret("s3cret")).partner_token
    Secret('***')
    """

    partner_id: str
    partner_token: Secret
    provider_id: str | None = None
    provider_name: str = "Workbench Provider"
    provider_org_id: str = "workbench"
    provider_specialty: str | None = None


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Longest waits, in seconds."""

    connect_s: float = 10.0
    """Opening the socket, all phases together."""
    rest_s: float = 30.0
    """One REST request, without its retries."""
    terminal_s: float = 20.0
    """Waiting for the terminal frame after the end of audio (S-101)."""
    close_s: float = 2.0
    """Waiting for the close after the terminal frame; frames that still arrive are recorded."""
    stall_s: float = 10.0
    """How far sending may fall behind its schedule before the session fails."""
    rest_attempts: int = 4
    """Tries of one REST request on 429, 5xx and lost connections (S-35)."""
    reconnect_s: float = 30.0
    """Repeating a refused handshake of a session that has streamed before (S-106)."""
    keep_alive_s: float = 4.0
    """Between two KEEP_ALIVE of a paused stream; the vendor allows 5 at most (S-162), and a send may be late."""
    poll_first_s: float | None = None
    """Before the first status poll, and between the first polls; None is 5 s (0.25 s for a service on this machine)."""
    poll_max_s: float | None = None
    """Longest interval between polls, which grows by half each time; None is 30 s (1 s on this machine)."""
    result_s: float = 600.0
    """Waiting for the result of an ambient or form-filling session, or for its recording, after REST end."""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    endpoint: str | None = None
    store: str | None = None
    ca_file: str | None = None
    proxy: str | None = None
    price_per_minute: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)] | None = None
    limits: Limits | None = None
    gate: dict[str, object] = {}
    """Read and checked by :mod:`workbench.comparing.gate`, where it is used."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Service, store and credentials of a run, and the simulator that it starts.

    Attributes:
        endpoint: as given, before it is resolved.
        store: folder of the runs.
        credentials: used for login; None takes those of ``environment`` when a service is opened.
        ca_file: additional CA certificate (PEM).
        environment: environment of the process, where credentials are looked for when a service is opened.
        proxy: ``http://host:port`` of an HTTP proxy; None takes that of the environment.
        price_per_minute: price of a minute of audio at the service, in any currency; None shows no cost.
        limits: longest waits.
        model: model of the simulator's recogniser, where a run starts one.
        recogniser: ``live``, or ``replay`` of cached decodings.
        partials, partial_every: words that partials of Whisper show, and seconds of audio between two partials.
        scenario: TOML file of faults that the simulator plays; None for none.
        webhook_port: port on this machine for notifications; None receives none.
        webhook_secret: secret that they are signed with.
        provider_id: provider that a shared partner token acts for; part of ``credentials``, also of those for a
            simulator that a run starts.

    >>> Settings(endpoint="staging").endpoint
    'staging'
    """

    endpoint: str = "simulator"
    store: Path = Path(".runs")
    credentials: Credentials | None = None
    ca_file: Path | None = None
    limits: Limits = field(default_factory=Limits)
    model: str = DEFAULT_MODEL
    recogniser: str = "live"
    partials: str = "settled"
    partial_every: float = 0.5
    scenario: Path | None = None
    webhook_port: int | None = None
    webhook_secret: Secret | None = None
    provider_id: str | None = None
    proxy: str | None = field(default=None, repr=False)
    price_per_minute: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names_credentials(self) -> bool:
        """Whether there are credentials, without looking for the token."""
        return self.credentials is not None or bool(self.environment.get("SUKI_PARTNER_ID"))


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
    recogniser: str = "live",
    partials: str = "settled",
    partial_every: float = 0.5,
) -> Settings:
    """Settings from flags (the keyword arguments), environment and files, in this order of precedence.

    Credentials are not looked for: who only reads stored runs is not asked for a token.

    Raises:
        ConfigurationError: a file cannot be read, has an unknown key, or names what it is not trusted to; or there is
            no secret for notifications.
    """
    stored, data = _read_file(file)
    said: dict[str, str | Path | None] = {
        "endpoint": endpoint or environment.get("WORKBENCH_ENDPOINT"),
        "store": store or environment.get("WORKBENCH_STORE"),
        "ca_file": ca_file or environment.get("WORKBENCH_CA_FILE"),
    }
    named = {name: getattr(stored, name) for name in AUTHORITIES if not said.get(name)}
    check_authority(file, data, named, Path(stored.ca_file) if stored.ca_file else None, environment)
    own = _own_file(environment)
    pick_endpoint = str(said["endpoint"] or stored.endpoint or own.endpoint or "simulator")
    pick_store = said["store"] or stored.store or own.store or ".runs"
    pick_ca = said["ca_file"] or stored.ca_file or own.ca_file
    return Settings(
        endpoint=pick_endpoint,
        store=Path(pick_store),
        ca_file=Path(pick_ca) if pick_ca else None,
        limits=stored.limits or own.limits or Limits(),
        model=model or environment.get("WORKBENCH_MODEL") or DEFAULT_MODEL,
        recogniser=recogniser,
        partials=partials,
        partial_every=partial_every,
        scenario=scenario,
        webhook_port=webhook_port,
        webhook_secret=_webhook_secret(environment, pick_endpoint) if webhook_port is not None else None,
        provider_id=provider_id,
        proxy=own.proxy if stored.proxy is None else stored.proxy,
        price_per_minute=own.price_per_minute if stored.price_per_minute is None else stored.price_per_minute,
        environment=dict(environment),  # as it is now; os.environ itself cannot go to a process of its own
    )


def _webhook_secret(environment: Mapping[str, str], endpoint: str) -> Secret:
    """What notifications are signed with; a simulator that is started for the run gets a fresh one."""
    secret = environment.get("SUKI_WEBHOOK_SECRET")
    if not secret and endpoint != "simulator":
        raise ConfigurationError(
            "no secret to verify notifications with",
            item="webhook_port",
            expected="SUKI_WEBHOOK_SECRET in the environment",
        )
    return Secret(secret or secrets.token_hex(32))


def _own_file(environment: Mapping[str, str]) -> _File:
    """The user's own configuration, in force in every folder; its authority is found from where the file lies."""
    folder = user_folder(environment)
    if folder is None:
        return _File()
    own, _ = _read_file(folder / "workbench.toml")
    return msgspec.structs.replace(own, ca_file=str(folder / own.ca_file)) if own.ca_file else own


def _read_file(file: Path) -> tuple[_File, bytes]:
    """A settings file and its bytes; no settings where there is none."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return _File(), b""
    except OSError as error:
        raise ConfigurationError(
            "settings cannot be read",
            item=str(file),
            got=error.strerror,
            action="Check who may read it, or call from another folder",
        ) from None
    try:
        return msgspec.toml.decode(data, type=_File), data
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            "settings cannot be understood",
            item=str(file),
            got=str(error),
            expected="endpoint, store, ca_file, proxy, price_per_minute and a [limits] table "
            "(credentials belong in the environment)",
        ) from None
