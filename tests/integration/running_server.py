"""A real server in its own processes, started on a free port and stopped as operators stop it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent
DEADLINE_S = 60
"""Longest wait for anything; reached only where something is broken."""

COMMAND = (sys.executable, "-m", "gunicorn", "-c", "server/gunicorn.conf.py")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment with exactly these ``SCANDID_*`` settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCANDID_")}
    return kept | {f"SCANDID_{name.upper()}": value for name, value in settings.items()}


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningServer:
    """A gunicorn with its workers.

    Attributes:
        url: Where it listens.
        process: The arbiter; its children are the workers.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.process = process
        self._log_path = log_path

    @property
    def log(self) -> str:
        """Everything the server wrote so far."""
        return self._log_path.read_text(errors="replace")

    @property
    def worker_pids(self) -> list[int]:
        """The workers that run now."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def client(self) -> httpx.Client:
        """A client that keeps its connection open."""
        return httpx.Client(base_url=self.url, timeout=DEADLINE_S, trust_env=False)

    def wait_for(self, path: str, status: int) -> httpx.Response:
        """Ask until the path answers with the status.

        Raises:
            AssertionError: The server ended, or the deadline passed.
        """
        deadline = time.monotonic() + DEADLINE_S
        last: object = "nothing was asked"
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                last = httpx.get(self.url + path, timeout=DEADLINE_S, trust_env=False)
            except httpx.TransportError as error:
                last = error
            else:
                if last.status_code == status:
                    return last
            time.sleep(0.05)
        raise AssertionError(f"{path} never answered {status}, last: {last}\n{self.log}")

    def wait_for_log(self, text: str, times: int) -> None:
        """Wait until the server has logged a text so many times.

        Raises:
            AssertionError: The deadline passed.
        """
        deadline = time.monotonic() + DEADLINE_S
        while self.log.count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} was not logged\n{self.log}"
            time.sleep(0.01)

    def stop(self) -> int:
        """Ask it to end with SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)


@contextmanager
def running_server(folder: Path, settings: Mapping[str, str]) -> Iterator[RunningServer]:
    """Start a server whose log lies in the folder; end it with everything it started."""
    port = free_port()
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            COMMAND,
            cwd=ROOT,
            env=environment(port=str(port), **settings),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield RunningServer(process, port, log_path)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
