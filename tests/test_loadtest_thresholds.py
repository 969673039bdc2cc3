"""Thresholds of a load test: read from a file, and judged."""

from pathlib import Path

import pytest

from loadtest.shapes import SHAPES
from loadtest.thresholds import Measured, ThresholdError, Thresholds, read_thresholds

GOOD = Measured(failures=0.0, wrong=0.0, p50_ms=5, p95_ms=10, p99_ms=20, throughput=500)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_has_thresholds(shape: str) -> None:
    """The shipped file judges each shape, and failures always."""
    assert read_thresholds(shape).failures is not None


def test_nothing_is_broken_at_the_limit() -> None:
    """A value that equals its limit is kept."""
    limits = Thresholds(failures=0, wrong=0, p50_ms=5, p95_ms=10, p99_ms=20, throughput=500)
    assert limits.breaches(GOOD) == []


@pytest.mark.parametrize(
    ("limits", "breach"),
    [
        (Thresholds(p50_ms=4.9), "p50_ms is 5, must be at most 4.9"),
        (Thresholds(p95_ms=9), "p95_ms is 10, must be at most 9"),
        (Thresholds(p99_ms=19.5), "p99_ms is 20, must be at most 19.5"),
        (Thresholds(throughput=501), "throughput is 500, must be at least 501"),
    ],
)
def test_a_breach_names_value_and_limit(limits: Thresholds, breach: str) -> None:
    """What is beyond its limit is said in one sentence; what has no limit is not judged."""
    assert limits.breaches(GOOD) == [breach]


def test_failures_and_wrong_answers_are_breaches() -> None:
    """Failed requests and wrong languages are judged apart."""
    measured = Measured(failures=0.01, wrong=0.5, p50_ms=5, p95_ms=9, p99_ms=9, throughput=1)
    breaches = Thresholds(failures=0.0, wrong=0.02).breaches(measured)
    assert [breach.split()[0] for breach in breaches] == ["failures", "wrong"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[spike]\n", ["steady", "spike"]),
        ("steady = 1\n", ["steady"]),
        ("[steady]\np98_ms = 1\n", ["p98_ms", "p99_ms"]),
        ("[steady]\np99_ms = 'fast'\n", ["p99_ms", "'fast'"]),
        ("[steady]\nfailures = true\n", ["failures", "True"]),
        ("[steady]\np99_ms = -1\n", ["p99_ms", "-1"]),
        ("[steady\n", ["line 1"]),
    ],
)
def test_an_unusable_file_is_refused(tmp_path: Path, content: str, words: list[str]) -> None:
    """The error names the file and what in it is wrong."""
    path = tmp_path / "limits.toml"
    path.write_text(content)
    with pytest.raises(ThresholdError) as error:
        read_thresholds("steady", path)
    assert all(word in str(error.value) for word in [str(path), *words])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(ThresholdError, match=r"none\.toml"):
        read_thresholds("steady", tmp_path / "none.toml")
