"""The microphone of this machine, through the package sounddevice (PortAudio)."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import signal
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.errors import ConfigurationError, WorkbenchError

if TYPE_CHECKING:
    from workbench.cli.live_screen import Screen
    from workbench.playing.microphone import Capture
    from workbench.recording.record import SessionRecord
    from workbench.runs.spec import RunSpec
    from workbench.settings import Settings

__all__ = ["open_microphone", "play_microphone"]

_RATE_HZ = 16_000
_NAME = "spoken"


async def play_microphone(
    spec: RunSpec,
    settings: Settings,
    screen: Screen,
    seconds: int | None,
    *,
    save: bool,
) -> tuple[SessionRecord, str | None]:
    """Stream the microphone until Ctrl-C or for ``seconds``; returns the record and, if it is stored, the run's id.

    Raises:
        ConfigurationError: no package, no library or no microphone.
        WorkbenchError: no service, or the run cannot be written.
    """
    from workbench.playing.job import Job
    from workbench.playing.microphone import Capture
    from workbench.recording.record import SessionKey
    from workbench.runs.observe import play_observed
    from workbench.runs.service import open_service

    device = _device()
    capture = Capture(_NAME, "microphone", facts={"device": device["name"], "way": "PortAudio"})
    job = Job(SessionKey("microphone", _NAME), capture.plan, capture=capture)
    async with open_service(settings) as (service, recogniser):
        screen.open(service.address.name, recogniser)
        with open_microphone(capture), _ends(capture, seconds):
            (record,) = await play_observed([job], service, screen.tell)
    run_id = None
    if save and capture.pcm.size:
        run_id = _store(record, capture, spec, settings, service.address.name, recogniser)
    return record, run_id


def _store(
    record: SessionRecord, capture: Capture, spec: RunSpec, settings: Settings, endpoint: str, recogniser: str | None
) -> str:
    from workbench.audio.files import write_audio
    from workbench.corpus import corpus_of_file
    from workbench.runs.observe import store_observed
    from workbench.runs.resolve import resolve
    from workbench.runs.sweep import cell_from
    from workbench.store.files import private_folder

    folder = settings.store / "recordings" / f"{time.time_ns():x}"
    private_folder(folder)
    write_audio(folder / f"{_NAME}.wav", capture.pcm, _RATE_HZ)
    corpus = corpus_of_file(folder / f"{_NAME}.wav", _NAME)
    cell = cell_from({"name": "microphone"}, item="microphone")
    resolved = resolve(spec, corpus=corpus, utterances=corpus.utterances, cells=(cell,))
    return store_observed(resolved, [record], settings.store, endpoint, recogniser)


def _portaudio() -> Any:  # noqa: ANN401  the module sounddevice, which has no types
    try:
        return importlib.import_module("sounddevice")
    except ImportError:
        raise ConfigurationError(
            "the microphone needs the package sounddevice",
            item="--microphone",
            action="pip install sounddevice, or use --file",
        ) from None
    except OSError:
        raise ConfigurationError(
            "the microphone needs the system library PortAudio",
            item="--microphone",
            action="Install it (on Debian: apt-get install libportaudio2), or use --file",
        ) from None


def _device() -> dict[str, Any]:
    """The default input of this machine."""
    portaudio = _portaudio()
    try:
        device: dict[str, Any] = portaudio.query_devices(kind="input")
    except (portaudio.PortAudioError, ValueError):
        raise ConfigurationError(
            "this machine has no microphone",
            item="--microphone",
            action="Connect one, use --file, or let a browser listen: workbench app",
        ) from None
    return device


@contextlib.contextmanager
def open_microphone(capture: Capture) -> Iterator[None]:
    """Push samples of the default input into ``capture`` while the block runs.

    Raises:
        ConfigurationError: it cannot be opened at 16 kHz.
    """
    portaudio, loop = _portaudio(), asyncio.get_running_loop()

    def heard(data: Any, frames: int, at: Any, status: Any) -> None:  # noqa: ANN401  PortAudio's own thread calls this
        now_ns = time.perf_counter_ns()
        samples = bytes(data)
        loop.call_soon_threadsafe(capture.push, samples, now_ns)

    try:
        stream = portaudio.RawInputStream(
            samplerate=_RATE_HZ, channels=1, dtype="int16", blocksize=_RATE_HZ // 100, callback=heard
        )
    except portaudio.PortAudioError as error:
        raise ConfigurationError(
            "the microphone cannot be opened",
            item="--microphone",
            got=str(error),
            action="Connect one, or play a --file",
        ) from None
    with stream:
        yield


@contextlib.contextmanager
def _ends(capture: Capture, seconds: int | None) -> Iterator[None]:
    """Ctrl-C, or the time given, ends the microphone; what was said is still transcribed."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        with contextlib.suppress(WorkbenchError):
            capture.end(time.perf_counter_ns())

    timer = loop.call_later(seconds, end) if seconds is not None else None
    handled = True
    try:
        loop.add_signal_handler(signal.SIGINT, end)
    except (NotImplementedError, RuntimeError, ValueError):  # not the main thread, or not a Unix
        handled = False
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        if handled:
            loop.remove_signal_handler(signal.SIGINT)
