"""A TCP link to a server that can be slow, break off after so many bytes, or lose an answer."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK_BYTES = 16 * 1024


class WeakLink:
    """A link.

    Attributes:
        url: Its own end.
        bytes_per_s: Most bytes from the server in a second; 0 for no bound.
        bytes_per_s_up: Most bytes to the server in a second; 0 for no bound.
        break_after: Bytes from the server after which a connection breaks; 0 for never.
        broken: Connections that were broken.
        passed_up: Bytes that have gone to the server.
        lose: The next request that holds these bytes reaches the server, its answer nobody.
        heard: All that has gone to the server.
    """

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        self._target = (address.hostname or "", address.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.bytes_per_s = 0
        self.bytes_per_s_up = 0
        self.break_after = 0
        self.broken = 0
        self.passed_up = 0
        self.lose = b""
        self.heard = bytearray()
        self._deaf: set[socket.socket] = set()
        self._open: set[socket.socket] = set()

    def serve(self) -> None:
        """Take connections until the link is closed."""
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):  # it is closed already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def break_now(self) -> None:
        """Break every connection there is."""
        for near in list(self._open):
            with suppress(OSError):
                near.shutdown(socket.SHUT_RDWR)

    def _join(self, near: socket.socket) -> None:
        with near, socket.create_connection(self._target) as far:
            self._open.add(near)
            threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
            self._return(far, near)
            self._open.discard(near)

    def _forward(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(_CHUNK_BYTES):
                self.heard += data
                if self.lose and self.lose in data:
                    self.lose = b""
                    self._deaf.add(near)
                far.sendall(data)
                self.passed_up += len(data)
                if self.bytes_per_s_up:
                    time.sleep(len(data) / self.bytes_per_s_up)
            far.shutdown(socket.SHUT_WR)

    def _return(self, far: socket.socket, near: socket.socket) -> None:
        passed = 0
        with suppress(OSError):
            while data := far.recv(_CHUNK_BYTES):
                if near in self._deaf:
                    self.broken += 1
                    near.shutdown(socket.SHUT_RDWR)
                    return
                near.sendall(data)
                passed += len(data)
                if self.bytes_per_s:
                    time.sleep(len(data) / self.bytes_per_s)
                if self.break_after and passed >= self.break_after:
                    self.broken += 1
                    near.shutdown(socket.SHUT_RDWR)
                    return


@contextmanager
def weak_link(target: str) -> Iterator[WeakLink]:
    """Run a link to a server."""
    link = WeakLink(target)
    threading.Thread(target=link.serve, daemon=True).start()
    try:
        yield link
    finally:
        link.close()
