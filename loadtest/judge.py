"""Watches one load test and judges it in the end: the verdict, and Locust's exit code."""

import time
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.stats import CSV_STATS_INTERVAL_SEC, StatsEntry

from loadtest.shapes import DURATIONS_S
from loadtest.thresholds import Measured, ThresholdError, read_thresholds
from loadtest.users import TALLY
from loadtest.watch import Watch
from loadtest.workers import Workers


class Judge:
    """Of all tests of this process, one after another where the web page starts them.

    Args:
        environment: Locust's, whose exit code is set.
        client_pid: The process that asks, or whose children do.

    Raises:
        ThresholdError: The thresholds of the shape that was asked for cannot be used.
    """

    def __init__(self, environment: Environment, client_pid: int) -> None:
        self._environment = environment
        self._client_pid = client_pid
        # The web page can set every option anew; these name a file and a process of this machine.
        options: Any = environment.parsed_options
        self._file = Path(options.thresholds)
        self._server_pid: int = options.server_pid
        self._watch_csv: str = options.watch_csv
        read_thresholds(options.shape, self._file)
        self._workers = Workers(environment)
        self._watch = Watch(0, 0)
        self._watcher = gevent.Greenlet()
        self._start = self._end = 0.0
        self._due = False

    def start(self, **_: object) -> None:
        """Forget the test before, and begin to take samples."""
        TALLY.clear()
        self._due = True
        self._start, self._end = time.time(), 0.0
        self._watch = Watch(self._server_pid, self._client_pid)
        self._watcher = gevent.spawn(self._sample)

    def note_the_end(self, **_: object) -> None:
        """Note when the load ended; the last answers come later."""
        self._end = time.time()
        self._watcher.kill()
        self._workers.end_users()

    def stop(self, **_: object) -> None:
        """Write the samples; judge now where nobody waits for an exit code."""
        try:
            if self._start and self._watch_csv:
                self._watch.write(Path(self._watch_csv))
        except OSError as error:
            print(f"loadtest: {error}")
        if not self._options.headless:
            self._judge()

    def quit(self, **_: object) -> None:
        """Judge, and let Locust write its last lines."""
        self._judge()
        if self._options.csv_prefix:
            gevent.sleep(1.5 * CSV_STATS_INTERVAL_SEC)

    @property
    def _options(self) -> Any:  # noqa: ANN401  # argparse's
        return self._environment.parsed_options

    def _judge(self) -> None:
        """Print the verdict and make it the exit code, once a test."""
        if not self._due:
            return
        self._due = False
        print(*self._watch.summary(), sep="\n")
        breaches = self._breaches()
        for breach in breaches:
            print(f"BROKEN: {breach}")
        if not breaches:
            print(f"all thresholds of {self._options.shape} are kept")
        self._environment.process_exit_code = 1 if breaches else 0

    def _breaches(self) -> list[str]:
        """What keeps the test from being passed."""
        options, stats = self._options, self._environment.stats
        end = self._end or time.time()
        planned_s = options.duration or DURATIONS_S[options.shape]
        found = []
        try:
            limits = read_thresholds(options.shape, self._file)
            # Workers on other machines have other clocks, and their start is in Locust's figures.
            begin = max(self._start, stats.start_time)
            found += limits.breaches(_measured(stats.total, end - begin))
        except ThresholdError as error:
            found.append(str(error))
        if options.headless and end - self._start < planned_s - 1:
            found.append(f"the test was ended after {end - self._start:.0f} of {planned_s:g} s")
        runner = self._environment.runner
        if runner is not None and runner.exceptions:
            found.append(f"{len(runner.exceptions)} kinds of errors in the users themselves")
        return found

    def _sample(self) -> None:
        stats, runner = self._environment.stats, self._environment.runner
        before = _answered(stats.total)
        while True:
            gevent.sleep(1)
            now = _answered(stats.total)
            users = runner.user_count if runner else 0
            self._watch.sample(users=users, answered=max(0, now - before))
            before = now


def _answered(total: StatsEntry) -> int:
    """Requests that were answered well."""
    return total.num_requests - total.num_failures


def _measured(total: StatsEntry, elapsed_s: float) -> Measured:
    p50, p95, p99 = (total.get_response_time_percentile(share) for share in (0.5, 0.95, 0.99))
    return Measured(
        # A test without a single request has not kept anything.
        failures=total.fail_ratio if total.num_requests else 1.0,
        wrong=TALLY.wrong_share,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        # Locust's own divides by the time to the last answer: a server that stops answering at all
        # would keep it.
        throughput=_answered(total) / max(elapsed_s, 0.001),
    )
