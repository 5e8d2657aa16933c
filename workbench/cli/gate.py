"""``workbench gate``: a run turned into a verdict that a build can act on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.options import KEY_VALUE, SLICES, json_option, run_argument, store_option
from workbench.cli.screen import note, print_json, say

if TYPE_CHECKING:
    from workbench.scoring.breakdown import Grouping

__all__ = ["gate"]


@click.command(epilog="Example: workbench gate last --limit wer=0.15 --limit word_latency_p95_ms=900 --junit gate.xml")
@run_argument
@click.option("--against", metavar="BASE", help="Baseline run for the margins.")
@click.option("--against-first", is_flag=True, help="Use the first configuration of RUN as baseline of the others.")
@click.option(
    "--limit", "limits", multiple=True, type=KEY_VALUE, metavar="METRIC=NUMBER", help="Limit of a metric (repeatable)."
)
@click.option(
    "--margin",
    "margins",
    multiple=True,
    type=KEY_VALUE,
    metavar="METRIC=NUMBER",
    help="How much worse than BASE a metric may be (repeatable).",
)
@click.option(
    "--min-utterances",
    metavar="N",
    type=click.IntRange(1),
    help="Minimum number of utterances for a pass.  [default: 20]",
)
@click.option(
    "--by", "slices", multiple=True, type=click.Choice(SLICES), help="Also judge each group of recordings (repeatable)."
)
@click.option("--uncertified", is_flag=True, help="Accept runs without certified timing and judge only their words.")
@click.option("--by-speaker", is_flag=True, help="Use speakers instead of utterances as the units of the tests.")
@click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TOML file with [gate].  [default: workbench.toml]",
)
@click.option(
    "--junit", metavar="FILE", type=click.Path(path_type=Path), help="JUnit XML file to write, one test case per check."
)
@click.option(
    "--markdown", "page", metavar="FILE", type=click.Path(path_type=Path),
    help="Markdown file to write, for a build page.",
)  # fmt: skip
@store_option
@json_option
def gate(
    run: str,
    against: str | None,
    against_first: bool,
    limits: tuple[tuple[str, str], ...],
    margins: tuple[tuple[str, str], ...],
    min_utterances: int | None,
    slices: tuple[Grouping, ...],
    uncertified: bool,
    by_speaker: bool,
    config: Path | None,
    junit: Path | None,
    page: Path | None,
    store: Path | None,
    as_json: bool,
) -> int:
    """Judge RUN by limits, and by how much worse it is than a baseline.

    Some checks are always made: failed sessions, coverage, certified timing and, with BASE, whether critical errors,
    flicker or words taken back are shown to be worse. A limit or margin on the same metric replaces its check.

    Give shares as ratios (wer=0.15) and times in ms. Options override the tables [gate.limits] and [gate.margins] of
    the TOML file. `run --endpoint A --endpoint B` plays two services in one run, and `gate last --against-first` judges
    B against A, recording by recording. Exit code 0: pass; 1: fail; 6: not enough data, or the measurement itself is
    invalid.
    """
    import os

    from workbench.comparing.gate import Rules, gate_json, judge, junit_xml, load_rules, markdown
    from workbench.runs.result import load_result
    from workbench.settings import load_settings
    from workbench.store import open_run

    root = load_settings(os.environ, store=store).store
    file = config or Path("workbench.toml")
    rules = load_rules(file) if config or file.exists() else Rules()
    rules = rules.merged(
        _bounds(limits, "limits"), _bounds(margins, "margins"), min_utterances, slices, by_speaker, uncertified
    )
    base = load_result(open_run(root, against)) if against else None
    result = judge(load_result(open_run(root, run)), rules, base, against_first=against_first)
    _write(junit, junit_xml(result))
    _write(page, markdown(result))
    for line in result.warnings:
        note(f"warning: {line}")
    if as_json:
        print_json(gate_json(result))
    else:
        from workbench.cli.screen import print_table
        from workbench.reporting.tables.gate import checks_text_table

        print_table(checks_text_table(result))
        for sentence in result.verdicts:
            say(sentence)
        say(result.sentence)
    return result.exit_code


def _bounds(pairs: Sequence[tuple[str, str]], item: str) -> dict[str, float]:
    """``wer=0.15`` as name and number."""
    from workbench.errors import InputError

    bounds = {}
    for name, text in pairs:
        try:
            bounds[name] = float(text)
        except ValueError:
            raise InputError("value not allowed", item=f"{item}.{name}", got=text, expected="a number") from None
    return bounds


def _write(path: Path | None, text: str) -> None:
    from workbench.store.files import write_named

    if path is not None:
        write_named(path, "file", lambda file: file.write(text.encode()))
