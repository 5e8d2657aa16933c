"""Documentation that cannot drift: made from the code, or checked against it."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.documentation.commands import ROOT, blocks, commands, unknown_parts
from tests.documentation.generated import BLOCKS, attributes, renewed
from tests.stored import batch, store_run
from workbench import errors
from workbench.comparing.gate import load_rules
from workbench.corpus import load_corpus
from workbench.corpus.importers import importer as importing
from workbench.reference import FACT_KINDS
from workbench.scoring.metrics.instrument import Instrument
from workbench.scoring.metrics.latency import Latency
from workbench.scoring.metrics.stability import Stability
from workbench.scoring.reading import Meaning, Tally
from workbench.settings import load_settings

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
SOURCES = {
    path: path.read_text(encoding="utf-8")
    for path in (ROOT / "workbench").rglob("*.*")
    if path.suffix in {".py", ".js"}
}


@pytest.mark.parametrize("page", [page for page in BLOCKS if page.startswith("docs/")])
def test_generated_parts_are_what_the_code_says(page):
    """Renew them with ``python -m tests.documentation.generated``."""
    assert (ROOT / page).read_text(encoding="utf-8") == renewed(page)


@pytest.mark.parametrize("kind", [Instrument, Latency, Stability, Meaning, Tally])
def test_every_value_of_a_metric_has_its_definition(kind):
    """No field without a line in the docstring, no line without a field."""
    assert set(attributes(kind)) == {field.name for field in fields(kind)}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    """To a file of the project; addresses on the web are not followed."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [link for link in links if link and not link.startswith("http")]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_the_index_has_every_page():
    """Each once."""
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([\w-]+\.md)\)", index)
    assert sorted(set(linked) | {"README.md"}) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_a_page_exists_with_its_options(page):
    """Verbs and flags are looked up in the command line itself."""
    assert {command: unknown_parts(command) for command in commands(page) if unknown_parts(command)} == {}


def test_every_error_class_has_its_line_and_exit_code():
    """In troubleshooting, with what it means and what to do."""
    rows = dict(re.findall(r"^\| `(\w+Error)` \| (\d) \| .{60,} \|$", _page("troubleshooting"), re.MULTILINE))
    assert rows == {name: str(getattr(errors, name).exit_code) for name in errors.__all__}


def test_every_message_of_the_page_is_one_that_the_code_gives():
    """A message that was reworded would be looked for in vain."""
    section = _page("troubleshooting").partition("## By message")[2].partition("## What tables say")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    told = [message for cell in cells for message in re.findall("`(.+?)`", cell)]
    everything = "\n".join(SOURCES.values())
    assert len(told) > 20
    assert [message for message in told if message not in everything] == []


def test_the_settings_file_of_the_page_is_understood(tmp_path):
    """Endpoint, store, limits and gate."""
    (block,) = blocks(DOCS / "configuration.md", "toml")
    file = tmp_path / "workbench.toml"
    file.write_text(block)
    settings = load_settings({}, file=file)
    assert (settings.endpoint, settings.limits.connect_s) == ("staging", 5.0)
    rules = load_rules(file)
    assert (rules.limits["wer"], rules.margins["wer"], rules.min_utterances) == (0.15, 0.01, 30)


def test_the_manifest_row_of_the_page_loads(tmp_path):
    """As one line of a corpus with that file in it."""
    row, with_facts = blocks(DOCS / "own-data.md", "json")
    audio = tmp_path / json.loads(row)["audio"]
    audio.parent.mkdir()
    audio.write_bytes(_some_wav())
    (tmp_path / "manifest.jsonl").write_text(row)
    assert load_corpus(tmp_path).utterances[0].speaker == "dr-a"
    (tmp_path / "manifest.jsonl").write_text(" ".join(with_facts.split()))
    facts = load_corpus(tmp_path).utterances[0].reference.facts
    assert {fact.kind for fact in facts} == set(FACT_KINDS)


def _page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def _some_wav() -> bytes:
    import io

    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.zeros(1_600), 16_000, format="WAV")
    return file.getvalue()


def example(name: str) -> dict[str, object]:
    """Names that the blocks of one worked example define, run one after the other."""
    names: dict[str, object] = {}
    for block in blocks(DOCS / "extending.md", f"python {name}"):
        exec(compile(block, "extending.md", "exec"), names)  # noqa: S102  our own page
    return names


def test_the_example_metric_is_computed_from_a_stored_run(tmp_path, monkeypatch):
    """All words of these sessions were final with their only message, but for the first one."""
    store_run(tmp_path, batch(4))
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path))
    names = example("metric")
    assert names["share"] == pytest.approx(1 / 3)
    assert names["early_words"](batch(1)[0]) == (1, 3)
    assert names["early_share"]([]) is None


@pytest.mark.slow
async def test_the_example_recogniser_serves_a_simulated_session(tmp_path, monkeypatch):
    """A second of audio becomes a partial, its end a final."""
    import numpy as np

    from workbench.simulator import server
    from workbench.simulator.server import Simulator, SimulatorOptions

    names = example("recogniser")
    monkeypatch.setattr(server, "_recogniser", lambda options: names["Counting"]())
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    import soundfile

    soundfile.write(corpus / "a.wav", np.full(24_000, 0.1), 16_000)
    (corpus / "manifest.jsonl").write_text('{"id": "a", "audio": "a.wav", "reference": "1.5 seconds"}')
    async with Simulator(SimulatorOptions(port=0)) as simulator:
        import workbench as wb

        run = await asyncio.to_thread(wb.run, corpus, endpoint=simulator.url, store=tmp_path / "runs")
    session = run.session("a")
    assert session.screen["text"].tolist() == ["1 seconds", "1.5 seconds"]
    assert session.diff.errors == 0


def test_the_example_importer_makes_a_corpus(tmp_path, monkeypatch):
    """A good row, and a bad one named by its line."""
    monkeypatch.setitem(importing.FORMATS, "tabbed", example("importer")["read_tabbed"])
    (tmp_path / "a.wav").write_bytes(_some_wav())
    source = tmp_path / "list.txt"
    source.write_text("a.wav\tno chest pain\nb.wav\n")
    report = importing.import_corpus("tabbed", source, tmp_path / "made")
    assert [str(problem) for problem in report.problems] == [f"{source}:2: b.wav: no text after a tab in this row"]
    source.write_text("a.wav\tno chest pain\n")
    importing.import_corpus("tabbed", source, tmp_path / "made")
    assert load_corpus(tmp_path / "made").utterances[0].reference.written == "no chest pain"


def test_examples_are_code_that_parses_and_says_what_it_does():
    """Every function of an example that is not a protocol's has a docstring."""
    for name in ("metric", "importer"):
        for block in blocks(DOCS / "extending.md", f"python {name}"):
            for node in ast.parse(block).body:
                assert not isinstance(node, ast.FunctionDef) or ast.get_docstring(node), node.name


def test_the_project_speaks_of_itself_alone():
    """No path of any machine in any page."""
    for page in [*PAGES, ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "examples").rglob("*.md")]:
        assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/", Path(page).read_text(encoding="utf-8")), page
