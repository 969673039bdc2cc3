"""What each URL answers. A resource moves values between HTTP and the parts; it decides nothing."""

from dataclasses import fields

import orjson
from falcon.asgi import Request, Response

from scandid import LANGUAGES, NAMES, ModelMetadata
from scandid.labels import PLAIN_NAMES
from server.batching import Batcher
from server.bodies import Bodies
from server.exchange import Exchange, exchange_of
from server.model import TextIdentifier
from server.queries import parse_query
from server.readiness import Readiness


class Identification:
    """``POST /identify``: the language of one text or of each of several.

    Args:
        batcher: Answers the texts.
        readiness: Says whether they may be answered.
        bodies: Reads the bodies.
        max_texts: Most texts in one request.
    """

    def __init__(
        self, batcher: Batcher, readiness: Readiness, bodies: Bodies, *, max_texts: int
    ) -> None:
        self._batcher = batcher
        self._readiness = readiness
        self._bodies = bodies
        self._max_texts = max_texts

    async def on_post(self, req: Request, resp: Response) -> None:
        """Answer; whether there is room is decided before the body is looked at."""
        self._readiness.require()
        self._batcher.check_room()
        exchange = exchange_of(req.scope)
        try:
            await self._answer(req, resp, exchange)
        finally:
            self._bodies.release(exchange)

    async def _answer(self, req: Request, resp: Response, exchange: Exchange) -> None:
        # Named nowhere, the body is freed before its texts wait for their answers.
        query = parse_query(
            await self._bodies.read(req, exchange), req.content_type, self._max_texts
        )
        if isinstance(query, str):
            answer = await self._batcher.identify(query)
            exchange.chars, exchange.answers = len(query), (answer,)
            resp.data = orjson.dumps(answer.as_dict())
        else:
            answers = await self._batcher.identify_many(query)
            exchange.chars, exchange.answers = sum(map(len, query)), answers
            resp.data = orjson.dumps({"answers": [answer.as_dict() for answer in answers]})


class Liveness:
    """``GET /health/live``: the process answers."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Say so."""
        resp.media = {"status": "live"}

    on_head = on_get


class ReadinessCheck:
    """``GET /health/ready``: the worker may be sent texts."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    async def on_get(self, req: Request, resp: Response) -> None:
        """Say so, or why not."""
        self._readiness.require()
        resp.media = {"status": "ready"}

    on_head = on_get


class Model:
    """``GET /model``: which model answers, and how good it was measured to be."""

    def __init__(self, identifier: TextIdentifier, readiness: Readiness) -> None:
        self._identifier = identifier
        self._readiness = readiness

    async def on_get(self, req: Request, resp: Response) -> None:
        """Describe the model."""
        self._readiness.require()
        resp.media = _describe(self._identifier.metadata)

    on_head = on_get


class Languages:
    """``GET /languages``: the labels that answers use."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """List them with their names."""
        resp.media = {
            "languages": [
                {
                    "label": label,
                    "name": NAMES[label],
                    "language": PLAIN_NAMES[label],
                    "identified": label in LANGUAGES,
                }
                for label in NAMES
            ]
        }

    on_head = on_get


class Index:
    """``GET /``: where to go from here."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """List the routes and show a request."""
        resp.media = {
            "service": "scandid",
            "example": {"method": "POST", "path": "/identify", "body": {"text": "Hvad hedder du?"}},
            "routes": {
                "/identify": "POST a text, or several, for its language",
                "/languages": "GET the labels that answers use",
                "/model": "GET which model answers, with its scores",
                "/health/live": "GET whether the process answers",
                "/health/ready": "GET whether it may be sent texts",
            },
        }

    on_head = on_get


def _describe(metadata: ModelMetadata) -> dict[str, object]:
    """What the file says about itself, except for what only the service compares with."""
    described = {field.name: getattr(metadata, field.name) for field in fields(metadata)}
    del described["golden"], described["reference"], described["calibration"]
    return described | {
        "thresholds": dict(metadata.thresholds),
        "scores": dict(metadata.scores),
        "reliable": metadata.reliable.as_dict(),
    }
