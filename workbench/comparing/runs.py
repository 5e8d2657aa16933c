"""Stored runs against each other: which configurations are compared, what differs, and what must be warned about.

Only what differs is listed; a comparison that is not fair is made all the same, under a warning that
names why; both sides are scored with one normaliser or not compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.comparing.changes import Changed, changed_utterances
from workbench.comparing.paired import Comparison, NoiseFloor, adjust_metrics, compare_scores, noise_floor
from workbench.comparing.verdict import Verdict, verdict
from workbench.errors import InputError, MeasurementError, StoreError
from workbench.runs.result import RunResult, excluded_utterances
from workbench.runs.sweep import DEFAULTS
from workbench.scoring.metrics.normalize import NORMALISERS
from workbench.scoring.session import RULES, SessionScore, score_session
from workbench.store import CellFacts, Manifest, StoredRun, index_runs
from workbench.units import counted

__all__ = ["PairedCells", "RunComparison", "Setting", "compare_runs", "excluded_warnings"]

_NAMED = 5  # utterances in a warning
# Libraries that decide what an error is.
_SCORERS = ("suki-workbench", "jiwer", "rapidfuzz", "whisper-normalizer")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that is not the same on both sides; None if a side has none."""

    key: str
    baseline: Any
    candidate: Any


@dataclass(frozen=True, slots=True)
class PairedCells:
    """One configuration against another.

    Attributes:
        baseline, candidate: what tables call them; with the run id where there are several runs.
        runs: ids of the runs of both sides.
        cells: names of the configurations of both sides.
        comparison: paired differences, adjusted over all pairs of the call.
        settings: what differs between the two, nothing else.
        changed: the utterances that changed most.
        verdict: in one sentence.
        scores: sessions of baseline and candidate.
    """

    baseline: str
    candidate: str
    runs: tuple[str, str]
    cells: tuple[str, str]
    comparison: Comparison
    settings: tuple[Setting, ...]
    changed: tuple[Changed, ...]
    verdict: Verdict
    scores: tuple[list[SessionScore], list[SessionScore]]


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Result of a comparison of runs.

    Attributes:
        pairs: at least one.
        warnings: why the comparison may be unfair, and what was done about it.
        unlike: differences of the runs that make pairing meaningless, such as ``corpus``; empty otherwise.
        floor: noise floor, None if nothing was played twice.
        floor_origin: the run it comes from, or why there is none.
        excluded: by run, the utterances that are not compared because their reference is marked as wrong.

    >>> pair = wb.compare(base, run).found.pairs[0]
    >>> pair.baseline == pair.candidate, len(pair.changed) > 0
    (False, True)
    """

    pairs: tuple[PairedCells, ...]
    warnings: tuple[str, ...]
    unlike: tuple[str, ...]
    floor: NoiseFloor | None
    floor_origin: str
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 where everything could be compared, 6 where something could not."""
        return MeasurementError.exit_code if any(pair.verdict.incomparable for pair in self.pairs) else 0


def compare_runs(
    results: Sequence[RunResult],
    store: Path | None = None,
    *,
    by_speaker: bool = False,
    also: Collection[str] = (),
) -> RunComparison:
    """Compare the first run with each of the others, or the first configuration of one run with its others.

    With several runs, configurations of the same name are compared; runs of one configuration each are compared
    whatever their names.

    Args:
        results: baseline first.
        store: folder that is searched for an A/A run where none of ``results`` played its sessions twice.
        by_speaker: speakers instead of utterances are the blocks of tests and intervals.
        also: keys of metrics that are tested on request.

    Raises:
        InputError: there is nothing to compare, or a run is named twice.
    """
    _no_run_twice(results)
    scores, warnings = _one_normaliser(results)
    sides = list(_pairs(results, scores))
    if not sides:
        raise InputError(
            "nothing to compare",
            item=results[0].run.run_id,
            got="one configuration" if len(results) == 1 else "no configuration that both runs have",
            action="Name a second run, or a run with several configurations",
        )
    first = results[0].run.manifest
    floor, origin = _floor(results, scores, store)
    compared = adjust_metrics(
        [compare_scores(ours, theirs, seed=first.seed, by_speaker=by_speaker, also=also) for *_, ours, theirs in sides]
    )
    others = [result.run.manifest for result in results[1:]]
    unlike = [_other_corpus(first, candidate[1]) for (_, candidate, _, _) in sides]
    pairs = tuple(
        PairedCells(
            baseline=baseline[0],
            candidate=candidate[0],
            runs=(baseline[1].run_id, candidate[1].run_id),
            cells=(baseline[2], candidate[2]),
            comparison=comparison,
            settings=_differing(baseline[1:], candidate[1:]),
            changed=changed_utterances(ours, theirs),
            verdict=verdict(comparison, floor, why),
            scores=(ours, theirs),
        )
        for (baseline, candidate, ours, theirs), comparison, why in zip(sides, compared, unlike, strict=True)
    )
    warnings += [line for other in others for line in _unfair(first, other)]
    warnings += [line for result in results for line in _unsound(result)]
    foreign = any(unlike) or any(comparison.foreign for comparison in compared)
    excluded = {result.run.run_id: result.excluded for result in results if result.excluded}
    return RunComparison(pairs, tuple(warnings), ("corpus",) if foreign else (), floor, origin, excluded)


