"""The same stream in other ways, on picows and uvloop: a bare ring on a timerfd, ``sleep(chunk)`` and ``call_at``.

Usage: python benchmarks/loops.py --way ring|sleep|call_at --sessions 1000 --seconds 10 [--simulator] [--json]

The bare ring is the yardstick of the whole client: it paces and sends and throws away what it receives. Against the
simulator both start their sessions at the same moments and get the same answers, so that they may be compared: answers
that all come at once cost fewer wake-ups than answers that come one by one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import gc
import heapq
import http.client
import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from figures import Figure, percentile_ms, show
from picows import WSListener, WSMsgType, ws_connect

from workbench.instrument.capacity.load import spread_s, start_offset_ns
from workbench.instrument.capacity.speech import script
from workbench.playing.pacer import run
from workbench.protocol import live
from workbench.protocol.messages import Product
from workbench.simulator.control_token import control_headers
from workbench.simulator.local import LocalSimulator

CHUNK_NS, TICK_NS = 100_000_000, 250_000
FRAME = live.encode_audio(b"\0" * 3200, Product.DICTATION)
SETTLE_S = 2.0


class Listener(WSListener):
    """Throws away what it receives, after looking at the clock once; counts it."""

    received = 0

    def on_ws_frame(self, transport, frame):
        time.perf_counter_ns()
        Listener.received += 1


class Timespec(ctypes.Structure):
    _fields_ = (("s", ctypes.c_long), ("ns", ctypes.c_long))


class Itimerspec(ctypes.Structure):
    _fields_ = (("interval", Timespec), ("value", Timespec))


@dataclass
class Sent:
    """Lateness of every chunk, gaps between those of a session, and the processor time, all in the steady stretch."""

    begin_ns: int
    end_ns: int
    late: list[int] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    last: dict[int, int] = field(default_factory=dict)
    first_s: float = 0.0
    cpu_s: float = 0.0

    def note(self, session: int, due_ns: int, now_ns: int) -> None:
        if now_ns < self.begin_ns:
            self.last[session] = now_ns
            return
        if now_ns >= self.end_ns:
            self.cpu_s = self.cpu_s or time.process_time() - self.first_s
            return
        if not self.late:
            self.first_s = time.process_time()
        self.late.append(now_ns - due_ns)
        if session in self.last:
            self.gaps.append(now_ns - self.last[session])
        self.last[session] = now_ns


async def ring(transports, dues, chunks: int, sent: Sent) -> None:
    libc, spec = ctypes.CDLL(None), Itimerspec()
    fd, pointer = libc.timerfd_create(1, os.O_NONBLOCK), ctypes.byref(spec)
    loop, heap = asyncio.get_running_loop(), [(due, i, 0) for i, due in enumerate(dues)]
    heapq.heapify(heap)
    done = loop.create_future()

    def arm() -> None:
        spec.value.s, spec.value.ns = divmod(-(-heap[0][0] // TICK_NS) * TICK_NS, 10**9)
        libc.timerfd_settime(fd, 1, pointer, None)

    def fire() -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(fd, 8)
        now_ns = time.perf_counter_ns()
        while heap and heap[0][0] <= now_ns:
            due, i, k = heap[0]
            sent.note(i, due, time.perf_counter_ns())
            transports[i].send(WSMsgType.TEXT, FRAME)
            if k + 1 == chunks:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (due + CHUNK_NS, i, k + 1))
        if heap:
            arm()
        else:
            done.set_result(None)

    loop.add_reader(fd, fire)
    arm()
    await done
    loop.remove_reader(fd)
    os.close(fd)


async def sleep(transports, dues, chunks: int, sent: Sent) -> None:
    """What streaming clients mostly do; late by what every turn takes, chunk for chunk."""

    async def session(i: int) -> None:
        await asyncio.sleep((dues[i] - time.perf_counter_ns()) / 1e9)
        for k in range(chunks):
            sent.note(i, dues[i] + k * CHUNK_NS, time.perf_counter_ns())
            transports[i].send(WSMsgType.TEXT, FRAME)
            await asyncio.sleep(CHUNK_NS / 1e9)

    await asyncio.gather(*map(session, range(len(transports))))


async def call_at(transports, dues, chunks: int, sent: Sent) -> None:
    """Absolute due times on the loop's own timers, which the selector rounds to a millisecond."""
    loop, left = asyncio.get_running_loop(), len(transports)
    done, zero_s, zero_ns = loop.create_future(), loop.time(), time.perf_counter_ns()

    def send(i: int, k: int) -> None:
        nonlocal left
        due = dues[i] + k * CHUNK_NS
        sent.note(i, due, time.perf_counter_ns())
        transports[i].send(WSMsgType.TEXT, FRAME)
        if k + 1 < chunks:
            loop.call_at(zero_s + (due + CHUNK_NS - zero_ns) / 1e9, send, i, k + 1)
        else:
            left -= 1
            if not left:
                done.set_result(None)

    for i, due in enumerate(dues):
        loop.call_at(zero_s + (due - zero_ns) / 1e9, send, i, 0)
    await done


