"""A server that starts while its store is away serves an earlier model, but looks for a newer."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.integration.object_store import ObjectStore
from tests.integration.running_server import (
    DEADLINE_S,
    RunningServer,
    free_port,
    running_server,
)
from tests.integration.served_models import ASKERS, ask, put, wait_for_model
from tests.integration.variants import variant


def start_without_store(
    store: ObjectStore, settings: dict[str, str], content: bytes, folder: Path
) -> AbstractContextManager[RunningServer]:
    """A server that has accepted a model before and starts while the store is away."""
    put(store, content)
    with running_server(folder, settings) as server:
        server.wait_for("/health/ready", 200)
    store.close()
    return running_server(folder, settings)


def stale(metrics_port: int) -> bool:
    """Whether the server says that it serves an earlier model."""
    metrics = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", trust_env=False).text
    return "scandid_model_stale 1.0" in metrics


def wait_until_present(metrics_port: int) -> None:
    """Wait until the server says that it serves the present model."""
    deadline = time.monotonic() + DEADLINE_S
    while stale(metrics_port):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_present_model_is_taken_when_the_store_is_back(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """A server that serves an earlier model goes on looking, takes the newer, and fails nobody."""
    port = free_port()
    settings |= {"metrics_port": str(port)}
    content, newer = tiny_model.read_bytes(), variant(tiny_model, version="newer")
    with start_without_store(store, settings, content, tmp_path) as server:
        server.wait_for("/health/ready", 200)
        assert stale(port)
        server.wait_for_log("the model is not changed", 1)
        store.open()
        end = threading.Event()
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(ask, server, end) for _ in range(ASKERS)]
            wait_for_model(server, put(store, newer))
            wait_until_present(port)
            end.set()
            assert sum(counted.result() for counted in asked)


@pytest.mark.parametrize("asked", [False, True])
def test_the_model_that_is_served_is_not_taken_twice(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path, *, asked: bool
) -> None:
    """Where the store comes back with what is served, workers stay, unless SIGHUP asked for new."""
    port = free_port()
    settings |= {"metrics_port": str(port)}
    with start_without_store(store, settings, tiny_model.read_bytes(), tmp_path) as server:
        server.wait_for_log("the model is not changed", 1)
        if asked:
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("the model is not changed", 3)
        store.open()
        wait_until_present(port)
        server.wait_for_log("Booting worker with pid", 6 if asked else 4)
        assert server.stop() == 0, server.log
        assert server.log.count("model accepted") == 2
        assert server.log.count("Booting worker with pid") == (6 if asked else 4)
        assert "the check was ended" not in server.log


def searches(server: RunningServer) -> list[int]:
    """Processes of the arbiter that look for a model without an end."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    found = map(int, children.read_text(encoding="ascii").split())
    return [pid for pid in found if b"--wait" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_search_that_is_killed_begins_anew(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """Whatever ends the process that looks for the present model, another goes on."""
    port = free_port()
    settings |= {"metrics_port": str(port)}
    with start_without_store(store, settings, tiny_model.read_bytes(), tmp_path) as server:
        server.wait_for("/health/ready", 200)
        server.wait_for_log("the model is not changed", 1)
        (search,) = searches(server)
        os.killpg(search, signal.SIGKILL)
        server.wait_for_log("the check was ended", 1)
        store.open()
        wait_until_present(port)
        assert server.stop() == 0, server.log
