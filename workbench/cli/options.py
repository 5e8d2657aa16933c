"""Options that several verbs have, each declared once; those of a run are made from the fields of its specification.

The library's errors name parameters. :func:`in_flags` says which option of a verb a parameter is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from workbench.cli.screen import QUIET
from workbench.errors import WorkbenchError
from workbench.runs.spec_fields import SpecField, spec_fields

if TYPE_CHECKING:
    from workbench.runs.spec import Setting

__all__ = [
    "KEY_VALUE",
    "SLICES",
    "allow_failed_option",
    "cluster_option",
    "columns_option",
    "help_without_verb",
    "in_flags",
    "json_option",
    "name_option",
    "note_option",
    "percentiles_option",
    "quiet_option",
    "run_argument",
    "run_options",
    "run_tag_option",
    "settings_from_pairs",
    "shard_option",
    "spec_option",
    "spec_values",
    "store_option",
    "text_in_flags",
]

C = TypeVar("C", bound=Callable[..., Any])


class _KeyValue(click.ParamType):  # type: ignore[type-arg]  # click 8.1 has no parameters
    """``KEY=VALUE`` as a pair of texts."""

    name = "key=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value  # click converts a default again
        key, equals, text = str(value).partition("=")
        if not equals or not key.strip():
            self.fail(f"{value!r} is not KEY=VALUE", param, ctx)
        return key.strip(), text.strip()


KEY_VALUE = _KeyValue()
SLICES = ("tag", "speaker", "length", "duration")
"""How a run is cut: as :data:`workbench.scoring.breakdown.GROUPINGS`, which takes longer to import than ``--help``."""

store_option = click.option(
    "--store", metavar="FOLDER", type=click.Path(path_type=Path), help="Folder of the runs.  [default: .runs]"
)
run_argument = click.argument("run", default="last")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of tables.")
allow_failed_option = click.option(
    "--allow-failed",
    metavar="N",
    default=0,
    show_default=True,
    type=click.IntRange(0),
    help="Number of failed sessions to accept before the exit code is 3.",
)
shard_option = click.option(
    "--shard", metavar="I/N", help="Play only shard I of N; combine the shards with workbench runs merge."
)
cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Play on the workers of a Dask scheduler, such as tcp://scheduler:8786."
)

columns_option = click.option(
    "--columns",
    metavar="NAME,NAME",
    help="Metrics to show, by name or group: accuracy, clinical, stability, latency; help lists all.",
)
percentiles_option = click.option(
    "--percentiles", metavar="P,P", help="Percentiles of the latencies to show, such as 50,90,95,99."
)


def _set_quiet(context: click.Context, param: click.Parameter, value: bool) -> None:
    context.meta[QUIET] = value


quiet_option = click.option(
    "--quiet", "-q", is_flag=True, expose_value=False, callback=_set_quiet,
    help="Print no progress and no hints; results, warnings and errors stay.",
)  # fmt: skip
name_option = click.option("--name", metavar="TEXT", help="Name of the run, one line shown in lists instead of its id.")
note_option = click.option("--note", "note_text", metavar="TEXT", help="Note on the run, free text.")
run_tag_option = click.option(
    "--run-tag", "run_tags", multiple=True, metavar="WORD", help="Tag of the run, to find it by (repeatable)."
)

_NAMES = {
    "utterances": "--utterance", "tags": "--tag", "base": "--set", "noise_floor": "--aa",
    "form_templates": "--form-template",
}  # fmt: skip
"""Options that are not called as their field."""

_METAVARS = {
    "base": "KEY=VALUE", "vary": "KEY=V,V,…", "form_templates": "NAME_OR_ID", "utterances": "ID", "tags": "TAG",
    "corpus": "CORPUS", "endpoint": "ENDPOINT", "model": "MODEL", "normaliser": "NAME", "provider_id": "ID",
    "partial_every": "SECONDS", "webhook_port": "PORT",
}  # fmt: skip
"""What a value is; N for other whole numbers and FILE for files."""

_DEFAULTS = {"endpoint": "simulator"}
"""What a field that is None means, where its help text does not say so."""

_SEVERAL = ("endpoint",)
"""Options of a run that are repeatable although their field holds one value; the values are then varied."""

_NO_OPTION = ("cells",)
"""Fields that no option can hold: a list of tables."""


def spec_option(name: str, *, default: bool = False, instead: int | None = None) -> Callable[[C], C]:
    """The option of one field of a run.

    Args:
        name: name of the field.
        default: give the field's default where the option is not given, instead of None.
        instead: default of this verb where it is not that of the field.
    """
    field = next(field for field in spec_fields() if field.name == name)
    return _option(
        field if instead is None else replace(field, default=instead), default=default or instead is not None
    )


def _option(field: SpecField, *, default: bool = False, several: bool = False) -> Callable[[C], C]:
    shown = _DEFAULTS.get(field.name, field.default)
    shown = "" if field.many or field.kind in (bool, dict) or shown is None else f"  [default: {shown}]"
    flag = _NAMES.get(field.name, "--" + field.name.replace("_", "-"))
    if field.kind is bool:
        return click.option(flag, field.name, is_flag=True, default=False if default else None, help=field.help)
    return click.option(
        flag,
        field.name,
        type=_type(field),
        multiple=several or field.many or field.kind is dict,
        default=field.default if default else None,
        metavar=_METAVARS.get(field.name, "FILE" if field.path else {int: "N", float: "NUMBER"}.get(field.kind)),
        help=field.help + (" Repeatable: all are played, interleaved." if several else "") + shown,
    )


def _type(field: SpecField) -> Any:  # noqa: ANN401  whatever click takes
    if field.choices:
        return click.Choice(field.choices)
    if field.path:
        return click.Path(path_type=Path)
    if field.kind in (int, float):
        bounded: Any = click.IntRange if field.kind is int else click.FloatRange
        return field.kind if field.low is None and field.high is None else bounded(field.low, field.high)
    return KEY_VALUE if field.kind is dict else str


def run_options(*left_out: str) -> Callable[[C], C]:
    """Every option of a run but those ``left_out``; the verb gets what was typed, by field."""
    options: list[Callable[[Any], Any]] = []
    for field in spec_fields():
        if field.name not in (*_NO_OPTION, *left_out):
            options.append(_option(field, several=field.name in _SEVERAL))
        if field.name == "base":
            # The two settings that are changed most; the same as --set.
            options.append(
                click.option("--sample-rate", metavar="HZ", help="Sample rate of the stream.  [default: 16000]")
            )
            options.append(click.option("--chunk-ms", metavar="MS", help="Length of a chunk.  [default: 100]"))
    options += [shard_option, cluster_option]
    options.append(click.option("--dry-run", is_flag=True, help="Show what would be played, and play nothing."))
    options += [name_option, note_option, run_tag_option, columns_option, percentiles_option]
    options += [allow_failed_option, quiet_option, store_option, json_option]

    def decorate(verb: C) -> C:
        for option in reversed(options):
            verb = option(verb)
        return verb

    return decorate


def spec_values(typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was typed, as fields of a specification and as the options that are not of it.

    Returns:
        Fields whose option was given, and the other options of :func:`run_options`.

    Raises:
        UsageError: a setting is varied twice.
    """
    from workbench.runs.sweep import setting_from_text, values_from_text

    names = {field.name for field in spec_fields()} | {"sample_rate", "chunk_ms"}
    values = {name: value for name, value in typed.items() if name in names and value is not None and value != ()}
    pairs = values.pop("base", ())
    shorthand = {"sample_rate_hz": values.pop("sample_rate", None), "chunk_ms": values.pop("chunk_ms", None)}
    base = {key: setting_from_text(key, text) for key, text in shorthand.items() if text is not None}
    base |= settings_from_pairs(pairs)
    varied = values.pop("vary", ())
    vary = {key: values_from_text(key, text) for key, text in varied}
    if len(vary) < len(varied):
        raise click.UsageError("--vary: a setting is varied twice. Put all its values behind one --vary")
    endpoints = values.pop("endpoint", ())
    if len(endpoints) > 1:
        vary = {"service": list(dict.fromkeys(endpoints))} | vary
    elif endpoints:
        values["endpoint"] = endpoints[0]
    fields = values | ({"base": base} if base else {}) | ({"vary": vary} if vary else {})
    return fields, {name: value for name, value in typed.items() if name not in names}


