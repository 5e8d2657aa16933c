"""REST of ambient and form-filling sessions: create, context, end, status.

The two products share their states and their code; addresses, ids and answers differ as the documents say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from workbench.protocol import endpoints
from workbench.protocol.context import AmbientContext, CreateAmbient, CreateForm, FormContext, merged
from workbench.protocol.messages import Product
from workbench.protocol.results import ContextAnswer, CreatedSession, Empty, FormContextAnswer, Status
from workbench.protocol.states import NoteEvent
from workbench.simulator.call import Call
from workbench.simulator.notes.forms import TEMPLATE_IDS
from workbench.simulator.notes.maker import NoteMaker
from workbench.simulator.notes.preferences import PreferenceStore
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.refusals import refusal
from workbench.simulator.sockets.mistakes import report_request

__all__ = ["NoteRest"]

_AMBIENT, _FORM = Product.AMBIENT, Product.FORM_FILLING


class NoteRest:
    """Handlers by endpoint name.

    Args:
        notes: all sessions.
        maker: makes results after the end.
        preferences: preferences of providers; those at the end of a session decide its style.
        strict: whether a context that breaks the contract is refused where it would be reported (S-214).
    """

    def __init__(
        self, notes: NoteStore, maker: NoteMaker, preferences: PreferenceStore, *, strict: bool = False
    ) -> None:
        self._strict = strict
        self._notes = notes
        self._maker = maker
        self._preferences = preferences
        self.handlers: dict[str, Callable[[Call], Any]] = {
            endpoints.CREATE_AMBIENT.name: self._create_ambient,
            endpoints.CREATE_FORM.name: self._create_form,
            endpoints.SEED_AMBIENT_CONTEXT.name: self._seed_ambient,
            endpoints.SEED_FORM_CONTEXT.name: self._seed_form,
            endpoints.UPDATE_AMBIENT_CONTEXT.name: self._update_ambient,
            endpoints.UPDATE_FORM_CONTEXT.name: self._update_form,
            endpoints.END_AMBIENT.name: self._end_ambient,
            endpoints.END_FORM.name: self._end_form,
            endpoints.AMBIENT_STATUS.name: lambda call: Status(self._session(call, _AMBIENT).state.status),
            endpoints.FORM_STATUS.name: lambda call: Status(self._session(call, _FORM).state.status),
        }

    def _session(self, call: Call, product: Product) -> NoteSession:
        return self._notes.find(call.path["ambient_session_id"], call.identity(), product)

    def _create_ambient(self, call: Call) -> CreatedSession:
        body: CreateAmbient = call.body
        session = self._notes.create(
            _AMBIENT, call.identity(), _given(body.ambient_session_id), encounter_id=_given(body.encounter_id)
        )
        return CreatedSession(session.id)

    def _create_form(self, call: Call) -> CreatedSession:
        body: CreateForm = call.body
        session = self._notes.create(
            _FORM,
            call.identity(),
            _given(body.ambient_session_id),
            correlation_id=_given(body.correlation_id) or "",
        )
        return CreatedSession(session.id)

    def _seed_ambient(self, call: Call) -> None:
        self._set_context(self._session(call, _AMBIENT), call.body)

    def _update_ambient(self, call: Call) -> ContextAnswer:
        session = self._session(call, _AMBIENT)
        self._set_context(session, merged(session.context, call.body))
        return ContextAnswer(session.context)

    def _seed_form(self, call: Call) -> Empty:
        body: FormContext = call.body
        self._set_context(self._session(call, _FORM), AmbientContext(form_filling=body.form_filling))
        return Empty()

    def _update_form(self, call: Call) -> FormContextAnswer:
        body: FormContext = call.body
        session = self._session(call, _FORM)
        self._set_context(session, merged(session.context, AmbientContext(form_filling=body.form_filling)))
        return FormContextAnswer(FormContext(session.context.form_filling))

    def _end_ambient(self, call: Call) -> None:
        self._end(self._session(call, _AMBIENT))

    def _end_form(self, call: Call) -> Empty:
        session = self._session(call, _FORM)
        if not session.template_ids:  # S-179
            raise refusal(400, "invalid_end_session_request: no form template is in the context")
        self._end(session)
        return Empty()

    def _end(self, session: NoteSession) -> None:
        session.demand(NoteEvent.END)
        session.style = self._preferences.of(session.owner)
        if session.stop is not None:
            session.stop.set()
        self._maker.start(session)

    def _set_context(self, session: NoteSession, context: AmbientContext) -> None:
        """Replace the context. Raises ServiceError 400 for what breaks the contract, 412 after the end."""
        _check_templates(context)
        _check_sections(context)
        for place in _unlinked_orders(context):
            problem = (
                f"orders.medication_orders.values[{place}].linked_diagnosis_codes names a diagnosis that is not in"
                " diagnoses"
            )
            if self._strict:
                raise refusal(400, f"invalid_context_request: {problem}")
            remedy = "Link a code of the diagnoses, in their coding system"
            report_request(session.id, "context", problem, remedy)
        session.demand(NoteEvent.CONTEXT)
        session.context = msgspec.structs.replace(context)


def _given(value: str | UnsetType) -> str | None:
    return None if value is UNSET else value


def _check_templates(context: AmbientContext) -> None:
    if context.form_filling is UNSET:
        return
    for place, choice in enumerate(context.form_filling.values):
        if choice.form_template_id not in TEMPLATE_IDS:
            raise refusal(
                400, f"invalid_context_request: no template has form_filling.values[{place}].form_template_id"
            )


def _check_sections(context: AmbientContext) -> None:
    """One section at most is the problem-based one."""
    sections = [] if context.sections is UNSET else context.sections
    if sum(section.isPBNSection is True for section in sections) > 1:
        raise refusal(400, "invalid_context_request: isPBNSection is true for more than one of sections")


def _unlinked_orders(context: AmbientContext) -> list[int]:
    """Places of orders that link a code which no diagnosis of the context has, as the vendor's own sample does."""
    if context.orders is UNSET or context.orders.medication_orders is UNSET:
        return []
    diagnoses = [] if context.diagnoses is UNSET else context.diagnoses.values
    known = {(code.code, code.type) for diagnosis in diagnoses for code in diagnosis.codes}
    return [
        place
        for place, order in enumerate(context.orders.medication_orders.values)
        if order.linked_diagnosis_codes is not UNSET
        and any((link.code, link.type) not in known for link in order.linked_diagnosis_codes)
    ]
