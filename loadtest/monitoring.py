"""What metrics and a line a request cost, measured so that a share of a few percent can be seen.

Two servers run at once on the same core and are loaded in turns of half a second, with wrk of a
whole one: what slows the machine meanwhile slows both. The figure is the sum over all turns.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from loadtest import raw_client, wrk
from loadtest.command import at_least_one
from loadtest.measure import Load, LoadFailed
from loadtest.processes import cores, cpu_s, pinned
from loadtest.servers import started
from loadtest.stacks import SCANDID_COUNTED, SCANDID_SILENT
from loadtest.texts import single_bodies

TURN_S: Final = 0.5
MAX_SHARE: Final = 0.08
"""Of a request's CPU time, what metrics and lines may add."""


def monitoring_cost(load: Load, connections: int, turns: int = 20) -> dict[str, float]:
    """CPU microseconds of a request without and with both, and what both add as a share.

    Raises:
        LoadFailed: Not every answer was a 200.
    """
    bodies = single_bodies(320)
    core = cores()[:1]
    with started(SCANDID_SILENT, core) as bare, started(SCANDID_COUNTED, core) as watched:
        spent_s = {bare: 0.0, watched: 0.0}
        requests = {bare: 0, watched: 0}
        with pinned(cores()[1:] or core):
            for turn in range(-2, turns):
                for server in (bare, watched) if turn % 2 else (watched, bare):
                    before = cpu_s(server.pid)
                    outcome = load(server.port, bodies, connections=connections, seconds=TURN_S)
                    if outcome.errors or not outcome.requests:
                        raise LoadFailed(f"{outcome.errors} errors, {outcome.requests} answers")
                    if turn >= 0:
                        spent_s[server] += cpu_s(server.pid) - before
                        requests[server] += outcome.requests
        bare_us, watched_us = (1e6 * spent_s[each] / requests[each] for each in (bare, watched))
    return {
        "connections": connections,
        "without_us": round(bare_us, 1),
        "with_us": round(watched_us, 1),
        "share": round(watched_us / bare_us - 1, 4),
    }


def main() -> int:
    """Print one JSON line for each number of connections; 1 where one costs too much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=at_least_one, default=20, help="of each server (20)")
    turns = parser.parse_args().turns
    load = wrk.load if wrk.installed() else raw_client.load
    costs = [monitoring_cost(load, connections, turns) for connections in (1, 32)]
    for cost in costs:
        print(json.dumps(cost))
    return int(any(cost["share"] > MAX_SHARE for cost in costs))


if __name__ == "__main__":
    sys.exit(main())
