"""The README says what is so: diagrams from the tables, commands that exist."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.cli import VERBS, cli
from workbench.protocol.diagram import DIAGRAMS

README = Path(__file__).parents[1] / "README.md"
TEXT = README.read_text(encoding="utf-8")


def drawn():
    """The reference section's diagrams as they should stand."""
    parts = [f"**{product}**\n\n```mermaid\n{text}\n```" for product, text in DIAGRAMS.items()]
    return "<!-- states -->\n" + "\n\n".join(parts) + "\n<!-- end of states -->"


def test_the_state_diagrams_are_those_of_the_tables():
    """Replace what stands between the markers by what ``drawn()`` gives."""
    assert drawn() in TEXT


def commands():
    """Every workbench command in a fenced block."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL):
        found += [line for line in block.splitlines() if line.startswith("workbench ")]
    return found


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_readme_exists_with_its_options(command):
    """Verbs and flags are looked up in the command line itself."""
    words = shlex.split(command)[1:]
    assert words[0] in VERBS
    path = [words[0]]
    shown = CliRunner().invoke(cli, [*path, "--help"]).output
    if "COMMAND [ARGS]" in shown:
        path.append(words[1])
        shown = CliRunner().invoke(cli, [*path, "--help"]).output
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in shown, word


def test_the_readme_stays_readable():
    """Under 250 lines, an example run in it, no machine's paths."""
    assert len(TEXT.splitlines()) < 250
    example = TEXT.partition("<!-- example of make demo -->")[2].partition("<!-- end of example -->")[0]
    assert "clean 16 kHz" in example
    assert not re.search(r"(?<!\w)/(home|root|tmp|Users)/", TEXT)
