"""The description of the interface, for programs and for people."""

import re

import pytest

from workbench.protocol.endpoints import ENDPOINTS

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_description_covers_the_route_table(partner):
    """Every row with its statuses; every reference leads somewhere."""
    answer = await partner.http.get("/openapi.json")
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    for row in ENDPOINTS:
        operation = document["paths"][row.path][row.method.lower()]
        assert {str(row.status), *map(str, row.errors)} <= set(operation["responses"])
    names = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert names <= set(document["components"]["schemas"])


async def test_the_page_for_people_names_every_address_and_loads_nothing(partner):
    """No script, no picture, no style from elsewhere."""
    answer = await partner.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert all(row.path in answer.text for row in ENDPOINTS)
    assert not re.search(r"<script|src=|https?://", answer.text)
