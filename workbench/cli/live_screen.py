"""Words on a terminal: finals stay, the newest partial is rewritten behind them."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import click

from workbench.cli.screen import echo, note
from workbench.protocol.messages import Final, Partial
from workbench.protocol.stream import codec_for

if TYPE_CHECKING:
    from workbench.recording.record import SessionRecord
    from workbench.scoring.metrics.normalize import Normaliser

__all__ = ["Screen"]


class Screen:
    """Shows messages as they arrive.

    Args:
        quiet: shows nothing; for output that a program reads.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stdout.isatty()
        self._rows = 0

    def open(self, endpoint: str, recogniser: str | None) -> None:
        """Say who listens."""
        if not self._quiet:
            note(f"Listening: {endpoint}" + (f", simulated by {recogniser}" if recogniser else ""))

    def tell(self, record: SessionRecord, received_ns: int, text: str) -> None:
        """A message arrived: see :data:`workbench.runs.observe.TextListener`."""
        if self._quiet:
            return
        message = codec_for(record.dialect).decode_server(text)
        at_s = (received_ns - (record.start_ns or received_ns)) / 1e9
        if isinstance(message, Final):
            self._write(f"{message.text}", end=True, at_s=at_s)
        elif isinstance(message, Partial) and message.text:
            self._write(message.text, end=False, at_s=at_s)

    def _write(self, text: str, *, end: bool, at_s: float) -> None:
        # A service may send control characters; a terminal must not obey them.
        shown = "".join(sign if sign.isprintable() else " " for sign in text)
        if not self._terminal:
            echo(f"{at_s:7.2f} s  {'final  ' if end else 'partial'}  {shown}")
            return
        self._erase()
        width = shutil.get_terminal_size().columns
        click.echo(shown if end else click.style(shown, dim=True, italic=True), nl=end)
        self._rows = 0 if end else max(0, (len(shown) - 1) // width)

    def _erase(self) -> None:
        click.echo("\r" + (f"\x1b[{self._rows}A" if self._rows else "") + "\x1b[J", nl=False)
        self._rows = 0

    def close(self, record: SessionRecord, which: Normaliser) -> None:
        """Print how the session ended, and its delays and WER."""
        if self._quiet:
            return
        if self._terminal:
            self._erase()
        if record.outcome.failed:
            note(f"workbench: {record.outcome.value}: {record.error}")
            return
        note(_summary(record, which))


def _summary(record: SessionRecord, which: Normaliser) -> str:
    from workbench.scoring.measures import METRICS
    from workbench.scoring.session import score_session
    from workbench.units import ms

    score = score_session(record, which)
    first = ms(score.latency.first_partial_ns)
    if first is None:
        first = ms(score.latency.first_partial_audio_start_ns)
    lag = ms(score.latency.finalisation_ns if record.reference.words else score.latency.last_byte_to_final_ns)
    known = bool(record.reference.spoken)
    counts = f"({score.words.errors} of {score.words.reference} words)"
    errors = f"{METRICS['wer'].text(score.words.rate)} {counts}" if known and score.words.rate is not None else "–"
    parts = [
        f"first word {first:.0f} ms" if first is not None else "first word –",
        f"final lag {lag:.0f} ms" if lag is not None else "final lag –",
        f"{METRICS['wer'].title} {errors} [{score.normaliser}]",
        "pacing valid" if score.instrument.pacing_valid else f"invalid measurement: {score.instrument.pacing_reason}",
    ]
    return " · ".join(parts)
