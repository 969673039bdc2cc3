"""``GET /metrics`` on a port of its own, served by the arbiter, the process above the workers.

The arbiter and not a worker: a scrape takes no time from requests, and works while workers are
busy, broken or being replaced. A thread and not a process: nothing needs to watch over it.
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6, SO_REUSEADDR, SOL_SOCKET
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

_log = logging.getLogger(__name__)

PATH: Final = "/metrics"
_PATIENCE_S: Final = 5
"""How long a scraper may be silent."""


class Exporter:
    """Serves the metrics of all workers.

    Args:
        folder: Where the workers keep their values.
        collectors: What the arbiter itself knows.
    """

    def __init__(self, folder: Path, *collectors: Collector) -> None:
        self._folder = folder
        self._collectors = collectors
        self._server: _Server | None = None
        self._scraping = threading.Lock()

    def scrape(self, accept: str = "") -> tuple[bytes, str]:
        """The metrics of this moment, and their content type, as a scraper accepts them."""
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        for collector in self._collectors:
            registry.register(collector)
        encode, content_type = choose_encoder(accept)
        with self._scraping:
            return encode(registry), content_type

    def start(self, host: str, port: int) -> None:
        """Listen, and answer in the background.

        A fork waits until no scrape runs: a worker would be born with the locks held that the
        scraping thread holds at that moment, and with nobody to release them.

        Raises:
            OSError: The address cannot be used.
        """
        self._server = _Server((host, port), _handler(self.scrape))
        os.register_at_fork(
            before=self._scraping.acquire,
            after_in_parent=self._scraping.release,
            after_in_child=self._scraping.release,
        )
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def leave_port(self) -> None:
        """Close this process's copy of the listening socket; in a worker, after the fork."""
        if self._server:
            self._server.socket.close()


class _Server(ThreadingHTTPServer):
    """An HTTP server that takes IPv6 addresses too, and looks no names up."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = AF_INET6 if ":" in address[0] else AF_INET
        super().__init__(address, handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Log what failed; a scraper that has left is no news.

        The overridden one writes lines that are no JSON, and waits for who reads them.
        """
        if not isinstance(sys.exception(), ConnectionError):
            _log.exception("a scrape failed")

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name, which may take seconds.

        Connections of scrapes that ended a moment ago hold no port: a restart would find it taken.
        """
        self.socket.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]


def _handler(scrape: Callable[[str], tuple[bytes, str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != PATH:
                self.send_error(HTTPStatus.NOT_FOUND, f"only {PATH} is here")
                return
            body, content_type = scrape(self.headers.get("Accept", ""))
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a scrape every few seconds is not news."""

    return Handler
