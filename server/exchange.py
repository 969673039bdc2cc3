"""What is known of one request by the time it has been answered, and the names it goes by."""

import re
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from random import getrandbits
from typing import Any, Final

from scandid import Answer

KEY: Final = "scandid.exchange"
"""Where the ASGI scope of a request holds its exchange."""

UNMATCHED: Final = "unmatched"
"""Route of every path that the application does not have."""

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_ZEROS: Final = re.compile(r"0+")


@dataclass(slots=True)
class Exchange:
    """One request and its answer; never the texts themselves.

    Attributes:
        route: A path of the application, or :data:`UNMATCHED`.
        method: HTTP method.
        request_id: The client's ``X-Request-Id``, or one made here.
        trace_id: Trace of the ``traceparent`` header, 32 hex digits, or None without one.
        parent_id: Span of the ``traceparent`` header, 16 hex digits, or None without one.
        sampled: 1 where the caller records its trace, 0 where not.
        status: Status of the answer; 499 where the connection ended before there was one: the
            client left, or took too long to send its request.
        request_bytes: Length of the body that was read, or of the part that was before a refusal.
        queued_bytes: What its body counts for among those that a worker holds; 0 for a short one.
        response_bytes: Length of the answer's body.
        problem: Code of the error, where the answer is one.
        duration_s: From the request's headers to the answer's last byte.
        ended_s: When that was, in seconds since 1970.
        chars: Characters of all texts.
        answers: One per text.
    """

    route: str = UNMATCHED
    method: str = ""
    request_id: str = ""
    trace_id: str | None = None
    parent_id: str | None = None
    sampled: int = 0
    status: int = 499
    request_bytes: int = 0
    queued_bytes: int = 0
    response_bytes: int = 0
    problem: str | None = None
    duration_s: float = 0.0
    ended_s: float = 0.0
    chars: int = 0
    answers: Sequence[Answer] = ()

    def summary(self) -> dict[str, object]:
        """What was asked and answered: one label and confidence, or how often each label came."""
        summary: dict[str, object] = {"texts": len(self.answers), "chars": self.chars}
        if len(self.answers) == 1:
            answer = self.answers[0]
            summary["label"], summary["confidence"] = answer.label, answer.confidence
        else:
            summary["labels"] = Counter(answer.label for answer in self.answers)
        return summary


def exchange_of(scope: Mapping[str, Any]) -> Exchange:
    """The exchange of a request; one that nobody reads where the application is not observed."""
    found: Exchange = scope.get(KEY) or Exchange()
    return found


def open_exchange(scope: MutableMapping[str, Any], routes: frozenset[str]) -> Exchange:
    """Begin the exchange of a request and put it into the scope.

    An ``X-Request-Id`` or ``traceparent`` that is malformed is ignored, as their standards ask:
    what is logged must not be what a client wants to have logged.
    """
    path = scope["path"]
    exchange = Exchange(path if path in routes else _route(path, routes), scope["method"])
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            exchange.request_id = value.decode()
        elif name == b"traceparent" and (match := _TRACEPARENT.fullmatch(value)):
            _continue(exchange, *(part.decode() for part in match.groups()))
    exchange.request_id = exchange.request_id or getrandbits(128).to_bytes(16).hex()
    scope[KEY] = exchange
    return exchange


def _route(path: str, routes: frozenset[str]) -> str:
    """The route of a path that is none as it stands: falcon takes ``//identify`` for one."""
    path = f"/{path.lstrip('/')}"
    return path if path in routes else UNMATCHED


def _continue(exchange: Exchange, trace_id: str, parent_id: str, flags: str) -> None:
    """Take part in a trace; ids of zeros alone are invalid."""
    if not _ZEROS.fullmatch(trace_id) and not _ZEROS.fullmatch(parent_id):
        exchange.trace_id, exchange.parent_id = trace_id, parent_id
        exchange.sampled = int(flags, 16) & 1
