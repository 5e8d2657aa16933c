"""Progress of a run on stderr: within sessions too, so that one of 45 minutes is no bar that stands still."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.cli.screen import note, quiet
from workbench.errors import visible
from workbench.units import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from workbench.playing.job import Job
    from workbench.recording.record import SessionKey, SessionRecord

__all__ = ["SessionProgress", "clock_text", "planned_seconds", "progress_text", "session_progress"]

_LINE_EVERY_S = 30.0


def planned_seconds(jobs: Sequence[Job]) -> dict[SessionKey, float]:
    """Seconds that each session is streamed, from its plan: pace and degradation are in it."""
    return {job.key: job.plan.due_offsets_ns[-1] / 1e9 if job.plan.due_offsets_ns else 0.0 for job in jobs}


class SessionProgress:
    """How much of a run is played.

    Args:
        seconds: planned length of each session, in the order of playing.
        concurrency: number of concurrent sessions.
        now: clock in seconds.

    Attributes:
        done, failed: sessions that have ended, and those of them that failed.
        on_end: called with the record of each.
    """

    def __init__(
        self, seconds: dict[SessionKey, float], concurrency: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.done = self.failed = 0
        self.on_end: Callable[[SessionRecord], object] = lambda record: None
        self._waiting = dict(seconds)
        self._running: dict[SessionKey, tuple[float, float]] = {}
        self._ended_s = 0.0
        self._total_s = sum(seconds.values())
        self._concurrency = concurrency
        self._now = now

    def begin(self, record: SessionRecord) -> None:
        """A session begins to stream, perhaps again: a busy service had refused it."""
        _, seconds = self._running.get(record.key, (0.0, 0.0))
        self._running[record.key] = (self._now(), self._waiting.pop(record.key, seconds))

    def end(self, record: SessionRecord, done: int) -> None:
        """A session has ended, as the ``done``-th."""
        _, seconds = self._running.pop(record.key, (0.0, 0.0))
        self._ended_s += seconds
        self.done, self.failed = done, self.failed + record.outcome.failed
        self.on_end(record)

    @property
    def idle(self) -> bool:
        """Whether nothing has begun yet."""
        return not self._running and not self.done

    def share(self) -> float:
        """Played part of all audio, 0 to 1."""
        played = self._ended_s + sum(seconds - left for seconds, left in self._left())
        return played / self._total_s if self._total_s else 0.0

    def left_s(self) -> float:
        """Seconds that the rest takes."""
        from workbench.runs.estimate import estimated_seconds

        return estimated_seconds(list(self._waiting.values()), self._concurrency, [left for _, left in self._left()])

    def _left(self) -> list[tuple[float, float]]:
        """Planned seconds of each running session, and how many of them are left."""
        now = self._now()
        return [(seconds, max(0.0, seconds - (now - began))) for began, seconds in list(self._running.values())]


def clock_text(seconds: float) -> str:
    """``4:05`` or ``1:00:09``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


@contextlib.contextmanager
def session_progress(progress: SessionProgress, sessions: int) -> Iterator[None]:
    """Show it while the block plays: a bar on a terminal; elsewhere a line every tenth of the way or 30 s."""
    if quiet():
        yield
        return
    with _bar(progress, sessions) if sys.stderr.isatty() else _lines(progress, sessions):
        yield


@contextlib.contextmanager
def _lines(progress: SessionProgress, sessions: int) -> Iterator[None]:
    step, ended = max(1, sessions // 10), threading.Event()

    def line(record: SessionRecord) -> None:
        if record.outcome.failed:
            note(f"  {record.key}: {record.outcome.value}: {record.error}")
        if progress.done % step == 0 or progress.done == sessions:
            note(f"  {progress_text(progress, sessions)}")

    def within() -> None:
        while not ended.wait(_LINE_EVERY_S):
            note(f"  {progress_text(progress, sessions)}")

    progress.on_end = line
    thread = threading.Thread(target=within, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def progress_text(progress: SessionProgress, sessions: int) -> str:
    """One line: how much is played and what is left, or that nothing but answers is waited for."""
    failed = f", {progress.failed} failed" if progress.failed else ""
    if progress.done == sessions:
        return f"{progress.done} of {counted(sessions, 'session')}{failed}"
    left_s = progress.left_s()
    left = f"about {clock_text(left_s)} left" if left_s else "all audio is sent, waiting for the service"
    audio = f"{progress.share() * 100:.0f} % of the audio"
    return f"{audio}, {progress.done} of {counted(sessions, 'session')}{failed}, {left}"


@contextlib.contextmanager
def _bar(progress: SessionProgress, sessions: int) -> Iterator[None]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    class Bar(Progress):
        """Asks for the state whenever it is drawn."""

        def get_renderables(self) -> Iterable[RenderableType]:
            for task in self.tasks:
                task.completed, task.description = progress.share(), progress_text(progress, sessions)
            return super().get_renderables()

    with Bar(BarColumn(), TextColumn("{task.description}"), console=Console(file=sys.stderr), transient=True) as bar:
        bar.add_task("", total=1.0)

        def line(record: SessionRecord) -> None:
            if record.outcome.failed:
                bar.console.print(visible(f"  {record.key}: {record.outcome.value}: {record.error}"), markup=False)

        progress.on_end = line
        yield
