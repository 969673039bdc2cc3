"""Thresholds: what a load test must keep, read from a file, and what of it was broken."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

SHIPPED: Final = Path(__file__).with_name("thresholds.toml")


class ThresholdError(ValueError):
    """The file of thresholds cannot be used; the text names file, shape, key and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a load test measured, in the units of :class:`Thresholds`."""

    failures: float
    wrong: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    throughput: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Limits of one shape; None is not judged.

    Attributes:
        failures: Most requests that fail, 0 to 1.
        wrong: Most texts whose label is wrong, 0 to 1.
        p50_ms: Longest median wait.
        p95_ms: Longest wait of 95% of the requests.
        p99_ms: Longest wait of 99% of the requests.
        throughput: Least requests answered well in a second.
    """

    failures: float | None = None
    wrong: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    throughput: float | None = None

    def breaches(self, measured: Measured) -> list[str]:
        """One sentence for every limit that was broken."""
        found = []
        for field in fields(self):
            limit = getattr(self, field.name)
            value = getattr(measured, field.name)
            least = field.name == "throughput"
            if limit is not None and (value < limit if least else value > limit):
                word = "at least" if least else "at most"
                found.append(f"{field.name} is {value:.6g}, must be {word} {limit:.6g}")
        return found


def read_thresholds(shape: str, path: Path = SHIPPED) -> Thresholds:
    """The thresholds of one shape.

    Raises:
        ThresholdError: The file is missing, is no TOML, has no such shape, or holds a key or a
            value that is no limit.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ThresholdError(f"{path}: {error}") from error
    if not isinstance(table := tables.get(shape), dict):
        raise ThresholdError(
            f"{path}: there is no [{shape}], only {', '.join(tables) or 'nothing'}"
        )
    known = [field.name for field in fields(Thresholds)]
    for key, value in table.items():
        if key not in known:
            raise ThresholdError(f"{path}: [{shape}] {key} is unknown, known: {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ThresholdError(f"{path}: [{shape}] {key} is {value!r}, must be a number from 0")
    return Thresholds(**table)
