"""Everything that can go wrong, as RFC 9457 problem documents with a stable ``code``.

code                    status  when
empty_body              400     the request has no body
incomplete_body         400     the body ended before its Content-Length
invalid_utf8            400     the body is not UTF-8
invalid_json            400     the body is not JSON
bad_request             400     the request is malformed in another way
not_found               404     no such path
method_not_allowed      405     the path does not take this method (``Allow`` says which it takes)
body_too_large          413     the body is longer than ``SCANDID_MAX_BODY_BYTES``
unsupported_media_type  415     the body is neither JSON nor plain text, not in UTF-8, or compressed
wrong_type              422     a value has the wrong JSON type
unknown_field           422     the object holds a field that the service does not know
text_or_texts           422     neither or both of ``text`` and ``texts`` were given
too_many_texts          422     ``texts`` is longer than ``SCANDID_MAX_TEXTS``
internal_error          500     a fault of the service; the log has the details
overloaded              503     too many texts or long bodies wait (``Retry-After`` says how long)
not_ready               503     the model is not loaded or does not answer as it should
"""

from collections.abc import Mapping
from functools import cache, partial
from http import HTTPStatus
from typing import Final

import falcon
import orjson
from falcon.asgi import App, Request, Response
from falcon.inspect import inspect_routes

from server import malformed
from server.batching import QueueFull
from server.exchange import exchange_of

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1

_SHOWN_CHARS: Final = 100
"""Of what a client sent, in the text of an error: it may be megabytes."""

CODES: Final[Mapping[str, tuple[int, str]]] = {
    "empty_body": (400, "The request has no body"),
    "incomplete_body": (400, "The request body ended early"),
    "invalid_utf8": (400, "The request body is not UTF-8"),
    "invalid_json": (400, "The request body is not JSON"),
    "bad_request": (400, "The request is malformed"),
    "not_found": (404, "There is nothing at this path"),
    "method_not_allowed": (405, "This path does not take this method"),
    "body_too_large": (413, "The request body is too large"),
    "unsupported_media_type": (415, "The request body has an unsupported media type"),
    "wrong_type": (422, "A value has the wrong type"),
    "unknown_field": (422, "A field is unknown"),
    "text_or_texts": (422, "Exactly one of text and texts is needed"),
    "too_many_texts": (422, "There are too many texts"),
    "internal_error": (500, "The service failed"),
    "overloaded": (503, "The service is overloaded"),
    "not_ready": (503, "The service is not ready"),
}
"""Status and title of each code; docs/api.md lists the same."""


class Problem(falcon.HTTPError):
    """An answer that is an error.

    Args:
        problem: A key of :data:`CODES`.
        detail: What was wrong with this request and what would be right.
        headers: Further headers of the answer.
        members: Further members of the document, such as ``field`` and ``limit``.
    """

    def __init__(
        self,
        problem: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **members: str | int,
    ) -> None:
        status, title = CODES[problem]
        if status == 503:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
        super().__init__(
            HTTPStatus(status), title=title, description=detail, headers=dict(headers or {})
        )
        self.problem = problem
        self.members = members

    def document(self) -> dict[str, str | int | None]:
        """The members of the problem document, in the order the documentation shows them."""
        return {
            "type": f"urn:scandid:problem:{self.problem}",
            "title": self.title,
            "status": self.status_code,
            "detail": self.description,
            "code": self.problem,
            **self.members,
        }


def shown(given: str) -> str:
    """What a client sent, or its beginning, to be named in an error."""
    return given if len(given) <= _SHOWN_CHARS else f"{given[:_SHOWN_CHARS]}…"


def install(app: App[Request, Response]) -> None:
    """Make every error of the app, the framework's and HTTP's own included, a problem document."""
    app.set_error_serializer(_serialize)
    app.add_error_handler(QueueFull, _refuse)
    app.add_error_handler(falcon.HTTPBadRequest, partial(_refuse_unknown_method, app))
    app.add_sink(_refuse_malformed, malformed.PATH)


async def _refuse(_req: Request, _resp: Response, _error: QueueFull, _params: object) -> None:
    raise Problem("overloaded", "Too many texts wait for an answer already; try again shortly.")


async def _refuse_unknown_method(
    app: App[Request, Response],
    req: Request,
    _resp: Response,
    error: falcon.HTTPBadRequest,
    _params: object,
) -> None:
    """Answer a method that falcon has never heard of, such as PURGE, as any other wrong one."""
    if req.method in falcon.COMBINED_METHODS:
        raise error
    raise falcon.HTTPMethodNotAllowed(_allowed(app)[str(req.uri_template)])


@cache
def _allowed(app: App[Request, Response]) -> Mapping[str, list[str]]:
    """The methods of each route; once, as it takes ten milliseconds."""
    return {
        route.path: [*(method.method for method in route.methods if not method.internal), "OPTIONS"]
        for route in inspect_routes(app)
    }


async def _refuse_malformed(req: Request, resp: Response | None, **kwargs: object) -> None:  # noqa: ARG001
    """Answer what a connection could not read as HTTP."""
    raise Problem("bad_request", req.scope[malformed.DETAIL])


def _serialize(req: Request, resp: Response, error: falcon.HTTPError) -> None:
    problem = error if isinstance(error, Problem) else _translate(req, error)
    exchange_of(req.scope).problem = problem.problem
    resp.content_type = MEDIA_TYPE
    resp.data = orjson.dumps(problem.document())


def _translate(req: Request, error: falcon.HTTPError) -> Problem:
    """An error that the framework raised, in our words."""
    match error.status_code:
        case 404:
            return Problem("not_found", f"{shown(req.path)} is unknown; GET / lists what is here.")
        case 405:
            return Problem("method_not_allowed", f"{shown(req.path)} does not take {req.method}.")
        case 500:
            return Problem("internal_error", "Answering failed; the log of the service says why.")
        case _:
            return Problem("bad_request", shown(error.description or error.title))
