"""What was asked of a run and on what it ran: the first file of every run directory.

It holds enough to play the run again, and nothing secret. The endpoint is named, its credentials are not here; the
command line is not here either, because people put tokens into it.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from workbench.errors import StoreError
from workbench.recording.anchor import Anchor
from workbench.store.files import storing
from workbench.store.host import Host, host_facts, library_versions
from workbench.store.migrations import migrate
from workbench.store.request import Part, RunRequest

__all__ = [
    "MANIFEST",
    "SCHEMA_VERSION",
    "CellFacts",
    "CorpusFacts",
    "Counts",
    "FileFacts",
    "Manifest",
    "NormaliserFacts",
    "Status",
    "is_run_id",
    "new_run_id",
    "read_manifest",
]

MANIFEST = "manifest.json"
MOST_BYTES = 16 * 1024 * 1024
"""Greatest manifest that is read; one of 100,000 utterances takes 2 MB."""

SCHEMA_VERSION = 3

Status = Literal["live", "committed", "interrupted"]

_RUN_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-f]{6}")


_RESTORE = "Restore the file from a copy of the run"


class CorpusFacts(msgspec.Struct, kw_only=True):
    """Which corpus was played.

    Attributes:
        name: name as people write it.
        hash: sha256 over manifest and audio hashes.
        utterances: how many of it were asked for.
        location: its manifest, for playing the run again; None if it has no place of its own.
        words_hash: sha256 of its word times; None if it has none, or it was not kept.
        parts: the corpora it was joined from, each with its place; empty for one corpus.
    """

    name: str
    hash: str
    utterances: int = 0
    location: str | None = None
    words_hash: str | None = None
    parts: list[CorpusFacts] = []


class CellFacts(msgspec.Struct, kw_only=True):
    """One configuration of the run.

    Attributes:
        name: unique within the run; ``SessionKey.cell``.
        config: its settings, JSON values only.
        hash: sha256 over the settings, the same for equal settings whatever their order.
    """

    name: str
    config: dict[str, Any]
    hash: str

    @classmethod
    def of(cls, name: str, config: dict[str, Any]) -> CellFacts:
        """Name and settings with their hash.

        >>> CellFacts.of("a", {"x": 1, "y": 2}).hash == CellFacts.of("b", {"y": 2, "x": 1}).hash
        True
        """
        canonical = msgspec.json.encode(config, order="deterministic")
        return cls(name=name, config=config, hash=hashlib.sha256(canonical).hexdigest())


class NormaliserFacts(msgspec.Struct, kw_only=True):
    """Which text normaliser the scores were made with."""

    name: str
    version: str
    hash: str


class Counts(msgspec.Struct, kw_only=True):
    """Sessions of the run.

    Attributes:
        planned: sessions asked for.
        sessions: stored, each counted once however often it was played.
        failed: those that failed in their newest attempt.
        superseded: earlier attempts, kept beside the newest.
    """

    planned: int = 0
    sessions: int = 0
    failed: int = 0
    superseded: int = 0


class FileFacts(msgspec.Struct, kw_only=True):
    """What a file of the commit was when it was written."""

    sha256: str
    rows: int


class Manifest(msgspec.Struct, kw_only=True):
    """Everything that was asked, and everything that matters about where it ran.

    Attributes:
        schema_version: layout of the run directory.
        run_id: sortable; UTC time and a random end.
        created: UTC, RFC 3339.
        corpus: name, hash and size of the corpus.
        cells: configurations, with their settings.
        seed: random seed of every choice.
        concurrency: number of concurrent sessions.
        repeats: how many times each recording was to be played under each configuration.
        endpoint: name or address, never credentials.
        dialect: ``live`` or ``asyncapi``.
        product: ``dictation``, ``ambient`` or ``form-filling``.
        recogniser: recogniser of the simulator; None for a remote service.
        normaliser: normaliser of the first scores; None before. The scores file names the newest.
        settings: further settings of the run as a whole, JSON values only.
        request: specification and limits needed to resume the run; None in older runs.
        parts: the processes that played the run and their sessions; empty if it was one.
        versions: workbench, Python and libraries.
        host: the machine.
        anchor_start: the start of the run on the monotonic clock and in UTC.
        anchor_end: its end on both clocks.
        counts: sessions planned, stored and failed.
        files: hash and rows of ``sessions.parquet`` and ``frames.parquet``; empty before the commit, and in runs of
            schema 1. The scores carry their own hash, because they may be replaced.
        status: ``live`` until it is ``committed`` or ``interrupted``.
    """

    schema_version: int = SCHEMA_VERSION
    run_id: str
    created: str
    corpus: CorpusFacts
    cells: list[CellFacts]
    seed: int
    concurrency: int
    repeats: int
    endpoint: str
    dialect: str
    product: str
    recogniser: str | None = None
    normaliser: NormaliserFacts | None = None
    settings: dict[str, Any] = {}
    request: RunRequest | None = None
    parts: list[Part] = []
    versions: dict[str, str]
    host: Host
    anchor_start: Anchor
    anchor_end: Anchor | None = None
    counts: Counts = msgspec.field(default_factory=Counts)
    files: dict[str, FileFacts] = {}
    status: Status = "live"

    @classmethod
    def begin(
        cls,
        *,
        corpus: CorpusFacts,
        cells: list[CellFacts],
        seed: int,
        concurrency: int,
        repeats: int,
        endpoint: str,
        dialect: str,
        product: str,
        recogniser: str | None = None,
        normaliser: NormaliserFacts | None = None,
        settings: dict[str, Any] | None = None,
        request: RunRequest | None = None,
        planned: int = 0,
    ) -> Manifest:
        """A manifest for a run that starts now on this machine; id, time, versions and host are filled in."""
        anchor = Anchor.now()
        created = datetime.fromtimestamp(anchor.wall_ns / 1e9, UTC)
        return cls(
            run_id=new_run_id(anchor.wall_ns),
            created=created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            corpus=corpus,
            cells=cells,
            seed=seed,
            concurrency=concurrency,
            repeats=repeats,
            endpoint=endpoint,
            dialect=dialect,
            product=product,
            recogniser=recogniser,
            normaliser=normaliser,
            settings=settings or {},
            request=request,
            versions=library_versions(),
            host=host_facts(),
            anchor_start=anchor,
            counts=Counts(planned=planned),
        )

    def config_of(self, cell: str) -> dict[str, Any]:
        """Settings of a configuration by its name; empty for one that is not of the run."""
        return next((dict(one.config) for one in self.cells if one.name == cell), {})

    def to_json(self) -> bytes:
        """Indented UTF-8, ends with a line feed."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    @classmethod
    def from_json(cls, data: bytes, item: str) -> Manifest:
        """Read what :meth:`to_json` wrote, in this version or an older one.

        Raises:
            StoreError: not a manifest, or one of a newer workbench; ``item`` names the file.
        """
        try:
            version = msgspec.json.decode(data, type=_Versioned).schema_version
            if version > SCHEMA_VERSION:
                raise StoreError(
                    "the run was written by a newer workbench",
                    item=item,
                    got=f"schema {version}",
                    expected=f"schema {SCHEMA_VERSION} or older",
                    action="Upgrade suki-workbench",
                )
            if version == SCHEMA_VERSION:
                return msgspec.json.decode(data, type=cls)
            return msgspec.convert(migrate(msgspec.json.decode(data), SCHEMA_VERSION), cls)
        except RecursionError:
            raise StoreError("the manifest is damaged", item=item, got="nesting without end", action=_RESTORE) from None
        except (msgspec.DecodeError, UnicodeError, LookupError, TypeError, ValueError, AttributeError) as error:
            # Migrations of older schemas reach into what may be anything.
            raise StoreError("the manifest is damaged", item=item, got=str(error), action=_RESTORE) from None


