"""Every request is counted and logged once, however it ends, and never with its text."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import Result, TestClient, create_scope
from prometheus_client import CollectorRegistry

from server.app import create_app, observe
from server.exchange import Exchange
from server.metrics import Metrics
from server.model import AwaitedModel, TextIdentifier
from server.observation import REPORT_S, REPORTED_TOGETHER, ObservedApp
from server.request_log import RequestLog
from server.settings import Settings
from tests.fake_model import METADATA, FakeModel, fake_answer
from tests.pipes import full_pipe

TEXT = "Hvad hedder du?"


class Observed:
    """The application with a fake model, its metrics and its log.

    Args:
        folder: Where the log is written.
        mode: How the log is opened.
    """

    def __init__(self, folder: Path, mode: int = os.O_WRONLY) -> None:
        self.registry = CollectorRegistry()
        self._log = folder / "requests.jsonl"
        log_file = os.open(self._log, os.O_CREAT | mode)
        model, metrics = FakeModel(poison="poison"), Metrics(self.registry)
        settings = Settings(metrics_port=1, max_texts=3)
        app = create_app(settings, model, metrics)
        self.app: ObservedApp = observe(settings, app, model, metrics, log_file=log_file)
        self._client = TestClient(self._with_lifespan())

    def _with_lifespan(self) -> Any:  # noqa: ANN401  # what the framework's client takes
        async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:  # noqa: ANN401
            await self.app(scope, receive, send)

        return app

    def post(self, **request: Any) -> Result:  # noqa: ANN401
        """POST to /identify."""
        return self._client.simulate_post("/identify", **request)

    def get(self, path: str) -> Result:
        """GET a path."""
        return self._client.simulate_get(path)

    def value(self, name: str, **labels: str) -> float:
        """A sample of the registry, 0 where it is not there."""
        return self.registry.get_sample_value(name, labels) or 0

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [json.loads(line) for line in self._log.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def service(tmp_path: Path) -> Observed:
    """An observed application."""
    return Observed(tmp_path)


def count(service: Observed, route: str, status: int) -> float:
    """How many requests a route answered with a status."""
    name = "scandid_request_duration_seconds_count"
    return service.value(name, route=route, status=str(status))


async def send_to_nobody(_event: dict[str, Any]) -> None:
    """Send an answer that nobody listens to."""


def test_a_line_tells_what_was_answered(service: Observed) -> None:
    """The line has the request's id, its status, sizes and verdict."""
    result = service.post(json={"text": TEXT}, headers={"X-Request-Id": "mine"})
    (line,) = service.lines
    assert result.headers["x-request-id"] == line["request_id"] == "mine"
    assert (line["route"], line["status"], line["level"]) == ("/identify", 200, "info")
    assert (line["chars"], line["texts"]) == (len(TEXT), 1)
    assert line["label"] == "dan"
    assert line["confidence"] == pytest.approx(fake_answer(TEXT).confidence)
    assert line["model"] == METADATA.version
    assert line["duration_ms"] > 0
    assert datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
    assert line["response_bytes"] == len(result.content)


@pytest.mark.parametrize("request_", [{"json": {"text": TEXT}}, {"json": {"txt": TEXT}}])
def test_no_line_holds_the_text(service: Observed, request_: dict[str, Any]) -> None:
    """Neither an answer nor an error puts what was asked into the log."""
    service.post(**request_)
    service.post(body=TEXT, headers={"Content-Type": f"text/{TEXT}"})
    assert len(service.lines) == 2
    assert "hedder" not in json.dumps(service.lines)


def test_a_trace_is_logged(service: Observed) -> None:
    """The line joins the caller's trace."""
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    service.post(json={"text": TEXT}, headers={"traceparent": f"00-{trace}-{span}-00"})
    assert (service.lines[0]["trace_id"], service.lines[0]["parent_id"]) == (trace, span)


def test_errors_are_counted_by_code(service: Observed) -> None:
    """An error has its status, its code, an id, and no verdict."""
    result = service.post(json={"texts": ["a"] * 4})
    assert result.headers["x-request-id"] == service.lines[0]["request_id"]
    assert service.lines[0]["problem"] == "too_many_texts"
    assert "label" not in service.lines[0]
    assert count(service, "/identify", 422) == 1
    assert service.value("scandid_problems_total", code="too_many_texts") == 1


def test_a_failure_is_counted(service: Observed) -> None:
    """An exception in the model is an error like any other."""
    service.post(json={"text": "poison"})
    assert count(service, "/identify", 500) == 1
    assert service.value("scandid_problems_total", code="internal_error") == 1


def test_unknown_paths_are_one_route(service: Observed) -> None:
    """Paths that clients make up do not make up labels."""
    for number in range(5):
        service.get(f"/wp-admin/{number}")
    assert count(service, "unmatched", 404) == 5


@pytest.mark.parametrize("path", ["/languages", "//languages", "///languages"])
def test_the_route_is_the_one_that_answers(service: Observed, path: str) -> None:
    """Slashes that the framework passes over make no other route."""
    assert service.get(path).status_code == 200
    assert count(service, "/languages", 200) == 1


@pytest.mark.parametrize("path", ["/languages/", "/health//live", "//health//live", "//nothing"])
def test_what_is_not_answered_is_no_route(service: Observed, path: str) -> None:
    """Slashes elsewhere make a path that is not there."""
    assert service.get(path).status_code == 404
    assert count(service, "unmatched", 404) == 1


