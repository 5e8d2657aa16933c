"""``workbench run``: play a corpus, store what happened, print the scores."""

from __future__ import annotations

from typing import Any

import click

from workbench.cli.options import run_options, spec_values

__all__ = ["run"]


@click.command(
    epilog="Example: workbench run --corpus clinic --limit 4 --set snr_db=20 --columns wer,clinical --name 'first try'"
)
@run_options("vary")
def run(**typed: Any) -> int:  # noqa: ANN401  options of a run, made from its fields
    """Play a corpus to Suki or to the simulator and store the results.

    Credentials are read from SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN. The run is stored even if sessions fail.
    """
    from workbench.cli.playing import play_verb
    from workbench.runs.spec_fields import make_spec

    fields, more = spec_values(typed)
    return play_verb(make_spec(fields), **more)