def read_manifest(folder: Path) -> Manifest:
    """Manifest of a run directory; its folder is what the run is called, whatever the content says.

    Raises:
        StoreError: it cannot be read, is too long, damaged or of a newer workbench, or is that of another run.
    """
    file = folder / MANIFEST
    with storing(file), file.open("rb") as source:
        data = source.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise StoreError("the manifest is damaged", item=str(file), got=f"over {MOST_BYTES} bytes", action=_RESTORE)
    manifest, name = Manifest.from_json(data, str(file)), Path(os.path.abspath(folder)).name  # noqa: PTH100  follows no link
    if manifest.run_id != name or not is_run_id(name):
        raise StoreError(
            "the run is damaged: its id is not the name of its folder",
            item=str(folder),
            got=manifest.run_id[:100],
            expected=name if is_run_id(name) else "a folder with a run id for a name",
            action="Give the folder its name back, or restore the manifest",
        )
    return manifest


class _Versioned(msgspec.Struct):
    schema_version: Annotated[int, msgspec.Meta(ge=1)]


def new_run_id(wall_ns: int | None = None) -> str:
    """UTC time to the millisecond and a random end: sorts by age and never meets another.

    >>> new_run_id(1_700_000_000_123_000_000)[:20]
    '20231114T221320123Z-'
    """
    wall_ns = time.time_ns() if wall_ns is None else wall_ns
    whole, fraction = divmod(wall_ns, 1_000_000_000)
    stamp = datetime.fromtimestamp(whole, UTC).strftime("%Y%m%dT%H%M%S")
    return f"{stamp}{fraction // 1_000_000:03d}Z-{secrets.token_hex(3)}"


def is_run_id(name: str) -> bool:
    """Whether ``name`` has the shape of a run id."""
    return _RUN_ID.fullmatch(name) is not None
