"""`workbench datasets`: look at corpora, check them, bring in others, find word times, hear a configuration."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from workbench.audio.config import AudioConfig
    from workbench.corpus.aligning import AlignmentReport

__all__ = ["datasets"]

SCHEMA_VERSION = 1
_PROGRESS_S = 2.0
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def datasets() -> None:
    """List, check, import, align and render corpora."""


@datasets.command("list", epilog="Example: workbench datasets list --json")
@_json
def list_(as_json: bool) -> None:
    """List the built-in corpora."""
    from workbench.corpus import builtin_corpora, load_corpus

    rows = []
    for name, folder in builtin_corpora().items():
        corpus = load_corpus(folder)
        seconds = round(sum(u.duration_s for u in corpus.utterances), 1)
        rows.append(
            {
                "name": name,
                "utterances": len(corpus.utterances),
                "seconds": seconds,
                "description": corpus.description,
                "licence": corpus.licence,
                "path": str(folder),
            }
        )
    if as_json:
        _print_json(corpora=rows)
        return
    for row in rows:
        click.echo(f"{row['name']:<10} {row['utterances']:>4} utterances {row['seconds']:>7} s  {row['description']}")


@datasets.command(epilog="Example: workbench datasets show clinic")
@click.argument("corpus")
@click.option("--dictionary", type=click.Path(path_type=Path), help="Words a recogniser knows, one a line.")
@_json
def show(corpus: str, dictionary: Path | None, as_json: bool) -> None:
    """Show what is in CORPUS: a built-in name, a folder or a manifest.

    Out-of-vocabulary words are those that the dictionary lacks; without --dictionary it is the one that the
    simulator's recogniser ships with.
    """
    from workbench.audio.pronunciations import read_dictionary, shipped_dictionary
    from workbench.corpus import find_corpus, load_corpus
    from workbench.corpus.summary import summarise

    loaded = load_corpus(find_corpus(corpus))
    summary = summarise(loaded, read_dictionary(dictionary or shipped_dictionary()))
    if as_json:
        _print_json(name=loaded.name, sha256=loaded.sha256, **asdict(summary))
        return
    click.echo(f"{loaded.name}: {loaded.description or ''}".rstrip(": "))
    for key, value in asdict(summary).items():
        if isinstance(value, dict):
            value = ", ".join(f"{k} {v}" for k, v in value.items()) or None
        elif isinstance(value, list | tuple):
            value = ", ".join(value) or "none"
        elif isinstance(value, float):
            value = f"{value:.3f}"
        click.echo(f"  {key.replace('_', ' '):<24} {'unknown' if value is None else value}")


@datasets.command(epilog="Example: workbench datasets check datasets/clinic")
@click.argument("corpus")
@_json
def check(corpus: str, as_json: bool) -> None:
    """Check CORPUS against its files; exit 1 where something is wrong."""
    from workbench.corpus import check_corpus, find_corpus

    path = find_corpus(corpus)
    problems = check_corpus(path, on_utterance=_progress())
    if as_json:
        _print_json(corpus=str(path), good=not problems, problems=[asdict(p) for p in problems])
    else:
        for problem in problems:
            click.echo(str(problem))
        click.echo(f"{path}: " + (f"{len(problems)} problems" if problems else "good"))
    if problems:
        raise SystemExit(1)


@datasets.command("import", epilog="Example: workbench datasets import nemo data/test.jsonl ./my-corpus")
@click.argument("format_name", metavar="FORMAT")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--audio-root", type=click.Path(path_type=Path), help="Folder that holds all audio [SOURCE's folder].")
@click.option("--copy", is_flag=True, help="Copy the audio into the corpus.")
@click.option("--licence", help="Of the audio; recorded in every row.")
@_json
def import_(
    format_name: str,
    source: Path,
    target: Path,
    audio_root: Path | None,
    copy: bool,
    licence: str | None,
    as_json: bool,
) -> None:
    """Make a corpus in TARGET from SOURCE, which is of FORMAT.

    FORMAT is nemo, audiofolder, kaldi, librispeech, common-voice, lhotse or seglst. Where a row is bad, it is named
    and nothing is written; exit 2.
    """
    from workbench.importers import import_corpus

    report = import_corpus(
        format_name,
        source,
        target,
        audio_root=audio_root,
        copy=copy,
        licence=licence,
        on_item=_progress(),
    )
    if as_json:
        _print_json(**(asdict(report) | {"manifest": report.manifest and str(report.manifest)}))
    else:
        for problem in report.problems:
            click.echo(str(problem))
        good = f"{report.utterances} utterances, {report.seconds:.1f} s, in {target}"
        click.echo(f"{len(report.problems)} bad rows, nothing written" if report.problems else good)
    if report.problems:
        raise SystemExit(2)


@datasets.command(epilog="Example: workbench datasets align ./my-corpus")
@click.argument("corpus")
@click.option("--dictionary", type=click.Path(path_type=Path), help="Pronunciations: word PHONE PHONE … a line.")
@click.option("--replace", is_flag=True, help="Replace times that a synthesiser reported or a person gave.")
@_json
def align(corpus: str, dictionary: Path | None, replace: bool, as_json: bool) -> None:
    """Find word times of CORPUS by forced alignment and store them beside its manifest.

    Where times are known they are kept, and the aligner's error against them is reported.
    """
    from workbench.audio.pronunciations import read_dictionary
    from workbench.corpus import find_corpus, load_corpus
    from workbench.corpus.aligning import align_corpus

    loaded = load_corpus(find_corpus(corpus))
    pronunciations = read_dictionary(dictionary) if dictionary else None
    report = align_corpus(loaded, pronunciations=pronunciations, replace=replace, on_utterance=_progress())
    facts = _alignment_facts(report)
    if as_json:
        _print_json(corpus=loaded.name, **facts)
        return
    for key, value in facts.items():
        if isinstance(value, tuple):
            value = ", ".join(map(str, value)) or "none"
        click.echo(f"  {key.replace('_', ' '):<24} {'unknown' if value is None else value}")


@datasets.command(epilog="Example: workbench datasets render vitals-01-slt --audio snr_db=20,codec=opus -o out.wav")
@click.argument("utterance")
@click.option("--corpus", default="clinic", show_default=True, help="Built-in name, folder or manifest.")
@click.option("--audio", "settings", default="", help="key=value, several with commas; see AudioConfig.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of every random step.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, .wav or .flac.")
@_json
def render(utterance: str, corpus: str, settings: str, seed: int, output: Path, as_json: bool) -> None:
    """Write UTTERANCE as a service would hear it under an audio configuration."""
    from workbench.audio.degrade import prepare
    from workbench.audio.files import write_audio
    from workbench.corpus import find_corpus, load_corpus, read_utterance

    config = _config(settings)
    item = load_corpus(find_corpus(corpus)).utterance(utterance)
    audio = read_utterance(item)
    prepared = prepare(
        audio.pcm, audio.sample_rate_hz, item.reference, config, seed=seed, key=item.id, speaker=item.speaker
    )
    write_audio(output, prepared.pcm, prepared.sample_rate_hz)
    if as_json:
        _print_json(output=str(output), audio=config.label(), hash=config.hash(), facts=prepared.facts)
        return
    click.echo(f"{output}: {config.label()}")
    for key, value in prepared.facts.items():
        click.echo(f"  {key.replace('_', ' '):<24} {'unknown' if value is None else value}")


def _config(settings: str) -> AudioConfig:
    from workbench.audio.config import audio_config
    from workbench.errors import InputError

    pairs = [part.partition("=") for part in settings.split(",") if part]
    for key, equals, _ in pairs:
        if not equals:
            raise InputError("not a setting", item="--audio", got=key, expected="key=value, such as snr_db=20")
    return audio_config({key.strip(): value.strip() for key, _, value in pairs}, item="--audio", from_text=True)


def _alignment_facts(report: AlignmentReport) -> dict[str, object]:
    facts: dict[str, object] = {
        key: value for key, value in asdict(report).items() if key not in {"start_errors_ms", "end_errors_ms"}
    }
    facts["aligned_share"] = round(report.aligned / report.tokens, 4) if report.tokens else None
    facts["measured_words"] = len(report.start_errors_ms)
    for name, errors in (("start", report.start_errors_ms), ("end", report.end_errors_ms)):
        sizes = sorted(abs(e) for e in errors)
        facts[f"{name}_error_p50_ms"] = round(statistics.median(sizes), 1) if sizes else None
        facts[f"{name}_error_p95_ms"] = round(sizes[-(-len(sizes) * 95 // 100) - 1], 1) if sizes else None
    return facts


def _progress() -> Callable[[str], object]:
    """Says on stderr how many utterances went by, every two seconds: nothing at all for a small corpus."""
    count, told = 0, time.monotonic()

    def step(_: str) -> None:
        nonlocal count, told
        count += 1
        if time.monotonic() - told >= _PROGRESS_S:
            told = time.monotonic()
            click.echo(f"{count} utterances", err=True)

    return step


def _print_json(**fields: object) -> None:
    click.echo(msgspec.json.encode({"schema_version": SCHEMA_VERSION, **fields}, order="deterministic").decode())
