"""The load suite for Locust: users, shape, thresholds, and an eye on both machines' load.

locust -f loadtest/locustfile.py --host http://localhost:8080          with the web page
python -m loadtest.run --shape spike                                   with a server of its own
"""

import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any, Final

import gevent
from locust import LoadTestShape, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.stats import StatsEntry

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # Locust is started from anywhere, without the suite being installed

from loadtest.shapes import DURATIONS_S, SHAPES, users_at  # noqa: E402
from loadtest.thresholds import (  # noqa: E402
    SHIPPED,
    Measured,
    ThresholdError,
    Thresholds,
    read_thresholds,
)
from loadtest.users import TALLY, Asker  # noqa: E402
from loadtest.watch import Watch  # noqa: E402

__all__ = ["Asker", "PlannedShape"]


class PlannedShape(LoadTestShape):
    """Follows the shape that was chosen by ``--shape``."""

    def tick(self) -> tuple[int, float] | None:
        """Users and how many of them start in a second; None at the end."""
        if self.runner is None:
            return None
        options: Any = self.runner.environment.parsed_options
        duration_s = options.duration or DURATIONS_S[options.shape]
        users = users_at(SHAPES[options.shape](options.peak, duration_s), self.get_run_time())
        return None if users is None else (users, max(users, 1))


@events.init_command_line_parser.add_listener
def add_options(parser: LocustArgumentParser) -> None:
    """Options of the suite; the web page shows them too."""
    parser.add_argument("--shape", choices=[*SHAPES], default="steady", help="course of the load")
    parser.add_argument("--peak", type=_positive, default=16, help="most users at once")
    parser.add_argument("--duration", type=float, default=0.0, help="seconds; 0: as the shape says")
    parser.add_argument(
        "--arrivals", type=float, default=0.0, help="requests/s of each user; 0: closed loop"
    )
    parser.add_argument("--thresholds", default=str(SHIPPED), help="TOML file of the limits")
    parser.add_argument("--server-pid", type=int, default=0, help="process to watch")
    parser.add_argument("--watch-csv", default="", help="file for CPU and memory by the second")


class LoadTest:
    """One process's test: watches it, and judges it in the end.

    Args:
        environment: Locust's, whose exit code is set.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._options: Any = environment.parsed_options
        self._thresholds: Thresholds | None = None
        self._watch = Watch(0, os.getpid())
        self._watcher = gevent.Greenlet()

    def start(self, **_: object) -> None:
        """Refuse unusable thresholds before the load, and begin to take samples."""
        try:
            path = Path(self._options.thresholds)
            self._thresholds = read_thresholds(self._options.shape, path)
        except ThresholdError as error:
            sys.exit(f"loadtest: {error}")
        self._watch = Watch(self._options.server_pid, os.getpid())
        self._watcher = gevent.spawn(self._sample)

    def stop(self, **_: object) -> None:
        """Write the samples."""
        self._watcher.kill()
        if self._options.watch_csv:
            self._watch.write(Path(self._options.watch_csv))

    def judge(self, **_: object) -> None:
        """Print the verdict and make it the exit code."""
        if self._thresholds is None:
            return
        print(*self._watch.summary(), sep="\n")
        breaches = self._thresholds.breaches(_measured(self._environment.stats.total))
        for breach in breaches:
            print(f"BROKEN: {breach}")
        if not breaches:
            print(f"all thresholds of {self._options.shape} are kept")
        self._environment.process_exit_code = 1 if breaches else 0

    def _sample(self) -> None:
        total = self._environment.stats.total
        before = total.num_requests
        while True:
            gevent.sleep(1)
            answered, before = total.num_requests - before, total.num_requests
            runner = self._environment.runner
            self._watch.sample(users=runner.user_count if runner else 0, answered=answered)


@events.init.add_listener
def attach(environment: Environment, **_: object) -> None:
    """Have the test watched and judged."""
    test = LoadTest(environment)
    environment.events.test_start.add_listener(test.start)
    environment.events.test_stop.add_listener(test.stop)
    environment.events.quitting.add_listener(test.judge)


def _measured(total: StatsEntry) -> Measured:
    p50, p95, p99 = (total.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99))
    return Measured(
        # A test without a single request has not kept anything.
        failures=total.fail_ratio if total.num_requests else 1.0,
        wrong=TALLY.wrong_share,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        throughput=total.total_rps,
    )


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise ArgumentTypeError(f"{text} must be at least 1")
    return number
