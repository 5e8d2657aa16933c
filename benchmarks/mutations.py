"""Would the tests notice? Change fifty places of the code, one at a time, and see which tests fail.

The places are drawn by a seed among comparisons, arithmetic, and/or/not and constants, evenly from the packages below.
Each is tried on a copy of a committed revision, never on the working tree: first the mirrored folder of tests, then
those that use the package.

    python benchmarks/mutations.py --report build/mutations.json
    python benchmarks/mutations.py --again build/mutations.json --revision OLD --report build/old.json

A call that was interrupted goes on from its report. The second line plays what was not caught against the tests of
another revision, to see whether its tests had caught it; ``--marks "not soak" --tests "tests/conformance"`` says which,
where its marks and folders are not those below.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import functools
import io
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parent.parent
TESTS = {
    "scoring": ("tests/scoring", "tests/comparing tests/reporting tests/recording tests/store tests/instrument"),
    "playing": ("tests/playing", "tests/conformance tests/faults tests/runs tests/client"),
    "protocol": ("tests/protocol", "tests/conformance tests/client tests/playing tests/simulator"),
}
"""By package: the mirrored folder, and those that are asked where it notices nothing."""
MARKS = "not slow and not timing and not browser and not soak"
PATIENCE_S = 1_200

COMPARISONS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
}  # fmt: skip


class Place(msgspec.Struct, frozen=True, order=True):
    """One change: in ``line`` of ``file``, from ``column``, ``old`` becomes ``new``; ``text`` is the line as it was."""

    file: str
    line: int
    column: int
    old: str
    new: str
    text: str


class Tried(msgspec.Struct):
    """What became of it: ``caught`` by a test, ``survived``, ``absent`` in that commit, or ``unknown`` because a test
    fails without any change; ``commit`` is whose code and tests.
    """

    place: Place
    outcome: str
    by: str = ""
    took_s: float = 0.0
    commit: str = ""


def places(tree: Path, file: Path) -> Iterator[Place]:
    """Every change that may be made in a file."""
    source = file.read_text()
    lines = source.splitlines()
    name = str(file.relative_to(tree))

    def place(line: int, column: int, old: str, new: str) -> Place:
        return Place(name, line, column, old, new, lines[line - 1])

    def between(left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Place]:
        if left.end_lineno == right.lineno and left.end_col_offset is not None:  # an operator on one line
            at = lines[right.lineno - 1].find(old, left.end_col_offset, right.col_offset)
            if at >= 0:
                yield place(right.lineno, at, old, new)

    for node in _code(ast.parse(source)):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            yield from between(node.left, node.comparators[0], *COMPARISONS[type(node.ops[0])])
        elif isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            yield from between(node.left, node.right, *ARITHMETIC[type(node.op)])
        elif isinstance(node, ast.BoolOp):
            old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            yield from between(node.values[0], node.values[1], f" {old} ", f" {new} ")
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield place(node.lineno, node.col_offset, "not ", "")
        elif isinstance(node, ast.Constant) and type(node.value) in (bool, int, float):
            old = lines[node.lineno - 1][node.col_offset : node.end_col_offset]
            new = str(not node.value) if isinstance(node.value, bool) else repr(node.value + 1)
            yield place(node.lineno, node.col_offset, old, new)


def _code(node: ast.AST) -> Iterator[ast.AST]:
    """Nodes that decide something: no annotations, no ``slots=True`` of a decorator."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "type_params", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield child
                yield from _code(child)


def drawn(tree: Path, packages: list[str], count: int, seed: int) -> list[Place]:
    """So many places, evenly from the packages."""
    dice, chosen = random.Random(seed), []
    for number, package in enumerate(packages):
        every = sorted(place for file in (tree / "workbench" / package).rglob("*.py") for place in places(tree, file))
        share = count * (number + 1) // len(packages) - count * number // len(packages)
        chosen += dice.sample([place for place in every if place.text.isascii()], share)
    return sorted(chosen)


def _git(*words: str) -> bytes:
    return subprocess.run([shutil.which("git") or "git", *words], cwd=ROOT, capture_output=True, check=True).stdout


def copy_of(revision: str, folder: Path) -> Path:
    """The committed tree of ``revision`` in a folder of its own."""
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", revision))) as tar:
        tar.extractall(folder, filter="data")
    return folder


