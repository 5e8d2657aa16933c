"""What is no HTTP gets the envelope, too: the answer to bytes that never become a request (S-30)."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from workbench.simulator.refusals import envelope, refusal

__all__ = ["EnvelopeProtocol"]


REQUEST_S = 10.0
"""How long a request may take to arrive, its body included; uvicorn would wait for ever."""


class EnvelopeProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the one answer that it gives by itself written as the documents write refusals.

    A connection on which no request arrives in time is closed: half-open ones would pile up.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._look_again(None)

    def _look_again(self, late: object) -> None:
        self.loop.call_later(REQUEST_S, self._look, late)

    def _look(self, late: object) -> None:
        """Close what had the whole time for one request and did not use it; ``late`` is the request seen last time."""
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            return  # gone, or a socket by now
        cycle: RequestResponseCycle | None = getattr(self, "cycle", None)  # uvicorn calls it one that is always there
        idle = cycle is None or (cycle.response_complete and self.conn.their_state is h11.IDLE and self._unread())
        slow = cycle is not None and not cycle.response_complete and cycle.more_body and cycle is late
        if idle or slow:
            self.transport.close()
        else:
            self._look_again(cycle)

    def _unread(self) -> bool:
        return bool(self.conn.trailing_data[0])

    def send_400_response(self, msg: str) -> None:
        """Refuse and close; ``msg`` is uvicorn's own plain text, the envelope says the same."""
        # A body that breaks off its framing may do so after its answer was begun; then nothing can be said any more.
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            answer = envelope(refusal(400, f"invalid_request: {msg}"), {"Connection": "close"})
            response = h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (response, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