def _no_run_twice(results: Sequence[RunResult]) -> None:
    ids = [result.run.run_id for result in results]
    if (twice := next((run_id for run_id in ids if ids.count(run_id) > 1), None)) is not None:
        raise InputError(
            "a run cannot be compared with itself",
            item=twice,
            got="the same run twice",
            expected="two runs",
            action="Play a second run, or name one run to compare its configurations",
        )


def _other_corpus(first: Manifest, other: Manifest) -> str | None:
    """Why two runs have nothing in common but ids."""
    return None if first.corpus.hash == other.corpus.hash else "the runs differ in corpus"


_Side = tuple[str, Manifest, str]  # what it is called, its run, its cell


def _pairs(
    results: Sequence[RunResult], scores: Sequence[list[SessionScore]]
) -> Iterator[tuple[_Side, _Side, list[SessionScore], list[SessionScore]]]:
    cells = [
        {cell.cell: [s for s in rows if s.cell == cell.cell] for cell in result.cells}
        for result, rows in zip(results, scores, strict=True)
    ]
    base, first = cells[0], results[0].run.manifest
    if len(results) == 1:
        if not base:  # no session that could be scored
            return
        ours, *others = base
        for other in others:
            yield (ours, first, ours), (other, first, other), base[ours], base[other]
        return
    for result, theirs in zip(results[1:], cells[1:], strict=True):
        names = [(name, name) for name in base if name in theirs]
        if not names and len(base) == len(theirs) == 1:
            names = [(next(iter(base)), next(iter(theirs)))]
        second = result.run.manifest
        for a, b in names:
            yield (f"{a} of {first.run_id}", first, a), (f"{b} of {second.run_id}", second, b), base[a], theirs[b]


def _one_normaliser(results: Sequence[RunResult]) -> tuple[list[list[SessionScore]], list[str]]:
    """Scores of all runs under the baseline's normaliser; those made with another are made again, in memory."""
    scores = [list(result.scores) for result in results]
    hashes = [{(s.normaliser, s.normaliser_hash) for s in rows} for rows in scores]
    old = [any(s.rules < RULES for s in rows) for rows in scores]
    if not scores[0] or (len(set().union(*hashes)) < 2 and not any(old)):
        return scores, []
    name = scores[0][0].normaliser
    if name not in NORMALISERS:
        return scores, []  # compare_scores own both sides and what to do
    which, warnings = NORMALISERS[name], []
    for number, result in enumerate(results):
        if hashes[number] - {(which.name, which.hash)}:
            own = " and ".join(sorted(n for n, _ in hashes[number]))
            warnings.append(
                f"{result.run.run_id} differs in normaliser: it was scored with {own}; scored again with {which.name} "
                f"{which.version} for this comparison, nothing stored"
            )
            scores[number] = [score_session(record, which) for record in result.iter_records()]
        elif old[number]:
            warnings.append(
                f"{result.run.run_id} was scored by older rules; scored again with {which.name} {which.version} for "
                "this comparison, nothing stored"
            )
            scores[number] = [score_session(record, which) for record in result.iter_records()]
    return scores, warnings


def _differing(ours: tuple[Manifest, str], theirs: tuple[Manifest, str]) -> tuple[Setting, ...]:
    a, b = (_asked(*side) | ({} if ours[0] is theirs[0] else _facts(side[0])) for side in (ours, theirs))
    return tuple(Setting(key, a.get(key), b.get(key)) for key in (a | b) if a.get(key) != b.get(key))


def _asked(manifest: Manifest, name: str) -> dict[str, Any]:
    cell = next((cell for cell in manifest.cells if cell.name == name), CellFacts.of(name, {}))
    return DEFAULTS | cell.config


def _facts(manifest: Manifest) -> dict[str, Any]:
    """What a run as a whole was: flat, for people."""
    return {
        "corpus": f"{manifest.corpus.name} {manifest.corpus.hash[:8]}",
        "utterances": manifest.corpus.utterances,
        "endpoint": manifest.endpoint,
        "recogniser": manifest.recogniser,
        "dialect": manifest.dialect,
        "product": manifest.product,
        "seed": manifest.seed,
        "concurrency": manifest.concurrency,
        "repeats": manifest.repeats,
        **manifest.settings,
        **{f"version of {name}": version for name, version in manifest.versions.items()},
        "cpu": manifest.host.cpu,
        "cores": manifest.host.cores,
        "kernel": manifest.host.kernel,
    }


