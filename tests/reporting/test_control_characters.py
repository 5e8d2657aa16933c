"""Control characters of ids, speakers and tags act nowhere: not in a terminal, nor in Markdown, HTML or JUnit."""

from xml.etree import ElementTree as ET

from tests.stored import batch, stored
from workbench.cli.problems import problem_lines
from workbench.cli.screen import print_table
from workbench.comparing.gate.formats import junit_xml, markdown
from workbench.comparing.gate.judge import judge
from workbench.comparing.gate.rules import Rules
from workbench.corpus import Problem
from workbench.errors import visible
from workbench.reporting.html_report import render_report
from workbench.reporting.tables.cells import summary_table
from workbench.reporting.tables.sessions import sessions_table

EVIL = "u\x1b[2J\x07\u202egnp.exe\x9b31m\x00\x7f"
ACTING = "\x1b\x07\u202e\x9b\x00\x7f"


def test_problems_show_their_ids(tmp_path):
    """As ``datasets check`` prints them."""
    (line,) = map(visible, problem_lines([Problem("m.jsonl", 1, EVIL, "empty reference")]))  # as echo does
    assert not set(ACTING) & set(line)
    assert "u<1B>[2J" in line


def test_a_run_of_evil_names_is_shown(tmp_path, capsys):
    """Configurations, utterances, speakers and tags: tables and the page."""
    records = batch(3, cell="c" + EVIL)
    for record in records:
        record.speaker, record.tags = "s" + EVIL, ("t" + EVIL,)
        record.key = type(record.key)(record.key.cell, record.key.utterance + EVIL, record.key.repeat, 0)
    result = stored(tmp_path, records)
    shown = [summary_table(result.cells), sessions_table(result.scores)]
    for table in shown:
        print_table(table)
        print_table(table, turned=True)
    assert not set(ACTING) & set(capsys.readouterr().out)
    assert not set(ACTING) & set(render_report(result))
    judged = judge(result, Rules(limits={"wer": 0.5}, slices=("speaker", "tag"), min_utterances=1))
    assert not set(ACTING) & set(markdown(judged))
    xml = junit_xml(judged)
    assert not set(ACTING) & set(xml)
    assert ET.fromstring(xml) is not None  # noqa: S314  written two lines above
