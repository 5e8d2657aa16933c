"""Words that texts for people do not use: ``python -m tests.documentation.words`` lists them, with what to write.

Looked at: every text of the library that is not a docstring (messages, help, the app), docstrings of commands and of
the public API, README, docs, examples and notebooks. Code blocks and generated parts of pages are left out: they come
from the code. docs/glossary.md has the one name of each thing.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

RULED_OUT = {
    r"gives? way|gave way|giving way": "name the limit: the client or the service is the bottleneck",
    r"hand(s|ed|ing)? on": "export, pass",
    r"mend(s|ed|ing)?": "fix, correct",
    r"beside": "next to, with",
    r"so many": "the number",
    r"so-manieth": "every n-th",
    r"of (its|their|our|one's) own": "own, separate, your",
    r"which end": "client or service",
    r"as asked|is asked of|asked for by": "as configured, requested",
    r"told(?! apart)": "reported, stated, known",
    r"stands? (in(?! for)|for|there|here|on|as|once|behind)": "is, is in, replaces",
    r"(is|are|was) gone": "not found, removed",
    r"nobody (answers|says)": "connection refused or timed out; not stated",
    r"(words?|sessions?|frames?|messages?|partials?|finals?) (as they|that|which) comes?": "as they arrive, live",
    r"is in none|are in none|in no average": "excluded from",
    r"(sessions|streams|many|connections) at a time": "concurrent",
    r"in another light": "say what is done",
    r"gets? round to": "say when it is done",
    r"thin sample": "too few recordings",
    r"slices?": "group",
}
"""What is not written, as a pattern of whole words, to what is written instead."""

ALLOWED = {
    ("workbench/scoring/metrics/screen.py", "no transcript of its own"): "stored with every score",
    ("workbench/simulator/notes/assertions.py", ""): "patterns of what patients say",
    ("workbench/simulator/notes/sentences.py", ""): "patterns of what patients say",
    ("docs/glossary.md", "| group |"): "the name in code, where it is part of the interface",
}
"""File and a piece of the text to the reason why a word stays there."""


def texts() -> Iterator[tuple[str, int, str]]:
    """File, line and text of everything that people read."""
    for path in sorted((ROOT / "workbench").rglob("*.py")):
        yield from _of_code(path)
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "examples").glob("*.md"))]
    for path in pages:
        yield from _of_page(path, path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        yield from ((_name(path), n, line[2:]) for n, line in enumerate(lines, 1) if line.startswith("# "))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _of_page(path: Path, text: str) -> Iterator[tuple[str, int, str]]:
    for block in (r"```.*?```", r"<!-- generated: .*?<!-- end: [^>]*-->", r"`[^`\n]+`"):
        text = re.sub(block, lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)
    yield from ((_name(path), number, line) for number, line in enumerate(text.splitlines(), 1))


def _of_code(path: Path) -> Iterator[tuple[str, int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    silent = {id(node.value) for node in nodes if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    silent -= {id(docstring) for docstring in _read_docstrings(nodes, path)}
    for node in nodes:
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if " " in node.value.strip():
            text = re.sub(r"``[^`]*``|`[^`]*`", "", node.value)
            yield from ((_name(path), node.lineno + n, line) for n, line in enumerate(text.splitlines()))


def _read_docstrings(nodes: list[ast.AST], path: Path) -> Iterator[ast.expr]:
    """Those that are shown to people: of a command, or of the public API."""
    shown = {"cli", "api"} & set(path.relative_to(ROOT / "workbench").parts[:1])
    public = path.name in ("notebook.py", "judged.py", "pytest_plugin.py")
    if not (shown or public or path.parts[-2:] == ("reporting", "session.py")):
        return
    for owner in nodes:
        if isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not owner.name.startswith("_"):
            first = owner.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def found() -> list[str]:
    """One line for each word that is ruled out."""
    lines = []
    any_of_them = re.compile(rf"\b(?:{'|'.join(RULED_OUT)})\b", re.IGNORECASE)
    for file, number, text in texts():
        if not any_of_them.search(text):
            continue
        for pattern, instead in RULED_OUT.items():
            for match in re.finditer(rf"\b(?:{pattern})\b", text, re.IGNORECASE):
                if text.lstrip().startswith(">>>") or any(file == f and piece in text for f, piece in ALLOWED):
                    continue
                lines.append(f"{file}:{number}: {match[0]!r}, write: {instead}\n    {text.strip()[:150]}")
    return lines


if __name__ == "__main__":
    wrong = found()
    print("\n".join(wrong) or "words: nothing that docs/glossary.md rules out")  # noqa: T201
    sys.exit(bool(wrong))
