"""What the full benchmark measures of scandid alone: curves, workers, mixed load, memory."""

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any, Final

from loadtest import raw_client
from loadtest.ceiling import core_scaling
from loadtest.flame import layer_shares
from loadtest.measure import Cost, measure, measure_now, median_cost
from loadtest.monitoring import monitoring_cost
from loadtest.processes import cores, pinned, worker_rss_mb
from loadtest.rounds import Case, Figures, Plan, run_rounds
from loadtest.servers import started
from loadtest.stacks import NULL, SCANDID, SCANDID_COUNTED, SCANDID_SILENT
from loadtest.texts import list_bodies, single_bodies, varied_bodies

SIZES_BYTES: Final = (60, 320, 2000)
CURVE_BYTES: Final = (20, 60, 130, 320, 640, 1000, 2000, 8000)
CURVE_TEXTS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
CURVE_CONNECTIONS: Final = (1, 2, 4, 8, 16, 32, 64)

_VARIED_REQUESTS: Final = (1_000, 20_000, 40_000, 60_000, 80_000, 100_000)


def full_cases() -> list[Case]:
    """What every stack is measured with."""
    singles = [Case(size, connections) for size in SIZES_BYTES for connections in (1, 32)]
    return [*singles, *(Case(130, 2, texts) for texts in (1, 32, 1000))]


def scandid_alone(plan: Plan) -> dict[str, Any]:
    """Curves, settings, layers, workers, memory: what no other stack is asked for."""
    return {
        "curves": _curves(plan),
        "options": _options(plan),
        "monitoring": [monitoring_cost(plan.load, connections) for connections in (1, 32)],
        "layers": layer_shares(plan),
        "workers": _workers(plan),
        "core_scaling": round(core_scaling(cores()[:2], plan.seconds, 2 * plan.rounds), 2),
        "beside_lists": beside_lists(plan),
        "memory": _memory(plan),
    }


def _curves(plan: Plan) -> dict[str, list[Figures]]:
    """Cost by text length, by texts in a list, by connections."""
    cases = {
        "length": [Case(size, 32) for size in CURVE_BYTES],
        "list": [Case(130, 2, texts) for texts in CURVE_TEXTS],
        "connections": [
            Case(size, connections) for size in SIZES_BYTES for connections in CURVE_CONNECTIONS
        ],
    }
    every = list(dict.fromkeys(case for some in cases.values() for case in some))
    record = run_rounds(replace(plan, rounds=1), [(SCANDID, every)])[SCANDID.name]
    return {
        name: [case.figures(record.cost(case)) for case in some] for name, some in cases.items()
    }


def _options(plan: Plan) -> dict[str, list[Figures]]:
    """What the line a request and the metrics cost."""
    cases = [Case(320, 32), Case(130, 2, 1000)]
    stacks = [SCANDID, SCANDID_SILENT, SCANDID_COUNTED]
    records = run_rounds(plan, [(stack, cases) for stack in stacks])
    return {
        name: [case.figures(record.cost(case)) for case in cases]
        for name, record in records.items()
    }


def _workers(plan: Plan) -> dict[str, list[Figures]]:
    """Requests a second with one worker and with two, each on a core of its own, in turn.

    Where there are no more cores, the client takes its part of the two. Of single requests that is
    a third and more, of lists next to nothing, so lists show what the second worker brings.
    """
    cases = [Case(320, 64), Case(130, 8, 32)]
    costs: dict[tuple[str, int, Case], list[Cost]] = defaultdict(list)
    for _ in range(plan.rounds):
        for stack in (NULL, SCANDID):
            for workers in (1, 2):
                once = replace(plan, rounds=1, workers=workers)
                record = run_rounds(once, [(stack, cases)])[stack.name]
                for case in cases:
                    costs[stack.name, workers, case] += record.costs[case]
    found: dict[str, list[Figures]] = defaultdict(list)
    for (name, workers, case), some in costs.items():
        found[name].append({"workers": workers} | case.figures(median_cost(some)))
    return found


def beside_lists(plan: Plan) -> dict[str, Figures]:
    """Waits of single texts on four connections, alone and while lists of 1,000 are answered."""
    singles, lists = single_bodies(130), list_bodies(130, 1000)
    seconds = 2 * plan.seconds
    with started(SCANDID, plan.server_cores) as server, pinned(plan.client_cores):
        raw_client.load(server.port, singles, connections=4, seconds=plan.warm_s)
        alone = measure(raw_client.load, server, singles, connections=4, seconds=seconds)
        with ProcessPoolExecutor(1) as pool:
            other = pool.submit(
                raw_client.load, server.port, lists, connections=1, seconds=seconds + plan.warm_s
            )
            raw_client.load(server.port, singles, connections=4, seconds=plan.warm_s / 2)
            beside = measure_now(raw_client.load, server, singles, connections=4, seconds=seconds)
            list_outcome = other.result()
    return {
        "alone": alone.as_dict(),
        "beside": beside.as_dict(),
        "lists": {"p50_ms": round(list_outcome.p50_ms, 1), "answered": list_outcome.requests},
    }


def _memory(plan: Plan) -> list[Figures]:
    """Resident memory of the worker as requests of all lengths, lists among them, go by."""
    rows: list[Figures] = []
    answered = 0
    bodies = varied_bodies()
    with started(SCANDID, plan.server_cores) as server, pinned(plan.client_cores):
        for target in _VARIED_REQUESTS:
            while answered < target:
                outcome = raw_client.load(server.port, bodies, connections=32, seconds=0.5)
                answered += outcome.requests
            rows.append({"requests": answered, "rss_mb": round(worker_rss_mb(server.pid), 1)})
    return rows
