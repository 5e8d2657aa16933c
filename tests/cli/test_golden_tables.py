"""Tables on the command line at four widths: the texts that are kept, nothing too wide, no number broken."""

from __future__ import annotations

import re

import pytest

from tests.cli.golden_tables import FOLDER, WIDTHS, golden, make_runs
from workbench.cli.screen import print_table, screen_width
from workbench.reporting.tables.table import Column, Table
from workbench.reporting.tables.text import paragraph, table_lines


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Everything that is printed, by width."""
    root = tmp_path_factory.mktemp("golden") / "runs"
    make_runs(root)
    return golden(root)


def words(text):
    """What is set apart by blanks, without the lines of tables and the colon of a record."""
    return {word.rstrip(":") for word in text.split() if not word.startswith("─")}


@pytest.mark.parametrize("width", WIDTHS)
def test_verbs_print_what_is_kept(printed, width):
    """Changed on purpose? ``python -m tests.cli.golden_tables`` writes the texts again."""
    assert printed[width] == (FOLDER / f"{width}.txt").read_text()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(printed, width):
    """Lines with a command are the heading of the golden text, not printed."""
    assert max(len(line) for line in printed[width].splitlines() if not line.startswith("$ ")) <= width


@pytest.mark.parametrize("width", WIDTHS[:-1])
def test_no_value_is_broken_or_cut(printed, width):
    """A number or a word that two lines share would be none of the widest text."""
    for wide, narrow in zip(printed[200].split("\n$ "), printed[width].split("\n$ "), strict=True):
        assert words(wide) == words(narrow)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_number_stays_with_its_unit(printed, width):
    """In sentences; and none has an exponent."""
    assert not re.search(r"\d\n *(%|points|ms)(?!\w)", printed[width])
    assert not re.search(r"\de[+-]\d", printed[width])


NAMES = ("clean", "pink noise 20 dB")


def table(rows=2, columns=3):
    """Numbers of seven digits under headings of three words."""
    made = [Column("name", "name", str)]
    made += [Column(f"c{i}", f"first second {i}", str, "ms") for i in range(columns)]
    values = tuple(
        {"name": NAMES[row] if row < 2 else f"row {row}"} | {f"c{i}": 1_234_567.0 + row for i in range(columns)}
        for row in range(rows)
    )
    return Table(tuple(made), values, ("a note",))


def test_headings_take_several_lines_before_columns_move():
    """Worked by hand: 16 + 3 columns of 7 with gaps of 2 are 43."""
    lines = table_lines(table(), 43)
    assert lines[0].split() == ["first", "first", "first"]
    assert [line.split() for line in lines[-3:-1]] == [
        ["clean", *["1234567"] * 3],
        ["pink", "noise", "20", "dB", *["1234568"] * 3],
    ]
    assert lines[-1] == "  a note"


def test_few_rows_are_turned_on_their_side():
    """One line a column, the rows beside each other."""
    lines = table_lines(table(columns=6), 50)
    assert lines[0].split("  ")[0] == "name"
    assert [line.split()[-2:] for line in lines[2:8]] == [["1234567", "1234568"]] * 6


def test_many_rows_get_further_blocks_with_their_names():
    """Every block names its rows; every number stands in one of them."""
    lines = table_lines(table(rows=8, columns=6), 45)
    assert max(map(len, lines)) <= 45
    assert sum(line.startswith("pink noise 20 dB") for line in lines) == 2
    assert sum(line.count("1234573") for line in lines) == 6


def test_names_that_leave_no_room_make_records():
    """``heading: value``, one record a row."""
    lines = table_lines(table(rows=8, columns=2), 24)
    assert max(map(len, lines)) <= 24
    assert "name:" in [line.split()[0] for line in lines if line]
    assert sum("1234567" in line for line in lines) == 2


def test_sentences_stand_below_with_the_names_of_their_rows():
    """The same sentence once."""
    columns = (Column("name", "name", str), Column("why", "why", str, prose=True))
    rows = tuple({"name": f"row {i}", "why": "too few words"} for i in range(2))
    assert table_lines(Table(columns, rows), 60)[-1] == "  row 0, row 1: too few words"


def test_a_path_stays_whole():
    """So that it can be copied."""
    assert paragraph("stored as /a/very/long/path/to/a/run now", 12) == [
        "stored as",
        "/a/very/long/path/to/a/run",
        "now",
    ]


def test_a_pipe_gets_a_fixed_width_and_whole_notes(capsys, monkeypatch):
    """COLUMNS has the say where it is set; nonsense in it counts as unset."""
    monkeypatch.setenv("COLUMNS", "wide")
    assert screen_width() is None
    note = "a note " * 40
    print_table(Table(table(columns=20).columns, table(columns=20).rows, (note.strip(),)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "  " + note.strip()
    assert max(map(len, lines[:-1])) <= 120
    monkeypatch.setenv("COLUMNS", "60")
    assert screen_width() == 60
