"""The rounds of the benchmark: each starts every stack in turn, so that a slow minute hits all.

A figure is the median over the rounds.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from loadtest import raw_client
from loadtest.measure import Cost, Load, LoadFailed, measure, median_cost
from loadtest.processes import cores, pinned, worker_rss_mb
from loadtest.servers import Server, Stack, started
from loadtest.texts import list_bodies, single_bodies

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request.

    Attributes:
        size_bytes: UTF-8 bytes of each text.
        connections: Connections that ask at once.
        texts: Texts in a list, 0 for a single text.
    """

    size_bytes: int
    connections: int
    texts: int = 0

    def bodies(self) -> list[bytes]:
        """Requests of this kind, in several languages."""
        if self.texts:
            return list_bodies(self.size_bytes, self.texts)
        return single_bodies(self.size_bytes)

    def figures(self, cost: Cost) -> Figures:
        """The case and its cost as one JSON-ready row."""
        row = {"bytes": self.size_bytes, "connections": self.connections, "texts": self.texts}
        count = max(1, self.texts)
        return row | cost.as_dict() | {"texts_per_cpu_s": round(1e6 * count / cost.cpu_us)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and with what is measured.

    Attributes:
        load: The load client.
        seconds: Length of one measured load.
        warm_s: Length of the load before it that is not counted.
        rounds: How often everything is measured.
        workers: Worker processes of each server.
    """

    load: Load
    seconds: float
    warm_s: float
    rounds: int
    workers: int = 1

    @property
    def server_cores(self) -> list[int]:
        """Cores the server runs on: one a worker."""
        return cores()[: self.workers]

    @property
    def client_cores(self) -> list[int]:
        """Cores the client runs on: the others, or the last one where there is no other."""
        return cores()[self.workers :] or cores()[-1:]


@dataclass(slots=True)
class Record:
    """What was measured of one stack so far."""

    costs: dict[Case, list[Cost]] = field(default_factory=lambda: defaultdict(list))
    ready_s: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """Medians, JSON-ready."""
        return {
            "ready_s": round(median(self.ready_s), 3),
            "rss_mb": round(median(self.rss_mb), 1),
            "cases": [case.figures(median_cost(costs)) for case, costs in self.costs.items()],
        }

    def cost(self, case: Case) -> Cost:
        """Median cost of one case."""
        return median_cost(self.costs[case])


def run_rounds(plan: Plan, work: Sequence[tuple[Stack, Sequence[Case]]]) -> dict[str, Record]:
    """Measure every case of every stack in every round."""
    records: dict[str, Record] = defaultdict(Record)
    for _ in range(plan.rounds):
        for stack, cases in work:
            with started(stack, plan.server_cores, plan.workers) as server:
                try:
                    _measure_cases(plan, server, cases, records[stack.name])
                except LoadFailed as error:
                    raise LoadFailed(f"{stack.name}: {error}") from error
    return records


def _measure_cases(plan: Plan, server: Server, cases: Iterable[Case], record: Record) -> None:
    record.ready_s.append(server.ready_s)
    with pinned(plan.client_cores):
        for case in cases:
            bodies = case.bodies()
            connections = case.connections
            # A list may take longer than the load lasts: wrk would leave without its answer.
            load = raw_client.load if case.texts else plan.load
            load(server.port, bodies, connections=connections, seconds=plan.warm_s)
            cost = measure(load, server, bodies, connections=connections, seconds=plan.seconds)
            record.costs[case].append(cost)
    record.rss_mb.append(worker_rss_mb(server.pid))
