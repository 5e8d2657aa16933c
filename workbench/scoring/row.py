"""Nested values as flat rows and back: what scores look like on disk.

A nested dataclass becomes columns with its name in front; a tuple becomes a list; a dictionary of
reasons becomes a list of ``name: reason``. Nothing else is allowed in a score.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from workbench.errors import StoreError

__all__ = ["flatten", "row_types", "unflatten"]

T = TypeVar("T")

_SCALARS = {str: "string", bool: "bool", int: "int64", float: "double"}


def flatten(value: object, prefix: str = "") -> dict[str, object]:
    """The flat row of a dataclass instance."""
    row: dict[str, object] = {}
    for item in fields(value):  # type: ignore[arg-type]  # callers hand in dataclasses; fields() itself refuses others
        held, name = getattr(value, item.name), prefix + item.name
        if is_dataclass(held):
            row.update(flatten(held, name + "_"))
        elif isinstance(held, tuple):
            row[name] = list(held)
        elif isinstance(held, dict):
            row[name] = [f"{k}: {v}" for k, v in held.items()]
        else:
            row[name] = held
    return row


def unflatten(kind: type[T], row: dict[str, object], prefix: str = "") -> T:
    """The dataclass instance of a flat row; missing and null columns take the field's default.

    Raises:
        StoreError: a column without a default is missing.
    """
    values: dict[str, Any] = {}
    for field_name, nested, make, needed in _columns(kind):  # type: ignore[arg-type]  # classes are hashable
        name = prefix + field_name
        if nested is not None:
            values[field_name] = unflatten(nested, row, name + "_")
            continue
        held = row.get(name)
        if held is None:
            if needed:
                raise StoreError("a score row lacks a column", item=name, action="Score the run again")
        else:
            values[field_name] = held if make is None else make(held)
    return kind(**values)


@functools.cache
def _columns(kind: type) -> tuple[tuple[str, type | None, Callable[[Any], object] | None, bool], ...]:
    """Of each field its name, its dataclass, how its value is made, and whether a row must have it.

    Annotations are text here; looking at them for every row took nine tenths of loading a run.
    """
    hints = get_type_hints(kind)
    makers: dict[object, Callable[[Any], object]] = {tuple: tuple, dict: _reasons}
    return tuple(
        (
            item.name,
            hints[item.name] if is_dataclass(hints[item.name]) else None,
            makers.get(get_origin(hints[item.name])),
            not _has_default(item),
        )
        for item in fields(kind)
    )


def _reasons(lines: list[str]) -> dict[str, str]:
    return dict(line.split(": ", 1) for line in lines)


def row_types(kind: type, prefix: str = "") -> dict[str, str]:
    """Column names and types of the flat row of a dataclass.

    Raises:
        TypeError: a field is of a kind that rows do not hold.
    """
    types: dict[str, str] = {}
    for name, hint in get_type_hints(kind).items():
        if is_dataclass(hint):
            types.update(row_types(hint, f"{prefix}{name}_"))  # type: ignore[arg-type]  # a class by construction
        elif get_origin(hint) is tuple:
            types[prefix + name] = f"list<{_scalar(get_args(hint)[0], name)}>"
        elif get_origin(hint) is dict:
            types[prefix + name] = "list<string>"
        else:
            types[prefix + name] = _scalar(hint, name)
    return types


def _scalar(hint: object, name: str) -> str:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if not isinstance(hint, type) or hint not in _SCALARS:
        raise TypeError(f"{name}: rows hold no {hint}")
    return _SCALARS[hint]


def _has_default(item: Field[Any]) -> bool:
    return item.default is not MISSING or item.default_factory is not MISSING
