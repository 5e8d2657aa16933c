"""Options of a run are made from its fields; the library's parameters become the options that were typed."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import workbench as wb
from workbench.cli import VERBS, cli, main
from workbench.cli.options import KEY_VALUE, in_flags, spec_values
from workbench.cli.run import run
from workbench.cli.sweep import sweep
from workbench.corpus import find_corpus, load_corpus
from workbench.errors import InputError
from workbench.runs.spec import RunSpec
from workbench.runs.spec_fields import SpecField, make_spec, spec_fields
from workbench.runs.sweep import SETTINGS, load_sweep

PACKAGE = Path(wb.__file__).parent
SWEEP_ONLY = {
    "--vary": "a run has one configuration",
    "--pilot": "only configurations that are compared have a detectable difference",
}
"""Options that ``run`` does not have, and why."""


def options(command: click.Command) -> dict[str, click.Option]:
    """Options of a verb by their long name."""
    return {param.opts[-1]: param for param in command.params if isinstance(param, click.Option)}


def commands() -> list[click.Command]:
    """Every verb, groups taken apart."""
    loaded = [cli.get_command(click.Context(cli), verb) for verb in VERBS]
    return [one for verb in loaded for one in (verb.commands.values() if isinstance(verb, click.Group) else (verb,))]


def test_run_and_sweep_have_the_same_options_but_for_those_that_only_one_can_have():
    """The same names, types and help texts."""
    mine, theirs = options(run), options(sweep)
    assert set(theirs) - set(mine) == set(SWEEP_ONLY)
    assert set(mine) <= set(theirs)
    for name, option in mine.items():
        other = theirs[name]
        assert (option.help, option.multiple, option.is_flag, option.default) == (
            other.help, other.multiple, other.is_flag, other.default,
        ), name  # fmt: skip
    shown = CliRunner().invoke(run, ["--help"]).output
    assert all(name in shown for name in mine)


@pytest.mark.parametrize("verb", ["demo", "live", "calibrate", "capacity", "doctor", "simulate"])
def test_an_option_of_a_run_has_the_same_words_in_every_verb(verb):
    """But for the corpus, which these verbs do not play as a run does, and for defaults of their own."""
    command = cli.get_command(click.Context(cli), verb)
    others = {"corpus", "recogniser", "dialect", "scenario"} if verb in ("capacity", "simulate") else {"corpus"}
    shared = {field.name: field.help for field in spec_fields()} | {"seed": "Random seed for "}
    mine = {o.name: o.help for o in options(command).values() if o.name in shared and o.name not in others}
    assert mine
    assert all(text.startswith(shared[name]) for name, text in mine.items())


def test_demo_plays_as_many_utterances_at_as_many_streams_as_it_is_given(monkeypatch, tmp_path):
    """Spread over its corpora; of more corpora than utterances the first are played."""
    played = []
    monkeypatch.setattr(
        "workbench.cli.demo.play_and_print", lambda resolved, settings, *_, **__: played.append(resolved)
    )
    monkeypatch.setattr("workbench.cli.demo.exit_code", lambda *_: 0)
    for limit, names in (("5", ["librivox"] * 2 + ["clinic"] * 3), ("1", ["librivox"])):
        words = ["demo", "--limit", limit, "--concurrency", "2", "--model", "general", "--seed", "3", "--json"]
        CliRunner().invoke(cli, [*words, "--store", str(tmp_path)], standalone_mode=False, catch_exceptions=False)
        resolved = played.pop()
        known = {u.id: name for name in ("librivox", "clinic") for u in load_corpus(find_corpus(name)).utterances}
        assert [known[u.id.split(":")[-1]] for u in resolved.utterances] == names
        assert (resolved.spec.concurrency, resolved.spec.seed, resolved.spec.model) == (2, 3, "general")


def test_live_takes_the_options_that_one_session_can_have(monkeypatch):
    """Of its audio, its scores and its service."""
    found = {}

    def play(resolved, settings, screen, *, save):
        found.update(spec=resolved.spec, settings=settings, normaliser=resolved.normaliser.name)
        raise InputError("begun")

    monkeypatch.setattr("workbench.cli.live._play", play)
    audio = ["--corpus", "clinic", "--set", "snr_db=20", "--seed", "7"]
    words = ["live", *audio, "--normaliser", "raw", "--model", "general", "--partials", "all"]
    with pytest.raises(InputError, match="begun"):
        CliRunner().invoke(cli, words, standalone_mode=False, catch_exceptions=False)
    assert (found["spec"].seed, found["spec"].base, found["normaliser"]) == (7, {"snr_db": 20.0}, "raw")
    assert (found["settings"].model, found["settings"].partials) == ("general", "all")


def test_every_field_of_a_run_is_an_option_with_its_help_and_its_default():
    """But for a list of tables, which no command line can hold."""
    by_field = {param.name: param for param in sweep.params}
    assert {field.name for field in spec_fields()} - set(by_field) == {"cells"}
    for field in spec_fields():
        if field.name != "cells":
            assert by_field[field.name].help.startswith(field.help)
            assert field.help.endswith(".")
            assert field.help[0].isupper()
    assert "[default: 4]" in by_field["concurrency"].help


def test_run_and_sweep_of_the_library_take_the_same_names():
    """Also as they are awaited; defaults are those of the fields."""
    mine, theirs = (dict(inspect.signature(face).parameters) for face in (wb.run, wb.sweep))
    assert set(theirs) - set(mine) == {"vary", "cells", "file"}
    assert not set(mine) - set(theirs)
    given = {"store", "settings", "on_session", "audio", *SETTINGS}
    assert set(mine) - given == {f.name for f in spec_fields()} - {"vary", "cells"}
    assert {f.name: mine[f.name].default for f in spec_fields() if f.name in mine} == {
        f.name: f.default for f in spec_fields() if f.name in mine
    }
    assert inspect.signature(wb.run_async) == inspect.signature(wb.run)
    helps = {f.name: f.help.partition(" (repeatable")[0] for f in spec_fields() if f.name != "corpus"}
    assert all(f"{name}: {text}" in wb.sweep.__doc__ for name, text in helps.items())
    with pytest.raises(InputError, match="nonsense: unknown setting"):
        wb.run(nonsense=1)


NAMED = {
    "base": {"gain_db": -6}, "vary": {"snr_db": [10, 20]}, "cells": [{"name": "x"}], "product": "ambient",
}  # fmt: skip


def value_of(field: SpecField) -> object:
    """An allowed value that is not the default, whatever the field."""
    if field.name in NAMED:
        return NAMED[field.name]
    if field.choices:
        return next(choice for choice in field.choices if choice != field.default)
    if field.kind in (int, float):
        return (field.default or field.low or 0) + field.kind(2)
    return ["one"] if field.many else {bool: True, str: "another"}[field.kind]


def toml(name: str, value: object) -> str:
    """One field as TOML."""
    if isinstance(value, bool):
        return f"{name} = {str(value).lower()}"
    if isinstance(value, dict):
        inner = ", ".join(toml(key, entry) for key, entry in value.items())
        return f"{name} = {{{inner}}}"
    if isinstance(value, list):
        return f"{name} = [" + ", ".join(toml("_", entry).partition(" = ")[2] if not isinstance(entry, dict)
                                        else "{" + ", ".join(toml(k, v) for k, v in entry.items()) + "}"
                                        for entry in value) + "]"  # fmt: skip
    return f"{name} = {value}" if isinstance(value, int | float) else f'{name} = "{value}"'


@pytest.mark.parametrize("field", spec_fields(), ids=lambda field: field.name)
def test_a_sweep_file_and_a_flag_set_every_field(field, tmp_path):
    """To the same specification."""
    value = value_of(field)
    file = tmp_path / "sweep.toml"
    file.write_text(toml(field.name, value))
    assert load_sweep(file) == make_spec({field.name: value}) != RunSpec()
    if field.name == "cells":
        return
    option = next(param for param in sweep.params if param.name == field.name)
    if option.is_flag:
        words = [option.opts[-1]]
    elif isinstance(value, dict):
        words = [
            option.opts[-1],
            *(f"{k}={','.join(map(str, v)) if isinstance(v, list) else v}" for k, v in value.items()),
        ]
    else:
        words = [option.opts[-1], str(value[0] if isinstance(value, list) else value)]
    typed = sweep.make_context("sweep", words).params
    fields, _ = spec_values(typed)
    assert make_spec(fields) == make_spec({field.name: value})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("limit = 0", "limit: value not allowed (got 0; expected a whole number, 1 or more)"),
        ('repeats = "two"', "repeats: value not allowed (got 'two'; expected a whole number, 1 or more)"),
        ('product = "x"', "product: value not allowed (got 'x'; expected one of dictation, ambient, form-filling)"),
        ("webhook_port = 70000", "webhook_port: value not allowed (got 70000; expected a whole number from 0 to "),
        ("push_to_talk = 1", "push_to_talk: value not allowed (got 1; expected true or false)"),
        ("tags = [3]", "tags[0]: value not allowed (got 3; expected a text)"),
        ("[vary]\nsnr_db = 20", "vary.snr_db: value not allowed (got 20; expected a list of texts, numbers or "),
        ("[base]\nnoise = ['a']", "base.noise: value not allowed (got list; expected a text, a number or a boolean)"),
        ("context = {patient = 3}\ncells = 1", "cells: value not allowed (got 1; expected a list of tables)"),
        ("nonsense = 1", "nonsense: unknown setting (expected one of corpus, utterances"),
    ],
)  # fmt: skip
def test_a_bad_sweep_file_is_one_line_with_file_key_value_and_what_is_allowed(text, says, tmp_path):
    """Unknown key, wrong kind, out of bounds."""
    file = tmp_path / "sweep.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_sweep(file)
    assert str(caught.value).startswith(f"{file}: {says}")
    assert "\n" not in str(caught.value)


def test_flags_come_before_the_file_and_settings_are_merged(tmp_path, monkeypatch):
    """--set adds to [base]; what was not typed stays as the file says."""
    seen = []
    monkeypatch.setattr("workbench.cli.playing.play_verb", lambda spec, **_: seen.append(spec) or 0)
    file = tmp_path / "sweep.toml"
    file.write_text("limit = 5\nrepeats = 2\n[base]\ngain_db = -6\nlead_ms = 10\n[vary]\nsnr_db = [20]\n")
    done = CliRunner().invoke(sweep, [str(file), "--limit", "7", "--set", "lead_ms=20", "--aa"], catch_exceptions=False)
    assert done.exit_code == 0
    (spec,) = seen
    assert (spec.limit, spec.repeats, spec.noise_floor) == (7, 2, True)
    assert spec.base == {"gain_db": -6, "lead_ms": 20}


def test_utterances_are_picked_by_id_and_by_tag():
    """In both verbs; what nothing has is refused with what there is."""

    def planned(verb, *words):
        done = CliRunner().invoke(verb, ["--corpus", "clinic", "--dry-run", "--json", *words], catch_exceptions=False)
        return json.loads(done.output)["sessions"]

    assert planned(run, "--utterance", "vitals-02-rms", "--utterance", "vitals-01-slt") == 2
    corpus = load_corpus(find_corpus("clinic"))
    tagged = sum(bool({"orders", "plan"} & set(u.tags)) for u in corpus.utterances)
    assert planned(sweep, "--vary", "snr_db=20,10", "--tag", "orders", "--tag", "plan") == 2 * tagged > 0
    assert planned(run, "--tag", "orders", "--limit", "2") == 2
    with pytest.raises(InputError, match=r"tags: no utterance has this tag \(got zzz; expected one of assessment"):
        planned(run, "--tag", "zzz")


@pytest.mark.parametrize("text", ["snr_db", "=1"])
def test_what_is_no_key_and_value_is_refused_by_every_verb_that_takes_some(text):
    """One type for all of them."""
    with pytest.raises(click.BadParameter, match="is not KEY=VALUE"):
        KEY_VALUE(text)
    takers = {f"{c.name} {p.opts[-1]}" for c in commands() for p in c.params if p.type is KEY_VALUE}
    assert takers == {
        "run --set", "sweep --set", "sweep --vary", "live --set", "gate --limit", "gate --margin", "simulate --limit",
        "simulate --partner", "import --map", "render --set",
    }  # fmt: skip


def test_a_setting_varied_twice_is_refused():
    """All values belong behind one --vary."""
    with pytest.raises(click.UsageError, match="varied twice"):
        CliRunner().invoke(
            sweep, ["--vary", "snr_db=1", "--vary", "snr_db=2"], standalone_mode=False, catch_exceptions=False
        )


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        ("noise_floor", "--aa"), ("form_templates", "--form-template"), ("vary.snr_db", "--vary snr_db"),
        ("base.noise", "--set noise"), ("tags[0]", "--tag[0]"), ("file.toml: vary.snr_db", "file.toml: vary.snr_db"),
        ("clinic", "clinic"), (None, None),
    ],
)  # fmt: skip
def test_a_parameter_becomes_the_option_of_the_verb(item, shown):
    """In one place, from the options that the verb declares; anything else stays."""
    error = in_flags(InputError("wrong", item=item, action="Choose another `webhook_port`, not `this`"), sweep)
    assert error.item == shown
    assert error.action == "Choose another --webhook-port, not `this`"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "--product", "ambient", "--push-to-talk"], "--push-to-talk: push-to-talk is for dictation"),
        (["run", "--form-template", "x"], "--form-template: only form filling has templates"),
        (["run", "--shard", "9/3"], "--shard: there is no such shard"),
        (["sweep", "--vary", "snr_db=loud"], "--vary snr_db: setting of the wrong kind"),
        (["run", "--set", "codec=tape"], "--set codec: setting not allowed"),
        (["run", "--endpoint", "http://suki.example", "--limit", "1"], "--endpoint: plain HTTP"),
        (["simulate", "--limit", "nonsense=1"], "--limit nonsense: no such limit"),
        (["gate", "--limit", "wer=low"], "--limit wer: value not allowed"),
    ],
)
def test_the_line_that_a_user_sees_names_what_was_typed(words, says, monkeypatch, capsys, tmp_path):
    """And never the parameter of the library."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["workbench", *words])
    umask = os.umask(0)
    os.umask(umask)
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        os.umask(umask)
    assert ended.value.code in (2, 4)
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"workbench: {says}")


