"""`workbench datasets`: look at corpora, check them, bring in others, draft references, find word times, render."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.options import KEY_VALUE, help_without_verb, json_option, store_option
from workbench.cli.references import confirm_and_print, doubt_json, doubts_of, draft_and_print, print_doubts
from workbench.cli.screen import count_progress, echo, note, print_facts, print_rows, print_table, say
from workbench.settings import DEFAULT_MODEL
from workbench.units import counted

if TYPE_CHECKING:
    from workbench.corpus import Problem, Utterance
    from workbench.corpus.align import AlignmentReport

__all__ = ["datasets"]


@click.group(invoke_without_command=True, subcommand_metavar="COMMAND [ARGS]...")
@click.pass_context
def datasets(context: click.Context) -> None:
    """List, check, import, align, render and review corpora, and draft references."""
    help_without_verb(context)


@datasets.command("list", epilog="Example: workbench datasets list --json")
@json_option
def list_(as_json: bool) -> None:
    """List the built-in corpora and your own."""
    from workbench.corpus import builtin_corpora, load_corpus, own_corpora
    from workbench.reporting.tables.table import Column, table_of

    rows = []
    for name, folder in (own_corpora() | builtin_corpora()).items():
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
        print_rows(corpora=rows)
        return
    columns: list[Column[dict[str, Any]]] = [
        Column("name", "name", lambda row: row["name"]),
        Column("utterances", "utterances", lambda row: row["utterances"], whole=True),
        Column("seconds", "length", lambda row: row["seconds"], "s", 1),
    ]
    descriptions = [f"{row['name']}: {row['description']}" for row in rows if row["description"]]
    print_table(table_of(columns, rows, descriptions))


@datasets.command(epilog="Example: workbench datasets show clinic")
@click.argument("corpus")
@click.option(
    "--dictionary", metavar="FILE", type=click.Path(path_type=Path), help="Words that a recogniser knows, one per line."
)
@json_option
def show(corpus: str, dictionary: Path | None, as_json: bool) -> None:
    """Show what is in CORPUS: a built-in name, a folder or a manifest.

    Out-of-vocabulary words are those that the dictionary lacks. Without --dictionary it is the one of the simulator's
    model general.
    """
    from workbench.audio.pronunciations import read_dictionary, shipped_dictionary
    from workbench.corpus import find_corpus, load_corpus
    from workbench.corpus.summary import summarise

    loaded = load_corpus(find_corpus(corpus))
    summary = summarise(loaded, read_dictionary(dictionary or shipped_dictionary()))
    if as_json:
        print_rows(name=loaded.name, sha256=loaded.sha256, **asdict(summary))
        return
    say(f"{loaded.name}: {loaded.description or ''}".rstrip(": "))
    counts = {
        key: [f"{name}\N{NO-BREAK SPACE}{n}" for name, n in value.items()] if isinstance(value, dict) else value
        for key, value in asdict(summary).items()
    }
    print_facts(counts, _COUNTED)


_COUNTED = {
    "seconds": "length [s]", "speakers": "utterances by speaker", "tags": "utterances by tag",
    "sample_rates_hz": "utterances by sample rate [Hz]", "words": "words spoken", "terms": "marked terms by kind",
    "with_word_times": "utterances with word times", "unknown_words": "words not in the dictionary",
    "out_of_vocabulary_share": "of the words spoken [%]",
}  # fmt: skip
"""What the counts of a summary are of."""


@datasets.command(epilog="Example: workbench datasets check clinic")
@click.argument("corpus")
@click.option("--against", metavar="MODEL", help="Also list references that this model (whisper) contradicts.")
@click.option("--run", "run_id", metavar="RUN", help="Stored run that must agree with --against.")
@click.option("--skip-bad", is_flag=True, help="Exit with code 0 if at least one recording can be played.")
@store_option
@json_option
def check(
    corpus: str, against: str | None, run_id: str | None, skip_bad: bool, store: Path | None, as_json: bool
) -> None:
    """Check the manifest and every recording of CORPUS; exit code 1 if a recording cannot be played.

    Lists the first five problems of each cause and counts the rest; --json lists all. Remarks (quiet, clipped,
    telephone sound, more words than fit the time) do not change the exit code. Files that were checked before are
    recognised by their content and not decoded again.

    With --against each recording is decoded as a whole, and references that are probably wrong are listed, worst
    first; with --run only those that the run contradicts in the same way.
    """
    from workbench.cli.problems import problem_lines
    from workbench.cli.screen import item_progress
    from workbench.corpus import check_corpus, find_corpus, load_corpus
    from workbench.corpus.load import parse_corpus

    if run_id is not None and against is None:
        raise click.UsageError("--run needs --against MODEL")
    path = find_corpus(corpus)
    with item_progress("checking") as advance:
        findings = check_corpus(path, on_progress=advance)
    problems = [finding for finding in findings if not finding.remark]
    remarks = [finding for finding in findings if finding.remark]
    runs = [] if run_id is None else [run_id]
    doubts = doubts_of(load_corpus(path), against, runs, store) if against is not None and not problems else []
    if as_json:
        rows = {"problems": [asdict(p) for p in problems], "remarks": [asdict(r) for r in remarks]}
        if against is not None:
            rows["references"] = [doubt_json(doubt) for doubt in doubts]
        print_rows(corpus=str(path), good=not problems, **rows)
    else:
        for line in problem_lines([*problems, *remarks]):
            echo(line)
        print_doubts(doubts)
        verdict = counted(len(problems), "problem") if problems else "good"
        echo(f"{path}: {verdict}" + (f", {counted(len(remarks), 'remark')}" if remarks else ""))
    if problems and not (skip_bad and _some_good(parse_corpus(path)[0].utterances, problems)):
        raise SystemExit(1)


def _some_good(utterances: Iterable[Utterance], problems: Iterable[Problem]) -> bool:
    return bool({utterance.id for utterance in utterances} - {problem.item for problem in problems})


@datasets.command("import", epilog="Example: workbench datasets import nemo data/test.jsonl ./my-corpus")
@click.argument("format_name", metavar="FORMAT")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--audio-root",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder with the audio.  [default: folder of SOURCE]",
)
@click.option("--copy", is_flag=True, help="Copy the audio into the corpus.")
@click.option("--licence", metavar="TEXT", help="Licence of the audio, recorded in every row.")
@click.option(
    "--map",
    "mapping",
    type=KEY_VALUE,
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Column of a table: audio, reference, spoken, id, speaker, start, end, duration, channel, or reference.0 and "
    "reference.1 for the text of each channel (repeatable).  [default: guessed by name]",
)
@click.option("--split-channels", is_flag=True, help="Import each channel as a recording.")
@click.option("--skip-bad", is_flag=True, help="Leave out bad rows; list and count them.")
@json_option
def import_(
    format_name: str,
    source: Path,
    target: Path,
    audio_root: Path | None,
    copy: bool,
    licence: str | None,
    mapping: tuple[tuple[str, str], ...],
    split_channels: bool,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Import SOURCE, a file or folder of this FORMAT, as a corpus into the folder TARGET.

    FORMAT is table (any CSV, TSV, JSONL or Parquet), folder (a.wav and a.txt), nemo, audiofolder, kaldi, librispeech,
    common-voice, lhotse or seglst. Columns and the folder of the audio are shown before anything is written. Without
    --skip-bad, bad rows are listed, nothing is written and the exit code is 2.
    """
    from workbench.cli.problems import problem_lines
    from workbench.corpus.importers import import_corpus

    report = import_corpus(
        format_name,
        source,
        target,
        audio_root=audio_root,
        copy=copy,
        licence=licence,
        mapping=dict(mapping),
        split_channels=split_channels,
        skip_bad=skip_bad,
        on_item=count_progress("utterance"),
        on_plan=note,
    )
    if as_json:
        paths = {name: getattr(report, name) and str(getattr(report, name)) for name in ("manifest", "audio_root")}
        print_rows(**(asdict(report) | paths))
    else:
        for line in problem_lines([*report.problems, *report.remarks]):
            echo(line)
        bad = counted(len(report.problems), "bad row")
        if report.manifest is None:
            echo(f"{bad}, nothing written" + ("" if skip_bad else "; --skip-bad imports the others"))
        else:
            left_out = f"; {bad} left out" if report.problems else ""
            echo(f"{counted(report.utterances, 'utterance')}, {report.seconds:.1f} s, in {target}{left_out}")
    if report.manifest is None:
        raise SystemExit(2)


