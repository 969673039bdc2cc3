"""One measurement: a load on a server, and what it cost in the kernel's own accounting."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final, Protocol

from loadtest.outcome import Outcome
from loadtest.processes import cpu_s, is_busy
from loadtest.servers import Server

P99_REQUESTS: Final = 1_000
"""Of fewer the p99 rests on less than ten, and is not shown."""

_REST_LOOKS: Final = 5
"""How often in a row a server must be seen at rest: threads of Python take turns."""

_REST_LOOK_S: Final = 0.01
_REST_TIMEOUT_S: Final = 60


class Load(Protocol):
    """A load client: ``raw_client.load`` or ``wrk.load``."""

    def __call__(
        self, port: int, bodies: Sequence[bytes], *, connections: int, seconds: float
    ) -> Outcome:
        """Ask for so long on so many connections, the bodies in turn."""


class LoadFailed(Exception):
    """A server gave no answer, or answers other than 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a request costs under one load.

    Attributes:
        cpu_us: CPU microseconds of all server processes for one request.
        rps: Requests answered in a second.
        p50_ms: Median time from request to answer.
        p99_ms: Time that one answer in a hundred exceeds.
        requests: Requests that the figures rest on.
    """

    cpu_us: float
    rps: float
    p50_ms: float
    p99_ms: float
    requests: float

    def as_dict(self) -> dict[str, float]:
        """JSON-ready, rounded to what was measured."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


def measure(
    load: Load, server: Server, bodies: Sequence[bytes], *, connections: int, seconds: float
) -> Cost:
    """Load a warm server once, from rest.

    Raises:
        LoadFailed: Not every answer was a 200.
    """
    await_rest(server.pid)
    return measure_now(load, server, bodies, connections=connections, seconds=seconds)


def measure_now(
    load: Load, server: Server, bodies: Sequence[bytes], *, connections: int, seconds: float
) -> Cost:
    """The same whatever else the server does; its CPU time is charged to this load.

    Raises:
        LoadFailed: Not every answer was a 200.
    """
    before = cpu_s(server.pid)
    outcome = load(server.port, bodies, connections=connections, seconds=seconds)
    spent_s = cpu_s(server.pid) - before
    if outcome.errors or not outcome.requests:
        raise LoadFailed(f"{outcome.errors} errors among {outcome.requests} answers")
    return Cost(
        cpu_us=1e6 * spent_s / outcome.requests,
        rps=outcome.requests / outcome.seconds,
        p50_ms=outcome.p50_ms,
        p99_ms=outcome.p99_ms,
        requests=outcome.requests,
    )


def await_rest(pid: int) -> None:
    """Wait until the server has nothing left to do, for a minute at most.

    wrk leaves when its time is over, up to a connection's request each unanswered. A slow server
    computes those for a while yet, which would be charged to the load that comes next.
    """
    deadline = time.monotonic() + _REST_TIMEOUT_S
    looks = 0
    while looks < _REST_LOOKS and time.monotonic() < deadline:
        time.sleep(_REST_LOOK_S)
        looks = 0 if is_busy(pid) else looks + 1


def median_cost(costs: Sequence[Cost]) -> Cost:
    """The median of each figure over repeats."""
    names = Cost.__dataclass_fields__
    return Cost(**{name: median(getattr(cost, name) for cost in costs) for name in names})
