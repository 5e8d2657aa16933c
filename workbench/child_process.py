"""How a Python of ours is started, spoken to and added to: the one place for command line, framing and extras.

``python -m`` puts the working directory in front of everything that can be imported. A ``numpy.py`` that lies where a
command is typed would then run in a child that has the partner token in its environment; ``-P`` leaves that directory
out. For the same reason nothing here uses :mod:`multiprocessing`: what it spawns is a ``python -c``.

Messages cross a pipe or a socket as bodies behind their length, four bytes, big-endian. What a body holds is the
business of the two ends.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import asyncio

__all__ = ["framed", "install_command", "next_body", "python_command", "read_body"]

_LENGTH = struct.Struct(">I")


def python_command(module: str, *arguments: str) -> list[str]:
    """Command line of a child that runs ``module`` under this interpreter.

    Args:
        module: full name of a module, as ``python -m`` takes it; found where packages are installed or on PYTHONPATH.
        arguments: arguments of the module.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def framed(body: bytes) -> bytes:
    """A body with its length in front."""
    return _LENGTH.pack(len(body)) + body


def read_body(source: BinaryIO) -> bytes | None:
    """The next body, waited for; None if the other end is gone, also in the middle of a body."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = source.read(length)
    return body if len(body) == length else None


async def next_body(reader: asyncio.StreamReader) -> bytes:
    """The next body.

    Raises:
        asyncio.IncompleteReadError: the other end is gone.
        ConnectionError: likewise.
    """
    (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    return await reader.readexactly(length)


_NAME = "suki-workbench"


def install_command(extra: str) -> str:
    """The command that adds an extra to this copy, for the action of an error.

    Args:
        extra: name of the extra, such as ``app``.

    Returns:
        ``pip install -e '.[app]'`` with the folder for a clone, the file for a copy that was installed from a file,
        the package's name otherwise.
    """
    url, editable = _source()
    if url is None:
        return f"pip install '{_NAME}[{extra}]'"
    folder = Path(unquote(urlsplit(url).path))
    if editable:
        return f"pip install -e '.[{extra}]' in {folder}"
    if folder.is_dir():
        return f"pip install '{folder}[{extra}]'"
    return f"pip install '{_NAME}[{extra}] @ {url}'"


def _source() -> tuple[str | None, bool]:
    """Where this copy was installed from, and whether it is used in place; None for a package index."""
    import importlib.metadata  # slow, and wanted for a message alone

    clone = Path(__file__).parents[1]
    try:
        noted = importlib.metadata.distribution(_NAME).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:  # run from a folder that was never installed
        return (clone.as_uri(), True) if (clone / "pyproject.toml").is_file() else (None, False)
    if noted is None:
        return None, False
    facts = json.loads(noted)
    return facts.get("url"), bool(facts.get("dir_info", {}).get("editable"))
