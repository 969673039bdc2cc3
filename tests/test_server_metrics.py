"""What is counted of model calls and answers, and that counting many at once changes nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from scandid import LABELS, Answer
from scandid.reference import bin_names
from server.histogram import BulkHistogram
from server.metrics import Metrics
from tests.fake_model import METADATA

BOUNDS = (0.1, 1.0, 10.0)


@pytest.fixture
def registry() -> CollectorRegistry:
    """Where the metrics are registered."""
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    """The metrics of one worker."""
    return Metrics(registry)


def answer(
    label: str,
    confidence: float,
    *acceptable: str,
    reliable: bool = True,
    truncated: bool = False,
) -> Answer:
    """An answer with what metrics look at."""
    probabilities = dict.fromkeys(LABELS, 0.0)
    return Answer(label, confidence, probabilities, acceptable, reliable, truncated)


@given(st.lists(st.floats(0, 100) | st.sampled_from(BOUNDS)))
def test_many_values_count_like_one_by_one(values: list[float]) -> None:
    """A bulk of values gives the buckets and the sum that single values give."""
    one, many = CollectorRegistry(), CollectorRegistry()
    single = Histogram("a", "a", buckets=BOUNDS, registry=one)
    for value in values:
        single.observe(value)
    BulkHistogram("a", "a", buckets=BOUNDS, registry=many).observe_many(values)
    for bound in (*map(str, BOUNDS), "+Inf"):
        expected = one.get_sample_value("a_bucket", {"le": bound})
        assert many.get_sample_value("a_bucket", {"le": bound}) == expected
    assert many.get_sample_value("a_sum") == pytest.approx(one.get_sample_value("a_sum"))


@pytest.mark.parametrize(
    ("confidence", "name"), [(0.0, "0"), (0.499, "0"), (0.5, "0.5"), (0.95, "0.95"), (1.0, "0.999")]
)
def test_answers_are_counted_by_confidence(
    metrics: Metrics, registry: CollectorRegistry, confidence: float, name: str
) -> None:
    """An answer is in the bin whose lower edge it reaches, and in no other."""
    metrics.called(["a"], [answer("nob", confidence)], 0.001)
    metrics.report([])
    found = {
        edge: registry.get_sample_value(
            "scandid_answers_total", {"label": "nob", "confidence": edge}
        )
        for edge in bin_names()
    }
    assert {edge for edge, count in found.items() if count} == {name}


def test_answers_are_flagged(metrics: Metrics, registry: CollectorRegistry) -> None:
    """Ambiguous, undetermined, truncated and unreliable answers are counted; others are not."""
    answers = [
        answer("dan", 0.9, "dan", "nob"),
        answer("und", 0.0, reliable=False),
        answer("swe", 0.9, "swe", truncated=True),
        answer("nno", 0.9, "nno", reliable=False),
        answer("nob", 0.99, "nob"),
    ]
    metrics.called(["a"] * len(answers), answers, 0.001)
    metrics.report([])
    for flag in ("ambiguous", "undetermined", "truncated", "unreliable"):
        assert registry.get_sample_value("scandid_flagged_answers_total", {"flag": flag}) == 1


def test_calls_and_lengths_are_counted(metrics: Metrics, registry: CollectorRegistry) -> None:
    """Each call counts once with its texts, each text with its characters."""
    metrics.waited(0.002)
    metrics.called(["abc", "de"], [answer("dan", 0.9)] * 2, 0.5)
    metrics.report([])
    assert registry.get_sample_value("scandid_batch_texts_sum") == 2
    assert registry.get_sample_value("scandid_batch_wait_seconds_count") == 1
    assert registry.get_sample_value("scandid_model_call_seconds_sum") == 0.5
    assert registry.get_sample_value("scandid_text_chars_sum") == 5
    metrics.report([])
    assert registry.get_sample_value("scandid_text_chars_count") == 2


def test_the_model_is_named(metrics: Metrics, registry: CollectorRegistry) -> None:
    """Version, digests and run of the model are labels of one metric."""
    metrics.model(METADATA)
    labels = {
        name: getattr(METADATA, name) for name in ("version", "sha256", "data_digest", "run_id")
    }
    assert registry.get_sample_value("scandid_model_info", labels) == 1


def test_the_reference_is_served(metrics: Metrics, registry: CollectorRegistry) -> None:
    """The model's own spread of answers is there to compare traffic with."""
    shares = {"dan": [0.0] * (len(bin_names()) - 1) + [1.0]}
    metrics.model(replace(METADATA, reference=shares))
    labels = {"label": "dan", "confidence": "0.999"}
    assert registry.get_sample_value("scandid_reference_share", labels) == 1
