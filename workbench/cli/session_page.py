"""One recording as one HTML file at the command line: ``workbench runs export --format html``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.screen import echo, note, print_json

if TYPE_CHECKING:
    from workbench.store import StoredRun

__all__ = ["export_session"]


def export_session(
    run: StoredRun,
    target: Path | None,
    recording: str | None,
    cells: tuple[str, ...],
    other: StoredRun | None,
    as_json: bool,
) -> None:
    """Write one recording: one session of it, two configurations of the run, or one session of each of two runs.

    Args:
        run: where it was played.
        target: file to write; None for a name made of run and session.
        recording: id of the utterance.
        cells: configurations; the second one is that of ``other`` where that is given.
        other: another run.
        as_json: print what was written as JSON.

    Raises:
        InputError: there is no such session.
        CorpusError: the corpus, which the sound is made from, was removed or changed.
    """
    from workbench.reporting.session import find_session
    from workbench.reporting.session_names import session_names
    from workbench.reporting.session_page import MAX_SESSIONS, write_session_page
    from workbench.runs.result import load_result

    if recording is None:
        raise click.UsageError("--format html needs --recording ID")
    if len(cells) > MAX_SESSIONS:
        raise click.UsageError(f"--configuration is given {len(cells)} times; {MAX_SESSIONS} are shown in step")
    first = cells[0] if cells else None
    wanted = [(run, first)]
    if other is not None or len(cells) > 1:
        wanted.append((other or run, cells[1] if len(cells) > 1 else first))
    sessions = [find_session(one, load_result(one).scores, recording, cell, 0) for one, cell in wanted]
    key = sessions[0].record.key
    path = target or Path(f"{run.run_id}-{session_names([key])[key.place]}.html")
    size = write_session_page(path, sessions, sessions[0].sound())
    if as_json:
        print_json({"run_id": run.run_id, "format": "html", "files": [str(path)]})
        return
    echo(str(path))
    note(f"{size / 1000:.0f} kB, with transcripts and sound: treat it as patient data")