def _unfair(first: Manifest, other: Manifest) -> list[str]:
    """What makes a comparison of two runs unfair, one line each."""
    checks = (
        ("corpus", (first.corpus.name, first.corpus.hash[:8]), (other.corpus.name, other.corpus.hash[:8])),
        ("target", _target(first), _target(other)),
        ("scorer", _scorer(first), _scorer(other)),
        ("seed", (str(first.seed),), (str(other.seed),)),
        ("machine", _machines(first), _machines(other)),
    )
    return [
        f"{other.run_id} differs from {first.run_id} in {what}: {' '.join(theirs)} against {' '.join(ours)}"
        for what, ours, theirs in checks
        if ours != theirs
    ]


def _machines(manifest: Manifest) -> tuple[str, ...]:
    """Every kind of machine that played a part of the run."""
    hosts = [part.host for part in manifest.parts] or [manifest.host]
    return tuple(sorted({f"{host.cpu} {host.cores}" for host in hosts}))


def _target(manifest: Manifest) -> tuple[str, ...]:
    return manifest.endpoint, manifest.recogniser or "of the service", manifest.dialect, manifest.product


def _scorer(manifest: Manifest) -> tuple[str, ...]:
    return tuple(f"{name} {manifest.versions[name]}" for name in _SCORERS if name in manifest.versions)


def _unsound(result: RunResult) -> list[str]:
    run_id, warnings = result.run.run_id, []
    if not result.complete:
        played = len(result.scores) + result.excluded_sessions
        warnings.append(f"{run_id} is not complete: {played} of {result.run.manifest.counts.planned} sessions")
    failed, left_out = (sum(getattr(cell, key) for cell in result.cells) for key in ("failed", "left_out"))
    if failed:
        warnings.append(f"{run_id}: {counted(failed, 'session')} failed")
    if left_out:
        warnings.append(f"{run_id}: latencies of {counted(left_out, 'session')} left out, timing not certified")
    return [*warnings, *excluded_warnings(result)]


def excluded_warnings(result: RunResult) -> list[str]:
    """How many references of a run are marked as wrong, in one line; none where nothing is."""
    if not result.excluded:
        return []
    sessions = counted(result.excluded_sessions, "session")
    wrong = counted(len(result.excluded), "reference")
    names = ", ".join(result.excluded[:_NAMED]) + (" …" if len(result.excluded) > _NAMED else "")
    return [f"{result.run.run_id}: {sessions} excluded, {wrong} marked as wrong: {names}"]


def _floor(
    results: Sequence[RunResult], scores: Sequence[list[SessionScore]], store: Path | None
) -> tuple[NoiseFloor | None, str]:
    """Noise floor from the runs at hand, else from the newest A/A run of the store on this corpus and endpoint."""
    for result, rows in zip(results, scores, strict=True):
        manifest = result.run.manifest
        if floor := noise_floor(_plays(manifest, rows), manifest.seed):
            return floor, manifest.run_id
    for run in _repeated(results[0].run.manifest, store) if store else ():
        wrong = excluded_utterances(run)
        rows = [s for row in run.scores() if (s := SessionScore.from_row(row)).utterance not in wrong]
        if rows and (floor := noise_floor(_plays(run.manifest, rows), run.manifest.seed)):
            return floor, run.run_id
    return None, "no run on this corpus and endpoint played its sessions twice; --repeats 2 gives the noise floor"


def _plays(manifest: Manifest, scores: list[SessionScore]) -> list[SessionScore]:
    """Scores of an A/A run whose second play is a second cell of the same settings: as one cell, played twice."""
    if manifest.settings.get("kind") != "aa" or manifest.repeats > 1:
        return scores
    play = {cell.name: number for number, cell in enumerate(manifest.cells) if cell.hash == manifest.cells[0].hash}
    return [replace(s, cell=manifest.cells[0].name, repeat=play[s.cell]) for s in scores if s.cell in play]


def _repeated(like: Manifest, store: Path) -> Iterator[StoredRun]:
    """Committed A/A runs on the corpus and endpoint of ``like``, newest first."""
    for line in reversed(index_runs(store)):
        if line.status != "committed" or (line.corpus, line.endpoint) != (like.corpus.name, like.endpoint):
            continue
        try:
            run = StoredRun(Path(store) / line.run_id)
        except StoreError:  # a remote run that is not on this machine; fetching it for a floor is not worth it
            continue
        manifest = run.manifest
        if manifest.corpus.hash == like.corpus.hash and (manifest.repeats > 1 or manifest.settings.get("kind") == "aa"):
            yield run
