"""Spans of requests arrive at a collector, within the caller's trace, and never with a text."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from server.exchange import Exchange
from server.tracing import Tracer
from tests.fake_model import fake_answer

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


class Collector(HTTPServer):
    """Takes spans over OTLP as an OpenTelemetry collector does.

    Attributes:
        spans: What has arrived.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.spans: list[Any] = []

    @property
    def endpoint(self) -> str:
        """Where it takes spans."""
        return f"http://127.0.0.1:{self.server_port}/v1/traces"


class Receiver(BaseHTTPRequestHandler):
    """Decodes what is posted."""

    server: Collector

    def do_POST(self) -> None:
        """Keep the spans of one export."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def traced(collector: Collector, exchange: Exchange) -> Any:  # noqa: ANN401  # protobuf's type
    """The one span that arrives for an exchange."""
    tracer = Tracer(collector.endpoint, "1")
    tracer.trace([exchange])
    tracer.close()
    (span,) = collector.spans
    return span


def test_a_span_continues_the_trace(collector: Collector) -> None:
    """The span has the caller's trace and parent, the times of the request, and its verdict."""
    exchange = Exchange("/identify", "POST", trace_id=TRACE, parent_id=SPAN, sampled=1, status=200)
    exchange.ended_s, exchange.duration_s = 1_000.5, 0.25
    exchange.chars, exchange.answers = 9, (fake_answer("a secret."),)
    span = traced(collector, exchange)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN)
    assert span.name == "POST /identify"
    assert span.end_time_unix_nano == 1_000_500_000_000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 250_000_000
    values = {attribute.key: attribute.value for attribute in span.attributes}
    assert values["scandid.label"].string_value == "dan"
    assert values["http.response.status_code"].int_value == 200
    assert "secret" not in str(span)


def test_a_request_without_a_trace_begins_one(collector: Collector) -> None:
    """Without a caller the span is the first of its own trace; a fault of ours is an error."""
    span = traced(collector, Exchange("/identify", "POST", status=500, problem="internal_error"))
    assert any(span.trace_id)
    assert not span.parent_span_id
    assert span.status.message == "internal_error"


def test_a_caller_that_does_not_record_is_followed(collector: Collector) -> None:
    """A trace that its caller does not sample costs nobody anything."""
    tracer = Tracer(collector.endpoint, None)
    tracer.trace([Exchange("/identify", "POST", trace_id=TRACE, parent_id=SPAN, sampled=0)])
    tracer.close()
    assert collector.spans == []
