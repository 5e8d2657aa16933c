"""What is fuzzed: every function that reads what somebody else wrote, with the exceptions that it documents.

A target takes bytes and returns when the code under test did what its documentation says, whatever the bytes are. Any
other exception is a finding. The same targets serve Hypothesis, atheris and the long run over frames.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from workbench.client.answers import exchange_text
from workbench.client.retries import retry_after_s
from workbench.corpus.importers.importer import FORMATS, import_corpus
from workbench.corpus.load import parse_corpus
from workbench.errors import CorpusError, InputError, LocalProtocolError, RemoteProtocolError, WorkbenchError
from workbench.protocol import asyncapi, live
from workbench.protocol.bodies import envelope_message, error_id_of
from workbench.protocol.context import AmbientContext, FormContext
from workbench.protocol.messages import Dialect, EndOfResults, Final, Partial, Product, StreamStatus, UnknownMessage
from workbench.protocol.stream import Role, StreamSession, StreamState, codec_for
from workbench.protocol.webhooks import Notification
from workbench.simulator.faults.scenario import parse_scenario

__all__ = ["FRAME_TARGETS", "TARGETS", "frames_in"]

CODECS = {Dialect.LIVE: live, Dialect.ASYNCAPI: asyncapi}
MAX_VIOLATIONS = 1_000
CLOSE_CODES = (1002, 1003, 1007, 1008, 1009)


def both_forms(frame: bytes) -> list[str | bytes]:
    """A frame as a text one, where it is UTF-8, and as a binary one."""
    with contextlib.suppress(UnicodeDecodeError):
        return [frame.decode(), frame]
    return [frame]


def server_frames(frame: bytes) -> None:
    """A client reads anything that a service may send and never raises; what it understood can be said again."""
    for dialect, codec in CODECS.items():
        for raw in both_forms(frame):
            message = codec.decode_server(raw)
            if isinstance(message, UnknownMessage):
                assert message.raw is raw
                continue
            assert isinstance(raw, str)
            if isinstance(message, StreamStatus) and dialect is Dialect.LIVE:
                raise AssertionError("the live dialect has no status")
            again = codec.decode_server(codec.encode_server(message, "s").decode())
            if isinstance(message, Partial | Final) and message.text != "EOF":
                assert again.text == message.text
            assert isinstance(message, Partial | Final | EndOfResults | StreamStatus)


def client_frames(frame: bytes) -> None:
    """A service refuses with one kind of error, and what it takes can be said again."""
    for dialect, codec in CODECS.items():
        for product in (Product.DICTATION, Product.AMBIENT):
            for raw in both_forms(frame):
                try:
                    message = codec.decode_client(raw, product)
                except RemoteProtocolError as error:
                    if error.close_code not in CLOSE_CODES:
                        raise AssertionError(error.close_code) from error
                    continue
                if not isinstance(message, UnknownMessage):
                    assert isinstance(raw, str)
                    assert dialect in Dialect
                    codec.encode_client(message, product)


def frames_in(data: bytes) -> Iterator[bytes]:
    """Bytes as a stream of frames: they are parted by the byte 0xFF, which no UTF-8 has."""
    yield from data.split(b"\xff")


def client_session(data: bytes) -> None:
    """The client's end of a stream outlives whatever a service sends, and keeps its list of breaches short."""
    for dialect in Dialect:
        for product in (Product.DICTATION, Product.AMBIENT):
            session = StreamSession(Role.CLIENT, product, dialect, "s")
            for frame in frames_in(data):
                for raw in both_forms(frame):
                    session.receive_server(raw)
                assert session.state in StreamState
            assert len(session.violations) <= MAX_VIOLATIONS
            session.close()


def server_session(data: bytes) -> None:
    """The service's end refuses what is out of turn, and says no more than it may afterwards."""
    for dialect in Dialect:
        for product in (Product.DICTATION, Product.AMBIENT):
            session = StreamSession(Role.SERVER, product, dialect, "s")
            for frame in frames_in(data):
                for raw in both_forms(frame):
                    with contextlib.suppress(RemoteProtocolError):
                        session.receive_client(raw)
                with contextlib.suppress(LocalProtocolError):
                    session.send(Partial("x", None))
            session.close()


def rest_answers(data: bytes) -> None:
    """An answer of any bytes becomes a line of the log, a message and maybe an id."""
    text = exchange_text("create_dictation", 200, data)
    assert text.startswith('{"call":"create_dictation","status":200,"body":')
    with contextlib.suppress(msgspec.ValidationError):  # numbers beyond what a float holds are kept as they came
        msgspec.json.decode(text)
    error_id_of(envelope_message(data))
    retry_after_s(data.decode("latin-1"))
    for kind in (Notification, AmbientContext, FormContext):
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            msgspec.json.decode(data, type=kind)


def manifest(data: bytes) -> None:
    """A manifest of any bytes gives utterances and problems; a header and word times too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, _, rest = data.partition(b"\xff")
        second, _, third = rest.partition(b"\xff")
        (folder / "manifest.jsonl").write_bytes(first)
        if second:
            (folder / "words.jsonl").write_bytes(second)
        if third:
            (folder / "corpus.json").write_bytes(third)
        with contextlib.suppress(CorpusError):
            corpus, problems = parse_corpus(folder)
            for utterance in corpus.utterances:
                assert utterance.audio.resolve().is_relative_to(folder.resolve())
            assert all(str(problem).count("\n") <= 1 for problem in problems)


SOURCES = [
    ("nemo", "manifest.jsonl"), ("audiofolder", "metadata.csv"), ("kaldi", ""), ("librispeech", ""),
    ("common-voice", "list.tsv"), ("lhotse", "cuts.jsonl.gz"), ("seglst", "segments.json"),
]  # fmt: skip


def importers(data: bytes) -> None:
    """Every importer, on files of these bytes: rows, problems, or one clear line."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = [*data.split(b"\xff"), b"", b"", b""]
        (folder / "1" / "2").mkdir(parents=True)
        for path in ("manifest.jsonl", "metadata.csv", "list.tsv", "cuts.jsonl.gz", "segments.json", "cuts.jsonl"):
            (folder / path).write_bytes(data)
        for path, part in zip(("wav.scp", "text", "segments", "utt2spk"), parts, strict=False):
            (folder / path).write_bytes(part)
        (folder / "1" / "2" / "1-2.trans.txt").write_bytes(data)
        tried = [*SOURCES, ("lhotse", "cuts.jsonl"), ("audiofolder", "manifest.jsonl")]
        for place, (format_name, source) in enumerate(tried):
            assert format_name in FORMATS
            with contextlib.suppress(WorkbenchError):
                report = import_corpus(format_name, folder / source if source else folder, folder / f"out-{place}")
                assert report.manifest is None or report.utterances


def scenarios(data: bytes) -> None:
    """A scenario file is a scenario or one clear line."""
    with contextlib.suppress(InputError):
        parse_scenario(data)


FRAME_TARGETS: dict[str, Callable[[bytes], None]] = {
    "server_frames": server_frames,
    "client_frames": client_frames,
    "client_session": client_session,
    "server_session": server_session,
}
"""Those that the long run feeds."""

TARGETS: dict[str, Callable[[bytes], None]] = {
    **FRAME_TARGETS,
    "rest_answers": rest_answers,
    "manifest": manifest,
    "importers": importers,
    "scenarios": scenarios,
}

assert codec_for(Dialect.LIVE) is live  # the table above is the one that sessions use