def settings_from_pairs(pairs: Iterable[tuple[str, str]]) -> dict[str, Setting]:
    """Settings of a configuration from pairs of texts."""
    from workbench.runs.sweep import setting_from_text

    return {key: setting_from_text(key, text) for key, text in pairs}


def help_without_verb(context: click.Context) -> None:
    """The help of a group that is called without one of its verbs: asked for, so it is no error."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def in_flags(error: WorkbenchError, command: click.Command) -> WorkbenchError:
    """The error with the option of ``command`` in place of the parameter that the library names.

    ``vary.snr_db`` becomes ``--vary snr_db``; what is no parameter of the command is left as it is. In an action the
    name of a parameter is in backticks.
    """
    head = re.fullmatch(r"(\w+)(?:\.(.+)|(\[.*))?", error.item or "")
    options = _options(command)
    if head is not None and head[1] in options:
        error.item = options[head[1]] + (f" {head[2]}" if head[2] else head[3] or "")
    if error.action:
        error.action = text_in_flags(error.action, command)
    return error


def text_in_flags(text: str, command: click.Command) -> str:
    """The text with options of ``command`` in place of the parameters that are in backticks."""
    options = _options(command)
    return re.sub(r"`(\w+)`", lambda name: options.get(name[1], name[0]), text)


def _options(command: click.Command) -> dict[str, str]:
    return {str(param.name): param.opts[-1] for param in command.params if isinstance(param, click.Option)}