@datasets.command(epilog="Example: workbench datasets transcribe ./recordings")
@click.argument("corpus")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    metavar="MODEL",
    show_default=True,
    help="Variant of whisper, or a CTranslate2 folder.",
)
@click.option(
    "--confirm", "ids", multiple=True, metavar="ID", help="Draft to confirm, by id; nothing is drafted (repeatable)."
)
@click.option("--confirm-all", is_flag=True, help="Confirm every draft; nothing is drafted.")
@json_option
def transcribe(corpus: str, model: str, ids: tuple[str, ...], confirm_all: bool, as_json: bool) -> None:
    """Draft references for recordings of CORPUS that have none; nothing is scored against a draft.

    CORPUS is a folder of recordings, a corpus or a manifest. Drafts are written into the manifest and marked
    ("draft": true). Read and correct them there, then confirm them. A confirmed empty reference means that nothing is
    spoken.
    """
    if ids and confirm_all:
        raise click.UsageError("--confirm and --confirm-all exclude each other")
    if ids or confirm_all:
        confirm_and_print(corpus, ids, as_json)
        return
    draft_and_print(corpus, model, as_json)


@datasets.command(epilog="Example: workbench datasets review ./my-corpus --against whisper")
@click.argument("corpus")
@click.option("--against", metavar="MODEL", help="Also decode each recording as a whole with this model (whisper).")
@click.option(
    "--run",
    "runs",
    metavar="RUN",
    multiple=True,
    help="Stored run to use (repeatable).  [default: newest of each recogniser]",
)
@click.option(
    "--export", metavar="FILE", type=click.Path(path_type=Path),
    help="Write the history of changes (JSON lines) and ask nothing.",
)  # fmt: skip
@store_option
@json_option
def review(
    corpus: str, against: str | None, runs: tuple[str, ...], export: Path | None, store: Path | None, as_json: bool
) -> None:
    """Review references of CORPUS: first those that two recognisers contradict, then drafts.

    Two recognisers must have the same other words; they are those of stored runs and of --against. At a terminal each
    reference is shown, and a key keeps, corrects, confirms or excludes it. Changes go into the manifest, and the old
    text into its history. A reference that was found right is shown again only after it changes. Without a terminal,
    or with --json, the references are listed.
    """
    from workbench.cli.review import review_and_print

    review_and_print(corpus, against, runs, export, store, as_json)


