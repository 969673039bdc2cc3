"""How gunicorn runs the app: ``gunicorn -c server/gunicorn.conf.py``, settings from SCANDID_*."""

import signal
from pathlib import Path
from typing import Final

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gasgi import ASGIWorker

from server.settings import Settings, SettingsError

try:
    settings = Settings.from_environ()
except SettingsError as error:
    raise SystemExit(f"scandid: {error}") from None

wsgi_app = "server.app:get_app()"
bind = settings.bind
workers = settings.workers
loglevel = settings.log_level

worker_class = "asgi"
asgi_loop = "uvloop"
http_parser = "fast"
asgi_lifespan = "on"

# A session used before the fork may hang after it: every worker builds its own.
preload_app = False

# Longer than a balancer keeps an idle connection (60 s is common): the side that closes first
# must be the balancer, or it sends a request into a connection that is just being closed.
keepalive = settings.keepalive_s
graceful_timeout = settings.graceful_timeout_s

# A client that is gone needs no answer: its texts leave the queue at once.
asgi_disconnect_grace_period = 0

# The heartbeat file must not wait for a disk.
_MEMORY = Path("/dev/shm")  # noqa: S108  # gunicorn makes a file of its own in it
worker_tmp_dir = str(_MEMORY) if _MEMORY.is_dir() else None

# Signals control the server; a socket in the user's home directory does not.
control_socket_disable = True

_ENDING: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)


def post_fork(_arbiter: Arbiter, _worker: ASGIWorker) -> None:
    """Hold back the signals that end a worker until its event loop can hear them.

    uvloop drops what arrives earlier. A worker told to end while it loads the model would serve
    on after the others have ended, and be killed with its requests at the graceful timeout.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


def post_worker_init(worker: ASGIWorker) -> None:
    """Let the signals through as the first thing the event loop does."""
    worker.loop.call_soon(signal.pthread_sigmask, signal.SIG_UNBLOCK, _ENDING)
