"""Spans for OpenTelemetry: only with packages of requirements/tracing.txt and where asked for.

A span is made when its request is reported, from what is known by then, so that a request itself
pays nothing. Imports the packages late: the service runs without them, and its settings were
refused where they are missing and asked for.
"""

from collections.abc import Sequence
from typing import Any, Final

from server.exchange import Exchange

_NS_PER_S: Final = 1_000_000_000


class Tracer:
    """Sends a span for each request, a child of the caller's where it named one.

    Args:
        endpoint: OTLP over HTTP, for example ``http://localhost:4318/v1/traces``.
        model_version: Version of the model that answers, None where there is none.
    """

    def __init__(self, endpoint: str, model_version: str | None) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        names = {"service.name": "scandid", "scandid.model": model_version or "none"}
        self._provider = TracerProvider(resource=Resource.create(names), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
        self._tracer = self._provider.get_tracer("scandid")

    def trace(self, ended: Sequence[Exchange]) -> None:
        """Make the spans of requests that have ended; they are sent in the background."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        for exchange in ended:
            end_ns = round(exchange.ended_s * _NS_PER_S)
            span = self._tracer.start_span(
                f"{exchange.method} {exchange.route}",
                context=_parent(exchange),
                kind=SpanKind.SERVER,
                attributes=_attributes(exchange),
                start_time=end_ns - round(exchange.duration_s * _NS_PER_S),
            )
            if exchange.status >= 500:
                span.set_status(Status(StatusCode.ERROR, exchange.problem))
            span.end(end_ns)

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _parent(exchange: Exchange) -> Any:  # noqa: ANN401  # a type of packages that may be missing
    """The caller's span; without one, the beginning of a trace."""
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if exchange.trace_id is None or exchange.parent_id is None:
        return Context()
    caller = SpanContext(
        int(exchange.trace_id, 16),
        int(exchange.parent_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(exchange.sampled),
    )
    return set_span_in_context(NonRecordingSpan(caller), Context())


def _attributes(exchange: Exchange) -> dict[str, str | int | float]:
    """Names of OpenTelemetry's conventions where there are any; never a text."""
    attributes: dict[str, str | int | float] = {
        "http.request.method": exchange.method,
        "http.route": exchange.route,
        "http.response.status_code": exchange.status,
        "http.request.body.size": exchange.request_bytes,
        "http.response.body.size": exchange.response_bytes,
        "scandid.request_id": exchange.request_id,
        "scandid.texts": len(exchange.answers),
        "scandid.chars": exchange.chars,
    }
    if len(exchange.answers) == 1:
        attributes["scandid.label"] = exchange.answers[0].label
        attributes["scandid.confidence"] = exchange.answers[0].confidence
    if exchange.problem:
        attributes["scandid.problem"] = exchange.problem
    return attributes
