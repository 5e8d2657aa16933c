"""Fields of a run specification as the faces need them, and specifications from plain values.

The command line makes its options from these fields, the app its form, the Python interface its keywords.
"""

from __future__ import annotations

import enum
import os
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import msgspec

from workbench.errors import InputError
from workbench.runs.spec import PATH, RunSpec

__all__ = ["SpecField", "make_spec", "spec_fields"]


@dataclass(frozen=True, slots=True)
class SpecField:
    """One field of :class:`RunSpec`, as faces need it.

    Attributes:
        name: name of the field, the TOML key and the keyword.
        help: one sentence.
        default: plain value.
        kind: ``str``, ``int``, ``float``, ``bool``, ``dict`` or ``list``.
        choices: allowed texts; empty if any is.
        many: whether it holds a tuple of texts.
        optional: whether it may be None.
        path: whether it names a file.
        low, high: bounds of a number, inclusive; None if unbounded.
        annotation: type as written in Python.
    """

    name: str
    help: str
    default: Any
    kind: type
    choices: tuple[str, ...] = ()
    many: bool = False
    optional: bool = False
    path: bool = False
    low: float | None = None
    high: float | None = None
    annotation: str = ""

    @property
    def expected(self) -> str:
        """What the field accepts, for an error."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.many:
            return "a list of texts"
        if self.kind in (int, float):
            number = "a whole number" if self.kind is int else "a number"
            if self.low is not None and self.high is not None:
                return f"{number} from {self.low:g} to {self.high:g}"
            below = "" if self.low is None else f", {self.low:g} or more"
            return number + below + ("" if self.high is None else f", at most {self.high:g}")
        return {str: "a text", bool: "true or false", dict: "a table", list: "a list of tables"}[self.kind]


@cache
def spec_fields() -> tuple[SpecField, ...]:
    """Every field of :class:`RunSpec`, in its order."""
    hints = typing.get_type_hints(RunSpec, include_extras=True)
    defaults = msgspec.to_builtins(RunSpec())
    return tuple(_field(name, hints[name], defaults[name]) for name in RunSpec.__struct_fields__)


def _field(name: str, hint: Any, default: Any) -> SpecField:  # noqa: ANN401  annotations and plain values
    written, *metas = typing.get_args(hint)
    members = typing.get_args(written) if typing.get_origin(written) in (types.UnionType, typing.Union) else (written,)
    first = members[0]
    if typing.get_origin(first) is Annotated:
        first, *inner = typing.get_args(first)
        metas += inner
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    description = next(meta.description for meta in metas if meta.description)
    origin = typing.get_origin(first)
    choices: tuple[str, ...] = typing.get_args(first) if origin is Literal else ()
    if isinstance(first, type) and issubclass(first, enum.Enum):
        choices = tuple(member.value for member in first)
    kind = str if choices else {tuple: list, dict: dict, list: list}.get(origin, first)
    optional = types.NoneType in members
    many = origin is tuple
    return SpecField(
        name=name,
        help=description,
        default=list(default) if many else default,
        kind=kind,
        choices=choices,
        many=many,
        optional=optional,
        path=any(meta.extra_json_schema == PATH for meta in metas),
        low=low,
        high=high,
        annotation=_annotation(name, kind, choices, many=many, optional=optional),
    )


def _annotation(name: str, kind: type, choices: tuple[str, ...], *, many: bool, optional: bool) -> str:
    """Type of the keyword: what Python code may pass, which is wider than what is stored."""
    given = {"context": "str | Path | Mapping[str, object]", "base": "Mapping[str, object]"}
    given |= {"vary": "Mapping[str, Sequence[object]]", "cells": "Sequence[Cell | Mapping[str, object]]"}
    given |= {"ca_file": "str | Path", "scenario": "str | Path"}
    text = f"Literal[{', '.join(map(repr, choices))}]" if choices else "Sequence[str]" if many else kind.__name__
    return given.get(name, text) + (" | None" if optional else "")


def make_spec(values: Mapping[str, object], *, item: str = "", over: RunSpec | None = None) -> RunSpec:
    """A specification from plain values: of flags, of a decoded TOML file or of keywords.

    Args:
        values: field to value; paths and enums may be given as such.
        item: file they come from, for errors.
        over: specification whose other fields are kept; the defaults if not given.

    Raises:
        InputError: unknown field, wrong kind, or out of bounds; names the field, the value and what is allowed.
    """
    fields = {field.name: field for field in spec_fields()}
    path = f"{item}: " if item else ""
    for name in values:
        if name not in fields:
            raise InputError("unknown setting", item=f"{path}{name}", expected="one of " + ", ".join(fields))
    plain = {name: _plain(value) for name, value in values.items()}
    try:
        return msgspec.convert({**msgspec.to_builtins(over or RunSpec()), **plain}, RunSpec)
    except msgspec.ValidationError as error:
        raise _named(str(error), plain, fields, path) from None


def _named(problem: str, plain: Mapping[str, object], fields: Mapping[str, SpecField], path: str) -> InputError:
    """The value that its field does not take."""
    # msgspec says "Expected `int`, got `str` - at `$.vary[...]`", whatever the key of the table.
    where = re.search(r"at `\$\.(\w+)(\[\d+\])?", problem)
    if where is None:
        return InputError(
            "settings cannot be used", item=path.rstrip(": ") or "run", got=problem, expected="a table of settings"
        )
    name, place = where[1], where[2] or ""
    value, expected = plain[name], fields[name].expected
    if place and isinstance(value, list):
        value, expected = value[int(place[1:-1])], "a text" if fields[name].many else "a table"
    if isinstance(value, dict) and name in ("base", "vary", "cells"):
        key, value = next(((k, v) for k, v in value.items() if _refuses(name, k, v)), ("", value))
        place += f".{key}"
        expected = "a list of texts, numbers or booleans" if name == "vary" else "a text, a number or a boolean"
    # What a context holds may be a patient's.
    got = type(value).__name__ if isinstance(value, dict | list) else repr(value)
    return InputError("value not allowed", item=f"{path}{name}{place}", got=got, expected=expected)


def _refuses(name: str, key: str, value: object) -> bool:
    try:
        msgspec.convert({name: [{key: value}] if name == "cells" else {key: value}}, RunSpec)
    except msgspec.ValidationError:
        return True
    return False


def _plain(value: object) -> object:
    """Paths as texts, enums as their values, tuples as lists; the rest as it is."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | range):
        return [_plain(entry) for entry in value]
    return value
