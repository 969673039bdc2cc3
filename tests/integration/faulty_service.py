"""A service that answers as it is told to: rightly, wrongly, with nonsense, late or never."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from loadtest.answers import LABELS
from loadtest.texts import LANGUAGES, known_texts

Reply = tuple[int, bytes]
Behaviour = Callable[[dict[str, Any]], Reply]

_LABELS: Final = {known.text: known.label for known in known_texts()}


def answer(label: str) -> dict[str, Any]:
    """An answer of the right form."""
    return {
        "language": LANGUAGES[label],
        "label": label,
        "name": label,
        "confidence": 1.0,
        "reliable": True,
        "probabilities": {name: float(name == label) for name in LABELS},
        "acceptable": [label],
        "ambiguous": False,
        "truncated": False,
    }


def right(query: dict[str, Any], instead: dict[str, str] | None = None) -> Reply:
    """What the texts are in; with ``instead``, other labels for some."""
    texts = query.get("texts") or [query["text"]]
    labels = [_LABELS[text] for text in texts]
    answers = [answer((instead or {}).get(label, label)) for label in labels]
    return 200, json.dumps({"answers": answers} if "texts" in query else answers[0]).encode()


@contextmanager
def faulty_service(behave: Behaviour) -> Iterator[str]:
    """The address of a service that behaves so."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            """Answer."""
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = behave(query)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 256

        def handle_error(self, *_: object) -> None:
            """A client that leaves is no matter."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def after(seconds: float, then: Behaviour) -> Behaviour:
    """Right at first, and so from some seconds after the first request on."""
    first: list[float] = []

    def behave(query: dict[str, Any]) -> Reply:
        first.append(time.monotonic())
        return (right if first[-1] - first[0] < seconds else then)(query)

    return behave
