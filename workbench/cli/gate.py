"""``workbench gate``: a run turned into a verdict that a build can act on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from workbench.cli.screen import json_option, note, print_json

__all__ = ["gate"]


@click.command(
    epilog="Example: workbench gate last --limit wer=0.15 --limit word_latency_p95_ms=900 --against BASE "
    "--margin wer=0.01 --junit gate.xml"
)
@click.argument("run", default="last")
@click.option("--against", metavar="BASE", help="Baseline run of the margins.")
@click.option("--limit", "limits", multiple=True, metavar="METRIC=NUMBER", help="What the metric may reach.")
@click.option("--margin", "margins", multiple=True, metavar="METRIC=NUMBER", help="How much worse than BASE it may be.")
@click.option("--min-utterances", type=click.IntRange(1), help="With fewer, nothing passes.  [default: 20]")
@click.option("--by", "slices", multiple=True, type=click.Choice(["tag", "speaker"]), help="Judge these slices too.")
@click.option("--config", type=click.Path(path_type=Path), help="TOML with [gate].  [default: workbench.toml]")
@click.option("--junit", type=click.Path(path_type=Path), help="Write JUnit XML: a test case a metric and slice.")
@click.option("--markdown", "page", type=click.Path(path_type=Path), help="Write Markdown for the page of a build.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def gate(
    run: str,
    against: str | None,
    limits: tuple[str, ...],
    margins: tuple[str, ...],
    min_utterances: int | None,
    slices: tuple[Literal["tag", "speaker"], ...],
    config: Path | None,
    junit: Path | None,
    page: Path | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Judge RUN by limits, and by how much worse than a baseline it is.

    Shares are ratios, times are ms. Flags come before the tables [gate.limits] and [gate.margins] of the
    configuration. Exit code 0: pass; 1: fail; 6: not enough data, or the measurement itself is invalid.
    """
    import os

    from workbench.gate import Rules, gate_json, judge, junit_xml, load_rules, markdown, parse_bounds
    from workbench.scored import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    root = load_settings(os.environ, store=store).store
    file = config or Path("workbench.toml")
    rules = load_rules(file) if config or file.exists() else Rules()
    rules = rules.merged(parse_bounds(limits, "--limit"), parse_bounds(margins, "--margin"), min_utterances, slices)
    base = load_result(open_run(root, against)) if against else None
    result = judge(load_result(open_run(root, run)), rules, base)
    _write(junit, junit_xml(result))
    _write(page, markdown(result))
    for line in result.warnings:
        note(f"warning: {line}")
    if as_json:
        print_json(gate_json(result))
    else:
        from workbench.cli.screen import print_table
        from workbench.delta_tables import checks_table

        print_table(checks_table(result))
        click.echo(result.sentence)
    return result.exit_code


def _write(path: Path | None, text: str) -> None:
    from workbench.errors import InputError

    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            "the file cannot be written",
            item=str(path),
            got=error.strerror,
            action="Name a file in a folder that you may write",
        ) from None