def test_no_error_of_the_library_speaks_of_an_option_of_the_command_line():
    """Neither as its item nor in its texts: a caller of the library has none. Checks of the doctor are read too."""
    kinds = re.compile(r"\w*Error|failed|warning|in_the_clear|_refuse")
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "cli"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                said = kinds.fullmatch(getattr(node.func, "attr", getattr(node.func, "id", "")))
            else:
                said = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("action", "expected")
            if said:
                found += [
                    f"{path.relative_to(PACKAGE)}:{text.lineno}: {text.value}"
                    for text in ast.walk(node)
                    if isinstance(text, ast.Constant) and isinstance(text.value, str)
                    if re.search(r"(?<![\w-])--[a-z]", text.value) and "pip install" not in text.value
                ]
    assert found == []


@pytest.mark.slow  # where `make check` has not just run, mypy takes half a minute
def test_the_keywords_are_checked_by_type(tmp_path):
    """By mypy: names and types of the fields and of the audio, and what only a sweep has."""
    good = (
        'wb.run("clinic", limit=3, noise="pink", snr_db=20, context=Path("c.json"))\nwb.sweep(vary={"snr_db": [1]})\n'
    )
    bad = 'wb.run(limit="3")\nwb.run(vary={})\nwb.run(nonsense=1)\n'
    (tmp_path / "probe.py").write_text(f"from pathlib import Path\nimport workbench as wb\n{good}{bad}")
    # As `make check` and tests/test_consumer.py call it: with other settings it would throw their cache away.
    command = [sys.executable, "-m", "mypy", "--strict", "workbench", str(tmp_path / "probe.py")]
    said = subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=False).stdout
    assert [int(line.split(":")[1]) for line in said.splitlines() if ": error:" in line] == [5, 6, 7]


assert set(SETTINGS).isdisjoint(RunSpec.__struct_fields__)  # a keyword means one thing
