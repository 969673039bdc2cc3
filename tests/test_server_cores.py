"""The number of workers follows what the container grants, not what the host has."""

import os
from pathlib import Path

import pytest

from server.cores import available_cores

AFFINITY = len(os.sched_getaffinity(0))


def grant(root: Path, files: dict[str, str]) -> Path:
    """Write files of a pretended ``/proc`` and ``/sys`` below a folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_affinity_counts_where_there_is_no_quota(tmp_path: Path) -> None:
    """Without control groups the affinity mask decides."""
    assert available_cores(tmp_path) == AFFINITY


@pytest.mark.parametrize(("quota", "cores"), [("50000", 1), ("100000", 1), ("max", AFFINITY)])
def test_version_two_quota(tmp_path: Path, quota: str, cores: int) -> None:
    """``cpu.max`` limits the cores, ``max`` does not, and half a core is still one worker."""
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": f"{quota} 100000\n"}
    assert available_cores(grant(tmp_path, files)) == cores


def test_a_parent_group_binds_its_children(tmp_path: Path) -> None:
    """The tightest quota on the way up counts."""
    files = {
        "proc/self/cgroup": "0::/machine/service\n",
        "sys/fs/cgroup/machine/service/cpu.max": "max 100000\n",
        "sys/fs/cgroup/machine/cpu.max": "100000 100000\n",
    }
    assert available_cores(grant(tmp_path, files)) == 1


@pytest.mark.parametrize(("quota", "cores"), [("150000", 1), ("-1", AFFINITY)])
def test_version_one_quota(tmp_path: Path, quota: str, cores: int) -> None:
    """``cfs_quota_us`` limits the cores even where the group's path is the host's; -1 does not."""
    files = {
        "proc/self/cgroup": "5:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": f"{quota}\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    assert available_cores(grant(tmp_path, files)) == cores


def test_the_quota_never_adds_cores(tmp_path: Path) -> None:
    """A quota above the affinity mask changes nothing."""
    files = {"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "6400000 100000\n"}
    assert available_cores(grant(tmp_path, files)) == AFFINITY
