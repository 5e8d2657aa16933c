"""The steps of a session in both dialects: addresses, bodies, and where to stream."""

import json

import pytest
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.fakes import make_record
from tests.service import SESSION, Service, serve
from workbench.client.calls import SessionCalls
from workbench.client.rest import SukiRest
from workbench.errors import InputError
from workbench.playing.connect import _socket_url
from workbench.playing.stream import SessionFailed
from workbench.protocol.dialects import ROUTES
from workbench.protocol.messages import Dialect, Product
from workbench.recording.frame import FrameKind
from workbench.recording.frame_log import FrameLog
from workbench.recording.record import Outcome
from workbench.settings import Credentials, Limits, Secret, ServiceAddress

WHO = Credentials("partner", Secret("partner-token"), provider_id="provider-7")


class Companion(Service):
    """The addresses of the AsyncAPI dialect."""

    def other_routes(self):
        def answering(endpoint, body, status):
            async def handle(request):
                return await self._answer(endpoint.name, [], request, JSONResponse(body, status))

            return Route(endpoint.path, handle, methods=[endpoint.method])

        found = []
        for routes in ROUTES[Dialect.ASYNCAPI].values():
            created = {"sessionId": SESSION, "audioWebsocketUrl": "wss://x/a", "status": "created", "createdAt": ""}
            ended = {"sessionId": SESSION, "transcript": "blood pressure", "durationMs": 1, "confidence": 0.5}
            found += [answering(routes.create, created, 201), answering(routes.end, ended, 200)]
            if routes.status:
                found.append(answering(routes.status, {"status": "complete"}, 200))
            found += [answering(e, {}, 200) for e in (*routes.results, *filter(None, [routes.seed]))]
        return found


def record(product, dialect=Dialect.ASYNCAPI, **changes):
    """An empty record."""
    return make_record(product=product, dialect=dialect, frames=FrameLog(), remote_id=None, **changes)


@pytest.mark.parametrize("product", list(Product))
async def test_the_asyncapi_dialect_has_its_own_addresses_and_camel_case(product):
    """And none of the live ones (S-200)."""
    made = record(product)
    async with serve(Companion()) as service, SukiRest(service.address, WHO, Limits()) as rest:
        calls = SessionCalls(rest, made)
        created = await calls.create()
        made.remote_id = created.session_id
        transcript = await calls.end()
    assert (created.session_id, created.socket_url) == (SESSION, "wss://x/a")
    assert transcript == ("blood pressure" if product is Product.DICTATION else None)
    create, end = service.requests[1:]
    assert create.path == f"/api/v1/{product.value}/sessions"
    assert json.loads(create.body) == {"providerId": "provider-7", "languageCode": "en-US"}
    assert end.path == f"/api/v1/{product.value}/sessions/{SESSION}/end"
    assert [f.kind for f in made.frames.frames()] == [FrameKind.REST] * 2


async def test_its_complete_is_our_completed():
    """In this dialect only."""
    made = record(Product.AMBIENT)
    made.remote_id = SESSION
    async with serve(Companion()) as service, SukiRest(service.address, WHO, Limits()) as rest:
        assert await SessionCalls(rest, made).status() == "completed"


async def test_an_id_cannot_be_asked_for_where_the_service_chooses():
    """One clear line before anything is sent."""
    made = record(Product.DICTATION)
    made.remote_id = SESSION
    async with serve(Companion()) as service, SukiRest(service.address, WHO, Limits()) as rest:
        with pytest.raises(InputError, match="service chooses"):
            await SessionCalls(rest, made).create()
    assert service.calls == []


def test_no_address_is_in_both_dialects():
    """They are never mixed."""
    live, other = (
        {e.path for r in ROUTES[d].values() for e in (r.create, r.end, *r.results, *filter(None, (r.seed, r.status)))}
        for d in (Dialect.LIVE, Dialect.ASYNCAPI)
    )
    assert not live & other


def test_a_token_is_never_taken_to_another_host():
    """S-2: whatever create says."""
    address = ServiceAddress("x", "https://suki.example", "wss://suki.example")
    assert _socket_url(Product.AMBIENT, address, None) == "wss://suki.example/ws/stream"
    assert _socket_url(Product.AMBIENT, address, "wss://suki.example/a?b") == "wss://suki.example/a?b"
    for bad in ("wss://evil.example/a", "ws://suki.example/a", "wss://suki.example:444/a", "/a", ""):
        with pytest.raises(SessionFailed, match="another host") as caught:
            _socket_url(Product.AMBIENT, address, bad)
        assert caught.value.outcome is Outcome.PROTOCOL_ERROR
