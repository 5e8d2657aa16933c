"""The API description says what the route table says."""

import json

import pytest

from workbench.protocol.dialects import endpoints_of, socket_path
from workbench.protocol.endpoints import JWKS, LOGIN
from workbench.protocol.messages import Dialect, Product
from workbench.protocol.openapi import openapi_document


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_row_of_the_table_is_described_once(dialect):
    """Method, path, status of success, and every refusal with the one envelope."""
    rows = endpoints_of(dialect)
    paths = openapi_document("1", rows)["paths"]
    described = {(path, method.upper()) for path, operations in paths.items() for method in operations}
    assert described == {(row.path, row.method) for row in rows}
    for row in rows:
        operation = paths[row.path][row.method.lower()]
        assert operation["operationId"] == row.name
        assert set(map(str, (row.status, *row.errors))) <= set(operation["responses"])
        for code, answer in operation["responses"].items():
            if code != str(row.status):
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}


@pytest.mark.parametrize("dialect", list(Dialect))
def test_refusals_of_strangers_are_described(dialect):
    """A token that is wrong (401) or somebody else's (403, S-219), and an id that nobody knows (404)."""
    paths = openapi_document("1", endpoints_of(dialect))["paths"]
    for row in endpoints_of(dialect):
        answers = paths[row.path][row.method.lower()]["responses"]
        if row.authenticated:
            assert {"401", "403"} <= set(answers), row.name
        if "_id}" in row.path:
            assert "404" in answers, row.name


@pytest.mark.parametrize("dialect", list(Dialect))
def test_bodies_that_are_wrong_or_too_large_and_a_service_that_is_full_are_described(dialect):
    """400 and 413 of every operation that has a body, 503 of every one."""
    paths = openapi_document("1", endpoints_of(dialect))["paths"]
    for row in endpoints_of(dialect):
        answers = set(paths[row.path][row.method.lower()]["responses"])
        assert "503" in answers, row.name
        assert {"400", "413"} <= answers or row.request is None, row.name


@pytest.mark.parametrize("dialect", list(Dialect))
def test_guarded_operations_say_so_and_placeholders_are_parameters(dialect):
    """Ids of notes are UUIDs; the token is a header; a query parameter is a boolean and not required."""
    rows = endpoints_of(dialect)
    paths = openapi_document("1", rows)["paths"]
    for row in rows:
        operation = paths[row.path][row.method.lower()]
        assert ("security" in operation) is row.authenticated
        found = {p["name"]: p for p in operation.get("parameters", [])}
        in_path = {name for name in found if found[name]["in"] == "path"}
        assert {f"{{{name}}}" for name in in_path} == {piece for piece in row.path.split("/") if piece[:1] == "{"}
        if "ambient_session_id" in found:
            assert found["ambient_session_id"]["schema"]["format"] == "uuid"
        for name in row.query:
            assert (found[name]["in"], found[name]["required"]) == ("query", False)


def test_every_reference_leads_somewhere_and_the_whole_is_json():
    """Bodies of requests and answers."""
    document = openapi_document("1")
    text = json.dumps(document)
    schemas = set(document["components"]["schemas"])
    assert {piece.split('"')[0] for piece in text.split("#/components/schemas/")[1:]} <= schemas
    assert "requestBody" in document["paths"][LOGIN.path]["post"]
    keys = document["paths"][JWKS.path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert keys == {"type": "object"}


def described(dialect):
    """The description with its sockets, as the simulator serves it."""
    sockets = {product: socket_path(dialect, product) for product in Product}
    return openapi_document("1", endpoints_of(dialect), sockets, ["template"])


@pytest.mark.parametrize("dialect", list(Dialect))
def test_links_lead_from_create_over_the_stream_to_the_results(dialect):
    """Every link names an operation and a parameter that it has."""
    document = described(dialect)
    operations = {op["operationId"]: op for path in document["paths"].values() for op in path.values()}
    linked: dict[str, set[str]] = {}
    for name, operation in operations.items():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                linked.setdefault(name, set()).add(link["operationId"])
                has = {f"{p['in']}.{p['name']}" for p in operations[link["operationId"]]["parameters"]}
                assert set(link["parameters"]) <= has
    stream = "open_ambient_stream"
    assert {stream, "seed_ambient_context", "end_ambient", "ambient_status"} <= linked["create_ambient"]
    assert "end_ambient" in linked[stream]
    assert {"ambient_status", "ambient_transcript", "ambient_content"} <= linked["end_ambient"]
    assert "open_dictation_stream" in linked["create_dictation"]
    assert "end_dictation" in linked["open_dictation_stream"]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_description_is_as_strict_as_the_service(dialect):
    """Bounds, vocabularies and required bodies are in it."""
    document = described(dialect)
    schemas = document["components"]["schemas"]
    assert schemas["FormTemplateChoice"]["properties"]["form_template_id"] == {"enum": ["template"]}
    assert schemas["Diagnosis"]["properties"]["codes"]["maxItems"] == 1
    assert document["paths"][LOGIN.path]["post"]["requestBody"]["required"] is True
    if dialect is Dialect.LIVE:
        rates = schemas["AudioConfigBody"]["properties"]["sample_rate_hertz"]["anyOf"][0]
        assert (rates["minimum"], rates["maximum"]) == (8_000, 48_000)
        create = document["paths"]["/api/v1/transcription/session/create"]["post"]
        assert create["requestBody"]["required"] is False
