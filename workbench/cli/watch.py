"""``workbench watch``: a data set against a service every so often, and a word where a run is outside of its limits."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.options import store_option
from workbench.cli.screen import echo, note

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.comparing.watch import Outside, Watched, WatchPlan
    from workbench.runs.resolved_run import ResolvedRun
    from workbench.settings import Settings

__all__ = ["watch"]

_WEBHOOK_S = 10.0


@click.command(epilog="Example: workbench watch watch.toml --times 1")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--times", metavar="N", type=click.IntRange(min=1), help="Number of runs to play.  [default: until Ctrl-C]"
)
@click.option(
    "--webhook", metavar="URL", help="Address to POST to if a run is outside its limits or could not be played."
)
@click.option("--endpoint", metavar="ENDPOINT", help="Service, instead of the one that FILE names.")
@store_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per run instead of lines.")
def watch(
    file: Path, times: int | None, webhook: str | None, endpoint: str | None, store: Path | None, as_json: bool
) -> int:
    """Play a corpus at intervals and report runs outside their control limits.

    FILE is a sweep file with a table [watch]; docs/watching.md shows one. A run outside its limits is played again at
    once and reported only if the second run is outside, too. Limits need twelve runs. Exit code 1: a run was outside
    its limits; 3: a run could not be played.
    """
    import os

    import msgspec

    from workbench.comparing.watch import load_watch
    from workbench.comparing.watch import watch as watching
    from workbench.runs.estimate import sent_seconds
    from workbench.runs.listing import run_listings
    from workbench.runs.resolve import resolve, service_settings
    from workbench.runs.sweep import check_sweep_authority

    plan, spec = load_watch(file)
    named = {name: value for name, value in {"endpoint": endpoint, "webhook": webhook}.items() if value is not None}
    check_sweep_authority(file, spec, named, os.environ, None if webhook else plan.webhook)
    if endpoint is not None:
        spec = msgspec.structs.replace(spec, endpoint=endpoint)
    address = webhook or plan.webhook
    send = None if address is None else _sender(address)
    settings = service_settings(spec, os.environ, store=store)
    resolved = resolve(spec)
    audio_s = sent_seconds(resolved)
    note(_begins(plan, resolved, settings, audio_s))
    outside, failed, corpus = False, False, resolved.corpus.name
    rounds = watching(
        plan, _player(resolved, settings), lambda: run_listings(settings.store), _Clock(),
        corpus=corpus, audio_s=audio_s, times=times,
    )  # fmt: skip
    for found in rounds:
        echo(msgspec.json.encode(found).decode() if as_json else _line(found))
        outside, failed = outside or bool(found.outside), failed or found.problem is not None
        if send is not None and (found.outside or found.problem):
            send({"text": f"{corpus}: {_line(found)}", "corpus": corpus, "found": found})
    return 1 if outside else 3 if failed else 0


class _Clock:
    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


def _begins(plan: WatchPlan, resolved: ResolvedRun, settings: Settings, audio_s: float) -> str:
    bound = "" if plan.minutes_a_day is None else f", at most {plan.minutes_a_day:g} minutes a day"
    return (
        f"{resolved.corpus.name} against {settings.endpoint} "
        f"every {plan.every}: {audio_s / 60:.1f} minutes of audio a run{bound}. Runs are stored in {settings.store}"
    )


def _player(resolved: ResolvedRun, settings: Settings) -> Callable[[], str]:
    def play() -> str:
        from workbench.runs.evaluate import evaluate

        result = evaluate(resolved, settings)
        if not result.complete:  # Ctrl-C
            raise KeyboardInterrupt
        return result.run.run_id

    return play


def _line(found: Watched) -> str:
    """One line for people, without the time where nothing was played."""
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(found.at_s))
    runs = " and ".join(found.run_ids)
    if found.problem is not None:
        return f"{when}  {runs or 'no run'}: {found.problem}"
    if found.wait_s is not None:
        return f"{when}  the day's minutes are spent; next run in {found.wait_s / 3600:.1f} h"
    if found.outside:
        return f"{when}  OUTSIDE {'; '.join(map(_said, found.outside))} ({runs})"
    if found.once:
        seen = "; ".join(map(_said, found.once))
        again = "played again, it was not" if len(found.run_ids) > 1 else "the day's minutes do not allow another run"
        return f"{when}  {found.run_ids[0]}: once outside, {seen}; {again}"
    return f"{when}  {runs}: within limits"


def _said(one: Outside) -> str:
    from workbench.scoring.measures import METRICS

    metric = METRICS[one.metric]
    if one.value is None:
        return f"{one.configuration}: every session failed"

    def text(value: float | None) -> str:
        return "none" if value is None else metric.text(float(metric.shown(value) or 0.0))

    return f"{one.configuration}: {metric.title} {text(one.value)} (limits {text(one.low)} to {text(one.high)})"


def _sender(url: str) -> Callable[[dict[str, Any]], None]:
    """What posts JSON to ``url``; an address that cannot be used is refused here, before anything is played."""
    from urllib.parse import urlsplit

    import httpx
    import msgspec

    from workbench.client.proxies import proxy_for, through
    from workbench.errors import ConfigurationError

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ConfigurationError("not an address", item="webhook", expected="https://host/path")
    way, host = through(proxy_for(url)), urlsplit(url).hostname

    def send(message: dict[str, Any]) -> None:
        try:
            with httpx.Client(timeout=_WEBHOOK_S, **way) as client:
                answer = client.post(
                    url, content=msgspec.json.encode(message), headers={"Content-Type": "application/json"}
                )
        except httpx.HTTPError as error:
            note(f"The webhook at {host} was not reached ({type(error).__name__}); the watch goes on")
            return
        if not answer.is_success:
            note(f"The webhook at {host} answered {answer.status_code}; the watch goes on")

    return send
