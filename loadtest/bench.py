"""The benchmark: what a request costs, beside an empty handler and beside other stacks.

    python loadtest/bench.py --json --quick     under 50 s; the last line is one JSON line
    python loadtest/bench.py --output FILE      everything, some ten minutes

Runs from any environment that can serve. Server and client are pinned to different cores; CPU is
the kernel's accounting of all server processes; medians over rounds that start every server anew.
"""

import argparse
import json
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # run as a script from anywhere, without being installed

from loadtest import raw_client, wrk  # noqa: E402
from loadtest.command import above_zero, at_least_one, end_at_sigterm  # noqa: E402
from loadtest.experiments import full_cases, scandid_alone  # noqa: E402
from loadtest.library import TEXT_BYTES, library_costs  # noqa: E402
from loadtest.measure import LoadFailed  # noqa: E402
from loadtest.processes import cores  # noqa: E402
from loadtest.rounds import Case, Plan, Record, run_rounds  # noqa: E402
from loadtest.servers import ServerFailed  # noqa: E402
from loadtest.stacks import GUNICORN_NULL, NULL, SCANDID, peers  # noqa: E402
from loadtest.table import table  # noqa: E402

SINGLE: Final = Case(size_bytes=320, connections=32)
"""The request that the ratio is about."""

_TEXTS: Final = 20_000
_TEXTS_BESIDE_PEERS: Final = 100_000
"""Texts of the command line; heliport's start takes as long as the answers to these."""

LIST: Final = Case(size_bytes=TEXT_BYTES, connections=2, texts=1000)


def main() -> int:
    """Run the benchmark."""
    parser = _parser()
    options = parser.parse_args()
    end_at_sigterm()
    if options.client == "wrk" and not wrk.installed():
        parser.error("--client wrk: there is no wrk on the PATH; --client python needs none")
    plan = _plan(options)
    try:
        if options.output:
            options.output.open("a").close()  # not only after ten minutes
        result = _quick(plan) if options.quick else _full(plan)
    except (LoadFailed, ServerFailed, OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    print(table(result))
    if options.output:
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(result["summary"] if options.quick else result))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="empty handler and scandid only")
    parser.add_argument("--json", action="store_true", help="end with the result as one JSON line")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the result as JSON")
    parser.add_argument("--seconds", type=above_zero, default=1.0, help="of one measured load (1)")
    parser.add_argument(
        "--rounds", type=at_least_one, default=3, help="of which medians are taken (3)"
    )
    parser.add_argument("--client", choices=["auto", "wrk", "python"], default="auto")
    return parser


def _plan(options: argparse.Namespace) -> Plan:
    use_wrk = options.client == "wrk" or (options.client == "auto" and wrk.installed())
    if len(cores()) == 1:
        print("one core: server and client take turns on it, which slows both", file=sys.stderr)
    return Plan(
        load=wrk.load if use_wrk else raw_client.load,
        seconds=wrk.whole(options.seconds) if use_wrk else options.seconds,
        warm_s=options.seconds / 2,
        rounds=options.rounds,
    )


def _quick(plan: Plan) -> dict[str, Any]:
    work = [(NULL, [SINGLE]), (GUNICORN_NULL, [SINGLE]), (SCANDID, [SINGLE, LIST])]
    records = run_rounds(plan, work)
    return _result(plan, records, with_peers=False)


def _full(plan: Plan) -> dict[str, Any]:
    stacks = [NULL, SCANDID, GUNICORN_NULL, *peers()]
    records = run_rounds(plan, [(stack, full_cases()) for stack in stacks])
    return _result(plan, records, with_peers=True) | scandid_alone(plan)


def _result(plan: Plan, records: Mapping[str, Record], *, with_peers: bool) -> dict[str, Any]:
    texts = round((_TEXTS_BESIDE_PEERS if with_peers else _TEXTS) * plan.seconds)
    library = library_costs(texts, cores()[0], with_peers=with_peers)
    return {
        "machine": _machine(),
        "client": plan.load.__module__.rpartition(".")[2],
        "seconds": plan.seconds,
        "rounds": plan.rounds,
        "summary": _summary(records)
        | {"library_texts_per_cpu_s": library["scandid_texts_per_cpu_s"]},
        "library": library,
        "stacks": {name: record.as_dict() for name, record in records.items()},
    }


def _summary(records: Mapping[str, Record]) -> dict[str, float]:
    """The figures that are watched."""
    scandid = records[SCANDID.name]
    identify_us, null_us, gunicorn_us = (
        records[stack.name].cost(SINGLE).cpu_us for stack in (SCANDID, NULL, GUNICORN_NULL)
    )
    return {
        "identify_cpu_us": round(identify_us, 1),
        "null_cpu_us": round(null_us, 1),
        "ratio": round(identify_us / null_us, 3),
        "gunicorn_null_cpu_us": round(gunicorn_us, 1),
        "ratio_to_gunicorn_null": round(identify_us / gunicorn_us, 3),
        "rss_mb": round(median(scandid.rss_mb), 1),
        "batch_texts_per_cpu_s": LIST.figures(scandid.cost(LIST))["texts_per_cpu_s"],
    }


def _machine() -> dict[str, object]:
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in cpuinfo if line.startswith("model name")]
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(cores()),
        "python": platform.python_version(),
        "taken": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


if __name__ == "__main__":
    sys.exit(main())
