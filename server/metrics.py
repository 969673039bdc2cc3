"""What a worker counts. Labels take few values, all known beforehand: never a text, never a client.

Under gunicorn the values live in files in memory, one set for each place a worker can take
(server/monitoring.py), so that they outlive a worker that is killed. docs/operations.md
describes every metric.
"""

from bisect import bisect_right
from collections import Counter as Counts
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from scandid import Answer, ModelMetadata, __version__
from scandid.labels import LANGUAGES, OTHER, UNDETERMINED
from scandid.reference import CONFIDENCE_EDGES, bin_names
from server.exchange import Exchange
from server.histogram import BulkHistogram

DURATION_BOUNDS_S: Final = (
    *(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01),
    *(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
CHAR_BOUNDS: Final = (1, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 20_000)
TEXT_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128)

FLAGS: Final = ("ambiguous", "undetermined", "truncated", "unreliable")
BUILT_ON: Final = ("falcon", "gunicorn", "onnxruntime")
STATUSES: Final = (200, 500, 503)
"""Statuses of ``/identify`` that are there from the start: a rate needs the zero before the one."""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of the model: the length of each text, the answers, the seconds it took."""

    chars: Sequence[int]
    answers: Sequence[Answer]
    model_s: float


class Metrics:
    """The instruments of one worker.

    Args:
        registry: Where they are registered.

    Attributes:
        requests_in_flight: Requests being answered.
        lost_lines: Lines about requests that could not be written.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests_in_flight = 0
        self._calls: list[ModelCall] = []
        self._waits_s: list[float] = []
        self._add_http(registry)
        self._add_batches(registry)
        self._add_answers(registry)
        self._add_state(registry)

    def waited(self, wait_s: float) -> None:
        """Note how long the first text of a batch waited before the model was called."""
        self._waits_s.append(wait_s)

    def called(self, texts: Sequence[str], answers: Sequence[Answer], model_s: float) -> None:
        """Note one model call and its answers."""
        self._calls.append(ModelCall([len(text) for text in texts], answers, model_s))

    def report(self, ended: Sequence[Exchange]) -> None:
        """Count requests that were answered, or whose clients left, and model calls since."""
        groups = defaultdict(list)
        for exchange in ended:
            groups[exchange.route, exchange.status].append(exchange)
            if exchange.problem:
                self._problems.labels(exchange.problem).inc()
        for (route, status), group in groups.items():
            found = self._by_status.get((route, status))
            if found is None:
                found = self._by_status[route, status] = self._children(route, str(status))
            duration, received, sent = found
            duration.observe_many([exchange.duration_s for exchange in group])
            received.inc(sum(exchange.request_bytes for exchange in group))
            sent.inc(sum(exchange.response_bytes for exchange in group))
        self._report_calls()

    def _report_calls(self) -> None:
        calls, self._calls = self._calls, []
        waits_s, self._waits_s = self._waits_s, []
        self._batch_wait.observe_many(waits_s)
        self._batch_texts.observe_many([len(call.chars) for call in calls])
        self._model_call.observe_many([call.model_s for call in calls])
        self._chars.observe_many([chars for call in calls for chars in call.chars])
        found = (
            counter
            for call in calls
            for answer in call.answers
            for counter in self._counters(answer)
        )
        for counter, count in Counts(found).items():
            counter.inc(count)

    def _counters(self, answer: Answer) -> list[Counter]:
        """Which counters an answer counts in: its label and confidence, and what else is so."""
        label, confidence = answer.label, answer.confidence
        counters = [self._answers[label][bisect_right(CONFIDENCE_EDGES, confidence)]]
        if label == UNDETERMINED:
            counters.append(self._flags["undetermined"])
        elif not answer.reliable:
            counters.append(self._flags["unreliable"])
        if answer.truncated:
            counters.append(self._flags["truncated"])
        if answer.ambiguous:
            counters.append(self._flags["ambiguous"])
        return counters

    def sample(self, *, queued_texts: int, queued_bytes: int, ready: bool, refused: bool) -> None:
        """Take down the state of this moment: a worker may also wait for its model."""
        self._in_flight.set(self.requests_in_flight)
        self._queued.set(queued_texts)
        self._queued_bytes.set(queued_bytes)
        self._ready.set(ready)
        self._unverified.set(refused)

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
        self._duration = BulkHistogram(
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
        self.lost_lines = Counter(
            "scandid_lost_log_lines", "Lines about requests that nobody took.", registry=registry
        )
        for code in ("overloaded", "not_ready", "internal_error"):
            self._problems.labels(code)
        self._by_status = {
            ("/identify", status): self._children("/identify", str(status)) for status in STATUSES
        }

    def _children(self, *labels: str) -> tuple[BulkHistogram, Counter, Counter]:
        return (
            self._duration.labels(*labels),
            self._received.labels(*labels),
            self._sent.labels(*labels),
        )

    def _add_batches(self, registry: CollectorRegistry) -> None:
        self._batch_texts = BulkHistogram(
            "scandid_batch_texts",
            "Texts in one model call.",
            buckets=TEXT_BOUNDS,
            registry=registry,
        )
        self._batch_wait = BulkHistogram(
            "scandid_batch_wait_seconds",
            "Seconds the first text of a batch waited for its model call.",
            buckets=DURATION_BOUNDS_S,
            registry=registry,
        )
        self._model_call = BulkHistogram(
            "scandid_model_call_seconds",
            "Seconds of one model call.",
            buckets=DURATION_BOUNDS_S,
            registry=registry,
        )

    def _add_answers(self, registry: CollectorRegistry) -> None:
        self._chars = BulkHistogram(
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
        self._queued_bytes = gauge(
            "scandid_queued_bytes", "Bytes of bodies over 64 kB admitted and not yet answered."
        )
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
