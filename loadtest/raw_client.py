"""A load client on raw sockets: some 10 µs a request, so one core of it outruns a worker.

Closed loop: every connection sends its next request when the last one is answered. Every answer's
status is checked; what is in it is for the Locust suite to check.
"""

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from loadtest.outcome import Outcome
from loadtest.servers import HOST

_RECEIVE_BYTES: Final = 1 << 18
_TIMEOUT_S: Final = 60
_OK: Final = b"HTTP/1.1 200 "


def request_bytes(body: bytes) -> bytes:
    """A request of ``POST /identify`` as it goes over the wire."""
    head = (
        f"POST /identify HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def load(port: int, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Outcome:
    """Ask for so long on so many connections, the bodies in turn."""
    requests = cycle([request_bytes(body) for body in bodies])
    waits_s: list[float] = []
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for _ in range(connections):
            sock = stack.enter_context(socket.create_connection((HOST, port), _TIMEOUT_S))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(sock, selectors.EVENT_READ, _Connection(sock))
        begin = time.perf_counter()
        errors = _ask(selector, requests, waits_s, begin + seconds)
        return Outcome.of(waits_s, errors, time.perf_counter() - begin)


@dataclass(slots=True)
class _Connection:
    """One kept connection with at most one request under way."""

    sock: socket.socket
    sent_at: float = 0.0
    received: bytes = b""
    missing: int = 0

    def send(self, request: bytes) -> None:
        self.sent_at = time.perf_counter()
        self.received, self.missing = b"", 0
        self.sock.sendall(request)

    def receive(self) -> bool | None:
        """Whether the answer is 200, None while some of it is missing.

        Raises:
            ConnectionError: The server closed the connection.
        """
        chunk = self.sock.recv(_RECEIVE_BYTES)
        if not chunk:
            raise ConnectionResetError
        if self.missing:
            self.missing -= len(chunk)
        else:
            self.received += chunk
            head, end, body = self.received.partition(b"\r\n\r\n")
            if not end:
                return None
            self.missing = _content_length(head) - len(body)
        return None if self.missing > 0 else self.received.startswith(_OK)


def _ask(
    selector: selectors.BaseSelector, requests: Iterator[bytes], waits_s: list[float], end: float
) -> int:
    """Keep every connection busy until the end and read what is still to come; count errors.

    A server is left idle: what it computes afterwards would be charged to the next load. One that
    sends nothing any more for a minute has failed on every connection.
    """
    errors = 0
    for key in list(selector.get_map().values()):
        key.data.send(next(requests))
    while selector.get_map():
        ready = selector.select(_TIMEOUT_S)
        if not ready:
            return errors + len(selector.get_map())
        for key, _ in ready:
            try:
                answered = key.data.receive()
                if answered is None:
                    continue
                waits_s.append(time.perf_counter() - key.data.sent_at)
                errors += not answered
                if time.perf_counter() < end:
                    key.data.send(next(requests))
                else:
                    selector.unregister(key.fileobj)
            except OSError:
                errors += 1
                selector.unregister(key.fileobj)
    return errors


def _content_length(head: bytes) -> int:
    value = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return int(value or 0)
