"""Whose word counts: what a settings file of a folder may name, and which files the user has vouched for.

A folder may come from a colleague or a pull request. What its files name decides where the partner token and speech go
only once the user has said so: by flag, environment, the user's own configuration, or ``workbench trust``.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from workbench.errors import ConfigurationError

__all__ = [
    "AUTHORITIES",
    "BUILT_IN",
    "check_authority",
    "fingerprint",
    "foreign",
    "services_named",
    "trust_record",
    "trusted_files",
    "user_cache",
    "user_folder",
]

BUILT_IN = ("simulator", "staging", "production")
"""Endpoints that any file may name: this machine's simulator and Suki's own hosts."""

AUTHORITIES = ("endpoint", "store", "ca_file", "proxy")
"""Keys of a settings file that decide where credentials and speech go."""

_ADDRESS = re.compile(r"(?!file:)[^/]*:(?::|/)")
"""What is no local folder: ``s3://bucket``, ``ftp:/host``, ``simplecache::http://…``."""

_OF_OURS = "suki-workbench"


def user_folder(environment: Mapping[str, str]) -> Path | None:
    """Folder of the user's own configuration; None where the environment has no home."""
    if configured := environment.get("XDG_CONFIG_HOME"):
        return Path(configured) / _OF_OURS
    home = environment.get("HOME")
    return Path(home) / ".config" / _OF_OURS if home else None


def user_cache() -> Path:
    """Folder of what can be made again: models, replay timelines, facts about sound, copies of remote runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / _OF_OURS


def trust_record(environment: Mapping[str, str]) -> Path | None:
    """File that lists what ``workbench trust`` was called on; None where the environment has no home."""
    folder = user_folder(environment)
    return None if folder is None else folder / "trusted.json"


def trusted_files(environment: Mapping[str, str]) -> dict[str, str]:
    """Fingerprint of each trusted file, by its absolute path; a record that cannot be read trusts nothing."""
    record = trust_record(environment)
    try:
        return {} if record is None else msgspec.json.decode(record.read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError, UnicodeError):
        return {}


def fingerprint(file: Path, data: bytes, ca_file: Path | None) -> str:
    """Hash of a settings file and of the certificate authority that it names, which decides as much.

    Args:
        file: settings file.
        data: content of the file.
        ca_file: where the authority lies that the file names.
    """
    digest = hashlib.sha256(str(file.resolve()).encode("utf-8", "surrogateescape"))
    digest.update(hashlib.sha256(data).digest())
    if ca_file is not None:
        try:
            digest.update(hashlib.sha256(ca_file.read_bytes()).digest())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest()


def foreign(named: Mapping[str, str | None]) -> dict[str, str]:
    """Of the values that a file names, those that it may not name unless it is trusted.

    >>> foreign({"endpoint": "staging", "store": "runs", "proxy": None})
    {}
    >>> foreign({"endpoint": "https://suki.example", "store": "s3://runs"})
    {'endpoint': 'https://suki.example', 'store': 's3://runs'}
    """
    allowed = {
        "endpoint": lambda value: value in BUILT_IN,
        "store": lambda value: _ADDRESS.match(value) is None,
    }
    allowed["service"] = allowed["endpoint"]
    return {
        name: value
        for name, value in named.items()
        if value is not None and not ((kind := name.partition(" ")[0]) in allowed and allowed[kind](value))
    }


def services_named(
    base: Mapping[str, object], vary: Mapping[str, Sequence[object]], cells: Sequence[Mapping[str, object]]
) -> dict[str, str]:
    """Services that the configurations of a sweep file are played against, numbered.

    >>> services_named({}, {"service": ["staging", "https://suki.example"]}, [{"service": "staging"}])
    {'service 1': 'staging', 'service 2': 'https://suki.example'}
    """
    values = [base.get("service"), *vary.get("service", ()), *(cell.get("service") for cell in cells)]
    distinct = dict.fromkeys(str(value) for value in values if value is not None)
    return {f"service {number}": value for number, value in enumerate(distinct, 1)}


def check_authority(
    file: Path, data: bytes, named: Mapping[str, str | None], ca_file: Path | None, environment: Mapping[str, str]
) -> None:
    """Refuse a file that names where credentials or speech go, unless the user trusts it as it is.

    Args:
        file: settings file.
        data: content of the file.
        named: endpoint, authority, proxy and store that the file would decide.
        ca_file: authority that the file names, whether it would decide or not.
        environment: environment of the process.

    Raises:
        ConfigurationError: it names them all in one line.
    """
    odd = foreign(named)
    if not odd or trusted_files(environment).get(str(file.resolve())) == fingerprint(file, data, ca_file):
        return
    raise ConfigurationError(
        "this file is not trusted to say where credentials and speech go",
        item=str(file),
        got=", ".join(f"{name} = {_shown(value)}" for name, value in odd.items()),
        expected=f"{', '.join(BUILT_IN)} and local folders only",
        action=f"If you trust it, run `workbench trust {file}`; or name these by flag or environment",
    )


def _shown(value: str) -> str:
    """A URL may carry a password in front of the host; it is not repeated."""
    return re.sub(r"//[^/@]*@", "//***@", value)
