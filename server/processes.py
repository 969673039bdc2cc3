"""Memory and processor time of the server's processes, as the kernel counts them."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

PROC: Final = Path("/proc")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class ProcessCollector(Collector):
    """Reads the processes when it is scraped; one that has just ended is left out.

    Args:
        processes: Gives the process id of each place, a place being what stays when a worker
            is replaced: ``1`` to the number of workers, and ``arbiter``.
        proc: Where the kernel's files are found.
    """

    def __init__(self, processes: Callable[[], Mapping[str, int]], proc: Path = PROC) -> None:
        self._processes = processes
        self._proc = proc

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of every process."""
        memory = GaugeMetricFamily(
            "scandid_process_resident_bytes", "Resident memory of a process.", labels=["process"]
        )
        cpu = CounterMetricFamily(
            "scandid_process_cpu_seconds", "Processor time of a process.", labels=["process"]
        )
        for place, pid in self._processes().items():
            try:
                fields = (self._proc / f"{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            # Fields of proc(5) from the third on: 14 and 15 are user and system time, 24 is RSS.
            cpu.add_metric([place], (int(fields[11]) + int(fields[12])) / _TICKS_PER_S)
            memory.add_metric([place], int(fields[21]) * _PAGE_BYTES)
        yield memory
        yield cpu
