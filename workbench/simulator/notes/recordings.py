"""Recordings: links that anybody who has them may follow for a while, and the WAV behind them."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from workbench.protocol.results import Recording, Recordings
from workbench.simulator.call import answer_safely
from workbench.simulator.notes.segments import Segment
from workbench.simulator.notes.store import NoteSession, NoteStore
from workbench.simulator.refusals import refusal

__all__ = ["RecordingLinks"]

_PATH = "/recordings/{recording_id}.wav"

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
"""One span; RFC 9110 14.2 lets a server answer several with the whole."""

_LISTEN_S = 900
_DOWNLOAD_S = 3600
"""How long links live that are meant for listening and for downloading."""


class RecordingLinks:
    """Makes and follows links; the key that signs them is made at the start and never written anywhere.

    Args:
        notes: all sessions.
        life_s: life of a recording.
    """

    def __init__(self, notes: NoteStore, life_s: float) -> None:
        self._notes = notes
        self._life_s = life_s
        self._key = os.urandom(32)

    def of(self, session: NoteSession, base_url: str, *, download: bool) -> Recordings:
        """Links to the recordings of a session, one a segment.

        Args:
            session: over or not.
            base_url: address of this simulator as the caller knows it.
            download: whether the links are for downloading, and live longer.

        Raises:
            ServiceError: 404 while the session is not over, 410 when recordings are gone.
        """
        if not session.is_over:
            raise refusal(404, "recording_not_found: the session is still being processed")
        if session.connections and not session.segments:
            raise refusal(410, "recording_gone: the session was cancelled or brought no audio")
        links = [self._link(i + 1, s, base_url, download=download) for i, s in enumerate(session.segments)]
        return Recordings(links, is_streamable=True)

    def routes(self) -> list[Route]:
        """The address behind the links. It needs no token: the link is the permission."""
        return [Route(_PATH, self._follow, methods=["GET"])]

    def _link(self, number: int, segment: Segment, base_url: str, *, download: bool) -> Recording:
        self._check_there(segment)
        expires = int(time.time()) + (_DOWNLOAD_S if download else _LISTEN_S)
        kind = "download" if download else "listen"
        path = _PATH.format(recording_id=segment.recording_id)
        query = f"for={kind}&expires={expires}&signature={self._sign(segment.recording_id, kind, str(expires))}"
        return Recording(segment.recording_id, f"{base_url}{path}?{query}", expires, number)

    def _sign(self, *parts: str) -> str:
        return hmac.new(self._key, "\n".join(parts).encode(), hashlib.sha256).hexdigest()

    def _check_there(self, segment: Segment) -> None:
        if segment.pcm is None or time.time() - segment.kept_since_s > self._life_s:
            raise refusal(410, "recording_gone: it is no longer kept")

    async def _follow(self, request: Request) -> Response:
        async def answer() -> Response:
            return self._wav(request.path_params["recording_id"], request.query_params, request.headers.get("range"))

        return await answer_safely(answer)

    def _wav(self, recording_id: str, query: Mapping[str, str], wanted: str | None) -> Response:
        kind, expires, signed = (query.get(name, "") for name in ("for", "expires", "signature"))
        if not hmac.compare_digest(self._sign(recording_id, kind, expires).encode(), signed.encode()):
            raise refusal(403, "permission_denied: the link is not one of this service")
        if int(expires) < time.time():
            raise refusal(403, "permission_denied: the link has expired")
        segment = self._notes.segment(recording_id)
        if segment is None:
            raise refusal(410, "recording_gone: it is no longer kept")
        self._check_there(segment)
        headers = {"Accept-Ranges": "bytes"}
        if kind == "download":
            headers["Content-Disposition"] = f'attachment; filename="{recording_id}.wav"'
        return _part(segment.wav() or b"", wanted, headers)


def _part(wav: bytes, wanted: str | None, headers: dict[str, str]) -> Response:
    """The bytes that a Range header asks for (S-211); all of them for none, or for one that is not understood."""
    spans = _RANGE.fullmatch(wanted or "")
    if spans is None or spans[1] == spans[2] == "":
        return Response(wav, 200, headers, "audio/wav")
    size = len(wav)
    first = int(spans[1]) if spans[1] else max(0, size - int(spans[2]))
    last = min(int(spans[2]), size - 1) if spans[1] and spans[2] else size - 1
    if first > last:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return Response(wav[first : last + 1], 206, headers, "audio/wav")
