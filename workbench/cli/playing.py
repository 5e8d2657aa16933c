"""Play a run with progress and print what came of it; shared by the verbs that play."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.problems import say_left_out
from workbench.cli.results import asked_metrics, exit_code, print_metrics, show_played
from workbench.cli.screen import hint, item_progress, note, print_json, say
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.playing.job import Job
    from workbench.recording.record import SessionKey, SessionRecord
    from workbench.runs.order import Shard
    from workbench.runs.resolved_run import ResolvedRun
    from workbench.runs.result import RunResult
    from workbench.runs.resume import Remainder
    from workbench.runs.spec import RunSpec
    from workbench.scoring.metric import Metric
    from workbench.settings import Settings
    from workbench.store.labels import RunLabel

__all__ = [
    "play_and_print",
    "play_verb",
    "resume_and_print",
]


def play_verb(
    spec: RunSpec,
    *,
    shard: str | None,
    cluster: str | None,
    dry_run: bool,
    allow_failed: int,
    store: Path | None,
    as_json: bool,
    columns: str | None,
    percentiles: str | None,
    name: str | None,
    note_text: str | None,
    run_tags: Sequence[str],
    pilot: str | None = None,
    announce: bool = False,
) -> int:
    """Play a specification, or with ``dry_run`` say what would be played; returns the exit code.

    The other arguments are the options of these names; ``announce`` prints the plan before it is played.
    """
    if columns == "help":
        print_metrics()
        return 0
    from workbench.comparing.plan import plan_json, plan_lines
    from workbench.corpus.draft import drafts_sentence
    from workbench.runs.order import Shard
    from workbench.runs.resolve import resolve, service_settings
    from workbench.store.labels import RunLabel, label_tags

    metrics = asked_metrics(columns, percentiles, "summary")
    label = RunLabel((name or "").strip(), (note_text or "").strip(), label_tags(run_tags))
    part = None if shard is None else Shard.parse(shard)
    settings = service_settings(spec, os.environ, store=store)
    resolved = resolve(spec)
    if resolved.drafts:
        note(drafts_sentence(resolved.drafts))
    priced = settings.price_per_minute
    plan = plan_json(resolved, settings.store, pilot, priced) if dry_run or announce else None
    if plan is not None and dry_run and as_json:
        print_json(plan)
    elif plan is not None:
        show = say if dry_run else hint
        for line in plan_lines(plan):
            show(line)
    if dry_run:
        return 0
    more = None if plan is None else {"plan": plan}
    result = play_and_print(resolved, settings, as_json, more, part, cluster, metrics, label)
    return exit_code(result, allow_failed)


def play_and_print(
    resolved: ResolvedRun,
    settings: Settings,
    as_json: bool,
    more: dict[str, Any] | None = None,
    shard: Shard | None = None,
    cluster: str | None = None,
    metrics: Sequence[Metric] = (),
    label: RunLabel | None = None,
) -> Any:  # noqa: ANN401
    """Play with progress, then print the table or the JSON object; returns the RunResult.

    Args:
        resolved: what to play.
        settings: where, and with which store.
        as_json: print JSON.
        more: further keys of the JSON object.
        shard: play only this part.
        cluster: address of a Dask scheduler to play on.
        metrics: columns of the table; empty for the usual ones.
        label: name, note and tags of the run.
    """
    from workbench.playing.stop import Stop
    from workbench.runs.cluster import evaluate_on_cluster
    from workbench.runs.evaluate import evaluate
    from workbench.runs.order import session_keys
    from workbench.runs.prepare import prepare_jobs
    from workbench.runs.service import logged_in

    stop, keys = Stop(_say_stop), session_keys(resolved, shard)
    if cluster is not None:
        sessions = counted(len(keys), "session")
        hint(f"{sessions} on the cluster at {cluster}, {resolved.spec.concurrency} concurrent on each worker")
        result = evaluate_on_cluster(
            resolved, settings, cluster, shard=shard, on_shard=_say_shard, stop=stop, label=label
        )
    else:
        settings = logged_in(resolved, settings)
        resolved = _cap_concurrency(resolved, settings)
        _announce(resolved, keys, f"Shard {shard}: " if shard else "")
        jobs = _with_baseline(resolved, settings, prepare_jobs(resolved, keys=keys))
        play = partial(
            evaluate, resolved, settings, jobs=jobs, shard=shard, stop=stop, on_slots=_say_slots, label=label
        )
        result = _followed(play, resolved, jobs)
    left_out = resolved.corpus.left_out
    if left_out:
        more = {**(more or {}), "left_out": [str(problem) for problem in left_out]}
    if resolved.drafts:
        more = {**(more or {}), "drafts": resolved.drafts}
    show_played(result, settings, as_json, more, metrics, baseline=resolved.spec.offline_baseline)
    say_left_out(left_out)
    return result


def resume_and_print(
    rest: Remainder, settings: Settings, as_json: bool, cluster: str | None = None, metrics: Sequence[Metric] = ()
) -> Any:  # noqa: ANN401
    """Play what is left with progress, say what was kept, then print as :func:`play_and_print`."""
    from workbench.playing.stop import Stop
    from workbench.runs.cluster import resume_on_cluster
    from workbench.runs.prepare import prepare_jobs
    from workbench.runs.resume import resume
    from workbench.runs.service import logged_in

    again = f", {rest.again} of them again, from their beginning" if rest.again else ""
    failed = f", {rest.failed} of them failed" if rest.failed else ""
    kept = f"{counted(rest.kept, 'session')} kept{failed}"
    hint(f"Run {rest.run.run_id}: {kept}; {len(rest.missing)} left to play{again}")
    if cluster is not None and rest.missing:
        result = resume_on_cluster(rest, settings, cluster, on_shard=_say_shard, stop=Stop(_say_stop))
    else:
        settings = logged_in(rest.resolved, settings) if rest.missing else settings
        rest = replace(rest, resolved=_cap_concurrency(rest.resolved, settings))
        if rest.missing:
            _announce(rest.resolved, rest.missing)
        jobs = _with_baseline(rest.resolved, settings, prepare_jobs(rest.resolved, keys=rest.missing))
        play = partial(resume, rest, settings, jobs=jobs, stop=Stop(_say_stop), on_slots=_say_slots)
        result = _followed(play, rest.resolved, jobs)
    resumed = {"kept": rest.kept, "kept_failed": rest.failed, "played": len(rest.missing), "played_again": rest.again}
    show_played(result, settings, as_json, {"resumed": resumed}, metrics, baseline=rest.resolved.spec.offline_baseline)
    return result


def _with_baseline(resolved: ResolvedRun, settings: Settings, jobs: Sequence[Job]) -> Sequence[Job]:
    from workbench.runs.offline_baseline import with_baseline

    with item_progress("decoding whole", "recordings") as advance:
        return with_baseline(resolved, settings, jobs, advance)


def _followed(play: Callable[..., RunResult], resolved: ResolvedRun, jobs: Sequence[Job]) -> RunResult:
    """Play with progress: of what is decoded beforehand, and then of what is streamed."""
    from workbench.cli.progress import SessionProgress, planned_seconds, session_progress

    progress = SessionProgress(planned_seconds(jobs), resolved.spec.concurrency)
    with contextlib.ExitStack() as shown:
        predecoding: list[Callable[[int, int], None]] = []

        def predecode(done: int, chunks: int) -> None:
            if not predecoding:
                predecoding.append(before.enter_context(item_progress("decoding for replay", "chunks")))
            predecoding[0](done, chunks)

        def begin(record: SessionRecord) -> None:
            if progress.idle:
                before.close()
                shown.enter_context(session_progress(progress, len(jobs)))
            progress.begin(record)

        with contextlib.ExitStack() as before:
            return play(on_begin=begin, on_session=progress.end, on_predecode=predecode)


def _cap_concurrency(resolved: ResolvedRun, settings: Settings) -> ResolvedRun:
    from workbench.runs.service import cap_concurrency

    wanted, resolved = resolved.spec.concurrency, cap_concurrency(resolved, settings)
    capped = resolved.spec.concurrency
    if capped < wanted:
        note(
            f"This machine can decode {counted(capped, 'stream')} at once; "
            f"playing {counted(capped, 'session')} at a time instead of {wanted}."
        )
    local = "simulator" in resolved.endpoints(settings.endpoint).values()
    if local and settings.recogniser == "live" and (busy := _busy()):
        note(f"{busy}: the recogniser may fall behind; latencies of sessions in which it does are excluded.")
    return resolved


_BUSY_SHARE = 0.5
"""Of the cores: from here on what else runs takes time from the recogniser."""


def _busy() -> str | None:
    """That other work keeps this machine busy; None if it does not, or if the system does not tell."""
    import os

    from workbench.simulator.local import usable_cores

    if not hasattr(os, "getloadavg"):
        return None
    load, cores = os.getloadavg()[0], usable_cores()
    return f"This machine is busy (load {load:.1f} on {counted(cores, 'core')})" if load > _BUSY_SHARE * cores else None


def _announce(resolved: ResolvedRun, keys: Sequence[SessionKey], prefix: str = "") -> None:
    from workbench.cli.progress import clock_text
    from workbench.runs.estimate import estimated_seconds, units_of

    length_s = {utterance.id: utterance.duration_s for utterance in resolved.utterances}
    seconds = sum(length_s[key.utterance] for key in keys)
    paces = {cell.pace for cell in resolved.cells}
    pace = "in real time" if paces == {1.0} else f"at pace {', '.join(f'{pace:g}' for pace in sorted(paces))}"
    about = estimated_seconds(units_of(resolved, keys), resolved.spec.concurrency) + _AROUND_S
    hint(
        f"{prefix}{counted(len(keys), 'session')}, {resolved.spec.concurrency} concurrent, {seconds:.0f} s of speech "
        f"{pace}: about {clock_text(about) if about >= _MINUTE_S else f'{about:.0f} s'}"
    )


_AROUND_S = 5
_MINUTE_S = 60


def _say_shard(done: int, shards: int) -> None:
    hint(f"  {done} of {counted(shards, 'shard')}")


def _say_slots(limit: int, why: str) -> None:
    hint(f"  {why[0].upper()}{why[1:]}: {counted(limit, 'concurrent session')} from here on")


def _say_stop(requests: int) -> None:
    if requests == 1:
        note("Stopping after the sessions in flight; Ctrl-C again stops now")