def test_sizes_are_summed(service: Observed) -> None:
    """Bytes that were read and sent are counted by route and status."""
    body = json.dumps({"text": TEXT}).encode()
    result = service.post(body=body, headers={"Content-Type": "application/json"})
    labels = {"route": "/identify", "status": "200"}
    assert service.value("scandid_request_bytes_total", **labels) == len(body)
    assert service.value("scandid_response_bytes_total", **labels) == len(result.content)


@pytest.mark.parametrize(
    ("headers", "sent", "read", "status"),
    [
        ({"Transfer-Encoding": "chunked"}, 5 * 2**20, 4 * 2**20 + 1, 413),
        ({"Content-Length": "100"}, 60, 60, 400),
        ({"Content-Length": "9999999"}, 9_999_999, 0, 413),
    ],
)
def test_what_was_read_of_a_refused_body_is_counted(
    service: Observed, headers: dict[str, str], sent: int, read: int, status: int
) -> None:
    """A body that is too long or ends early counts as far as it was read."""
    pieces = [b"a" * min(2**20, sent - begin) for begin in range(0, sent, 2**20)]
    events = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    events.append({"type": "http.request", "body": b"", "more_body": False})

    async def receive() -> dict[str, object]:
        return events.pop(0)

    async def ask() -> None:
        scope = create_scope(path="/identify", method="POST", headers=headers)
        scope["headers"] = [tuple(header) for header in scope["headers"]]  # to be read twice
        await service.app(dict(scope), receive, send_to_nobody)
        await asyncio.sleep(2 * REPORT_S)

    service.get("/health/ready")  # runs the worker's start
    asyncio.run(ask())
    labels = {"route": "/identify", "status": str(status)}
    assert count(service, "/identify", status) == 1
    assert service.value("scandid_request_bytes_total", **labels) == read


def test_a_client_that_leaves_is_counted(service: Observed) -> None:
    """A request whose client is gone has status 499 and is in flight no more."""

    async def leave() -> None:
        async def wait() -> dict[str, object]:
            await asyncio.sleep(60)
            return {}

        headers = {"Content-Type": "text/plain", "Content-Length": "5"}
        scope = create_scope(path="/identify", method="POST", headers=headers)
        request = asyncio.create_task(service.app(dict(scope), wait, send_to_nobody))
        await asyncio.sleep(0.01)
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await asyncio.sleep(2 * REPORT_S)

    service.get("/health/ready")  # runs the worker's start
    asyncio.run(leave())
    assert count(service, "/identify", 499) == 1
    assert service.lines[-1]["status"] == 499


@pytest.mark.parametrize("count", [1, REPORTED_TOGETHER - 1, REPORTED_TOGETHER, 150])
def test_a_report_waits_for_some_dozens_of_requests(service: Observed, count: int) -> None:
    """Enough that have ended are reported in the next turn, fewer and the rest a little later."""

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def ask() -> tuple[int, int]:
        for _ in range(count):
            await service.app(dict(create_scope(path="/health/live")), receive, send_to_nobody)
            await asyncio.sleep(0)
        at_once = len(service.lines) - before
        await asyncio.sleep(2 * REPORT_S)
        return at_once, len(service.lines) - before

    service.get("/health/ready")  # runs the worker's start
    before = len(service.lines)
    assert asyncio.run(ask()) == (count - count % REPORTED_TOGETHER, count)


def test_a_broken_log_loses_no_answer(tmp_path: Path) -> None:
    """Where the line cannot be written, the request is answered all the same, and that counted."""
    service = Observed(tmp_path, os.O_RDONLY)
    assert service.post(json={"text": TEXT}).status_code == 200
    assert service.value("scandid_lost_log_lines_total") == 1


def test_lines_that_nobody_takes_are_lost(caplog: pytest.LogCaptureFixture) -> None:
    """Lines for a full pipe are counted and told once, until somebody reads again."""
    reader, writer = full_pipe()
    log = RequestLog("7", writer)
    ended = [Exchange("/identify", "POST", "a" * 128) for _ in range(30)]
    assert (log.write(ended), log.write(ended)) == (30, 30)
    os.read(reader, 2**20)
    assert (log.write(ended), log.write(ended)) == (0, 0)
    assert [json.loads(line)["level"] for line in os.read(reader, 2**20).splitlines()] == [
        "info"
    ] * 60
    assert [record.getMessage() for record in caplog.records] == [
        "lines about requests are lost: nobody takes them",
        "60 lines about requests were lost",
    ]


def test_a_report_of_nothing_takes_no_loss_back(caplog: pytest.LogCaptureFixture) -> None:
    """Where no request has ended no line was taken: what is lost is told once, not begun anew."""
    reader, writer = full_pipe()
    log, exchange = RequestLog("7", writer), Exchange("/identify", "POST", "a" * 128)
    assert [log.write(ended) for ended in ([exchange], [], [exchange])] == [1, 0, 1]
    os.close(reader)
    os.close(writer)
    assert caplog.messages == ["lines about requests are lost: nobody takes them"]


@pytest.mark.parametrize(
    ("model", "ready", "refused"),
    [(FakeModel(), 1, 0), (FakeModel(golden=False), 0, 1), (AwaitedModel(), 0, 0)],
)
def test_the_state_is_sampled(model: TextIdentifier, ready: int, refused: int) -> None:
    """A worker is ready, refuses its model, or still waits for it; only refusing is a fault."""
    registry = CollectorRegistry()
    app = create_app(Settings(metrics_port=1), model, Metrics(registry))
    TestClient(app).simulate_get("/health/live")  # runs the worker's start
    assert registry.get_sample_value("scandid_workers_ready") == ready
    assert registry.get_sample_value("scandid_workers_unverified") == refused
