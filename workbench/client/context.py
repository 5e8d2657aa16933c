"""What a session is told before it streams: a context from a file, and templates by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from workbench.client.calls import Context
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.protocol.context import AmbientContext, FormContext, FormFilling, FormTemplateChoice
from workbench.protocol.endpoints import FORM_TEMPLATES
from workbench.protocol.messages import Product
from workbench.protocol.results import FormTemplate, FormTemplates

__all__ = ["chosen_templates", "context_of", "read_context", "with_templates"]

_TYPES: dict[Product, type[AmbientContext] | type[FormContext]] = {
    Product.AMBIENT: AmbientContext,
    Product.FORM_FILLING: FormContext,
}


def read_context(path: Path, product: Product) -> Context:
    """The context in a JSON file, written as the service takes it.

    Raises:
        InputError: unreadable, of a wrong type or value, or with a field that the product's context does not have;
            the service would pass over the latter without a word.
    """
    if product not in _TYPES:
        raise InputError(
            "dictation has no context", item="context", got=str(path), expected="product ambient or form-filling"
        )
    try:
        data = path.read_bytes()
        raw = msgspec.json.decode(data)
        context: Context = msgspec.json.decode(data, type=_TYPES[product])
    except OSError as error:
        raise InputError("context cannot be read", item=str(path), got=error.strerror, expected="a JSON file") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names the JSON path and what is wrong with it, never the patient's data.
        raise InputError(
            "context cannot be used", item=str(path), got=str(error), expected="the fields that the service documents"
        ) from None
    unknown = next(_unknown(raw, msgspec.to_builtins(context), "$"), None)
    if unknown is not None:
        raise InputError(
            f"a context of {product.value} has no such field",
            item=str(path),
            got=unknown,
            action="Take it out, or choose the product that has it",
        )
    return context


def context_of(stored: dict[str, Any], product: Product) -> Context:
    """A context from the JSON object that it was kept as.

    Raises:
        InputError: it does not fit the product.
    """
    try:
        context: Context = msgspec.convert(stored, _TYPES[product])
    except (KeyError, msgspec.ValidationError) as error:
        raise InputError(
            "the context of the run cannot be used",
            item=product.value,
            got=str(error),
            action="Start a new run with its context",
        ) from None
    return context


def _unknown(raw: Any, known: Any, path: str) -> Iterator[str]:  # noqa: ANN401  JSON
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, value in raw.items():
            if name not in known:
                yield f"{path}.{name}"
            else:
                yield from _unknown(value, known[name], f"{path}.{name}")
    elif isinstance(raw, list) and isinstance(known, list):
        for place, (one, other) in enumerate(zip(raw, known, strict=False)):
            yield from _unknown(one, other, f"{path}[{place}]")


def chosen_templates(known: Sequence[FormTemplate], wanted: Sequence[str]) -> list[str]:
    """Ids of templates given by id, name or type, without regard to case (S-183).

    Raises:
        InputError: no such template, or a name that several have.
    """
    chosen: list[str] = []
    for text in wanted:
        key = text.casefold()
        fitting = [t for t in known if key in (t.template_id.casefold(), t.name.casefold(), t.type.casefold())]
        if len(fitting) != 1:
            raise InputError(
                "no such form template" if not fitting else "several form templates have this name",
                item="form_templates",
                got=text,
                expected="one of " + ", ".join(f"{t.name} ({t.template_id})" for t in known),
            )
        if fitting[0].template_id not in chosen:
            chosen.append(fitting[0].template_id)
    return chosen


async def with_templates(rest: SukiRest, context: Context | None, wanted: Sequence[str]) -> FormContext:
    """A form-filling context whose templates are all on the service's list.

    Args:
        rest: logged-in client.
        context: context read from a file, or None; its templates come first.
        wanted: ids, names or types.

    Raises:
        InputError: none chosen, or one that the list does not have.
    """
    listed: FormTemplates = await rest.call(FORM_TEMPLATES)
    filling = context.form_filling if context is not None else msgspec.UNSET
    given = [] if filling is msgspec.UNSET else [choice.form_template_id for choice in filling.values]
    ids = chosen_templates(listed.form_templates, [*given, *wanted])
    if not ids:
        raise InputError("no form template was chosen", item="form_templates", expected="a name or an id")
    return FormContext(FormFilling([FormTemplateChoice(identity) for identity in ids]))
