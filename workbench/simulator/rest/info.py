"""REST of the lists: encounter types, visit types, provider roles, values of orders, form templates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, get_args

from workbench.protocol import endpoints
from workbench.protocol import vocabulary as vocab
from workbench.protocol.results import FormTemplates, ItemCode, NamedCodes, OrderCodes
from workbench.simulator.call import Call
from workbench.simulator.notes.forms import TEMPLATES

__all__ = ["info_handlers"]


def _codes(values: Sequence[str]) -> list[ItemCode]:
    return [ItemCode(value) for value in values]


def _orders() -> OrderCodes:
    return OrderCodes(
        coding_systems=_codes(get_args(vocab.MedicationCodeType)),
        dosage_units=_codes(get_args(vocab.DosageUnit)),
        encounter_relations=_codes(get_args(vocab.EncounterRelation)),
        frequency_types=_codes(vocab.FREQUENCY_TYPES),
        origins=_codes(get_args(vocab.OrderOrigin)),
        statuses=_codes(get_args(vocab.OrderStatus)),
        timings=_codes(vocab.TIMINGS),
    )


def info_handlers() -> dict[str, Callable[[Call], Any]]:
    """Handlers by endpoint name."""
    encounter_types = NamedCodes(encounter_types=_codes(get_args(vocab.EncounterType)))
    visit_types = NamedCodes(visit_types=_codes(get_args(vocab.VisitType)))
    provider_roles = NamedCodes(provider_roles=_codes(get_args(vocab.ProviderRole)))
    orders, templates = _orders(), FormTemplates(list(TEMPLATES))
    return {
        endpoints.ENCOUNTER_TYPES.name: lambda _: encounter_types,
        endpoints.VISIT_TYPES.name: lambda _: visit_types,
        endpoints.PROVIDER_ROLES.name: lambda _: provider_roles,
        endpoints.ORDER_CODES.name: lambda _: orders,
        endpoints.FORM_TEMPLATES.name: lambda _: templates,
    }
