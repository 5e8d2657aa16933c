"""Delay of the arrival stamp: our stamp minus the sender's own, taken before it wrote; both on one monotonic clock.

Usage: python benchmarks/stamps.py --sessions 1000 --transport picows [--kernel-stamps] [--seconds 10] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import resource
import subprocess
import sys
from pathlib import Path

from figures import Figure, percentile_ms, show

from workbench.client.kernel_stamps import KernelStamps
from workbench.playing.connect import _opener
from workbench.playing.pacer import run
from workbench.recording.record import Connect


class Stamped:
    """Keeps how long each message took from the sender's stamp to ours."""

    def __init__(self, delays: list[int]) -> None:
        self._delays = delays

    def arrived(self, raw, received_ns):
        self._delays.append(received_ns - json.loads(raw)["stamp"])

    def drained(self):
        pass

    def closed(self, code, reason, received_ns):
        pass


async def measure(port: int, transport: str, sessions: int, seconds: float, kernel: KernelStamps | None) -> list[int]:
    delays: list[int] = []
    url, opened = f"ws://127.0.0.1:{port}/", []
    for _ in range(sessions):
        sink = Stamped(delays)
        opened.append(
            await _opener(transport)(url, {}, sink, tls=None, phases=Connect(), close_timeout_s=0.1, kernel=kernel)
        )
    gc.collect()
    gc.freeze()
    gc.disable()
    await asyncio.sleep(1)
    delays.clear()
    await asyncio.sleep(seconds)
    found = list(delays)
    for socket in opened:
        socket.abort()
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--transport", default="picows")
    parser.add_argument("--kernel-stamps", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20_000), hard))
    command = [sys.executable, str(Path(__file__).with_name("sink.py")), "--stamps", "5"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        port = int(sink.stdout.readline())
        kernel = KernelStamps() if asked.kernel_stamps else None
        delays = run(measure(port, asked.transport, asked.sessions, asked.seconds, kernel))
        sink.stdin.close()
    targets = (None, 0.03) if asked.kernel_stamps else (0.04, 0.2) if asked.transport == "picows" else (None, None)
    stamp = "The kernel's arrival stamp" if asked.kernel_stamps else "Arrival stamp"
    show(
        f"{stamp} behind the sender's, {asked.transport}, {asked.sessions} sessions",
        [
            Figure("p50", percentile_ms(delays, 50), "ms", target=targets[0]),
            Figure("p99", percentile_ms(delays, 99), "ms", target=targets[1]),
            Figure("messages", len(delays), ""),
        ],
    )


if __name__ == "__main__":
    main()
