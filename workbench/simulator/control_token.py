"""The control API's token: whoever may read this user's files may steer this user's simulators, and nobody else.

A simulator makes a token when it starts and leaves it in a folder that only its user can read, under the port it
listens on; the file is gone when it ends. That another program of the same user finds it is the point: a second
terminal needs no copying, and another user of the machine gets nothing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.client.proxies import proxy_for, through
from workbench.errors import ConfigurationError
from workbench.settings import Secret

if TYPE_CHECKING:
    import httpx

__all__ = ["CONTROL_HEADER", "control_client", "control_headers", "new_token", "publish", "withdraw"]

CONTROL_HEADER = "X-Control-Token"


def new_token() -> Secret:
    """A token that nobody can guess."""
    return Secret(secrets.token_urlsafe(32))


def _folder() -> Path:
    """This user's folder for what lives as long as a process. Raises ConfigurationError where it is not private."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    given = os.environ.get("XDG_RUNTIME_DIR")
    folder = (Path(given) if given else Path(tempfile.gettempdir())) / f"suki-workbench-{user}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise ConfigurationError(
            "the folder for control tokens cannot be made", item=str(folder), got=error.strerror,
            action="Set XDG_RUNTIME_DIR to a folder that you may write",
        ) from None  # fmt: skip
    # The parent may be writable for everybody: a folder or link that another user left there must not be trusted.
    foreign = hasattr(os, "getuid") and status.st_uid != user
    if not stat.S_ISDIR(status.st_mode) or foreign or (os.name == "posix" and status.st_mode & 0o077):
        raise ConfigurationError(
            "the folder for control tokens is not private", item=str(folder), got=stat.filemode(status.st_mode),
            expected="drwx------ of this user", action="Remove it, or set XDG_RUNTIME_DIR",
        )  # fmt: skip
    return folder


def publish(port: int, token: Secret) -> Path:
    """Leave the token of the simulator on ``port`` for programs of this user; returns the file."""
    path = _folder() / f"control-{port}"
    path.unlink(missing_ok=True)  # of a simulator that was killed
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token.reveal())
    return path


def withdraw(path: Path, token: Secret) -> None:
    """Remove the file, unless another simulator has taken the port since."""
    with contextlib.suppress(OSError):
        if path.read_text() == token.reveal():
            path.unlink()


def control_headers(url: str) -> dict[str, str]:
    """Headers that the control API of the simulator at ``url`` wants; nothing where none of this user's listens there.

    Args:
        url: ``http://127.0.0.1:8765``, or the address of a socket.
    """
    with contextlib.suppress(OSError, ConfigurationError):
        return {CONTROL_HEADER: (_folder() / f"control-{urlsplit(url).port or 0}").read_text()}
    return {}


def control_client(url: str) -> httpx.AsyncClient:
    """A client of the control API of the simulator at ``url``; use as ``async with``."""
    import httpx

    return httpx.AsyncClient(base_url=url, headers=control_headers(url), **through(proxy_for(url)))
