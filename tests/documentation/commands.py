"""Commands as they stand in fenced blocks, and whether the command line knows them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from workbench.cli import VERBS, cli

ROOT = Path(__file__).parents[2]


def blocks(page: Path, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands(page: Path) -> list[str]:
    """Every workbench command in the console blocks of a page, continued lines joined."""
    lines = "\n".join(blocks(page, "console")).replace("\\\n", " ").splitlines()
    found = [line.removeprefix("$ ").partition("   #")[0].strip() for line in lines]
    return [line for line in found if line.startswith("workbench ")]


def unknown_parts(command: str) -> list[str]:
    """Verbs and flags of a command that the command line does not have."""
    words = shlex.split(command)[1:]
    if words[0] not in VERBS:
        return [words[0]]
    path = [words[0]]
    shown = CliRunner().invoke(cli, [*path, "--help"]).output
    if "COMMAND [ARGS]" in shown:
        path.append(words[1])
        shown = CliRunner().invoke(cli, [*path, "--help"]).output
    flags = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    return [flag for flag in flags if not re.search(rf"(^|[\s,]){re.escape(flag)}\b", shown)]
