"""The arbiter's part in monitoring: places of workers, and the folder of their values."""

import socket
import time
from pathlib import Path

import pytest
from gunicorn.workers.base import Worker

from server.monitoring import Monitoring
from server.settings import Settings


class Forked(Worker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker as the arbiter knows it: a process id, once it is forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid


def test_places_are_taken_again() -> None:
    """A worker takes the lowest place that is free, so that places stay few."""
    monitoring = Monitoring(Settings(workers=2), lambda: 2, lambda: False)
    first, second, third = Forked(11), Forked(12), Forked(13)
    monitoring.assign(first)
    monitoring.assign(second)
    monitoring.leave(first)
    monitoring.assign(third)
    pids = dict(monitoring.pids())
    del pids["arbiter"]
    assert pids == {"1": 13, "2": 12}
    assert monitoring.running == 2


def test_only_what_nobody_wanted_is_a_restart() -> None:
    """A worker that ends by itself counts; one that the arbiter ends, to replace it, does not."""
    monitoring = Monitoring(Settings(workers=2), lambda: 2, lambda: False)
    killed, replaced = Forked(11), Forked(12)
    for worker in (killed, replaced):
        monitoring.assign(worker)
    monitoring.dismiss(12)
    monitoring.leave(replaced)
    assert monitoring.restarts == 0
    monitoring.leave(killed)
    assert monitoring.restarts == 1


def test_a_start_has_its_time() -> None:
    """The time of the start is that of the clock, and stays whenever it is asked for."""
    before_s = time.time()
    monitoring = Monitoring(Settings(workers=1), lambda: 1, lambda: False)
    after_s = time.time()
    found = [
        sample.value
        for _ in range(2)
        for collector in monitoring.collectors()
        for metric in collector.collect()
        for sample in metric.samples
        if sample.name == "scandid_start_time_seconds"
    ]
    assert found[0] == found[1]
    assert before_s <= found[0] <= after_s


def test_nothing_is_measured_without_a_port() -> None:
    """Without the setting there is neither a folder nor an endpoint."""
    monitoring = Monitoring(Settings(), lambda: 2, lambda: False)
    monitoring.start()
    assert monitoring.folder is None
    monitoring.stop()


def test_a_failed_start_leaves_no_folder() -> None:
    """Where the port is taken, the private folder is removed again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(metrics_port=taken.getsockname()[1])
        monitoring = Monitoring(settings, lambda: 2, lambda: False)
        with pytest.raises(OSError, match="in use"):
            monitoring.start()
    assert monitoring.folder is not None
    assert not monitoring.folder.exists()


def test_a_named_folder_is_emptied_and_kept(tmp_path: Path) -> None:
    """Values of an earlier run go; what else is in the operator's folder stays."""
    (tmp_path / "counter_1.db").touch()
    (tmp_path / "other").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(metrics_port=port, metrics_dir=str(tmp_path))
        monitoring = Monitoring(settings, lambda: 2, lambda: False)
        with pytest.raises(OSError, match="in use"):
            monitoring.start()
    assert [path.name for path in tmp_path.iterdir()] == ["other"]
