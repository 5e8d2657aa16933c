"""The file of a case: a ZIP whose index.html opens in any browser, with a folder a recording."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from workbench.audio.files import encode_audio
from workbench.errors import AudioError, CorpusError, InputError, StoreError, escaped
from workbench.reporting.case.frames import Cleaner, frame_lines, remote_ids
from workbench.reporting.case.page import case_page
from workbench.reporting.case.words import paragraph, utc_text, wall_ns, word_rows
from workbench.reporting.session import Session
from workbench.reporting.session_names import session_names
from workbench.reporting.session_page import Sound, render_session_page
from workbench.store.files import write_named

__all__ = ["Written", "write_case"]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        size: of the file, in bytes.
        files: names in it.
        silent: recordings without their sound, and why.
    """

    size: int
    files: tuple[str, ...]
    silent: dict[str, str] = field(repr=False)


def write_case(path: Path, sessions: Sequence[Session], *, redact: bool = False) -> Written:
    """Write sessions of one run for whoever runs the service: what is wrong, every frame with its times, ids, versions.

    Where the sound of a recording cannot be made again, the case is written without it and says why.

    Args:
        path: ZIP file to write; only the owner may read it.
        sessions: sessions of one run, each once.
        redact: leave out sound and whatever was said; times, ids and numbers stay.

    Raises:
        InputError: no session, sessions of two runs, or the file cannot be written.
    """
    runs = {session.run.run_id for session in sessions}
    if len(runs) != 1:
        got = ", ".join(sorted(runs)) or "none"
        raise InputError("a case has sessions of one run", got=got, expected="one run, and at least one recording")
    cleaner = Cleaner()
    names = session_names(session.record.key for session in sessions)
    silent: dict[str, str] = {}
    files: list[str] = []

    def fill(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:

            def add(name: str, content: str | bytes) -> None:
                entry = zipfile.ZipInfo(name)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                archive.writestr(entry, cleaner.cut(content) if isinstance(content, str) else content)
                files.append(name)

            entries = []
            for session in sessions:
                folder = names[session.record.key.place]
                entries.append(_facts(session, folder, cleaner, redact))
                for name, content in _frames(session, cleaner, redact):
                    add(f"{folder}/{name}", content)
                if not redact:
                    _add_speech(session, folder, add, silent)
            case = {**_run_facts(sessions[0]), "redacted": redact, "without_sound": silent, "recordings": entries}
            add("case.json", escaped(msgspec.json.format(msgspec.json.encode(case), indent=2).decode()) + "\n")
            add("index.html", case_page(case))

    write_named(path, "case", fill)
    return Written(path.stat().st_size, tuple(files), silent)


def _frames(session: Session, cleaner: Cleaner, redact: bool) -> list[tuple[str, str]]:
    lines = (msgspec.json.encode(line).decode() for line in frame_lines(session.record, cleaner, redact=redact))
    return [("frames.jsonl", "".join(f"{escaped(line)}\n" for line in lines))]


def _add_speech(session: Session, folder: str, add: Any, silent: dict[str, str]) -> None:  # noqa: ANN401  a closure
    """What was said and heard: texts, sound as it was sent, and the inspector with both."""
    record = session.record
    add(f"{folder}/reference.txt", record.reference.written + "\n")
    add(f"{folder}/transcript.txt", record.hypothesis() + "\n")
    sound = _sound(session, silent)
    if sound is not None:
        add(f"{folder}/audio-as-sent.wav", encode_audio(*sound, "WAV"))
    add(f"{folder}/timeline.html", render_session_page([session], sound))


def _sound(session: Session, silent: dict[str, str]) -> Sound | None:
    try:
        return session.sound()
    except (CorpusError, AudioError, StoreError) as error:
        silent[session.record.key.utterance] = error.problem
        return None


def _facts(session: Session, folder: str, cleaner: Cleaner, redact: bool) -> dict[str, Any]:
    """One recording: what is wrong, how it ended, how it is found at the service, and its words."""
    record, score = session.record, session.score
    return {
        "recording": record.key.utterance,
        "configuration": record.key.cell,
        "repeat": record.key.repeat,
        "folder": folder,
        "what_is_wrong": paragraph(session, redact=redact),
        "remote_ids": remote_ids(record, cleaner),
        "outcome": record.outcome.value,
        "error": record.error,
        "breaches": list(record.violations),
        "began_utc": utc_text(wall_ns(record, record.mono_start_ns), date=True),
        "audio_began_utc": None if record.start_ns is None else utc_text(wall_ns(record, record.start_ns), date=True),
        "ended_utc": utc_text(wall_ns(record, record.mono_end_ns), date=True),
        "sample_rate_hz": record.sample_rate_hz,
        "samples": record.samples,
        "chunk_samples": record.chunk_samples,
        "spoken_words": score.words.reference,
        "word_errors": score.words.errors,
        "normaliser": f"{score.normaliser} {score.normaliser_version}",
        "times_certified": score.timed,
        "words": word_rows(session, redact=redact),
    }


def _run_facts(session: Session) -> dict[str, Any]:
    """What was played on what; no path of this machine, nobody's name."""
    manifest = session.run.manifest
    settings = manifest.config_of(session.record.key.cell)
    return {
        "schema_version": 1,
        "run": manifest.run_id,
        "created": manifest.created,
        "endpoint": settings.get("service", manifest.endpoint),
        "product": manifest.product,
        "dialect": manifest.dialect,
        "recogniser": None if settings.get("service", "simulator") != "simulator" else manifest.recogniser,
        "settings": settings,
        "versions": manifest.versions,
        "machine": manifest.host,
    }
