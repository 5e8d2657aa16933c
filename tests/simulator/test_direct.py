"""Sockets that are served past uvicorn's queues: the bytes of frames, however they come."""

import asyncio
import json
import os
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uvicorn import Config
from uvicorn.server import ServerState

from tests.simulator.partner import AUDIO_END, TERMINAL, audio
from workbench.simulator.sockets.direct import DirectProtocol

pytestmark = pytest.mark.asyncio(loop_scope="module")


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True, masked: bool = True) -> bytes:
    """A client's frame by the letter of RFC 6455."""
    size, mask = len(payload), os.urandom(4)
    head = bytes([0x80 * fin | opcode])
    flag = 0x80 * masked
    if size < 126:
        head += bytes([flag | size])
    elif size < 65_536:
        head += bytes([flag | 126]) + struct.pack("!H", size)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", size)
    if not masked:
        return head + payload
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


class Raw:
    """A socket whose bytes are written by hand."""

    @classmethod
    async def open(cls, partner, session_id, more=b""):
        self = cls()
        host, port = partner.simulator.url.removeprefix("http://").split(":")
        self.reader, self.writer = await asyncio.open_connection(host, int(port))
        lines = [
            "GET /ws/transcribe HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            f"sdp_suki_token: {partner.token}", f"transcription_session_id: {session_id}",
        ]  # fmt: skip
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + more)
        answer = await self.reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101")
        return self

    async def frames(self):
        """(opcode, payload) of what the simulator sends until it closes TCP."""
        found = []
        try:
            while True:
                first, size = await self.reader.readexactly(2)
                if size == 126:
                    (size,) = struct.unpack("!H", await self.reader.readexactly(2))
                found.append((first & 15, await self.reader.readexactly(size)))
                if first & 15 == 8:
                    self.writer.write(frame(found[-1][1], 8))
        except (asyncio.IncompleteReadError, ConnectionError):
            self.writer.close()
            return found


async def scripted(partner, *messages):
    session_id = await partner.create()
    await partner.script(session_id, *messages)
    return session_id


async def arrivals(partner, session_id):
    (log,) = (await partner.log(session_id))["connections"]
    return [a["audio_bytes"] for a in log["arrivals"]], len(log["ignored"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cuts=st.lists(st.integers(1, 60_000), max_size=6),
    sizes=st.lists(st.sampled_from([2, 80, 3200, 40_000]), max_size=5),
)
async def test_frames_are_whole_wherever_tcp_cut_them(partner, cuts, sizes):
    """Several in one piece, one in several pieces: each chunk arrives once and in order."""
    session_id = await scripted(partner)
    raw = await Raw.open(partner, session_id)
    data = b"".join(frame(audio(b"\0" * size).encode()) for size in sizes) + frame(AUDIO_END.encode())
    begin = 0
    for cut in [*sorted(c for c in cuts if c < len(data)), len(data)]:
        raw.writer.write(data[begin:cut])
        await raw.writer.drain()
        await asyncio.sleep(0)
        begin = cut
    frames = await raw.frames()
    assert [json.loads(p) for o, p in frames if o == 1] == [TERMINAL]
    assert [p[:2] for o, p in frames if o == 8] == [struct.pack("!H", 1000)]
    sums = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    assert await arrivals(partner, session_id) == (sums, 0)


async def test_fragments_and_pings_between_them_are_one_message(partner):
    """What is no plain frame takes the library's way, and plain frames go on behind it."""
    session_id = await scripted(partner)
    raw = await Raw.open(partner, session_id)
    whole = audio(b"\0" * 3200).encode()
    raw.writer.write(
        frame(whole) + frame(whole[:100], fin=False) + frame(b"ping", 9) + frame(whole[100:200], 0, fin=False)
        + frame(whole[200:], 0) + frame(whole) + frame(AUDIO_END.encode())
    )  # fmt: skip
    frames = await raw.frames()
    assert (10, b"ping") in frames
    assert [json.loads(p) for o, p in frames if o == 1] == [TERMINAL]
    assert await arrivals(partner, session_id) == ([3200, 6400, 9600], 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"{}", masked=False), 1002),
        (frame(b"{}", opcode=3), 1002),
        (b"\xf1" + frame(b"{}")[1:], 1002),
        (frame(b"\xff\xfe"), 1007),
        (b"\x81\xff" + struct.pack("!Q", 1 << 40), 1009),
        (frame(b"a", fin=False) + frame(b"{}"), 1002),
    ],
    ids=["unmasked", "unknown opcode", "reserved bits", "no UTF-8", "endless", "a message within a message"],
)
async def test_frames_that_break_rfc_6455_end_the_socket(partner, data, code):
    """With the code that the library gives, also behind plain frames."""
    session_id = await scripted(partner)
    raw = await Raw.open(partner, session_id)
    raw.writer.write(frame(audio(b"\0\0").encode()) + data + frame(audio(b"\0\0").encode()))
    frames = await raw.frames()
    assert [p[:2] for o, p in frames if o == 8] == [struct.pack("!H", code)]
    assert (await arrivals(partner, session_id))[0] == [2]


async def test_frames_on_the_heels_of_the_handshake_are_not_lost(partner):
    """A client that does not wait for the 101 is served by the library alone."""
    session_id = await scripted(partner)
    heels = frame(audio(b"\0" * 320).encode()) + frame(audio(b"\0" * 320).encode())[:50]
    raw = await Raw.open(partner, session_id, heels)
    raw.writer.write(frame(AUDIO_END.encode()))
    raw.writer.close()
    (log,) = (await partner.log(session_id))["connections"]
    assert [a["audio_bytes"] for a in log["arrivals"]] in ([320], [])


async def test_what_a_frame_looks_at_lies_in_the_object_itself(monkeypatch):
    """Two names are uvicorn's: under others it would go on, slower, and nobody would see why."""
    monkeypatch.setattr(Config, "load_app", lambda self: None)
    protocol = DirectProtocol(Config("nothing:at_all", log_config=None), ServerState(), {}, asyncio.get_running_loop())
    assert {"close_sent", "transport"} <= set(DirectProtocol.__slots__)
    assert not set(DirectProtocol.__slots__) & set(vars(protocol))
    assert [name for name in DirectProtocol.__slots__ if not hasattr(protocol, name)] == []


async def test_a_client_that_reads_nothing_gets_what_fits_and_the_rest_later(partner):
    """Frames that the system does not take wait in order behind those that it took."""
    texts = [f"{i} " + "long " * 400 for i in range(400)]
    session_id = await scripted(partner, *({"kind": "partial", "text": text, "at_ms": 1} for text in texts))
    raw = await Raw.open(partner, session_id)
    raw.writer.write(frame(audio(b"\0" * 3200).encode()) + frame(AUDIO_END.encode()))
    frames = [json.loads(p) for o, p in await raw.frames() if o == 1]
    assert [f["transcript"]["transcript"] for f in frames[:-1]] == texts
