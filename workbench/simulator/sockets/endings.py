"""How a stream ends: why, and what the socket is told."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.websockets import WebSocket

__all__ = ["Ending"]

_REASON_BYTES = 123
"""What RFC 6455 leaves for the reason in a close frame."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a stream ended.

    Attributes:
        reason: one clause, free of content.
        code: code the socket is closed with; None if there is no socket any more.
        terminal: results are complete, so the terminal frame is sent (dictation).
        cancelled: what was said is thrown away (ambient and form filling).
    """

    reason: str
    code: int | None
    terminal: bool = False
    cancelled: bool = False

    @property
    def is_fault(self) -> bool:
        """Whether the stream was broken off, by the client's fault or by ours."""
        return self.code not in (None, 1000)

    async def close(self, websocket: WebSocket) -> None:
        """Close the socket. Raises WebSocketDisconnect or RuntimeError where it is closed already."""
        if self.code is not None:
            reason = self.reason.encode()[:_REASON_BYTES].decode("utf-8", "ignore")
            await websocket.close(self.code, reason)
