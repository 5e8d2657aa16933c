"""The one route table: client methods, simulator handlers and the API description are all made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.protocol import bodies, context, results
from workbench.protocol.messages import Product

__all__ = [
    "AMBIENT_CONTENT",
    "AMBIENT_FEEDBACK",
    "AMBIENT_STATUS",
    "AMBIENT_STRUCTURED_DATA",
    "AMBIENT_TRANSCRIPT",
    "CREATE_AMBIENT",
    "CREATE_DICTATION",
    "CREATE_FORM",
    "ENCOUNTER_CONTENT",
    "ENCOUNTER_STRUCTURED_DATA",
    "ENCOUNTER_TYPES",
    "ENDPOINTS",
    "END_AMBIENT",
    "END_DICTATION",
    "END_FORM",
    "FLAGS",
    "FORM_FEEDBACK",
    "FORM_STATUS",
    "FORM_STRUCTURED_DATA",
    "FORM_TEMPLATES",
    "JWKS",
    "LOGIN",
    "ORDER_CODES",
    "PROVIDER_ROLES",
    "RECORDING",
    "REGISTER",
    "SEED_AMBIENT_CONTEXT",
    "SEED_FORM_CONTEXT",
    "SOCKET_PATHS",
    "UPDATE_AMBIENT_CONTEXT",
    "UPDATE_FORM_CONTEXT",
    "UPDATE_PREFERENCES",
    "VISIT_TYPES",
    "Endpoint",
]

FLAGS: dict[str, bool] = {
    **dict.fromkeys(("true", "True", "TRUE", "t", "T", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "f", "F", "0"), False),
}
"""How a boolean query parameter may be written: the vendor's own samples write Python's ``False`` (S-207)."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One REST operation.

    Attributes:
        name: identifier, also the operation id.
        method: HTTP method.
        path: template with ``{name}`` placeholders.
        status: status of success.
        request: body type, or None if there is none.
        response: body type, or None for an empty body.
        authenticated: whether ``sdp_suki_token`` is needed (S-11).
        errors: statuses that the documents name for it.
        summary: one line for people.
        query: names of boolean query parameters, each false where it is missing.
        invalid: error id of a body that is not what the table says (S-31).
    """

    name: str
    method: str
    path: str
    status: int
    request: type[Any] | None
    response: type[Any] | None
    authenticated: bool
    errors: tuple[int, ...]
    summary: str
    query: tuple[str, ...] = ()
    invalid: str = "invalid_request"


LOGIN = Endpoint(
    "login", "POST", "/api/v1/auth/login", 200, bodies.Login, bodies.LoggedIn, False, (400, 401),
    "Exchange a partner token for a Suki token that lives one hour",
)  # fmt: skip
REGISTER = Endpoint(
    "register", "POST", "/api/v1/auth/register", 201, bodies.Register, None, False, (400, 401, 409),
    "Link a provider to a partner",
)  # fmt: skip
JWKS = Endpoint(
    "jwks", "GET", "/api/auth/.well-known/jwks-pub.json", 200, None, dict, False, (),
    "Public keys of Suki tokens (RFC 7517)",
)  # fmt: skip
CREATE_DICTATION = Endpoint(
    "create_dictation", "POST", "/api/v1/transcription/session/create", 201, bodies.CreateDictation,
    bodies.CreatedDictation, True, (400, 401, 403, 409), "Create a dictation session",
)  # fmt: skip
END_DICTATION = Endpoint(
    "end_dictation", "POST", "/api/v1/transcription/session/{transcription_session_id}/end", 200, None,
    bodies.DictationResult, True, (401, 403, 404), "End a dictation session and fetch its whole transcript",
)  # fmt: skip

_AMBIENT = "/api/v1/ambient/session/{ambient_session_id}"
_ENCOUNTER = "/api/v1/ambient/encounter/{encounter_id}"
_FORM = "/api/v1/form-filling/session/{ambient_session_id}"
_INFO = "/api/v1/info"
_READ = (400, 401, 403, 404, 412)
_CONTEXT = "invalid_context_request"

CREATE_AMBIENT = Endpoint(
    "create_ambient", "POST", "/api/v1/ambient/session/create", 201, context.CreateAmbient, results.CreatedSession,
    True, (400, 401, 403, 409), "Create an ambient session",
)  # fmt: skip
SEED_AMBIENT_CONTEXT = Endpoint(
    "seed_ambient_context", "POST", f"{_AMBIENT}/context", 200, context.AmbientContext, None, True, _READ,
    "Replace the context of an ambient session", invalid=_CONTEXT,
)  # fmt: skip
UPDATE_AMBIENT_CONTEXT = Endpoint(
    "update_ambient_context", "PATCH", f"{_AMBIENT}/context", 200, context.AmbientContext, results.ContextAnswer,
    True, _READ, "Change some of the context of an ambient session", invalid=_CONTEXT,
)  # fmt: skip
END_AMBIENT = Endpoint(
    "end_ambient", "POST", f"{_AMBIENT}/end", 200, None, None, True, _READ,
    "End an ambient session and start the making of its note",
)  # fmt: skip
AMBIENT_STATUS = Endpoint(
    "ambient_status", "GET", f"{_AMBIENT}/status", 200, None, results.Status, True, _READ,
    "Where an ambient session stands",
)  # fmt: skip
AMBIENT_TRANSCRIPT = Endpoint(
    "ambient_transcript", "GET", f"{_AMBIENT}/transcript", 200, None, results.AmbientTranscript, True, _READ,
    "Transcript of an ambient session",
)  # fmt: skip
AMBIENT_CONTENT = Endpoint(
    "ambient_content", "GET", f"{_AMBIENT}/content", 200, None, results.Content, True, _READ,
    "Note of an ambient session", query=("cumulative",),
)  # fmt: skip
ENCOUNTER_CONTENT = Endpoint(
    "encounter_content", "GET", f"{_ENCOUNTER}/content", 200, None, results.Content, True, _READ,
    "Note of all sessions of an encounter",
)  # fmt: skip
AMBIENT_STRUCTURED_DATA = Endpoint(
    "ambient_structured_data", "GET", f"{_AMBIENT}/structured-data", 200, None, results.StructuredDataAnswer, True,
    _READ, "Diagnoses and orders of an ambient session",
)  # fmt: skip
ENCOUNTER_STRUCTURED_DATA = Endpoint(
    "encounter_structured_data", "GET", f"{_ENCOUNTER}/structured-data", 200, None, results.StructuredDataAnswer,
    True, _READ, "Diagnoses and orders of an encounter",
)  # fmt: skip
RECORDING = Endpoint(
    "recording", "GET", f"{_AMBIENT}/recording", 200, None, results.Recordings, True, (*_READ, 410),
    "Recordings of an ambient or form-filling session", query=("download",),
)  # fmt: skip
AMBIENT_FEEDBACK = Endpoint(
    "ambient_feedback", "POST", f"{_AMBIENT}/{{entity}}/feedback", 200, context.AmbientFeedback,
    results.FeedbackAnswer, True, (*_READ, 409), "Rate a note",
)  # fmt: skip
CREATE_FORM = Endpoint(
    "create_form", "POST", "/api/v1/form-filling/session/create", 201, context.CreateForm, results.CreatedSession,
    True, (400, 401, 403, 409), "Create a form-filling session",
)  # fmt: skip
SEED_FORM_CONTEXT = Endpoint(
    "seed_form_context", "POST", f"{_FORM}/context", 200, context.FormContext, results.Empty, True, _READ,
    "Replace the templates of a form-filling session", invalid=_CONTEXT,
)  # fmt: skip
UPDATE_FORM_CONTEXT = Endpoint(
    "update_form_context", "PATCH", f"{_FORM}/context", 200, context.FormContext, results.FormContextAnswer, True,
    _READ, "Change the templates of a form-filling session", invalid=_CONTEXT,
)  # fmt: skip
END_FORM = Endpoint(
    "end_form", "POST", f"{_FORM}/end", 200, None, results.Empty, True, _READ,
    "End a form-filling session and start the filling",
)  # fmt: skip
FORM_STATUS = Endpoint(
    "form_status", "GET", f"{_FORM}/status", 200, None, results.Status, True, _READ,
    "Where a form-filling session stands",
)  # fmt: skip
FORM_STRUCTURED_DATA = Endpoint(
    "form_structured_data", "GET", f"{_FORM}/structured-data", 200, None, results.FormStructuredData, True, _READ,
    "Filled forms of a session",
)  # fmt: skip
FORM_FEEDBACK = Endpoint(
    "form_feedback", "POST", f"{_FORM}/{{entity}}/feedback", 200, context.FormFeedback, results.FeedbackAnswer,
    True, (*_READ, 409), "Rate a filled form",
)  # fmt: skip
UPDATE_PREFERENCES = Endpoint(
    "update_preferences", "PATCH", "/api/v1/user/preferences", 200, context.Preferences, results.PreferencesAnswer,
    True, (400, 401, 403), "Set how notes of this provider are written",
)  # fmt: skip
ENCOUNTER_TYPES = Endpoint(
    "encounter_types", "GET", f"{_INFO}/encounter-types", 200, None, results.NamedCodes, True, (400, 401, 403),
    "Values of encounter_type",
)  # fmt: skip
VISIT_TYPES = Endpoint(
    "visit_types", "GET", f"{_INFO}/visit-types", 200, None, results.NamedCodes, True, (400, 401, 403),
    "Values of visit_type",
)  # fmt: skip
PROVIDER_ROLES = Endpoint(
    "provider_roles", "GET", f"{_INFO}/provider-roles", 200, None, results.NamedCodes, True, (400, 401, 403),
    "Values of provider_role",
)  # fmt: skip
ORDER_CODES = Endpoint(
    "order_codes", "GET", f"{_INFO}/orders", 200, None, results.OrderCodes, True, (400, 401, 403),
    "Values that medication orders use",
)  # fmt: skip
FORM_TEMPLATES = Endpoint(
    "form_templates", "GET", f"{_INFO}/suki-medical-form-templates", 200, None, results.FormTemplates, True,
    (400, 401, 403), "Templates that can be filled",
)  # fmt: skip

ENDPOINTS: tuple[Endpoint, ...] = (
    LOGIN,
    REGISTER,
    JWKS,
    CREATE_DICTATION,
    END_DICTATION,
    CREATE_AMBIENT,
    SEED_AMBIENT_CONTEXT,
    UPDATE_AMBIENT_CONTEXT,
    END_AMBIENT,
    AMBIENT_STATUS,
    AMBIENT_TRANSCRIPT,
    AMBIENT_CONTENT,
    ENCOUNTER_CONTENT,
    AMBIENT_STRUCTURED_DATA,
    ENCOUNTER_STRUCTURED_DATA,
    RECORDING,
    AMBIENT_FEEDBACK,
    CREATE_FORM,
    SEED_FORM_CONTEXT,
    UPDATE_FORM_CONTEXT,
    END_FORM,
    FORM_STATUS,
    FORM_STRUCTURED_DATA,
    FORM_FEEDBACK,
    UPDATE_PREFERENCES,
    ENCOUNTER_TYPES,
    VISIT_TYPES,
    PROVIDER_ROLES,
    ORDER_CODES,
    FORM_TEMPLATES,
)

SOCKET_PATHS: dict[Product, str] = {
    Product.DICTATION: "/ws/transcribe",
    Product.AMBIENT: "/ws/stream",
    Product.FORM_FILLING: "/ws/stream",
}
