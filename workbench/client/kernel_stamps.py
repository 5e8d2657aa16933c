"""Arrival stamps by the kernel: what an arrival waited before this process looked at it.

A stamp taken in the first callback that sees the bytes still waits for the event loop's turn: 20 to 40 us at the
median with 1,000 sessions, and milliseconds on a contended core. The kernel stamps each segment as it comes in
(SO_TIMESTAMPNS, socket(7)), but hands that stamp only to a reader of its own; so the transport stops reading, and this
module reads in its place. Its clock is the wall clock: the age of a stamp is taken from it at the moment of reading
and counted back from the monotonic clock, so that a step of the wall clock spoils only the arrivals it falls between.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from array import array
from collections.abc import Callable

from workbench.units import NS_PER_S

__all__ = ["KernelStamps"]

_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0
_READ_BYTES = 64 * 1024


class KernelStamps:
    """Stamps of all sockets of a run.

    Attributes:
        waits_ns: for each arrival how long it waited between the kernel's stamp and ours.
        missing: arrivals without a stamp of the kernel's; they keep ours.
    """

    def __init__(self) -> None:
        self.waits_ns = array("q")
        self.missing = 0
        self._stamp_ns: int | None = None

    def attach(self, transport: asyncio.Transport) -> None:
        """Read in place of ``transport`` from now on, for its protocol.

        Args:
            transport: a connected one without TLS, whose records would hide which bytes came when.

        Raises:
            OSError: the system has no such stamps.
        """
        loop, deliver = asyncio.get_running_loop(), _deliverer(transport.get_protocol())
        theirs = transport.get_extra_info("socket")
        # A descriptor of its own: the event loop refuses a second reader on one that a transport uses.
        ours = socket.socket(fileno=os.dup(theirs.fileno()))
        try:
            ours.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            transport.pause_reading()
        except BaseException:
            ours.close()
            raise

        def leave() -> None:
            loop.remove_reader(ours.fileno())
            ours.close()
            if not transport.is_closing():
                transport.resume_reading()  # it sees the end, or the error, for itself

        def readable() -> None:
            if transport.is_closing():
                leave()
                return
            try:
                data, ancillary, _, _ = ours.recvmsg(_READ_BYTES, _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:
                leave()
                return
            if not data:
                leave()
                return
            self._stamp_ns = _monotonic_ns(ancillary)
            try:
                deliver(data)
            finally:
                self._stamp_ns = None

        loop.add_reader(ours.fileno(), readable)

    def of_arrival(self, received_ns: int) -> int:
        """The kernel's stamp of what is being delivered; ``received_ns`` itself if there is none."""
        if self._stamp_ns is None or self._stamp_ns > received_ns:
            self.missing += 1
            return received_ns
        self.waits_ns.append(received_ns - self._stamp_ns)
        return self._stamp_ns


def _deliverer(protocol: asyncio.BaseProtocol) -> Callable[[bytes], object]:
    """What hands bytes to a protocol of either kind, as a transport does."""
    if isinstance(protocol, asyncio.Protocol):
        return protocol.data_received
    take, taken = protocol.get_buffer, protocol.buffer_updated  # type: ignore[attr-defined]

    def deliver(data: bytes) -> None:
        left = memoryview(data)
        while left:
            room = memoryview(take(len(left)))
            size = min(len(room), len(left))
            room[:size] = left[:size]
            taken(size)
            left = left[size:]

    return deliver


def _monotonic_ns(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, ns = _TIMESPEC.unpack_from(data)
            age_ns: int = time.time_ns() - (seconds * NS_PER_S + ns)
            return time.perf_counter_ns() - age_ns
    return None
