"""``workbench trust``: vouch for a settings file that names an endpoint, an authority, a proxy or a remote store."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option
from workbench.cli.screen import echo, note, print_json

__all__ = ["trust"]


def _services(values: dict[str, object]) -> dict[str, str]:
    """Services of the configurations of a sweep file; what has another form is refused when it is played."""
    from workbench.trust.authority import services_named

    base, vary, cells = (values.get(name) for name in ("base", "vary", "cells"))
    varied = vary.get("service") if isinstance(vary, dict) else None
    return services_named(
        base if isinstance(base, dict) else {},
        {"service": varied if isinstance(varied, list) else []},
        [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else [],
    )


@click.command(epilog="Example: workbench trust")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@json_option
def trust(path: Path, as_json: bool) -> None:
    """Allow PATH to choose where credentials and speech are sent, until its content changes.

    PATH is a folder with `workbench.toml`, or a sweep or watch file. Unless it is trusted, such a file may only name
    simulator, staging, production and local folders. Prints what the file names. The content of a CA certificate that
    it names counts as part of the file.
    """
    import os

    import msgspec

    from workbench.errors import ConfigurationError, InputError
    from workbench.store.files import private_folder, write_atomic
    from workbench.trust.authority import AUTHORITIES, fingerprint, foreign, trust_record, trusted_files

    file = path / "workbench.toml" if path.is_dir() else path
    try:
        data = file.read_bytes()
        values = msgspec.toml.decode(data)
    except OSError as error:
        raise InputError("the file cannot be read", item=str(file), got=error.strerror, expected="TOML") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError("the file is not TOML", item=str(file), got=str(error), expected="TOML") from None
    record = trust_record(os.environ)
    if record is None:
        raise ConfigurationError("no home folder", item="environment", expected="HOME or XDG_CONFIG_HOME")
    texts = {name: values[name] for name in AUTHORITIES if isinstance(values.get(name), str)}
    watching = values.get("watch")
    if isinstance(watching, dict) and isinstance(watching.get("webhook"), str):
        texts["webhook"] = watching["webhook"]
    if not path.is_dir():
        texts |= _services(values)
    authority = texts.get("ca_file")
    # workbench.toml is read where it lies, a sweep file from anywhere.
    beside = (file.parent if path.is_dir() else Path()) / authority if authority else None
    known = trusted_files(os.environ) | {str(file.resolve()): fingerprint(file, data, beside)}
    private_folder(record.parent)
    encoded = msgspec.json.format(msgspec.json.encode(known))
    write_atomic(record, lambda out: out.write(encoded))
    named = foreign(texts)
    if as_json:
        print_json({"trusted": str(file.resolve()), "names": named})
        return
    echo(f"{file.resolve()} is trusted as it is now. It names:")
    for name, value in (named or {"nothing": "beyond built-in endpoints and local folders"}).items():
        echo(f"  {name}: {value}")
    note(f"Recorded in {record}; a change of the file, or of its certificate authority, ends the trust.")
