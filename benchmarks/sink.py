"""A WebSocket server that costs next to nothing: takes frames, answers every second one, or sends stamps by itself.

Usage: python benchmarks/sink.py [--stamps HZ]   (prints its port; ends with its standard input)

With ``--stamps`` each client is sent so many frames a second, each holding the moment before it was written.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import heapq
import select
import socket
import sys
import time

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_ANSWER = (
    b'{"transcript":{"transcript":"the patient denies chest pain","words":[]},"is_final":false,"transcript_id":"a"}'
)


def frame(payload: bytes) -> bytes:
    size = len(payload)
    return b"\x81" + (bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")) + payload


class Peer:
    """One client: how much of its frame is still to come, and how many frames came."""

    __slots__ = ("head", "left", "open", "seen", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.open, self.head, self.left, self.seen = sock, False, b"", 0, 0

    def take(self, data: bytes) -> int:
        """Whole frames that ended in ``data``."""
        before = self.seen
        while data:
            if self.left:
                used = min(self.left, len(data))
                self.left -= used
                data = data[used:]
                self.seen += not self.left
                continue
            self.head += data[: 14 - len(self.head)]
            data = data[len(self.head) :] if len(self.head) < 2 else data
            size = self.head[1] & 0x7F if len(self.head) > 1 else 0
            need = 2 + {126: 2, 127: 8}.get(size, 0) + 4 * bool(self.head[1] >> 7) if len(self.head) > 1 else 2
            if len(self.head) < need:
                return self.seen - before
            if size == 126:
                size = int.from_bytes(self.head[2:4], "big")
            elif size == 127:
                size = int.from_bytes(self.head[2:10], "big")
            data, self.head, self.left = data[need:], b"", size
            if not size:
                self.seen += 1
        return self.seen - before


def send(peer: Peer, data: bytes) -> None:
    """What is not taken is lost: a client that has left is noticed when it is read."""
    with contextlib.suppress(ConnectionError):
        peer.sock.sendall(data)


def accept(listener: socket.socket) -> Peer:
    sock, _ = listener.accept()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Peer(sock)


def shake_hands(peer: Peer, data: bytes) -> None:
    lines = data.split(b"\r\n")
    key = next(line.split(b":", 1)[1].strip() for line in lines if line.lower().startswith(b"sec-websocket-key"))
    proof = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324  RFC 6455 asks for it
    peer.sock.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n"
    )
    peer.open = True


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stamps", type=float, default=0.0)
    hz = parser.parse_args().stamps
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    print(listener.getsockname()[1], flush=True)
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    peers: dict[int, Peer] = {}
    due: list[tuple[int, int]] = []
    gap_ns = round(1e9 / hz) if hz else 0
    answer = frame(_ANSWER)
    while True:
        wait_s = max(0.0, (due[0][0] - time.perf_counter_ns()) / 1e9) if due else -1
        for fd, _ in poll.poll(wait_s):
            if fd == listener.fileno():
                peer = accept(listener)
                peers[peer.sock.fileno()] = peer
                poll.register(peer.sock.fileno(), select.EPOLLIN)
                continue
            if fd == 0:
                sys.exit(0)
            peer = peers[fd]
            try:
                data = peer.sock.recv(262_144)
            except ConnectionError:
                data = b""
            if not data:
                poll.unregister(fd)
                peers.pop(fd).sock.close()
            elif not peer.open:
                shake_hands(peer, data)
                if hz:
                    # Spread over the gap by the golden ratio, as clients that do not know of each other are.
                    heapq.heappush(due, (time.perf_counter_ns() + int(gap_ns * (fd * 0.618 % 1)), fd))
            else:
                ended = peer.take(data)
                if not hz and peer.seen // 2 > (peer.seen - ended) // 2:
                    send(peer, answer)
        while due and due[0][0] <= time.perf_counter_ns():
            at, fd = due[0]
            if fd not in peers:
                heapq.heappop(due)
                continue
            heapq.heapreplace(due, (at + gap_ns, fd))
            send(peers[fd], frame(b'{"stamp":%d}' % time.perf_counter_ns()))


if __name__ == "__main__":
    main()
