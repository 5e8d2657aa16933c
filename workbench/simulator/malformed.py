"""What is no HTTP gets the envelope, too: the answer to bytes that never become a request (S-30)."""

from __future__ import annotations

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from workbench.simulator.refusals import envelope, refusal

__all__ = ["EnvelopeProtocol"]


class EnvelopeProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the one answer that it gives by itself written as the documents write refusals."""

    def send_400_response(self, msg: str) -> None:
        """Refuse and close; ``msg`` is uvicorn's own plain text, the envelope says the same."""
        # A body that breaks off its framing may do so after its answer was begun; then nothing can be said any more.
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            answer = envelope(refusal(400, f"invalid_request: {msg}"), {"Connection": "close"})
            response = h11.Response(status_code=400, headers=answer.raw_headers, reason=b"Bad Request")
            for event in (response, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
