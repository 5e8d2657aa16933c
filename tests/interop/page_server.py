"""A partner's web server for one page: the page, the audio to send, and a place to report to."""

from __future__ import annotations

import contextlib
import json
import queue
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

PAGE = Path(__file__).with_name("speak.html")


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        served = {"/": ("text/html", PAGE.read_bytes()), "/audio": ("application/octet-stream", self.server.pcm)}
        kind, body = served.get(urlsplit(self.path).path, (None, b""))
        self._answer(200 if kind else 404, kind or "text/plain", body)

    def do_POST(self):
        self.server.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer(204, "text/plain", b"")

    def _answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """The addresses hold a token."""


@contextlib.contextmanager
def serving(pcm: bytes) -> Iterator[tuple[str, queue.Queue]]:
    """The page's address, and a queue of what it reports."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.pcm, server.reports = pcm, queue.Queue()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", server.reports
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
