"""Files that somebody hands to the app: kept in the store, private to their owner, found again by their content."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from workbench.app.live.player import RECORDINGS
from workbench.audio.files import audio_info
from workbench.errors import WorkbenchError
from workbench.store.files import private_folder, write_atomic

__all__ = ["keep_upload"]

_UNSAFE = re.compile(r"[^\w.-]+")
_ID_CHARS = 16


def keep_upload(store: Path, name: str, content: bytes) -> Path:
    """Write a sound file into the store, once for the same content.

    Args:
        store: folder of the runs.
        name: file name from the browser; only its last part is used, and of that only letters, digits, dots and dashes.
        content: bytes of the file.

    Returns:
        Absolute path.

    Raises:
        AudioError: it is no sound file that can be read.
        StoreError: it cannot be written.
    """
    safe = _UNSAFE.sub("_", Path(name.replace("\\", "/")).name).lstrip(".") or "upload"
    folder = store.resolve() / RECORDINGS / hashlib.sha256(content).hexdigest()[:_ID_CHARS]
    path = folder / safe
    if not path.exists():
        private_folder(folder)
        write_atomic(path, lambda file: file.write(content))
    try:
        audio_info(path)
    except WorkbenchError:
        path.unlink(missing_ok=True)
        raise
    return path
