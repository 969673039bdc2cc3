"""CPU and memory of server and client during a load test, once a second, into a CSV file."""

import csv
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean
from typing import Final

import psutil

FULL: Final = 0.9
"""Share of a second in which the client, which is one thread, may want a core without a warning."""

LIMITED_SHARE: Final = 0.1
"""Share of the seconds in which the client may be what limits the load without a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One second.

    Attributes:
        second: Seconds since the start.
        users: Users that ask.
        answered: Requests answered well, by the second.
        server_cores: Cores the server's processes keep busy.
        server_rss_mb: Memory of all of them, MB of 2**20 bytes.
        client_cores: Cores the client's processes keep busy.
        client_rss_mb: Memory of all of them.
        client_wanted: Share of the second in which a process of the client, the one that did so
            most, ran or waited for a core that others had.
    """

    second: int
    users: int
    answered: int
    server_cores: float
    server_rss_mb: float
    client_cores: float
    client_rss_mb: float
    client_wanted: float


class Watch:
    """Takes samples of two processes with all their children.

    Args:
        server_pid: The server's process, or 0 where it runs elsewhere.
        client_pid: The client's process.
        clock: Seconds, for what lies between two samples.
    """

    def __init__(
        self, server_pid: int, client_pid: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._start = self._last = clock()
        self._server, self._client = _Tree(server_pid), _Tree(client_pid)
        self._watches_server = bool(server_pid)
        self.samples: list[Sample] = []

    def sample(self, users: int, answered: int) -> None:
        """Take one sample; call it about once a second.

        Args:
            users: Users that ask now.
            answered: Requests answered well since the last sample.
        """
        now = self._clock()
        elapsed_s, self._last = now - self._last, now
        server, client = self._server.look(), self._client.look()
        self.samples.append(
            Sample(
                second=round(now - self._start),
                users=users,
                answered=round(answered / elapsed_s),
                server_cores=round(server.cpu_s / elapsed_s, 3),
                server_rss_mb=server.rss_mb,
                client_cores=round(client.cpu_s / elapsed_s, 3),
                client_rss_mb=client.rss_mb,
                client_wanted=round(client.wanted_s / elapsed_s, 3),
            )
        )

    def write(self, path: Path) -> None:
        """Write all samples."""
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Sample)])
            writer.writeheader()
            writer.writerows(asdict(sample) for sample in self.samples)

    def summary(self) -> list[str]:
        """What the samples say, and a warning where the client was the bottleneck."""
        if not self.samples:
            return ["the test was too short to watch"]
        best = max(self.samples, key=lambda sample: sample.answered)
        server = "server: runs elsewhere, not watched"
        if self._watches_server:
            server = f"server: {self._mean('server_cores'):.2f} cores, "
            server += f"{self._peak('server_rss_mb'):.0f} MB"
        return [
            f"most throughput: {best.answered} requests/s with {best.users} users",
            server,
            f"client: {self._mean('client_cores'):.2f} cores, {self._peak('client_rss_mb'):.0f} MB",
            *self._warnings(),
        ]

    def _warnings(self) -> list[str]:
        """Whether the client had no more to give, for longer than a moment."""
        limited = sum(sample.client_wanted > FULL for sample in self.samples)
        if limited <= LIMITED_SHARE * len(self.samples):
            return []
        return [
            f"WARNING: the client was the bottleneck in {limited} of {len(self.samples)} seconds, "
            "the server could do more: one of its processes ran, or waited for a core, all the time"
        ]

    def _mean(self, name: str) -> float:
        return float(mean(getattr(sample, name) for sample in self.samples))

    def _peak(self, name: str) -> float:
        return float(max(getattr(sample, name) for sample in self.samples))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What a process and everything below it have used.

    Attributes:
        cpu_s: CPU seconds since the last look, ended processes included.
        wanted_s: Those, and seconds of waiting for a core, of the process that has most of both.
        rss_mb: Resident memory of all, MB of 2**20 bytes.
    """

    cpu_s: float
    wanted_s: float
    rss_mb: float


class _Tree:
    """A process and everything below it.

    Args:
        pid: The process; 0 stands for none.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._own_s: dict[int, float] = {}
        self._wanted_s: dict[int, float] = {}
        self._ended_s = 0.0
        self.look()

    def look(self) -> _Use:
        """What was used since the last look."""
        own_s: dict[int, float] = {}
        wanted_s: dict[int, float] = {}
        ended_s, rss = 0.0, 0
        for process in self._processes():
            try:
                times, rss_of_one = process.cpu_times(), process.memory_info().rss
            except psutil.Error:  # it has ended meanwhile
                continue
            own_s[process.pid] = times.user + times.system
            wanted_s[process.pid] = own_s[process.pid] + _waited_s(process.pid)
            # Of its children that have ended: no work of its own.
            ended_s += times.children_user + times.children_system
            rss += rss_of_one
        wants = [total - self._wanted_s.get(pid, 0.0) for pid, total in wanted_s.items()]
        all_s = sum(own_s.values()) + ended_s - sum(self._own_s.values()) - self._ended_s
        self._own_s, self._ended_s, self._wanted_s = own_s, ended_s, wanted_s
        return _Use(
            cpu_s=max(0.0, all_s),
            wanted_s=max(wants, default=0.0),
            rss_mb=round(rss / 2**20, 1),
        )

    def _processes(self) -> list[psutil.Process]:
        if not self._pid:
            return []
        try:
            root = psutil.Process(self._pid)
            return [root, *root.children(recursive=True)]
        except psutil.Error:
            return []


def _waited_s(pid: int) -> float:
    """Seconds that the main thread of a process was ready and had no core; 0 but on Linux."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0
