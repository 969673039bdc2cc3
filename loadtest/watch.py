"""CPU and memory of server and client during a load test, once a second, into a CSV file."""

import csv
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import mean
from typing import Final

import psutil

CLIENT_LIMIT: Final = 0.9
"""Share of a core from which the client, which is one thread, may be what limits the load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One second.

    Attributes:
        second: Seconds since the start.
        users: Users that ask.
        answered: Requests answered in this second.
        server_cores: Cores the server's processes keep busy.
        server_rss_mb: Memory of all of them, MB of 2**20 bytes.
        client_cores: Cores the client keeps busy.
        client_rss_mb: Its memory.
    """

    second: int
    users: int
    answered: int
    server_cores: float
    server_rss_mb: float
    client_cores: float
    client_rss_mb: float


class Watch:
    """Takes samples of two processes with all their children.

    Args:
        server_pid: The server's process, or 0 where it runs elsewhere.
        client_pid: The client's process.
    """

    def __init__(self, server_pid: int, client_pid: int) -> None:
        self._pids = (server_pid, client_pid)
        self._processes: dict[int, psutil.Process] = {}
        self.samples: list[Sample] = []

    def sample(self, users: int, answered: int) -> None:
        """Take one sample; call it once a second."""
        server, client = (self._use(pid) for pid in self._pids)
        self.samples.append(
            Sample(
                second=len(self.samples),
                users=users,
                answered=answered,
                server_cores=server[0],
                server_rss_mb=server[1],
                client_cores=client[0],
                client_rss_mb=client[1],
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
        busy = mean(sample.client_cores for sample in self.samples)
        lines = [
            f"most throughput: {best.answered} requests/s with {best.users} users",
            f"server: {self._mean('server_cores'):.2f} cores, {self._peak('server_rss_mb'):.0f} MB",
            f"client: {busy:.2f} cores, {self._peak('client_rss_mb'):.0f} MB",
        ]
        if busy > CLIENT_LIMIT:
            lines.append("WARNING: the client was the bottleneck, the server could do more")
        return lines

    def _mean(self, name: str) -> float:
        return float(mean(getattr(sample, name) for sample in self.samples))

    def _peak(self, name: str) -> float:
        return float(max(getattr(sample, name) for sample in self.samples))

    def _use(self, pid: int) -> tuple[float, float]:
        """Busy cores since the last call, and memory, of a process and its children."""
        read: Callable[[psutil.Process], tuple[float, int]] = _cpu_and_rss
        found = [read(process) for process in self._tree(pid)]
        cores = round(sum(percent for percent, _ in found) / 100, 3)
        return cores, round(sum(rss for _, rss in found) / 2**20, 1)

    def _tree(self, pid: int) -> list[psutil.Process]:
        """The same objects every time: a process's CPU share is since it was last asked."""
        if not pid:
            return []
        try:
            root = self._processes.setdefault(pid, psutil.Process(pid))
            children = root.children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        return [root, *(self._processes.setdefault(child.pid, child) for child in children)]


def _cpu_and_rss(process: psutil.Process) -> tuple[float, int]:
    try:
        return process.cpu_percent(), process.memory_info().rss
    except psutil.NoSuchProcess:
        return 0.0, 0
