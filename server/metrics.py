"""What a worker counts. Labels take few values, all known beforehand: never a text, never a client.

Under gunicorn the values live in files in memory, one set for each place a worker can take
(server/monitoring.py), so that they outlive a worker that is killed. docs/operations.md
describes every metric.
"""

from bisect import bisect_right
from collections.abc import Sequence
from importlib.metadata import version
from platform import python_version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from scandid import Answer, ModelMetadata, __version__
from scandid.labels import LANGUAGES, OTHER, UNDETERMINED
from scandid.reference import CONFIDENCE_EDGES, bin_names
from server.exchange import Exchange

DURATION_BOUNDS_S: Final = (
    *(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01),
    *(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
CHAR_BOUNDS: Final = (1, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 20_000)
TEXT_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128)

UNRELIABLE_BELOW: Final = 0.5
"""Confidence at which the model itself holds its label for more likely wrong than right."""

FLAGS: Final = ("ambiguous", "undetermined", "truncated", "unreliable")
BUILT_ON: Final = ("falcon", "gunicorn", "onnxruntime")
STATUSES: Final = (200, 500, 503)
"""Statuses of ``/identify`` that are there from the start: a rate needs the zero before the one."""


class Metrics:
    """The instruments of one worker.

    Args:
        registry: Where they are registered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests_in_flight = 0
        self._add_http(registry)
        self._add_batches(registry)
        self._add_answers(registry)
        self._add_state(registry)

    def opened(self) -> None:
        """Note that a request is there."""
        self._requests_in_flight += 1

    def closed(self, exchange: Exchange, duration_s: float) -> None:
        """Count a request that was answered, or whose client left."""
        self._requests_in_flight -= 1
        key = (exchange.route, exchange.status)
        found = self._by_status.get(key)
        if found is None:
            found = self._by_status[key] = self._children(exchange.route, str(exchange.status))
        duration, received, sent = found
        duration.observe(duration_s)
        received.inc(exchange.request_bytes)
        sent.inc(exchange.response_bytes)
        if exchange.problem:
            self._problems.labels(exchange.problem).inc()

    def waited(self, wait_s: float) -> None:
        """Note how long the first text of a batch waited before the model was called."""
        self._batch_wait.observe(wait_s)

    def batch(self, texts: Sequence[str], answers: Sequence[Answer], model_s: float) -> None:
        """Note one model call and its answers."""
        self._batch_texts.observe(len(texts))
        self._model_call.observe(model_s)
        for text in texts:
            self._chars.observe(len(text))
        for answer in answers:
            self._answers[answer.label][bisect_right(CONFIDENCE_EDGES, answer.confidence)].inc()
            if answer.ambiguous:
                self._flags["ambiguous"].inc()
            if answer.truncated:
                self._flags["truncated"].inc()
            if answer.label == UNDETERMINED:
                self._flags["undetermined"].inc()
            elif answer.confidence < UNRELIABLE_BELOW:
                self._flags["unreliable"].inc()

    def sample(self, *, queued_texts: int, ready: bool) -> None:
        """Take down the state of this moment."""
        self._in_flight.set(self._requests_in_flight)
        self._queued.set(queued_texts)
        self._ready.set(ready)
        self._unverified.set(not ready)

    def model(self, metadata: ModelMetadata) -> None:
        """Say which model answers, and what its answers to held-out texts looked like."""
        self._model_info.labels(
            metadata.version, metadata.sha256, metadata.data_digest, metadata.run_id
        ).set(1)
        for label, shares in metadata.reference.items():
            for name, share in zip(bin_names(), shares, strict=True):
                self._reference.labels(label, name).set(share)

    def _add_http(self, registry: CollectorRegistry) -> None:
        labels = ("route", "status")
        self._duration = Histogram(
            "scandid_request_duration_seconds",
            "Seconds from a request's headers to its answer's last byte.",
            labels,
            buckets=DURATION_BOUNDS_S,
            registry=registry,
        )
        self._received = Counter(
            "scandid_request_bytes", "Bytes of request bodies.", labels, registry=registry
        )
        self._sent = Counter(
            "scandid_response_bytes", "Bytes of response bodies.", labels, registry=registry
        )
        self._problems = Counter(
            "scandid_problems", "Answers that are errors.", ("code",), registry=registry
        )
        for code in ("overloaded", "not_ready", "internal_error"):
            self._problems.labels(code)
        self._by_status = {
            ("/identify", status): self._children("/identify", str(status)) for status in STATUSES
        }

    def _children(self, *labels: str) -> tuple[Histogram, Counter, Counter]:
        return (
            self._duration.labels(*labels),
            self._received.labels(*labels),
            self._sent.labels(*labels),
        )

    def _add_batches(self, registry: CollectorRegistry) -> None:
        self._batch_texts = Histogram(
            "scandid_batch_texts",
            "Texts in one model call.",
            buckets=TEXT_BOUNDS,
            registry=registry,
        )
        self._batch_wait = Histogram(
            "scandid_batch_wait_seconds",
            "Seconds the first text of a batch waited for its model call.",
            buckets=DURATION_BOUNDS_S,
            registry=registry,
        )
        self._model_call = Histogram(
            "scandid_model_call_seconds",
            "Seconds of one model call.",
            buckets=DURATION_BOUNDS_S,
            registry=registry,
        )

    def _add_answers(self, registry: CollectorRegistry) -> None:
        self._chars = Histogram(
            "scandid_text_chars", "Characters of a text.", buckets=CHAR_BOUNDS, registry=registry
        )
        answers = Counter(
            "scandid_answers",
            "Answers by label and confidence, from the edge named to the next.",
            ("label", "confidence"),
            registry=registry,
        )
        self._answers = {
            label: [answers.labels(label, name) for name in bin_names()]
            for label in (*LANGUAGES, OTHER)
        }
        certain_of_nothing = answers.labels(UNDETERMINED, bin_names()[0])
        self._answers[UNDETERMINED] = [certain_of_nothing]
        flagged = Counter(
            "scandid_flagged_answers",
            "Answers that are ambiguous, undetermined, truncated or unreliable.",
            ("flag",),
            registry=registry,
        )
        self._flags = {flag: flagged.labels(flag) for flag in FLAGS}

    def _add_state(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, *labels: str, mode: str = "livesum") -> Gauge:
            return Gauge(name, text, labels, registry=registry, multiprocess_mode=mode)  # type: ignore[arg-type]  # one of its modes

        self._in_flight = gauge("scandid_requests_in_flight", "Requests being answered.")
        self._queued = gauge("scandid_queued_texts", "Texts admitted and not yet answered.")
        self._ready = gauge("scandid_workers_ready", "Workers that may be sent texts.")
        self._unverified = gauge(
            "scandid_workers_unverified",
            "Workers whose model is missing or does not repeat its golden examples.",
        )
        build = {"scandid": __version__, "python": python_version()}
        build |= {name: version(name) for name in BUILT_ON}
        text = "1 for what the service is built from."
        gauge("scandid_build_info", text, *build, mode="livemax").labels(**build).set(1)
        self._model_info = gauge(
            "scandid_model_info",
            "1 for the model that answers.",
            *("version", "sha256", "data_digest", "run_id"),
            mode="livemax",
        )
        self._reference = gauge(
            "scandid_reference_share",
            "Share of held-out texts with this label and confidence when the model was made.",
            *("label", "confidence"),
            mode="livemax",
        )