WAYS = {"ring": ring, "sleep": sleep, "call_at": call_at}


async def play(way: str, sockets: list[tuple[str, dict[str, str]]], seconds: float, spread: bool) -> list[Figure]:
    transports = [(await ws_connect(Listener, url, extra_headers=headers))[0] for url, headers in sockets]
    begin_ns, count = time.perf_counter_ns() + 200_000_000, len(transports)
    dues = [begin_ns + (start_offset_ns(i, count) if spread else CHUNK_NS * i // count) for i in range(count)]
    settled_ns = begin_ns + round((SETTLE_S + (spread_s(count) if spread else 0)) * 1e9)
    sent = Sent(settled_ns, settled_ns + round(seconds * 1e9))
    gc.collect()
    gc.freeze()
    gc.disable()
    await WAYS[way](transports, dues, (sent.end_ns - begin_ns) // CHUNK_NS + 2, sent)
    late = np.array(sent.late)
    planned_s = CHUNK_NS / 1e9 * len(late) / len(transports)
    slope_ppm = float(np.polyfit(np.linspace(0, planned_s, len(late)), late, 1)[0]) / 1000
    return [
        Figure("lateness p50", percentile_ms(late, 50), "ms"),
        Figure("lateness p99", percentile_ms(late, 99), "ms"),
        Figure("lateness max", percentile_ms(late, 100), "ms"),
        Figure("error of the gap between chunks, p99", percentile_ms(np.abs(np.array(sent.gaps) - CHUNK_NS), 99), "ms"),
        Figure("drift", slope_ppm, "ppm"),
        Figure("CPU per frame", sent.cpu_s / len(late) * 1e6, "us"),
        Figure("answers a second and session", Listener.received / ((sent.end_ns - begin_ns) / 1e9) / count, "1/s"),
    ]


def sessions_of(url: str, count: int, seconds: float) -> list[tuple[str, dict[str, str]]]:
    """Sockets of sessions that were created at a simulator, each with the answers of ``workbench capacity``."""
    parts = urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname, parts.port)

    def post(path: str, body, **headers: str):
        link.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        answer = link.getresponse()
        return json.loads(answer.read() or b"{}")

    who = {"partner_id": "demo-partner", "partner_token": "demo-partner-token"}
    token = post("/api/v1/auth/login", who)["suki_token"]
    post("/_sim/scripts/*", script(seconds), **control_headers(url))
    found = []
    for _ in range(count):
        made = post("/api/v1/transcription/session/create", {}, sdp_suki_token=token)
        header = {"sdp_suki_token": token, "transcription_session_id": made["transcription_session_id"]}
        found.append((url.replace("http", "ws", 1) + "/ws/transcribe", header))
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", choices=list(WAYS), default="ring")
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--simulator", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    if asked.simulator:
        with LocalSimulator("--recogniser", "scripted") as simulator:
            whole_s = spread_s(asked.sessions) + SETTLE_S + asked.seconds
            sockets = sessions_of(simulator.url, asked.sessions, whole_s)
            figures = run(play(asked.way, sockets, asked.seconds, spread=True))
    else:
        command = [sys.executable, str(Path(__file__).with_name("sink.py"))]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
            url = f"ws://127.0.0.1:{sink.stdout.readline().strip()}/"
            figures = run(play(asked.way, [(url, {})] * asked.sessions, asked.seconds, spread=False))
            sink.stdin.close()
    show(f"{asked.way}, {asked.sessions} sessions", figures)


if __name__ == "__main__":
    main()
