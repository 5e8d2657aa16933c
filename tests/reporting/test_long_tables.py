"""Tables of many rows on the command line: set in plain columns, nothing lost."""

from __future__ import annotations

from workbench.cli.screen import print_table
from workbench.reporting.tables.table import Column, Table


def table(rows):
    """A table with a word and a number a row."""
    columns = (
        Column("name", "name", lambda row: row["name"]),
        Column("count", "count", lambda row: row["count"]),
    )
    return Table(columns, tuple({"name": f"run {i}", "count": i} for i in range(rows)), ("a note",))


def test_a_long_table_has_every_row_in_line(capsys):
    """Words to the left, numbers to the right, one line a row, notes below."""
    print_table(table(1_000))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "count"]
    assert [line.split() for line in lines[2:1_002]] == [["run", str(i), str(i)] for i in range(1_000)]
    assert len({len(line) for line in lines[2:1_002]}) == 1
    assert lines[1_002].strip() == "a note"


def test_a_short_table_says_the_same(capsys):
    """Only the layout differs."""
    print_table(table(3))
    short = capsys.readouterr().out.split()
    assert [word for word in short if not word.startswith("─")] == [
        "name", "count", "run", "0", "0", "run", "1", "1", "run", "2", "2", "a", "note",
    ]  # fmt: skip
