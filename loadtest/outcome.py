"""What a load saw: one value, whichever client made the load."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """Requests of one load.

    Attributes:
        requests: Answers received.
        errors: Answers other than 200, and connections lost.
        seconds: How long the load lasted.
        p50_ms: Median time from request to answer.
        p99_ms: Time that one answer in a hundred exceeds.
    """

    requests: int
    errors: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, waits_s: Sequence[float], errors: int, seconds: float) -> "Outcome":
        """Summarise the waits of single requests."""
        ordered = sorted(waits_s)
        p50, p99 = (1e3 * quantile(ordered, share) for share in (0.5, 0.99))
        return cls(len(ordered), errors, seconds, p50, p99)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that a share of the ordered values does not exceed; 0 where there is none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0
