"""Start a server as its users do, on a free port, time it until it is ready, and end it."""

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from loadtest.processes import pinned

ROOT: Final = Path(__file__).resolve().parent.parent
HOST: Final = "127.0.0.1"
READY_TIMEOUT_S: Final = 120
_STOP_TIMEOUT_S: Final = 30
_POLL_S: Final = 0.005


class ServerFailed(Exception):
    """A server ended or never became ready; the text holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A server that can be started.

    Attributes:
        name: What it is called in reports.
        command: Words of the command; the same words as in ``environ`` are put in.
        environ: Variables added to this process's own; ``{port}``, ``{port2}`` (another free port)
            and ``{workers}`` are put in.
    """

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready.

    Attributes:
        pid: The process that was started; workers are its children.
        port: Where it listens, on the loopback address.
        ready_s: Seconds from exec to the first 200 of ``/health/ready``.
    """

    pid: int
    port: int
    ready_s: float


@contextmanager
def started(stack: Stack, cores: list[int], workers: int = 1) -> Iterator[Server]:
    """Run a server on these cores; it is ready inside the block and has ended after it.

    Raises:
        ServerFailed: It ended, or was not ready in time.
    """
    port = free_port()
    words = {"port": str(port), "port2": str(free_port()), "workers": str(workers)}
    environ = {name: value.format_map(words) for name, value in stack.environ.items()}
    with tempfile.TemporaryFile() as log:
        begin = time.monotonic()
        with pinned(cores):
            process = subprocess.Popen(
                [word.format_map(words) for word in stack.command],
                cwd=ROOT,
                env=_without_settings() | environ,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            if not _wait(process, port):
                log.seek(0)
                raise ServerFailed(f"{stack.name} is not ready:\n{log.read()[-2000:].decode()}")
            yield Server(process.pid, port, time.monotonic() - begin)
        finally:
            _stop(process)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _without_settings() -> dict[str, str]:
    """This process's environment without what would configure scandid by chance."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SCANDID_")}


def _wait(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if _is_ready(port):
            return True
        time.sleep(_POLL_S)
    return False


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=READY_TIMEOUT_S)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and the whole group by force where that does not end it."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
