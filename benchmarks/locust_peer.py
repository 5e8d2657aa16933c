"""The same stream by Locust, as its documentation has WebSockets done: a user a session, a greenlet that reads.

Usage: python benchmarks/locust_peer.py --sessions 100 --seconds 10 [--json]   (in an environment with locust)

``wait_time = constant_pacing(0.1)`` is Locust's own way to keep a rate.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import gevent.monkey

gevent.monkey.patch_all()

import gevent  # noqa: E402
import websocket  # noqa: E402
from locust import User, constant_pacing, task  # noqa: E402
from locust.env import Environment  # noqa: E402

FRAME = '{"type":"AUDIO","audioData":"' + "A" * 4268 + '"}'
GAP_NS = 100_000_000


class Clinician(User):
    """Streams one chunk each tenth of a second and reads what comes."""

    wait_time = constant_pacing(GAP_NS / 1e9)
    url = ""
    begin_ns = 0
    gaps: list[int] = []  # noqa: RUF012  of all users together
    counts: dict[int, int] = {}  # noqa: RUF012
    spent_s = 0.0

    def on_start(self) -> None:
        self.socket = websocket.create_connection(self.url, enable_multithread=True)
        self.last_ns = 0
        gevent.spawn(self.read)

    def read(self) -> None:
        while True:
            try:
                self.socket.recv()
            except (OSError, websocket.WebSocketException):
                return

    @task
    def chunk(self) -> None:
        now_ns = time.perf_counter_ns()
        if now_ns >= Clinician.begin_ns:
            if not Clinician.gaps:
                Clinician.spent_s = time.process_time()
            if self.last_ns:
                Clinician.gaps.append(now_ns - self.last_ns)
            Clinician.counts[id(self)] = Clinician.counts.get(id(self), 0) + 1
        self.last_ns = now_ns
        self.socket.send(FRAME)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    command = [sys.executable, str(Path(__file__).with_name("sink.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sink:
        Clinician.url = f"ws://127.0.0.1:{sink.stdout.readline().strip()}/"
        runner = Environment(user_classes=[Clinician]).create_local_runner()
        Clinician.begin_ns = time.perf_counter_ns() + round((asked.sessions / 100 + 3) * 1e9)
        runner.start(asked.sessions, spawn_rate=100)
        gevent.sleep(asked.sessions / 100 + 3 + asked.seconds)
        cpu_s = time.process_time() - Clinician.spent_s
        runner.quit()
        sink.stdin.close()
    errors = sorted(abs(gap - GAP_NS) / 1e6 for gap in Clinician.gaps) or [float("nan")]
    expected = asked.seconds * 1e9 / GAP_NS
    kept = sum(count >= 0.99 * expected for count in Clinician.counts.values()) / asked.sessions
    frames = max(1, sum(Clinician.counts.values()))
    figures = {
        "error of the gap between chunks, p99": (errors[int(0.99 * (len(errors) - 1))], "ms"),
        "users that keep the rate": (kept * 100, "%"),
        "CPU per frame": (cpu_s / frames * 1e6, "us"),
    }
    if asked.json:
        rows = [{"what": k, "value": v, "unit": u, "target": None, "at_least": None} for k, (v, u) in figures.items()]
        print(json.dumps({"title": f"Locust, {asked.sessions} sessions", "figures": rows}))
    else:
        for what, (value, unit) in figures.items():
            print(f"{what:<50} {value:10.3f} {unit}")


if __name__ == "__main__":
    main()
