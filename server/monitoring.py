"""The arbiter's part in monitoring: where workers keep their values, and who is which.

A worker takes the lowest free place and carries on with the values of the worker before it. So
counters survive a worker that is killed, no file is left behind by those that ended, and metrics
need no process id.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from gunicorn.workers.base import Worker
from prometheus_client import multiprocess, values
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.exporter import Exporter
from server.processes import ProcessCollector
from server.settings import Settings
from server.values import ValuesFolder


class Monitoring:
    """Places of the workers, and the metrics endpoint where the settings ask for it.

    Args:
        settings: Host and port of the endpoint, and the folder of the values.
        wanted: How many workers there should be at this moment.
        stale: Whether the model that is served is not the present one.
    """

    def __init__(
        self, settings: Settings, wanted: Callable[[], int], stale: Callable[[], bool]
    ) -> None:
        self._settings = settings
        self._wanted = wanted
        self._stale = stale
        self._values: ValuesFolder | None = None
        self._places: dict[int, Worker] = {}
        self._dismissed: set[int] = set()
        self._restarts = 0
        self._refusals = 0
        self._started_s = time.time()

    def start(self) -> None:
        """Make the folder, or empty it, and listen; before the first worker.

        Raises:
            OSError: The folder or the address cannot be used.
        """
        if not self._settings.metrics_port:
            return
        self._values = ValuesFolder(self._settings.metrics_dir)
        self._exporter = Exporter(self._values.path, *self.collectors())
        try:
            self._exporter.start(self._settings.host, self._settings.metrics_port)
        except OSError:
            self.stop()
            raise

    @property
    def folder(self) -> Path | None:
        """Where the values are, None where nothing is measured."""
        return self._values.path if self._values else None

    def collectors(self) -> list[Collector]:
        """What the arbiter itself knows."""
        return [ProcessCollector(self.pids), _Workers(self._wanted, self._stale, self)]

    def assign(self, worker: Worker) -> None:
        """Give a worker that is about to be forked its place."""
        place = next(place for place in range(1, 2**16) if place not in self._places)
        self._places[place] = worker

    def place(self, worker: Worker) -> int:
        """The place of a worker."""
        return next(place for place, other in self._places.items() if other is worker)

    def enter(self, worker: Worker) -> None:
        """Make the process, a worker just forked, keep its values at its place."""
        if self.folder is None:
            return
        self._exporter.leave_port()
        place = self.place(worker)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(self.folder)
        values.ValueClass = values.MultiProcessValue(lambda: place)  # type: ignore[no-untyped-call]

    def dismiss(self, pid: int) -> None:
        """Note that the arbiter ends this worker, which is then no fault to be counted."""
        self._dismissed.add(pid)

    def leave(self, worker: Worker) -> None:
        """Free the place of a worker that has ended; what it said of the moment is void."""
        place = self.place(worker)
        del self._places[place]
        if worker.pid in self._dismissed:
            self._dismissed.remove(worker.pid)
        else:
            self._restarts += 1
        if self.folder is not None:
            multiprocess.mark_process_dead(place, str(self.folder))  # type: ignore[no-untyped-call]

    def model_refused(self) -> None:
        """Count a new model that did not pass its check."""
        self._refusals += 1

    def stop(self) -> None:
        """Remove the values, and the folder where it is a private one."""
        if self._values:
            self._values.remove()

    def pids(self) -> Mapping[str, int]:
        """The process at each place, the arbiter's included."""
        workers = {str(place): worker.pid for place, worker in dict(self._places).items()}
        return {"arbiter": os.getpid()} | {
            place: pid for place, pid in workers.items() if isinstance(pid, int)
        }

    @property
    def running(self) -> int:
        """Workers there are."""
        return len(self._places)

    @property
    def started_s(self) -> float:
        """When the arbiter started, in seconds since 1970."""
        return self._started_s

    @property
    def restarts(self) -> int:
        """Workers that have ended since the start although the arbiter did not end them."""
        return self._restarts

    @property
    def refusals(self) -> int:
        """New models that did not pass their check."""
        return self._refusals


class _Workers(Collector):
    """How many workers there are and should be, and what became of new models."""

    def __init__(
        self, wanted: Callable[[], int], stale: Callable[[], bool], monitoring: Monitoring
    ) -> None:
        self._wanted = wanted
        self._stale = stale
        self._monitoring = monitoring

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        # Counters begin anew with the arbiter: that it was started again shows nowhere else.
        yield GaugeMetricFamily(
            "scandid_start_time_seconds",
            "When the process above the workers started, since 1970.",
            self._monitoring.started_s,
        )
        yield GaugeMetricFamily(
            "scandid_workers_wanted", "Workers there should be.", self._wanted()
        )
        yield GaugeMetricFamily("scandid_workers", "Workers there are.", self._monitoring.running)
        yield CounterMetricFamily(
            "scandid_worker_restarts",
            "Workers replaced that ended unasked.",
            self._monitoring.restarts,
        )
        yield CounterMetricFamily(
            "scandid_model_refusals", "New models that did not pass.", self._monitoring.refusals
        )
        yield GaugeMetricFamily(
            "scandid_model_stale",
            "1 while an earlier model is served, the present one not being there.",
            self._stale(),
        )
