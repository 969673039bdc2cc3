"""Memory and processor time of processes, read from the kernel's files."""

import os
from pathlib import Path

from prometheus_client import CollectorRegistry

from server.processes import ProcessCollector

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def stat(folder: Path, pid: int, name: str, *, user: int, system: int, pages: int) -> None:
    """Write a process's file as the kernel does: fields from the third on, of proc(5)."""
    fields = ["0"] * 50
    fields[11], fields[12], fields[21] = str(user), str(system), str(pages)
    path = folder / str(pid) / "stat"
    path.parent.mkdir()
    path.write_text(f"{pid} ({name}) S {' '.join(fields[1:])}")


def test_processes_are_told_apart_by_place(tmp_path: Path) -> None:
    """Each place has memory in bytes and time in seconds, whatever the process is called."""
    stat(tmp_path, 7, "gunicorn: worker) (x", user=TICKS_PER_S, system=TICKS_PER_S, pages=10)
    registry = CollectorRegistry()
    registry.register(ProcessCollector(lambda: {"1": 7, "2": 8}, tmp_path))
    place = {"process": "1"}
    assert registry.get_sample_value("scandid_process_cpu_seconds_total", place) == 2
    found = registry.get_sample_value("scandid_process_resident_bytes", place)
    assert found == 10 * PAGE_BYTES
    assert registry.get_sample_value("scandid_process_resident_bytes", {"process": "2"}) is None


def test_this_process_is_there() -> None:
    """The real files say something plausible of this very process."""
    registry = CollectorRegistry()
    registry.register(ProcessCollector(lambda: {"me": os.getpid()}))
    found = registry.get_sample_value("scandid_process_resident_bytes", {"process": "me"})
    assert found is not None
    assert 2**20 < found < 2**36
