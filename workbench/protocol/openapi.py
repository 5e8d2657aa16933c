"""OpenAPI 3.1 description, made from the route table: what is not in the table is not described.

Sockets are described as the GET that opens them. Links lead from a create to everything that takes its id, from the
stream to the end and from the end to the results, so that a tool can walk whole sessions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from workbench.protocol.bodies import ErrorEnvelope
from workbench.protocol.context import AmbientFeedback, Uuid
from workbench.protocol.endpoints import ENDPOINTS, FLAGS, Endpoint
from workbench.protocol.messages import Product

__all__ = ["openapi_document"]

_CREATED = 201
_FLAG = {"type": "string", "enum": list(FLAGS), "default": "false"}
_REFERENCE = "#/components/schemas/{name}"
_TITLES = {
    101: "The socket is open", 200: "Done", 201: "Created", 400: "Refused: the request", 401: "Refused: the token",
    403: "Refused: whose", 404: "Not found", 409: "Exists already", 410: "Gone", 412: "Refused: the state",
    413: "Too large", 426: "Not an upgrade to a WebSocket", 503: "Busy",
}  # fmt: skip


_RESULTS = ("status", "transcript", "content", "structured-data", "recording", "feedback")
"""Last segments of what follows the end of a session."""


def openapi_document(
    version: str,
    rows: Sequence[Endpoint] = ENDPOINTS,
    sockets: Mapping[Product, str] | None = None,
    templates: Sequence[str] = (),
) -> dict[str, Any]:
    """The description of every row of the route table.

    Args:
        version: version of the program that serves it.
        rows: which operations there are.
        sockets: path of the socket of each product; None describes none.
        templates: the form templates that a context may choose; empty leaves the ids open.
    """
    kinds = [k for row in rows for k in (row.request, row.response) if k is not None and k is not dict]
    schemas, components = msgspec.json.schema_components([*kinds, ErrorEnvelope], ref_template=_REFERENCE)
    reference = dict(zip([*kinds, ErrorEnvelope], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, reference)
    for product, path in (sockets or {}).items():
        paths.setdefault(path, {"get": _socket(product, path, reference[ErrorEnvelope])})
    _link(paths, rows, sockets or {})
    if templates:
        components["FormTemplateChoice"]["properties"]["form_template_id"] = {"enum": list(templates)}
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
    parameters = [_parameter(name, "path", _path_schema(row, name)) for name in re.findall(r"{(\w+)}", row.path)]
    parameters += [_parameter(name, "query", _FLAG) for name in row.query]
    if row.authenticated:
        operation["security"] = [{"sukiToken": []}]
        parameters.append(_parameter("sdp_provider_id", "header", {"type": "string"}))
    if parameters:
        operation["parameters"] = parameters
    if row.request is not None:
        # An empty body is ``{}``, which is enough where no member is required.
        required = any(field.required for field in msgspec.structs.fields(row.request))
        content = {"application/json": {"schema": reference[row.request]}}
        operation["requestBody"] = {"required": required, "content": content}
    return operation


def _socket(product: Product, path: str, envelope: dict[str, Any]) -> dict[str, Any]:
    """The GET that opens a socket; without the headers of an upgrade it is refused with 426."""
    header = "transcription_session_id" if product is Product.DICTATION else "ambient_session_id"
    uuid = msgspec.json.schema(Uuid)
    named = [_parameter(name, "path", uuid) for name in re.findall(r"{(\w+)}", path)]
    named += [_parameter(header, "header", uuid), _parameter("sdp_provider_id", "header", {"type": "string"})]
    refused = {"application/json": {"schema": envelope}}
    codes = (400, 401, 403, 404, 412, 426, 503)
    return {
        "operationId": f"open_{product.value.replace('-', '_')}_stream",
        "summary": f"Open the socket of {product.value}",
        "security": [{"sukiToken": []}],
        "parameters": [
            *named,
            *(_parameter(name, "header", {"type": "string"}) for name in (header, "sdp_provider_id")),
        ],
        "responses": {
            "101": {"description": _TITLES[101]},
            **{str(code): {"description": _TITLES[code], "content": refused} for code in codes},
        },
    }


def _link(paths: dict[str, dict[str, Any]], rows: Sequence[Endpoint], sockets: Mapping[Product, str]) -> None:
    """Lead from each create to what takes its id, from the stream to the end, and from the end to the results."""
    for create in rows:
        base = create.path.removesuffix("/create")
        following = [row for row in rows if row.path.startswith(f"{base}/{{")]
        if create.status != _CREATED or not following:
            continue
        placeholder = re.findall(r"{(\w+)}", following[0].path)[0]
        member = placeholder if base != create.path else "sessionId"
        product = next((p for p in Product if f"/{p.value}/" in base), Product.DICTATION)
        answer = f"$response.body#/{member}"
        links = {row.name: _link_to(row.name, placeholder, answer) for row in following}
        if product in sockets:
            links |= _stream_links(paths[sockets[product]]["get"], following, placeholder, answer)
        paths[create.path]["post"]["responses"]["201"]["links"] = links
        ended = f"$request.path.{placeholder}"
        results = [row for row in following if row.path.rsplit("/", 1)[1] in _RESULTS]
        for row in following:
            if row.path.endswith("/end") and results:
                after = {result.name: _link_to(result.name, placeholder, ended) for result in results}
                paths[row.path]["post"]["responses"][str(row.status)]["links"] = after


def _stream_links(stream: dict[str, Any], following: Sequence[Endpoint], name: str, answer: str) -> dict[str, Any]:
    """To the socket, by its path and its header; and at the socket, to the end of the session."""
    given = {f"{p['in']}.{p['name']}": answer for p in stream["parameters"] if p["name"] in ("session_id", name)}
    end = next(row for row in following if row.path.endswith("/end"))
    carried = "$request.path.session_id" if "path.session_id" in given else f"$request.header.{name}"
    stream["responses"]["426"].setdefault("links", {})[end.name] = _link_to(end.name, name, carried)
    return {stream["operationId"]: {"operationId": stream["operationId"], "parameters": given}}


def _link_to(operation: str, placeholder: str, value: str) -> dict[str, Any]:
    return {"operationId": operation, "parameters": {f"path.{placeholder}": value}}


def _path_schema(row: Endpoint, name: str) -> dict[str, Any]:
    """Ids of notes and of the live encounters are UUIDs (S-116); what can be rated is named; others are any text."""
    if name == "ambient_session_id" or (name == "encounter_id" and "/ambient/" in row.path):
        return msgspec.json.schema(Uuid)
    if name == "entity" and row.request is AmbientFeedback:
        return {"enum": ["content"]}
    return {"type": "string"}


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _responses(row: Endpoint, reference: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": _TITLES[row.status]}
    if row.response is not None:
        schema = {"type": "object"} if row.response is dict else reference[row.response]
        success["content"] = {"application/json": {"schema": schema}}
    refused = {"application/json": {"schema": reference[ErrorEnvelope]}}
    # A body may be too large for every operation that has one, and a simulator may be full.
    codes = sorted({*row.errors, 503, *((413,) if row.request is not None else ())})
    answers = {str(code): {"description": _TITLES[code], "content": refused} for code in codes}
    return {str(row.status): success, **answers}
