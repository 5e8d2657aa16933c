"""Turn a specification into jobs: degraded audio, plans and session keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.audio.degrade import prepare
from workbench.audio.files import Audio
from workbench.corpus import Utterance, read_utterance
from workbench.playing.job import Job
from workbench.playing.network import find_profile
from workbench.playing.plan import SessionPlan, build_plan
from workbench.recording.record import SessionKey
from workbench.runs.order import session_keys, talk_of
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.sweep import Cell

__all__ = ["prepare_jobs"]


def prepare_jobs(
    resolved: ResolvedRun,
    on_progress: Callable[[int, int], object] | None = None,
    *,
    keys: Sequence[SessionKey] | None = None,
) -> list[Job]:
    """Prepared, planned and encoded sessions in the order of playing; a plan is shared by its repeats.

    Args:
        resolved: the run.
        on_progress: called with how many plans are made, and of how many.
        keys: keys of the sessions to prepare; all of the run if not given.

    Raises:
        AudioError: naming the file that cannot be read.
    """
    keys = session_keys(resolved) if keys is None else keys
    wanted = {(key.utterance, key.cell) for key in keys}
    plans: dict[tuple[str, str], SessionPlan] = {}
    for utterance in resolved.utterances:
        cells = [cell for cell in resolved.cells if (utterance.id, cell.name) in wanted]
        if not cells:
            continue
        audio = read_utterance(utterance)
        for cell in cells:
            plans[utterance.id, cell.name] = _plan(resolved, utterance, cell, audio)
            if on_progress is not None:
                on_progress(len(plans), len(wanted))
    speaker = {u.id: u.speaker or "" for u in resolved.utterances}
    return [
        Job(
            key,
            plans[key.utterance, key.cell],
            talk=talk_of(key, speaker) if resolved.spec.push_to_talk else None,
            context=resolved.context,
        )
        for key in keys
    ]


def _plan(resolved: ResolvedRun, utterance: Utterance, cell: Cell, audio: Audio) -> SessionPlan:
    prepared = prepare(
        audio.pcm,
        audio.sample_rate_hz,
        utterance.reference,
        cell.audio,
        seed=resolved.spec.seed,
        key=utterance.id,
        speaker=utterance.speaker,
    )
    return build_plan(
        prepared.pcm,
        prepared.sample_rate_hz,
        utterance_id=utterance.id,
        cell=cell.name,
        reference=prepared.reference,
        chunk_ms=cell.audio.chunk_ms,
        product=resolved.spec.product,
        dialect=resolved.spec.dialect,
        pace=cell.pace,
        facts=prepared.facts,
        speaker=utterance.speaker,
        tags=utterance.tags,
        network=find_profile(cell.network),
        seed=resolved.spec.seed,
    )
