"""Long bodies that wait for answers are bounded together; short ones and lone ones are taken."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from falcon.asgi import App
from falcon.testing import create_scope

from server import errors
from server.batching import Batcher, BatchLimits
from server.bodies import FREE_BYTES, Bodies
from server.readiness import Readiness
from server.resources import Identification
from tests.fake_model import FakeModel

LONG = 2 * FREE_BYTES
LIMITS = BatchLimits(max_batch_texts=8, max_batch_chars=100, max_queue_texts=9)
CHUNKED = {"Transfer-Encoding": "chunked"}
TIMEOUT_S = 30


class Service:
    """The application.

    Args:
        max_queue_bytes: Most bytes of long bodies; three have room.

    Attributes:
        bodies: What it reads bodies with.
    """

    def __init__(self, max_queue_bytes: int = 3 * LONG) -> None:
        model = FakeModel(poison="a" * LONG)
        readiness = Readiness(model)
        readiness.check()
        self.bodies = Bodies(max_bytes=2 * LONG, max_queue_bytes=max_queue_bytes)
        batcher = Batcher(model, LIMITS)
        self.app = App(middleware=[readiness])
        errors.install(self.app)
        self.app.add_route(
            "/identify", Identification(batcher, readiness, self.bodies, max_texts=9)
        )


class Client:
    """One request, whose body is sent piece by piece.

    Attributes:
        status: Of the answer, 0 before there is one.
        headers: Of the answer.
        code: Of the problem that is answered, empty where it is none.
        read: Bytes that were asked for.
    """

    def __init__(self, service: Service, headers: dict[str, str]) -> None:
        self.status, self.code, self.read = 0, "", 0
        self.headers: dict[bytes, bytes] = {}
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        named = {"Content-Type": "text/plain"} | headers
        scope = create_scope(path="/identify", method="POST", headers=named)
        self.task = asyncio.create_task(service.app(scope, self._receive, self._send))

    async def send(self, count: int, *, more: bool = True, byte: bytes = b"a") -> None:
        """Send so many bytes, and wait until nothing more can happen."""
        self._events.put_nowait({"type": "http.request", "body": byte * count, "more_body": more})
        for _ in range(50):
            await asyncio.sleep(0)

    async def _receive(self) -> dict[str, Any]:
        event = await self._events.get()
        self.read += len(event["body"])
        return event

    async def _send(self, event: dict[str, Any]) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], dict(event["headers"])
        elif self.status != 200:
            self.code = json.loads(event["body"])["code"]


def declared(length: int) -> dict[str, str]:
    """Headers of a body of this length."""
    return {"Content-Length": str(length)}


def run(course: Callable[[Service], Awaitable[None]], **limits: int) -> None:
    """Run what happens to a service."""

    async def within_time() -> None:
        async with asyncio.timeout(TIMEOUT_S):
            await course(Service(**limits))

    asyncio.run(within_time())


async def begin(service: Service, length: int, headers: dict[str, str] | None = None) -> Client:
    """A request of which the first byte has been sent."""
    client = Client(service, headers or declared(length))
    await client.send(1)
    return client


def test_a_body_that_does_not_fit_is_refused_unread() -> None:
    """Beyond the bound it is overloaded: no more of it is asked for, and when to retry is said."""

    async def course(service: Service) -> None:
        held = [await begin(service, LONG) for _ in range(3)]
        refused = await begin(service, FREE_BYTES + 1)
        assert (refused.status, refused.code) == (503, "overloaded")
        assert refused.headers[b"retry-after"] == b"1"
        assert refused.read == 1
        for client in held:
            await client.send(LONG - 1, more=False, byte=b"b")
        assert [client.status for client in held] == [200, 200, 200]
        assert service.bodies.queued_bytes == 0

    run(course)


@pytest.mark.parametrize("headers", [declared(FREE_BYTES), CHUNKED])
def test_short_bodies_are_taken(headers: dict[str, str]) -> None:
    """What is in memory anyway is answered beside long bodies that take all of the room."""

    async def course(service: Service) -> None:
        for _ in range(3):
            await begin(service, LONG)
        short = await begin(service, FREE_BYTES, headers)
        await short.send(FREE_BYTES - 1, more=False)
        assert short.status == 200

    run(course)


def test_a_lone_body_is_taken() -> None:
    """The longest body that is allowed is answered, though it is longer than all may be."""

    async def course(service: Service) -> None:
        lone = await begin(service, 2 * LONG)
        assert (await begin(service, LONG)).code == "overloaded"
        await lone.send(2 * LONG - 1, more=False, byte=b"b")
        assert lone.status == 200

    run(course, max_queue_bytes=1)


@pytest.mark.parametrize(
    ("headers", "sent", "byte", "status"),
    [
        *((headers, LONG - 1, b"b", 200) for headers in (declared(LONG), CHUNKED)),
        *((headers, LONG - 1, b"a", 500) for headers in (declared(LONG), CHUNKED)),
        *((headers, LONG - 1, b"\xff", 400) for headers in (declared(LONG), CHUNKED)),
        (declared(LONG), LONG - 2, b"b", 400),
        (CHUNKED, 2 * LONG, b"b", 413),
    ],
)
def test_what_was_answered_makes_room(
    headers: dict[str, str], sent: int, byte: bytes, status: int
) -> None:
    """Nothing is held after an answer, a fault of the service or one of the body."""

    async def course(service: Service) -> None:
        client = await begin(service, LONG, headers)
        await client.send(sent, more=False, byte=byte)
        assert client.status == status
        assert service.bodies.queued_bytes == 0

    run(course)


@pytest.mark.parametrize("headers", [declared(LONG), CHUNKED])
def test_a_client_that_leaves_makes_room(headers: dict[str, str]) -> None:
    """Nothing is held of a request that is cancelled while its body arrives."""

    async def course(service: Service) -> None:
        client = await begin(service, LONG, headers)
        await client.send(FREE_BYTES + 1)
        assert service.bodies.queued_bytes >= LONG
        client.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.task
        assert service.bodies.queued_bytes == 0

    run(course)


def test_a_chunked_body_counts_for_the_longest() -> None:
    """While its length is not known it holds the room of the longest there may be."""

    async def course(service: Service) -> None:
        chunked = await begin(service, LONG, CHUNKED)
        await chunked.send(FREE_BYTES)
        assert service.bodies.queued_bytes == 2 * LONG
        other = await begin(service, 2 * LONG)
        assert (other.status, other.code) == (503, "overloaded")

    run(course)
