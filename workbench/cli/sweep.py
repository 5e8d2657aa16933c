"""``workbench sweep``: the same utterances under many configurations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.options import run_options, spec_values

__all__ = ["sweep"]


@click.command(
    epilog="Example: workbench sweep --vary snr_db=inf,30,20 --vary chunk_ms=50,100,200 --limit 12 --dry-run"
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@run_options()
@click.option(
    "--pilot", metavar="RUN", help="Stored run to estimate the smallest detectable difference from.  [default: newest]"
)
def sweep(file: Path | None, pilot: str | None, **typed: Any) -> int:  # noqa: ANN401  options made from fields
    """Play the same utterances under many configurations, interleaved, and compare them pairwise.

    FILE is TOML: any option of a run, written with underscores (`limit = 24`, `push_to_talk = true`), a table `[base]`,
    and either `[vary]` with lists of values or `[[cells]]`. Options override the file. Without a file, --vary makes the
    grid.
    """
    import os

    from workbench.cli.playing import play_verb
    from workbench.errors import InputError
    from workbench.runs.spec_fields import make_spec
    from workbench.runs.sweep import check_sweep_authority, load_sweep

    fields, more = spec_values(typed)
    if file is None and not fields.get("vary"):
        raise InputError("nothing to vary", item="sweep", expected="FILE or --vary KEY=VALUE,VALUE")
    if file is not None and "vary" in fields:
        raise InputError("both a file and --vary", item=str(file), expected="one of them")
    over = None if file is None else load_sweep(file)
    if file is not None and over is not None:
        check_sweep_authority(file, over, fields, os.environ)
    if over is not None and "base" in fields:
        fields["base"] = over.base | fields["base"]
    return play_verb(make_spec(fields, over=over), **more, pilot=pilot, announce=True)
