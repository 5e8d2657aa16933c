"""``workbench live``: a microphone or a file, words as they arrive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.options import json_option, settings_from_pairs, spec_option, store_option
from workbench.cli.screen import note, print_json, store_flag

if TYPE_CHECKING:
    from workbench.cli.live_screen import Screen
    from workbench.playing.job import Job
    from workbench.recording.record import SessionRecord
    from workbench.runs.resolved_run import ResolvedRun
    from workbench.runs.spec import RunSpec
    from workbench.scoring.metrics.normalize import Normaliser
    from workbench.settings import Settings

__all__ = ["live"]


@click.command(epilog="Example: workbench live --corpus clinic --utterance vitals-02-rms --set sample_rate_hz=8000")
@click.option("--microphone", is_flag=True, help="Listen to this machine's microphone; Ctrl-C ends it.")
@click.option(
    "--seconds", metavar="SECONDS", type=click.IntRange(1, 600), help="Stop recording after this many seconds."
)
@click.option(
    "--file", "audio", metavar="FILE", type=click.Path(path_type=Path), help="Sound file, played in real time."
)
@click.option("--reference", help="Text spoken in the file, used to score it.")
@click.option("--corpus", metavar="CORPUS", help="Corpus of the utterance: built-in name, folder or manifest.")
@click.option("--utterance", metavar="ID", help="Utterance to play, by id.  [default: the first]")
@spec_option("base")
@spec_option("seed")
@spec_option("normaliser")
@spec_option("endpoint")
@spec_option("model")
@spec_option("partials")
@spec_option("partial_every")
@spec_option("scenario")
@spec_option("provider_id")
@spec_option("ca_file")
@click.option("--save", is_flag=True, help="Store the session as a run, with the sound of a microphone.")
@store_option
@json_option
def live(
    microphone: bool,
    seconds: int | None,
    audio: Path | None,
    reference: str | None,
    corpus: str | None,
    utterance: str | None,
    base: tuple[tuple[str, str], ...],
    save: bool,
    store: Path | None,
    as_json: bool,
    **typed: Any,  # noqa: ANN401  options of a run, made from its fields
) -> int:
    """Stream a microphone, a file or an utterance and show its words live: partials, then finals.

    A terminal rewrites partials in place; a pipe or a file gets one line for each.
    """
    import os

    from workbench.cli.live_screen import Screen
    from workbench.errors import InputError
    from workbench.playing.pacer import run
    from workbench.runs.resolve import service_settings
    from workbench.runs.spec_fields import make_spec
    from workbench.scoring.metrics.normalize import normaliser

    if sum((microphone, audio is not None, corpus is not None)) != 1:
        raise InputError("no source of speech", item="live", expected="one of --microphone, --file and --corpus")
    given = {name: value for name, value in typed.items() if value is not None}
    spec = make_spec(given | {"base": settings_from_pairs(base), "concurrency": 1})
    settings = service_settings(spec, os.environ, store=store)
    screen = Screen(quiet=as_json)
    if microphone:
        from workbench.cli.live_microphone import play_microphone

        if base or reference:
            raise InputError(
                "a microphone is streamed as it is", item="--microphone", got="--set or --reference", expected="neither"
            )
        record, run_id = run(play_microphone(spec, settings, screen, seconds, save=save))
    else:
        resolved = _resolved(spec, audio, reference, corpus, utterance)
        record, run_id = run(_play(resolved, settings, screen, save=save))
    which = normaliser(spec.normaliser)
    screen.close(record, which)
    if as_json:
        print_json(_payload(record, run_id, which))
    elif run_id is not None:
        note(f"Stored as {settings.store / run_id}. Look again: workbench show {run_id}{store_flag()}")
    return 3 if record.outcome.failed else 0


def _resolved(
    spec: RunSpec, audio: Path | None, reference: str | None, corpus: str | None, utterance: str | None
) -> ResolvedRun:
    from workbench.corpus import corpus_of_file, find_corpus, load_corpus
    from workbench.runs.resolve import resolve

    if audio is not None:
        loaded = corpus_of_file(audio, reference=reference)
        chosen = loaded.utterances[0]
    else:
        loaded = load_corpus(find_corpus(corpus or ""))
        chosen = loaded.utterance(utterance) if utterance else loaded.utterances[0]
    resolved = resolve(spec, corpus=loaded, utterances=(chosen,))
    resolved.refuse_services("live")
    return resolved


async def _play(
    resolved: ResolvedRun, settings: Settings, screen: Screen, *, save: bool
) -> tuple[SessionRecord, str | None]:
    from workbench.runs.observe import play_observed, store_observed
    from workbench.runs.prepare import prepare_jobs
    from workbench.runs.service import open_service

    jobs: list[Job] = prepare_jobs(resolved)
    async with open_service(settings) as (service, recogniser):
        screen.open(service.address.name, recogniser)
        records = await play_observed(jobs, service, screen.tell)
    run_id = store_observed(resolved, records, settings.store, service.address.name, recogniser) if save else None
    return records[0], run_id


def _payload(record: SessionRecord, run_id: str | None, which: Normaliser) -> dict[str, Any]:
    from workbench.scoring.session import score_session
    from workbench.units import ms

    score = score_session(record, which)
    known = bool(record.reference.spoken) and not record.outcome.failed
    return {
        "run_id": run_id,
        "outcome": record.outcome.value,
        "error": record.error,
        "seconds": record.samples / record.sample_rate_hz,
        "transcript": record.hypothesis(),
        "normaliser": score.normaliser,
        "wer": score.words.rate if known else None,
        "errors": score.words.errors if known else None,
        "first_partial_ms": ms(score.latency.first_partial_ns),
        "finalisation_ms": ms(score.latency.finalisation_ns),
        "pacing_valid": score.instrument.pacing_valid,
        "pacing_reason": score.instrument.pacing_reason,
    }