@datasets.command(epilog="Example: workbench datasets align ./my-corpus")
@click.argument("corpus")
@click.option(
    "--dictionary",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File of pronunciations, one `word PHONE PHONE …` per line.",
)
@click.option("--replace", is_flag=True, help="Also replace word times from a synthesiser or a person.")
@click.option("--skip-bad", is_flag=True, help="Leave out recordings that datasets check refuses; list and count them.")
@json_option
def align(corpus: str, dictionary: Path | None, replace: bool, skip_bad: bool, as_json: bool) -> None:
    """Find the word times of CORPUS by forced alignment and store them with its manifest.

    Known word times are kept, and the error of the aligner against them is reported.
    """
    from workbench.audio.pronunciations import read_dictionary
    from workbench.cli.problems import say_left_out
    from workbench.corpus import find_corpus, load_corpus, playable_corpus
    from workbench.corpus.align import align_corpus

    path = find_corpus(corpus)
    loaded = playable_corpus(path) if skip_bad else load_corpus(path)
    pronunciations = read_dictionary(dictionary) if dictionary else None
    report = align_corpus(
        loaded, pronunciations=pronunciations, replace=replace, on_utterance=count_progress("utterance")
    )
    facts = _alignment_facts(report)
    say_left_out(loaded.left_out)
    if as_json:
        print_rows(corpus=loaded.name, left_out=[asdict(problem) for problem in loaded.left_out], **facts)
        return
    print_facts(facts)


@datasets.command(epilog="Example: workbench datasets render vitals-01-slt --set snr_db=20 --set codec=opus -o out.wav")
@click.argument("utterance")
@click.option(
    "--corpus",
    metavar="CORPUS",
    default="clinic",
    show_default=True,
    help="Corpus of the utterance: built-in name, folder or manifest.",
)
@click.option(
    "--set", "settings", multiple=True, type=KEY_VALUE, metavar="KEY=VALUE",
    help="Setting of the audio, such as snr_db=20 (repeatable).",
)  # fmt: skip
@click.option("--audio", default="", hidden=True, help="Former way to write --set, with commas between settings.")
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Random seed for noise and loss.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write, .wav or .flac.",
)
@json_option
def render(
    utterance: str,
    corpus: str,
    settings: tuple[tuple[str, str], ...],
    audio: str,
    seed: int,
    output: Path,
    as_json: bool,
) -> None:
    """Write UTTERANCE as it is streamed under an audio configuration."""
    from workbench.audio.config import audio_config
    from workbench.audio.degrade import prepare
    from workbench.audio.files import write_audio
    from workbench.corpus import find_corpus, load_corpus, read_utterance

    former = [KEY_VALUE(part) for part in audio.split(",") if part]
    config = audio_config(dict([*former, *settings]), item="--set", from_text=True)
    item = load_corpus(find_corpus(corpus)).utterance(utterance)
    sound = read_utterance(item)
    prepared = prepare(
        sound.pcm, sound.sample_rate_hz, item.reference, config, seed=seed, key=item.id, speaker=item.speaker
    )
    write_audio(output, prepared.pcm, prepared.sample_rate_hz)
    if as_json:
        print_rows(output=str(output), audio=config.label(), hash=config.hash(), facts=prepared.facts)
        return
    echo(f"{output}: {config.label()}")
    print_facts(prepared.facts)


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
