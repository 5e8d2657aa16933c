"""Stores that are not a folder: any address fsspec knows (``s3://``, ``gs://``, ``memory://``, …).

A run is always written and read on this machine; the remote store holds committed runs whole. Its manifest is uploaded
last and removed first, so that a run is there whole or not at all. Local copies lie in the user's cache folder with
mode 0700. A remote store cannot lock: run ids never meet, and of two people who rescore one run at the same time the
later one wins.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from workbench.errors import StoreError
from workbench.settings import is_loopback
from workbench.store.files import private_folder, write_atomic
from workbench.store.manifest import MANIFEST, is_run_id
from workbench.store.parquet import FRAMES, SCORES, SESSIONS
from workbench.trust.authority import user_cache

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["RemoteStore", "local_folder", "remote_of", "remote_store"]

_NOTE = ".store"
"""In the spool: which store it belongs to."""

_PUBLISHED = ".published"
"""In a local copy: the run is in the remote store, so the copy may go when that does."""

_IN_THE_CLEAR = frozenset({"http", "ftp", "webhdfs", "hdfs", "arrow_hdfs", "dask", "jupyter", "jlab", "smb"})
"""Kinds of fsspec that send what they carry, or their own credentials, as it is."""

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/+(.*)")


def remote_store(root: Path | str) -> RemoteStore | None:
    """The remote store that ``root`` names, None for a folder.

    ``s3:/bucket``, which is what a :class:`~pathlib.Path` makes of an address, names one too.

    Raises:
        StoreError: no such kind of store, or its driver is not installed.
    """
    parts = _URL.fullmatch(str(root))
    if parts is None or parts[1] == "file":
        return None
    url = f"{parts[1]}://{parts[2].rstrip('/')}"
    if parts[1].lower() in _IN_THE_CLEAR and not is_loopback(urlsplit(url).hostname or ""):
        raise StoreError(
            "this kind of store would send transcripts in the clear",
            item=f"{parts[1]}://",
            expected="a folder, or a store behind TLS or SSH",
        )
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise StoreError(
            "the store cannot be opened",
            item=url,
            got=str(error),
            expected="a folder, or an address whose driver is installed",
        ) from None
    return RemoteStore(url, system, path, _spool(url))


def _spool(url: str) -> Path:
    return user_cache() / "runs" / hashlib.sha256(url.encode()).hexdigest()[:16]


def local_folder(root: Path | str) -> Path:
    """The folder that ``root`` names, also as a ``file:`` address."""
    parts = _URL.fullmatch(str(root))
    return Path("/" + parts[2]) if parts and parts[1] == "file" else Path(root)


def remote_of(run: Path) -> RemoteStore | None:
    """The remote store that a run directory is the local copy of, None for a run that lies where it belongs.

    The note is believed only in the spool of the very store that it names: a folder from elsewhere may hold one, too.
    """
    folder = run.parent.resolve()
    try:
        url = (folder / _NOTE).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return None
    return remote_store(url) if folder == _spool(url).resolve() else None


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """A store behind fsspec.

    Attributes:
        url: address as people write it.
        system, path: fsspec's file system, and the store's path in it.
        spool: folder of the local copies; runs are written here before they are published.
    """

    url: str
    system: AbstractFileSystem
    path: str
    spool: Path

    def open_spool(self) -> Path:
        """The spool, made where it is not there yet."""
        if not (self.spool / _NOTE).exists():
            private_folder(self.spool)
            write_atomic(self.spool / _NOTE, lambda file: file.write(self.url.encode()))
        return self.spool

    def publish(self, run: Path) -> None:
        """Upload a committed run; the manifest last."""
        for name in (SESSIONS, FRAMES, SCORES, MANIFEST):
            if (run / name).exists():
                self.upload(run, name)
        (run / _PUBLISHED).touch(mode=0o600)

    def upload(self, run: Path, name: str) -> None:
        """Upload one file of a run."""
        with self._reaching():
            self.system.makedirs(f"{self.path}/{run.name}", exist_ok=True)
            self.system.put_file(str(run / name), f"{self.path}/{run.name}/{name}")

    def sync_manifests(self) -> Path:
        """Bring the manifests of all published runs into the spool and give it; copies of removed runs go."""
        spool = self.open_spool()
        with self._reaching():
            self.system.invalidate_cache()
            names = self.system.ls(self.path, detail=False) if self.system.exists(self.path) else []
            ids = {name for name in (entry.rstrip("/").rpartition("/")[2] for entry in names) if is_run_id(name)}
            paths = {run_id: f"{self.path}/{run_id}/{MANIFEST}" for run_id in sorted(ids)}
            # All at once: a thousand round trips one after the other take minutes.
            contents = self.system.cat(list(paths.values()), on_error="omit") if paths else {}
        for run_id, path in paths.items():
            data = contents.get(path)
            if data is not None and not _holds(spool / run_id / MANIFEST, data):
                self._keep(run_id, MANIFEST, data)
        for marker in list(spool.glob(f"*/{_PUBLISHED}")):
            if marker.parent.name not in ids:
                shutil.rmtree(marker.parent)
        return spool

    def fetch(self, run_id: str) -> Path:
        """Bring a run into the spool and give its folder; files that are there already are not fetched again.

        Raises:
            StoreError: the store cannot be reached, or the disk is full.
        """
        local, remote = self.open_spool() / run_id, f"{self.path}/{run_id}"
        with self._reaching():
            self.system.invalidate_cache()
            if not self.system.exists(f"{remote}/{MANIFEST}"):
                # Not committed yet: what this machine has of it, if it was played here.
                return local
            manifest = self.system.cat_file(f"{remote}/{MANIFEST}")
            known = _holds(local / MANIFEST, manifest)
            for name in (SESSIONS, FRAMES, SCORES):
                # Scores may have been replaced; the other files never change under one manifest.
                wanted = name == SCORES or not known or not (local / name).exists()
                if wanted and self.system.exists(f"{remote}/{name}"):
                    self._keep(run_id, name, self.system.cat_file(f"{remote}/{name}"))
            self._keep(run_id, MANIFEST, manifest)
        return local

    def _keep(self, run_id: str, name: str, data: bytes) -> None:
        folder = self.spool / run_id
        private_folder(folder)
        write_atomic(folder / name, lambda file: file.write(data))
        (folder / _PUBLISHED).touch(mode=0o600)

    def remove(self, run_id: str) -> None:
        """Remove a run from the store; what is not there is removed already."""
        remote = f"{self.path}/{run_id}"
        with self._reaching():
            self.system.invalidate_cache()
            if self.system.exists(f"{remote}/{MANIFEST}"):
                self.system.rm_file(f"{remote}/{MANIFEST}")
            if self.system.exists(remote):
                self.system.rm(remote, recursive=True)

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Drivers raise what they like; the user reads one line."""
        try:
            yield
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(
                "the store cannot be reached",
                item=self.url,
                got=type(error).__name__,
                action="Check the address and its credentials",
            ) from error


def _holds(path: Path, data: bytes) -> bool:
    return path.exists() and path.read_bytes() == data
