"""``workbench run``: play a corpus, store what happened, print the scores."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.playing import exit_code, play_and_print, result_json, shard_option
from workbench.cli.screen import json_option, kernel_stamps_option, realtime_option, transport_option
from workbench.protocol.messages import Dialect, Product

__all__ = ["exit_code", "play_and_print", "result_json", "run"]


@click.command(
    epilog="Example: workbench run --corpus datasets/clinic --endpoint simulator --sample-rate 16000 "
    "--chunk-ms 100 --concurrency 4"
)
@click.option("--corpus", required=True, help="Built-in name (clinic, librivox), folder or manifest.")
@click.option("--endpoint", help="simulator (started for the run), staging, production or a base URL.")
@click.option("--sample-rate", default="16000", show_default=True, help="Rate of the stream in Hz.")
@click.option("--chunk-ms", default="100", show_default=True, help="Length of a chunk in ms.")
@click.option("--set", "more", multiple=True, metavar="KEY=VALUE", help="Further setting, such as snr_db=20.")
@click.option("--model", help="Of the simulator that is started: general, vocabulary, lite or a dictionary file.")
@click.option(
    "--recogniser", type=click.Choice(["pocketsphinx", "replay"]), default="pocketsphinx", show_default=True,
    help="Of the simulator that is started: decode as it streams, or replay what was decoded before.",
)  # fmt: skip
@click.option(
    "--scenario", type=click.Path(path_type=Path), help="Faults that the simulator plays, TOML; see docs/faults.md."
)
@click.option("--concurrency", default=4, show_default=True, type=click.IntRange(1), help="Sessions at a time.")
@click.option("--repeats", default=1, show_default=True, type=click.IntRange(1), help="Play each session this often.")
@click.option("--aa", "noise_floor", is_flag=True, help="A/A run: the differences between repeats are the noise floor.")
@click.option("--limit", type=click.IntRange(1), help="Play only so many utterances, drawn by seed.")
@shard_option
@click.option("--seed", default=0, show_default=True, help="Of noise, order and bootstrap.")
@click.option("--normaliser", "normaliser_name", default="basic", show_default=True, help="Of the scores.")
@transport_option
@realtime_option
@kernel_stamps_option
@click.option("--allow-failed", default=0, show_default=True, help="Sessions that may fail before the exit code is 3.")
@click.option(
    "--product", type=click.Choice([p.value for p in Product]), default="dictation", show_default=True,
    help="What the sessions are for.",
)  # fmt: skip
@click.option("--form-template", "templates", multiple=True, metavar="NAME_OR_ID", help="To fill; may be repeated.")
@click.option("--context", "context_file", type=click.Path(path_type=Path), help="JSON file with the visit's context.")
@click.option("--push-to-talk", is_flag=True, help="A speaker's utterances share one dictation session.")
@click.option(
    "--dialect", type=click.Choice([d.value for d in Dialect]), default="live", show_default=True,
    help="How messages are written.",
)  # fmt: skip
@click.option(
    "--webhook-port", type=click.IntRange(0, 65535), help="Receive notifications here; reads SUKI_WEBHOOK_SECRET."
)
@click.option("--provider-id", metavar="ID", help="Provider that a shared partner token acts for (Single Auth).")
@click.option("--store", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]")
@click.option("--ca-file", type=click.Path(path_type=Path), help="Further certificate authority, PEM.")
@json_option
def run(
    corpus: str,
    endpoint: str | None,
    sample_rate: str,
    chunk_ms: str,
    more: tuple[str, ...],
    model: str | None,
    recogniser: str,
    scenario: Path | None,
    concurrency: int,
    repeats: int,
    noise_floor: bool,
    limit: int | None,
    shard: str | None,
    seed: int,
    normaliser_name: str,
    transport: str,
    realtime: bool,
    kernel_stamps: bool,
    allow_failed: int,
    product: str,
    templates: tuple[str, ...],
    context_file: Path | None,
    push_to_talk: bool,
    dialect: str,
    webhook_port: int | None,
    provider_id: str | None,
    store: Path | None,
    ca_file: Path | None,
    as_json: bool,
) -> int:
    """Play a corpus to Suki or to the simulator and store what happened.

    Credentials are read from SUKI_PARTNER_ID and SUKI_PARTNER_TOKEN. The run is stored even where sessions fail.
    """
    import os

    from workbench.client.context import read_context
    from workbench.corpus import find_corpus, load_corpus
    from workbench.errors import InputError
    from workbench.metrics.normalize import normaliser
    from workbench.question import Question, select
    from workbench.settings import load_settings
    from workbench.shards import Shard
    from workbench.sweep import cell_from

    settings = load_settings(
        os.environ, endpoint=endpoint, store=store, ca_file=ca_file, webhook_port=webhook_port, model=model,
        recogniser=recogniser, provider_id=provider_id, scenario=scenario,
    )  # fmt: skip
    values = {"sample_rate_hz": sample_rate, "chunk_ms": chunk_ms}
    for text in more:
        key, equals, value = text.partition("=")
        if not equals:
            raise InputError("not a setting", item="--set", got=text, expected="KEY=VALUE")
        values[key] = value
    cell = cell_from(values, item="--set", from_text=True)
    loaded = load_corpus(find_corpus(corpus))
    question = Question(
        corpus=loaded,
        utterances=select(loaded, limit, seed),
        cells=(cell,),
        repeats=max(repeats, 2) if noise_floor else repeats,
        noise_floor=noise_floor,
        seed=seed,
        concurrency=concurrency,
        normaliser=normaliser(normaliser_name),
        transport=transport,
        realtime=realtime,
        kernel_stamps=kernel_stamps,
        product=Product(product),
        dialect=Dialect(dialect),
        push_to_talk=push_to_talk,
        context=read_context(context_file, Product(product)) if context_file is not None else None,
        form_templates=templates,
    )
    result = play_and_print(question, settings, as_json, shard=None if shard is None else Shard.parse(shard))
    return exit_code(result, allow_failed)
