"""Parts of the documentation that are made from the code: ``python -m tests.documentation.generated`` writes them.

A part stands between ``<!-- generated: name -->`` and ``<!-- end: name -->``.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

from click.testing import CliRunner

import workbench
from tests.cli import machine
from tests.corpus import own_data_manifests, own_data_sound
from tests.corpus.own_data import table
from tests.documentation.keywords import FILE, keywords_module
from tests.documentation.metrics_page import columns_block, list_block, metrics_block, normalisers_block
from workbench.audio import config
from workbench.cli import cli
from workbench.corpus.importers import FORMATS
from workbench.playing.network import PROFILES
from workbench.protocol.diagram import DIAGRAMS
from workbench.runs.spec_fields import spec_fields
from workbench.scoring.session import ROW_TYPES
from workbench.settings import Limits
from workbench.store.manifest import Manifest
from workbench.store.schema import frame_schema, session_schema

ROOT = Path(__file__).parents[2]


def attributes(kind: type) -> dict[str, str]:
    """Names and texts of the ``Attributes:`` section of a docstring; several names may share a text."""
    doc = inspect.getdoc(kind) or ""
    section = doc.partition("Attributes:\n")[2].partition("\n\n")[0]
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        item = re.match(r"    (\w[\w, ]*): (.*)$", line)
        if item:
            names = item[1].split(", ")
            found |= dict.fromkeys(names, item[2])
        else:
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return {name: text.replace("``", "`").replace("|", "\\|") for name, text in found.items()}


def help_block() -> str:
    """What ``workbench --help`` prints."""
    shown = CliRunner().invoke(cli, ["--help"], prog_name="workbench", terminal_width=100).output
    return f"```text\n{shown.strip()}\n```"


def audio_block() -> str:
    """Every setting of an audio configuration."""
    told, settings = attributes(config.AudioConfig), fields(config.AudioConfig)
    rows = [f"| `{f.name}` | {_default(f.default)} | {_allowed(f.name)} | {told[f.name]} |" for f in settings]
    return "\n".join(["| setting | default | allowed | what it does |", "|---|---|---|---|", *rows])


def _default(value: object) -> str:
    return "–" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)


def _allowed(name: str) -> str:
    if name in config.RANGES:
        low, high = config.RANGES[name]
        return f"{low:g} to {high:g}"
    if name in config.CHOICES:
        return ", ".join("none" if choice is None else str(choice) for choice in config.CHOICES[name])
    if name == "snr_db":
        low, high = config.SNR_RANGE_DB
        return f"{low:g} to {high:g}, or inf"
    if name == "codec_kbps":
        return "; ".join(f"{codec} {low:g} to {high:g}" for codec, (low, high) in config._KBPS_RANGES.items())
    return "a text"


def network_block() -> str:
    """Every network profile."""
    head = "| profile | delay [ms] | jitter [ms] | stalls | cap [kbit/s] |\n|---|---|---|---|---|"
    rows = [
        f"| `{p.name}` | {p.delay_ms:g} | {p.jitter_ms:g} | "
        + (f"{p.stall_ms:g} ms every {p.stall_every_s:g} s" if p.stall_ms else "–")
        + f" | {f'{p.bandwidth_kbps:g}' if p.bandwidth_kbps else '–'} |"
        for p in PROFILES.values()
    ]
    return "\n".join([head, *rows])


def run_block() -> str:
    """Every setting of a run, with its option."""
    options = {param.name: param.opts[-1] for param in import_module("workbench.cli.sweep").sweep.params}
    rows = [
        f"| `{field.name}` | {f'`{options[field.name]}`' if field.name in options else ''} | "
        f"{'' if field.default in (None, [], {}) else f'`{str(field.default).lower()}`'} | {field.help} |"
        for field in spec_fields()
    ]
    return "\n".join(["| key and keyword | option | default | meaning |", "|---|---|---|---|", *rows])


def limits_block() -> str:
    """Every bounded wait of ``workbench.toml``."""
    source = inspect.getsource(Limits)
    told = dict(re.findall(r"^    (\w+): [^\n]+\n    \"\"\"(.*?)\"\"\"", source, re.MULTILINE | re.DOTALL))
    assert set(told) == set(Limits.__struct_fields__)
    rows = [f"| `{name}` | {getattr(Limits(), name)} | {' '.join(text.split())} |" for name, text in told.items()]
    return "\n".join(["| limit | default | meaning |", "|---|---|---|", *rows])


def store_block() -> str:
    """Columns of the three tables of a run, and the fields of its manifest."""
    parts = ["### `manifest.json`", _table(("field", "meaning"), attributes(Manifest).items())]
    for name, schema in (("sessions.parquet", session_schema()), ("frames.parquet", frame_schema())):
        rows = [(f"`{field.name}`", str(field.type).replace("<", "‹").replace(">", "›")) for field in schema]
        parts += [f"### `{name}`", _table(("column", "type"), rows)]
    parts += ["### `scores.parquet`", _table(("column", "type"), ((f"`{k}`", v) for k, v in ROW_TYPES.items()))]
    return "\n\n".join(parts)


def _table(head: tuple[str, str], rows: object) -> str:
    lines = [f"| {a if a.startswith('`') else f'`{a}`'} | {b} |" for a, b in rows]
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *lines])


def formats_block() -> str:
    """Every importer with the first line of its docstring."""
    docs = {name: (inspect.getdoc(read) or "").splitlines()[0].replace("``", "`") for name, read in FORMATS.items()}
    rows = [f"| `{name}` | {doc} |" for name, doc in docs.items()]
    return "\n".join(["| format | what it reads |", "|---|---|", *rows])


def inputs_block() -> str:
    """Sound files and what happens with each."""
    return table(own_data_sound.ROWS)


def manifests_block() -> str:
    """Manifests and data sets and what importing each does."""
    return table(own_data_manifests.ROWS)


def machine_block() -> str:
    """What happens on a machine that does not let a command do its work."""
    return table(machine.ROWS)


def exports_block() -> str:
    """The formats of ``workbench runs export``."""
    found = import_module("workbench.cli.runs").export.params
    return next(param.help for param in found if param.name == "name") or ""


def states_block() -> str:
    """State diagrams of the three products, drawn from their transition tables."""
    return "\n\n".join(f"**{product}**\n\n```mermaid\n{text}\n```" for product, text in DIAGRAMS.items())


PROMISES = ("tests/security", "tests/app/test_guard.py", "tests/cli/test_clean.py", "tests/simulator/test_half_open.py")
"""Tests that show what the page on security promises."""


def promises_block() -> str:
    """Every such test: its name is the promise, the first line of its docstring says how far it goes."""
    rows = []
    for place in PROMISES:
        path = ROOT / place
        for file in sorted(path.glob("test_*.py")) if path.is_dir() else [path]:
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    promise = node.name.removeprefix("test_").replace("_", " ")
                    extent = (ast.get_docstring(node) or "").splitlines()[0].replace("|", "\\|")
                    rows.append(f"| {promise} | {extent} | `{file.relative_to(ROOT)}` |")
    return "\n".join(["| promise | how far | test |", "|---|---|---|", *rows])


def names_block() -> str:
    """Every public name with the first line of its docstring."""
    names = [name for name in workbench.__all__ if name != "__version__"]
    docs = {name: (inspect.getdoc(getattr(workbench, name)) or "").splitlines()[0] for name in names}
    rows = [f"| `{name}` | {doc.replace('``', '`').replace('|', chr(92) + '|')} |" for name, doc in docs.items()]
    return "\n".join(["| name | what it is |", "|---|---|", *rows])


BLOCKS = {
    "docs/api.md": {"names": names_block},
    "README.md": {"help": help_block},
    "docs/metrics.md": {
        "list": list_block,
        "metrics": metrics_block,
        "columns": columns_block,
        "normalisers": normalisers_block,
    },
    "docs/audio.md": {"settings": audio_block, "networks": network_block},
    "docs/store.md": {"layout": store_block, "exports": exports_block},
    "docs/simulator.md": {"states": states_block},
    "docs/configuration.md": {"run": run_block, "limits": limits_block},
    "docs/security.md": {"promises": promises_block},
    "docs/own-data.md": {
        "formats": formats_block,
        "sound": inputs_block,
        "manifests": manifests_block,
        "machine": machine_block,
    },
}
"""Page to the parts in it and what makes them."""


def renewed(page: str) -> str:
    """The page with every generated part as the code has it now."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, make in BLOCKS[page].items():
        start, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        assert text.count(start) == text.count(end) == 1, f"{page}: {name}"
        before, rest = text.split(start)
        text = f"{before}{start}\n{make()}\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    for page in BLOCKS:
        (ROOT / page).write_text(renewed(page), encoding="utf-8")
    FILE.write_text(keywords_module(), encoding="utf-8")
