"""How many cores this process may use. In a container that is the quota, not the host's count."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path("/")


def available_cores(root: Path = ROOT) -> int:
    """Whole cores the process may keep busy: the CPU quota, then the affinity mask; at least 1.

    A fraction is dropped: a worker that the quota stops in mid-request is worse than a core
    that is not quite used.

    Args:
        root: Where ``/proc`` and ``/sys`` are found.
    """
    cores = float(len(os.sched_getaffinity(0)))
    return max(1, int(min([cores, *_quotas(root)])))


def _quotas(root: Path) -> Iterator[float]:
    """The quota of every control group the process is in, in cores; unlimited groups left out."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if not controllers:
            yield from _walk(root / "sys/fs/cgroup", group, _quota_v2)
        elif "cpu" in controllers.split(","):
            yield from _walk(root / "sys/fs/cgroup/cpu", group, _quota_v1)


def _walk(mount: Path, group: str, quota: Callable[[Path], float | None]) -> Iterator[float]:
    """Quotas from the group up to the mount: a parent's limit binds its children.

    Inside a container the group's path is often the host's; the mount itself is then the group.
    """
    path = PurePosixPath(group.lstrip("/"))
    for folder in (path, *path.parents):
        cores = quota(mount / folder)
        if cores is not None:
            yield cores


def _quota_v2(folder: Path) -> float | None:
    quota_us, _, period_us = _read(folder / "cpu.max").partition(" ")
    return int(quota_us) / int(period_us) if quota_us.isdigit() else None


def _quota_v1(folder: Path) -> float | None:
    quota_us = _read(folder / "cpu.cfs_quota_us").strip()
    return int(quota_us) / int(_read(folder / "cpu.cfs_period_us")) if quota_us.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
