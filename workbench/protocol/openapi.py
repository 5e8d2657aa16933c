"""OpenAPI 3.1 description, made from the route table: what is not in the table is not described."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from workbench.protocol.bodies import ErrorEnvelope
from workbench.protocol.context import Uuid
from workbench.protocol.endpoints import ENDPOINTS, Endpoint

__all__ = ["openapi_document"]

_REFERENCE = "#/components/schemas/{name}"
_TITLES = {200: "Done", 201: "Created", 400: "Refused: the request", 401: "Refused: the token", 403: "Refused: whose",
           404: "Not found", 409: "Exists already", 410: "Gone", 412: "Refused: the state", 413: "Too large",
           503: "Busy"}  # fmt: skip


def openapi_document(version: str, rows: Sequence[Endpoint] = ENDPOINTS) -> dict[str, Any]:
    """The description of every row of the route table.

    Args:
        version: of the program that serves it.
        rows: which operations there are.
    """
    kinds = [k for row in rows for k in (row.request, row.response) if k is not None and k is not dict]
    schemas, components = msgspec.json.schema_components([*kinds, ErrorEnvelope], ref_template=_REFERENCE)
    reference = dict(zip([*kinds, ErrorEnvelope], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, reference)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Suki for Partners, as simulated",
            "version": version,
            "description": "Made from the route table that the client and the simulator share.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"sukiToken": {"type": "apiKey", "in": "header", "name": "sdp_suki_token"}},
        },
    }


def _operation(row: Endpoint, reference: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row.name,
        "summary": row.summary,
        "responses": _responses(row, reference),
    }
    parameters = [_parameter(name, "path", _path_schema(name)) for name in re.findall(r"{(\w+)}", row.path)]
    parameters += [_parameter(name, "query", {"type": "boolean", "default": False}) for name in row.query]
    if row.authenticated:
        operation["security"] = [{"sukiToken": []}]
        parameters.append(_parameter("sdp_provider_id", "header", {"type": "string"}))
    if parameters:
        operation["parameters"] = parameters
    if row.request is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": reference[row.request]}}}
    return operation


def _path_schema(name: str) -> dict[str, Any]:
    """Ids of notes and encounters are UUIDs (S-116); others are any text."""
    return msgspec.json.schema(Uuid) if name in ("ambient_session_id", "encounter_id") else {"type": "string"}


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _responses(row: Endpoint, reference: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": _TITLES[row.status]}
    if row.response is not None:
        schema = {"type": "object"} if row.response is dict else reference[row.response]
        success["content"] = {"application/json": {"schema": schema}}
    refused = {"application/json": {"schema": reference[ErrorEnvelope]}}
    # A body may be too large for every operation that has one, and a simulator may be full.
    codes = sorted({*row.errors, 503, *((400, 413) if row.request is not None else ())})
    answers = {str(code): {"description": _TITLES[code], "content": refused} for code in codes}
    return {str(row.status): success, **answers}
