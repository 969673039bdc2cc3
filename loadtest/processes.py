"""What the kernel knows about a process and its children: CPU time, memory, cores.

Standard library only, Linux only: the benchmark runs from the serving environment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_UTIME: Final = 11
"""Place in ``/proc/PID/stat`` after the name: user, system, and both of ended children."""


def tree(pid: int) -> list[int]:
    """The process and everything below it that runs now."""
    found = [pid]
    for parent in found:
        found += _children(parent)
    return found


def cpu_s(pid: int) -> float:
    """CPU seconds of the tree since it started, ended children included; steps of 10 ms."""
    ticks = sum(sum(map(int, _stat(member)[_UTIME : _UTIME + 4])) for member in tree(pid))
    return ticks / _TICKS_PER_S


def is_busy(pid: int) -> bool:
    """Whether a thread of the tree runs, waits for a core to run on, or for a disk."""
    stats = [file for member in tree(pid) for file in (PROC / str(member)).glob("task/*/stat")]
    return any(_read(file).rpartition(")")[2].split()[:1] in (["R"], ["D"]) for file in stats)


def rss_mb(pid: int) -> float:
    """Resident memory of one process, MB of 2**20 bytes; 0 where it has ended."""
    lines = _read(PROC / str(pid) / "status").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def worker_rss_mb(pid: int) -> float:
    """Resident memory of the largest leaf of the tree: of a worker, where the server forks any."""
    return max(rss_mb(member) for member in tree(pid) if not _children(member))


def cores() -> list[int]:
    """Cores this process may run on, in order."""
    return sorted(os.sched_getaffinity(0))


@contextmanager
def pinned(to: list[int]) -> Iterator[None]:
    """Run this thread, and whatever it starts meanwhile, on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, to)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _children(pid: int) -> list[int]:
    tasks = (PROC / str(pid) / "task").glob("*/children")
    return [int(child) for task in tasks for child in _read(task).split()]


def _stat(pid: int) -> list[str]:
    fields = _read(PROC / str(pid) / "stat").rpartition(")")[2].split()
    return fields or ["0"] * (_UTIME + 4)


def _read(path: Path) -> str:
    """A file of ``/proc``, empty where the process has ended meanwhile."""
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