def failure(tree: Path, folders: str, marks: str, workers: int) -> str | None:
    """The first test of these folders that fails, None where all of them pass; what takes too long is a failure."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-m", marks]
    command += ["-n", str(workers), "--dist", "loadfile"] if workers > 1 else []
    command += [folder for folder in folders.split() if (tree / folder).exists()]
    # Children are started in safe-path mode, which still looks into PYTHONPATH.
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"{folders} took longer than {PATIENCE_S} s"
    if done.returncode == 0:
        return None
    told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return told[0].split(" - ")[0] if told else f"{folders} ended with {done.returncode}"


def found(tree: Path, place: Place) -> Place | None:
    """The same place in another revision: the nearest line with the same text, in its file or where it once was."""
    elsewhere = sorted((tree / "workbench").rglob("*.py"))
    for file in [tree / place.file, *elsewhere]:
        lines = file.read_text().splitlines() if file.exists() else []
        if same := [number for number, text in enumerate(lines, 1) if text == place.text]:
            line = min(same, key=lambda number: abs(number - place.line))
            return msgspec.structs.replace(place, file=str(file.relative_to(tree)), line=line)
    return None


_RED: dict[tuple[str, str], str | None] = {}
"""What fails without any change, by folders and marks; looked at once, before a failure is believed."""


def tried(tree: Path, wanted: Place, tests: list[str], marks: str, workers: int) -> Tried:
    """Make the change, run the tests, take the change back."""
    place, begun_s = found(tree, wanted), time.monotonic()
    if place is None:
        return Tried(wanted, "absent")
    file = tree / place.file
    source = file.read_text()
    lines = source.splitlines(keepends=True)
    text = lines[place.line - 1]
    assert text.startswith(place.old, place.column), place
    lines[place.line - 1] = text[: place.column] + place.new + text[place.column + len(place.old) :]
    changed = "".join(lines)
    for folders in tests or TESTS[wanted.file.split("/")[1]]:
        if (folders, marks) not in _RED:
            _RED[folders, marks] = failure(tree, folders, marks, workers)
        if red := _RED[folders, marks]:
            return Tried(wanted, "unknown", red, time.monotonic() - begun_s)
        file.write_text(changed)
        try:
            if failed := failure(tree, folders, marks, workers):
                return Tried(wanted, "caught", failed, time.monotonic() - begun_s)
        finally:
            file.write_text(source)
    return Tried(wanted, "survived", "", time.monotonic() - begun_s)


def _tried_before(report: Path, wanted: list[Place], commit: str) -> list[Tried]:
    """What an earlier call that was interrupted has tried of these places, by the tests of the same commit."""
    if not report.exists():
        return []
    before = msgspec.json.decode(report.read_bytes(), type=list[Tried])
    return [one for one in before if one.place in wanted and one.commit == commit]


def main() -> int:
    """Draw or read the places, try each, print and keep what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--packages", nargs="+", default=list(TESTS), choices=TESTS)
    parser.add_argument("--revision", default="HEAD", help="whose code and tests are tried")
    parser.add_argument("--marks", default=MARKS, help="which of its tests")
    parser.add_argument("--again", type=Path, help="a report: try what was not caught there")
    parser.add_argument("--tests", action="append", default=[], help="where that revision has other folders")
    parser.add_argument("--report", type=Path, default=ROOT / "build/mutations.json")
    parser.add_argument("--workers", type=int, default=1, help="of pytest, for each change")
    parser.add_argument("--copies", type=int, default=2, help="changes that are tried at a time")
    chosen = parser.parse_args()
    if chosen.again and chosen.again.resolve() == chosen.report.resolve():
        parser.error(f"--again and --report are one file ({chosen.again}); expected another one for --report")
    commit = _git("rev-parse", chosen.revision).decode().strip()
    work = Path(tempfile.mkdtemp(prefix="mutations-"))
    try:
        trees = [copy_of(chosen.revision, work / str(number)) for number in range(chosen.copies)]
        if chosen.again:
            before = msgspec.json.decode(chosen.again.read_bytes(), type=list[Tried])
            wanted = [one.place for one in before if one.outcome != "caught"]
        else:
            wanted = drawn(trees[0], chosen.packages, chosen.count, chosen.seed)
        every = _tried_before(chosen.report, wanted, commit)
        wanted = [place for place in wanted if place not in {one.place for one in every}]
        how = functools.partial(_in_turn, trees, chosen.tests, chosen.marks, chosen.workers)
        with concurrent.futures.ThreadPoolExecutor(chosen.copies) as pool:
            waiting = {pool.submit(how, place) for place in wanted}
            for done in concurrent.futures.as_completed(waiting):
                one = done.result()
                one.commit = commit
                every.append(one)
                place = one.place
                what = f"{place.file}:{place.line}:{place.column}  {place.old.strip()!r} -> {place.new.strip()!r}"
                print(f"{one.outcome:8} {one.took_s:5.0f} s  {what}  {one.by}  | {place.text.strip()}", flush=True)
                chosen.report.parent.mkdir(parents=True, exist_ok=True)
                chosen.report.write_bytes(
                    msgspec.json.format(msgspec.json.encode(sorted(every, key=lambda t: t.place)))
                )
    finally:
        shutil.rmtree(work)
    counts = Counter((one.place.file.split("/")[1], one.outcome) for one in every)
    for (package, outcome), count in sorted(counts.items()):
        print(f"{package:10} {outcome:8} {count}")
    return 0


def _in_turn(trees: list[Path], tests: list[str], marks: str, workers: int, place: Place) -> Tried:
    """With a copy that nobody else has at the moment."""
    tree = trees.pop()
    try:
        return tried(tree, place, tests, marks, workers)
    finally:
        trees.append(tree)


if __name__ == "__main__":
    sys.exit(main())
