"""A real MLflow server on this machine, over a file of sqlite."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from tests.integration.running_server import DEADLINE_S, free_port
from tests.integration.runs import clean_environment


@contextmanager
def mlflow_server(folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """Run a server that leaves artifacts to its clients; its address."""
    url = f"http://127.0.0.1:{free_port()}"
    command = [sys.executable, "-W", "ignore", "-m", "mlflow", "server", "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    command += ["--no-serve-artifacts", "--default-artifact-root", str(folder / "artifacts")]
    command += ["--port", url.rpartition(":")[2]]
    others = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **variables}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=clean_environment(**others), stdout=log, stderr=log
        )
    try:
        wait_until_healthy(url, process, folder / "server.log")
        yield url
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def refuse(database: Path, table: str, when: str = "TRUE") -> None:
    """Make a tracker's database refuse new rows, and changes of rows, in one table."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for act in ("INSERT", "UPDATE"):
            connection.execute(
                f"CREATE TRIGGER refuse_{act} BEFORE {act} ON {table} WHEN {when} "
                "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
            )


def accept(database: Path) -> None:
    """Take what was refused again."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for act in ("INSERT", "UPDATE"):
            connection.execute(f"DROP TRIGGER refuse_{act}")


def wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask until the server answers.

    Raises:
        AssertionError: it has ended, or the deadline passed.
    """
    deadline = time.monotonic() + 2 * DEADLINE_S
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        try:
            if httpx.get(f"{url}/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
