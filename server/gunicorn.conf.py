"""How gunicorn runs the app: ``gunicorn -c server/gunicorn.conf.py``, settings from SCANDID_*."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from server.checks import require_address
from server.keeper import Keeper
from server.logs import logging_config
from server.monitoring import Monitoring
from server.settings import Settings, SettingsError, variable
from server.sharing import Shares

try:
    settings = Settings.from_environ()
except SettingsError as error:
    raise SystemExit(f"scandid: {error}") from None

wsgi_app = "server.app:get_app()"
bind = settings.bind
workers = settings.workers
loglevel = settings.log_level
logconfig_dict = logging_config(settings.log_level)

worker_class = "server.worker.DrainingWorker"

# A session used before the fork may hang after it: every worker builds its own.
preload_app = False

# Longer than a balancer keeps an idle connection (60 s is common): the side that closes first
# must be the balancer, or it sends a request into a connection that is just being closed.
keepalive = settings.keepalive_s
graceful_timeout = settings.graceful_timeout_s

# The heartbeat file must not wait for a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108  # gunicorn makes a file of its own in it
worker_tmp_dir = str(_MEMORY) if _MEMORY.is_dir() else None

# Signals control the server; a socket in the user's home directory does not.
control_socket_disable = True


# Monitoring and keeper belong to the arbiter: this file is read again at every SIGHUP.


def on_starting(server: Arbiter) -> None:
    """Listen for scrapes before there is a worker."""
    server.shares = Shares()
    server.monitoring = Monitoring(
        settings, lambda: server.num_workers, lambda: server.keeper.stale
    )
    server.keeper = Keeper(settings, server.reload, server.monitoring.model_refused)
    server.reload = server.keeper.reload
    with _failing_as("host", settings.host):
        require_address(settings.host)
    with _failing_as("metrics_port", settings.metrics_port):
        server.monitoring.start()
    _note_dismissals(server)


@contextmanager
def _failing_as(name: str, value: object) -> Iterator[None]:
    """End with a line that names a setting where it cannot be used on this machine."""
    try:
        yield
    except SettingsError as error:
        raise SystemExit(f"scandid: {error}") from None
    except OSError as error:
        raise SystemExit(f"scandid: {variable(name)}={value}: {error.strerror}") from None


def _note_dismissals(server: Arbiter) -> None:
    """Tell monitoring which workers end because the arbiter wants them to: no hook says so."""
    kill = server.kill_worker

    def kill_worker(pid: int, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGQUIT):
            server.monitoring.dismiss(pid)
        kill(pid, number)

    server.kill_worker = kill_worker


def when_ready(server: Arbiter) -> None:
    """Take the model, or fetch the one that is not on this machine."""
    server.keeper.start()


def pre_fork(server: Arbiter, worker: Worker) -> None:
    """Give the worker a place."""
    server.monitoring.assign(worker)
    server.shares.expect(server.monitoring.place(worker))


def post_fork(server: Arbiter, worker: Worker) -> None:
    """Let the worker keep its values there, and the number of its connections."""
    worker.share = server.shares.take(server.monitoring.place(worker))
    server.monitoring.enter(worker)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Free the place."""
    server.shares.free(server.monitoring.place(worker))
    server.monitoring.leave(worker)


def on_exit(server: Arbiter) -> None:
    """Leave nothing behind."""
    server.keeper.stop()
    server.monitoring.stop()
