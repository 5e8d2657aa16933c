"""Processor time of sending one frame of 100 ms, for each transport beside a loop on a raw socket, in one run.

Usage: python benchmarks/send_cpu.py [--json]
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from figures import Figure, show

from workbench.client.transport_picows import open_picows
from workbench.client.transport_websockets import open_websockets
from workbench.playing.pacer import run
from workbench.protocol import live
from workbench.protocol.messages import Product
from workbench.recording.record import Connect

FRAMES, BURST, PAUSE_S, ROUNDS = 1_600, 8, 0.004, 5
"""Bursts that the system takes whole, and pauses in which the sink catches up: nothing may pile up on our side."""

FRAME = live.encode_audio(b"\0" * 3200, Product.DICTATION)


class Quiet:
    """Takes what comes."""

    def arrived(self, raw, received_ns):
        pass

    def drained(self):
        pass

    def closed(self, code, reason, received_ns):
        pass


async def transport_us(open_socket, url: str) -> float:
    """Per frame, with what the loop costs."""
    sock = await open_socket(url, {}, Quiet(), tls=None, phases=Connect(), close_timeout_s=1.0)
    begun = time.process_time()
    for _ in range(FRAMES // BURST):
        for _ in range(BURST):
            sock.write(FRAME)
        await asyncio.sleep(PAUSE_S)
    spent = time.process_time() - begun
    await sock.close()
    return spent / FRAMES * 1e6


async def turn_us() -> float:
    """The loop alone, which is not the transport's."""
    begun = time.process_time()
    for _ in range(FRAMES // BURST):
        await asyncio.sleep(PAUSE_S)
    return (time.process_time() - begun) / FRAMES * 1e6


def raw_us(port: int) -> float:
    """Masked once, written again and again."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    sock.recv(4096)
    data = b"\x81\xfe" + len(FRAME).to_bytes(2, "big") + os.urandom(4) + FRAME
    begun = time.process_time()
    for _ in range(FRAMES // BURST):
        for _ in range(BURST):
            sock.send(data)
        time.sleep(PAUSE_S)
    spent = time.process_time() - begun
    sock.close()
    return spent / FRAMES * 1e6


async def measure(port: int) -> dict[str, float]:
    url, best = f"ws://127.0.0.1:{port}/", {}
    for _ in range(ROUNDS):  # interleaved: what the machine does otherwise meets all of them
        turn = await turn_us()
        found = {
            "raw": raw_us(port),
            "picows": await transport_us(open_picows, url) - turn,
            "websockets": await transport_us(open_websockets, url) - turn,
        }
        best = {name: min(value, best.get(name, value)) for name, value in found.items()}
    return best


def main() -> None:
    command = [sys.executable, str(Path(__file__).with_name("sink.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        best = run(measure(int(sink.stdout.readline())))
        sink.stdin.close()
    show(
        "Send CPU per frame of 100 ms",
        [
            Figure("raw socket loop", best["raw"], "us"),
            Figure("picows", best["picows"], "us"),
            Figure("websockets, compression off", best["websockets"], "us"),
            Figure("picows / raw", best["picows"] / best["raw"], "x"),
            Figure("websockets / raw", best["websockets"] / best["raw"], "x"),
        ],
    )


if __name__ == "__main__":
    main()
