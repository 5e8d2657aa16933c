"""``workbench live``: a microphone or a file, words as they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.screen import json_option, note, print_json

if TYPE_CHECKING:
    from workbench.cli.live_screen import Screen
    from workbench.question import Question
    from workbench.recording import SessionRecord
    from workbench.runner import Job
    from workbench.settings import Settings

__all__ = ["live"]


@click.command(epilog="Example: workbench live --corpus clinic --utterance vitals-02-rms --set sample_rate_hz=8000")
@click.option("--microphone", is_flag=True, help="Listen to this machine's microphone; Ctrl-C ends it.")
@click.option("--seconds", type=click.IntRange(1, 600), help="End the microphone after so long.")
@click.option("--file", "audio", type=click.Path(path_type=Path), help="Sound file, played as it would be spoken.")
@click.option("--reference", help="What is said in the file, to score it.")
@click.option("--corpus", help="Instead of a file: built-in name, folder or manifest.")
@click.option("--utterance", help="Id in the corpus.  [default: the first]")
@click.option("--set", "more", multiple=True, metavar="KEY=VALUE", help="Setting of the audio, such as snr_db=20.")
@click.option("--endpoint", help="simulator (started for it), staging, production or a base URL.")
@click.option("--save", is_flag=True, help="Store it as a run; a microphone's sound is kept beside it.")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@json_option
def live(
    microphone: bool,
    seconds: int | None,
    audio: Path | None,
    reference: str | None,
    corpus: str | None,
    utterance: str | None,
    more: tuple[str, ...],
    endpoint: str | None,
    save: bool,
    store: Path | None,
    as_json: bool,
) -> int:
    """Stream a microphone, a file or an utterance and show words as they come: partials, then finals.

    Partials are rewritten in place on a terminal and stand on lines of their own elsewhere.
    """
    import os

    from workbench.cli.live_screen import Screen
    from workbench.errors import InputError
    from workbench.pacing import run
    from workbench.settings import load_settings

    if sum((microphone, audio is not None, corpus is not None)) != 1:
        raise InputError("nothing to listen to", item="live", expected="one of --microphone, --file and --corpus")
    settings = load_settings(os.environ, endpoint=endpoint, store=store)
    screen = Screen(quiet=as_json)
    if microphone:
        from workbench.cli.live_microphone import play_microphone

        if more or reference:
            raise InputError("a microphone is streamed as it is", item="--set, --reference", expected="neither")
        record, run_id = run(play_microphone(settings, screen, seconds, save=save))
    else:
        question = _question(audio, reference, corpus, utterance, more)
        record, run_id = run(_play(question, settings, screen, save=save))
    screen.close(record)
    if as_json:
        print_json(_payload(record, run_id))
    elif run_id is not None:
        note(f"Stored as {settings.store / run_id}. Look again: workbench show {run_id}")
    return 3 if record.outcome.failed else 0


def _question(
    audio: Path | None, reference: str | None, corpus: str | None, utterance: str | None, more: tuple[str, ...]
) -> Question:
    from workbench.corpus import corpus_of_file, find_corpus, load_corpus
    from workbench.errors import InputError
    from workbench.question import Question
    from workbench.sweep import cell_from

    values: dict[str, str] = {}
    for text in more:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError("not a setting", item="--set", got=text, expected="KEY=VALUE")
        values[key] = value
    cell = cell_from(values, item="--set", from_text=True)
    if audio is not None:
        found = corpus_of_file(audio, reference=reference)
        chosen = found.utterances[0]
    else:
        found = load_corpus(find_corpus(corpus or ""))
        chosen = found.utterance(utterance) if utterance else found.utterances[0]
    return Question(corpus=found, utterances=(chosen,), cells=(cell,), concurrency=1)


async def _play(
    question: Question, settings: Settings, screen: Screen, *, save: bool
) -> tuple[SessionRecord, str | None]:
    from workbench.following import play_told, store_told
    from workbench.pipeline import open_service
    from workbench.question import prepare_jobs

    jobs: list[Job] = prepare_jobs(question)
    async with open_service(settings) as (service, recogniser):
        screen.open(service.address.name, recogniser)
        records = await play_told(jobs, service, screen.tell)
    run_id = store_told(question, records, settings.store, service.address.name, recogniser) if save else None
    return records[0], run_id


def _payload(record: SessionRecord, run_id: str | None) -> dict[str, Any]:
    from workbench.metrics.normalize import normaliser
    from workbench.scoring import score_session
    from workbench.units import ms

    score = score_session(record, normaliser("basic"))
    known = bool(record.reference.spoken) and not record.outcome.failed
    return {
        "run_id": run_id,
        "outcome": record.outcome.value,
        "error": record.error,
        "seconds": record.samples / record.sample_rate_hz,
        "transcript": record.hypothesis(),
        "wer": score.words.rate if known else None,
        "errors": score.words.errors if known else None,
        "first_partial_ms": ms(score.latency.first_partial_ns),
        "finalisation_ms": ms(score.latency.finalisation_ns),
        "pacing_valid": score.instrument.pacing_valid,
        "pacing_reason": score.instrument.pacing_reason,
    }
