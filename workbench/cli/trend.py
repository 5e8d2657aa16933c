"""``workbench trend``: one data set under one configuration over time."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.options import json_option, store_option
from workbench.cli.screen import note, print_json, print_table

__all__ = ["trend"]


@click.command(epilog="Example: workbench trend --corpus clinic --metric word_latency_p95")
@click.option("--corpus", metavar="CORPUS", help="Corpus to follow.  [default: the one played most often]")
@click.option("--configuration", metavar="NAME", help="Configuration to follow.  [default: the one played most often]")
@click.option(
    "--metric", type=click.Choice(["wer", "word_latency_p50", "word_latency_p95"]), default="wer", show_default=True,
    help="Metric to follow.",
)  # fmt: skip
@store_option
@json_option
def trend(corpus: str | None, configuration: str | None, metric: str, store: Path | None, as_json: bool) -> int:
    """Show one corpus under one configuration over time, with control limits.

    Exit code 1 if the newest run lies outside of the limits.
    """
    import os

    from workbench.comparing.trend import TREND_METRICS, trend_subjects
    from workbench.comparing.trend import trend as trend_of
    from workbench.errors import InputError
    from workbench.reporting.tables.trend import trend_table
    from workbench.runs.listing import run_listings
    from workbench.settings import load_settings

    root = load_settings(os.environ, store=store).store
    listings = run_listings(root)
    subjects = trend_subjects(listings)
    if not subjects:
        raise InputError("no run to follow", item=str(root), expected="stored runs", action="Play one: workbench run")
    found = next((s for s in subjects if corpus in (None, s[0]) and configuration in (None, s[1])), None)
    if found is None:
        asked = " under ".join(name for name in (corpus, configuration) if name is not None)
        known = "; ".join(f"{name} under {cell}" for name, cell in subjects[:5])
        raise InputError("no run to follow", item=str(root), got=asked, expected=known)
    which = next(known for known in TREND_METRICS if known == metric)
    result = trend_of(listings, *found, which)
    outside = bool(result.points) and result.points[-1].outside
    if as_json:
        print_json({"store": str(root), "trend": result, "newest_outside": outside})
    else:
        note(f"{found[0]} under {found[1]}")
        print_table(trend_table(result))
    return 1 if outside else 0
