"""Play what an interrupted run left unplayed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbench.errors import StoreError
from workbench.playing.job import Job
from workbench.playing.pacer import run
from workbench.playing.slots import OnSlots
from workbench.playing.stop import Stop
from workbench.recording.record import Outcome, SessionKey, newest
from workbench.runs.evaluate import OnBegin, OnSession, play_into, score_stored
from workbench.runs.manifest import resolved_of, settings_of, spec_of
from workbench.runs.offline_baseline import with_baseline
from workbench.runs.order import session_keys
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import RunResult, result_of
from workbench.runs.service import logged_in, open_services, predecode, prepare_service_jobs
from workbench.settings import Settings, load_settings
from workbench.store import RunWriter, StoredRun, open_run

__all__ = ["Remainder", "reopened", "resume", "settings_for", "unplayed"]


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left to play of a stored run.

    Attributes:
        run: on disk.
        resolved: what the run plays.
        missing: sessions to play, in the order of the run.
        seen: how every stored session ended, earlier attempts included.
        kept: sessions that stay as they are.
        failed: how many of these failed; a failure is a result.
        again: how many of ``missing`` had begun before: theirs is a new attempt, the old one stays in the record.
    """

    run: StoredRun
    resolved: ResolvedRun
    missing: tuple[SessionKey, ...] = field(repr=False)
    seen: dict[SessionKey, Outcome] = field(repr=False)
    kept: int
    failed: int
    again: int


def unplayed(run: StoredRun, *, retry_failed: bool = False) -> Remainder:
    """What is left to play of a run: sessions that never began, and those that were cut off.

    Args:
        run: interrupted, killed, or committed before it was complete.
        retry_failed: those that failed, too.

    Raises:
        InputError: it was stored before runs could be resumed, or a setting means something else by now.
        CorpusError: its corpus is gone or changed.
    """
    resolved, shard = resolved_of(run.manifest)
    seen = run.outcomes()
    last = newest(seen)
    missing, outcomes = [], []
    for key in session_keys(resolved, shard):
        before = last.get(key.place)
        if before is None:
            missing.append(key)
        elif seen[before] is Outcome.CANCELLED or (retry_failed and seen[before].failed):
            missing.append(replace(key, attempt=before.attempt + 1))
        else:
            outcomes.append(seen[before])
    return Remainder(
        run=run,
        resolved=resolved,
        missing=tuple(missing),
        seen=seen,
        kept=len(outcomes),
        failed=sum(outcome.failed for outcome in outcomes),
        again=sum(key.attempt > 0 for key in missing),
    )


def settings_for(
    run: StoredRun,
    environment: Mapping[str, str],
    *,
    store: Path | None = None,
    endpoints: Sequence[str] = (),
    ca_file: Path | None = None,
) -> Settings:
    """Where the rest of a run is played, and with whose credentials.

    Args:
        run: as stored.
        environment: environment of the process.
        store: folder of the runs.
        endpoints: named by the user; every service of the run but a simulator that it started itself.
        ca_file: additional CA certificate.

    Raises:
        InputError: nobody but the run names its service, or another service is named.
    """
    spec = spec_of(run.manifest)
    own = {cell.config.get("service") for cell in run.manifest.cells}
    endpoint = next((one for one in endpoints if one not in own), None)
    settings = load_settings(
        environment,
        store=store,
        endpoint=endpoint or ("simulator" if spec.endpoint == "simulator" else None),
        ca_file=ca_file,
        webhook_port=spec.webhook_port,
        provider_id=spec.provider_id,
    )
    return settings_of(run.manifest, settings, endpoint, endpoints)


def resume(
    rest: Remainder,
    settings: Settings,
    *,
    jobs: Sequence[Job] | None = None,
    on_session: OnSession | None = None,
    on_begin: OnBegin | None = None,
    on_predecode: Callable[[int, int], object] | None = None,
    stop: Stop | None = None,
    on_slots: OnSlots | None = None,
) -> RunResult:
    """Play what is left of a run, with its seed and in its order, and commit it.

    Args:
        rest: what :func:`unplayed` gave.
        settings: what :func:`settings_for` gave.
        jobs: jobs of ``rest.missing`` as :func:`prepare_jobs` made them; prepared here if not given.
        on_session: called with each finished record and how many have finished.
        on_begin: called with the empty record of each session before it streams.
        on_predecode: where answers are replayed, called with how many chunks are decoded beforehand, and of how many.
        stop: ends it early from outside; Ctrl-C does in any case.
        on_slots: as of :func:`evaluate`.

    Raises:
        StoreError: somebody else writes the run.
        WorkbenchError: as of :func:`evaluate`.
    """
    settings = logged_in(rest.resolved, settings) if rest.missing else settings
    jobs = prepare_jobs(rest.resolved, keys=rest.missing) if jobs is None else jobs
    jobs = with_baseline(rest.resolved, settings, jobs)
    return run(_resume(rest, settings, jobs, on_session, on_begin, on_predecode, stop or Stop(), on_slots))


async def _resume(
    rest: Remainder,
    settings: Settings,
    jobs: Sequence[Job],
    on_session: OnSession | None,
    on_begin: OnBegin | None,
    on_predecode: Callable[[int, int], object] | None,
    stop: Stop,
    on_slots: OnSlots | None,
) -> RunResult:
    resolved, complete = rest.resolved, True
    if jobs:
        await predecode(resolved, settings, jobs, on_predecode)
        async with open_services(resolved, settings) as services:
            jobs = await prepare_service_jobs(resolved, services.first, jobs, services.own)
            with reopened(rest, settings) as writer:
                complete = await play_into(writer, jobs, services, resolved, on_session, stop, on_begin, on_slots)
                scores = score_stored(writer, resolved, complete)
    else:  # killed between its last session and the commit
        with reopened(rest, settings) as writer:
            scores = score_stored(writer, resolved, complete)
    return result_of(open_run(settings.store, writer.path), scores, [c.name for c in resolved.cells], complete)


def reopened(rest: Remainder, settings: Settings) -> RunWriter:
    """The writer of the run that is resumed.

    Raises:
        StoreError: somebody else writes the run, or it has changed since it was read.
    """
    writer = RunWriter.resume(rest.run.path)
    if writer.outcomes() == rest.seen:
        if writer.manifest.request is not None:  # the service may have moved to another port
            writer.manifest.request.spec["endpoint"] = settings.endpoint
        return writer
    with writer:
        raise StoreError("the run has changed meanwhile", item=rest.run.run_id, action="Resume it again")
