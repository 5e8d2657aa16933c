"""What streaming costs: the finals of a stream beside the same model's text of the whole recording.

Whole recordings are decoded before a run begins, never while it is timed; their texts lie beside the sessions, so that
a stored run can be scored again. A run that has none is decoded again from its corpus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from workbench.corpus.draft import in_threads
from workbench.errors import InputError
from workbench.playing.job import Job
from workbench.playing.plan import SessionPlan
from workbench.recording.record import SessionRecord
from workbench.runs.manifest import resolved_of, spec_of
from workbench.runs.order import session_keys
from workbench.runs.prepare import prepare_jobs
from workbench.runs.resolved_run import ResolvedRun
from workbench.runs.result import RunResult
from workbench.scoring.metrics.normalize import normaliser
from workbench.scoring.session import SessionScore, score_session
from workbench.settings import DEFAULT_MODEL, Settings
from workbench.simulator.local import usable_cores
from workbench.simulator.recognition.whisper.offline import load_transcriber

__all__ = ["WHOLE_TEXT", "baseline_scores", "with_baseline"]

WHOLE_TEXT = "whole_recording_text"
"""Fact of a session: what its recogniser says of the whole recording."""

OnProgress = Callable[[int, int], object]
"""Called with the number of recordings that were decoded, and of how many."""


def with_baseline(
    resolved: ResolvedRun, settings: Settings, jobs: Sequence[Job], on_progress: OnProgress | None = None
) -> Sequence[Job]:
    """The jobs with the text of each whole recording among their facts, where the run asks for it.

    Args:
        resolved: the run.
        settings: where it is played.
        jobs: of the run; those that have the text already are left as they are.
        on_progress: told of each recording.

    Raises:
        InputError: the service is not the simulator, or its model does not decode whole recordings.
        ConfigurationError: the weights are not on this machine.
    """
    if not resolved.spec.offline_baseline:
        return jobs
    if settings.endpoint != "simulator":
        raise InputError(
            "only the model of the local simulator can decode whole recordings, too", item="offline_baseline",
            got=f"endpoint {settings.endpoint}", expected="endpoint simulator",
        )  # fmt: skip
    bare = {id(job.plan): job.plan for job in jobs if WHOLE_TEXT not in job.plan.facts}
    texts = _texts(bare.values(), settings.model, on_progress)
    # Repeats share a plan, and go on sharing it.
    plans = {
        name: replace(plan, facts=plan.facts | {WHOLE_TEXT: text})
        for (name, plan), text in zip(bare.items(), texts, strict=True)
    }
    return [replace(job, plan=plans.get(id(job.plan), job.plan)) for job in jobs]


def baseline_scores(result: RunResult, on_progress: OnProgress | None = None) -> list[SessionScore]:
    """Scores of a run as if each session had said what its model says of the whole recording.

    Args:
        result: a stored run on the simulator; where it has no such texts its audio is prepared and decoded again.
        on_progress: told of each recording that is.

    Raises:
        InputError: the run does not say what it played, or its model does not decode whole recordings.
        CorpusError: its corpus is gone or changed.
    """
    records = list(result.iter_records())
    texts = _stored(records)
    if any(record.key.place not in texts for record in records):
        texts = _decoded_again(result, on_progress)
    names = {score.normaliser for score in result.scores}
    which = normaliser(names.pop() if len(names) == 1 else "clinical")
    return [
        score_session(replace(record, final_transcript=texts[record.key.place]), which)
        for record in records
        if record.key.place in texts
    ]


_Texts = dict[tuple[str, str, int], str]


def _stored(records: Iterable[SessionRecord]) -> _Texts:
    return {record.key.place: str(record.facts[WHOLE_TEXT]) for record in records if WHOLE_TEXT in record.facts}


def _decoded_again(result: RunResult, on_progress: OnProgress | None) -> _Texts:
    manifest = result.run.manifest
    if manifest.endpoint != "simulator":
        raise InputError(
            "only the model of the local simulator can decode whole recordings, too", item=manifest.run_id,
            got=f"endpoint {manifest.endpoint}", expected="a run on the simulator",
        )  # fmt: skip
    model = spec_of(manifest).model or DEFAULT_MODEL
    resolved, shard = resolved_of(manifest)
    jobs = prepare_jobs(resolved, keys=session_keys(resolved, shard))
    texts = _texts([job.plan for job in jobs], model, on_progress)
    return {job.key.place: text for job, text in zip(jobs, texts, strict=True)}


def _texts(plans: Iterable[SessionPlan], model: str, on_progress: OnProgress | None) -> list[str]:
    """The text of each plan; sound that several of them send is decoded once."""
    sounds = [(plan, (plan.sample_rate_hz, hashlib.sha256(plan.pcm.tobytes()).digest())) for plan in plans]
    unique = {sound: plan for plan, sound in sounds}
    if not unique:
        return []
    threads = usable_cores()
    transcribe = load_transcriber(model, threads)

    def heard(sound: tuple[int, bytes]) -> str:
        return transcribe(unique[sound].pcm, unique[sound].sample_rate_hz)

    texts = dict(in_threads(heard, list(unique), threads, on_progress))
    return [texts[sound] for _, sound in sounds]
