"""The model of a running server: awaited, fetched, replaced under load, kept from bad ones."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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
from tests.integration.served_models import ASKERS, TEXT, ask, put, wait_for_model
from tests.integration.variants import liar, variant
from tests.integration.weak_link import WeakLink, weak_link


def test_sighup_changes_the_model_under_load(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """Workers are replaced twice while others ask; no request fails, and the new model answers."""
    put(store, tiny_model.read_bytes())
    with running_server(tmp_path, settings) as server, ThreadPoolExecutor(ASKERS) as pool:
        server.wait_for("/health/ready", 200)
        end = threading.Event()
        asking = [pool.submit(ask, server, end) for _ in range(ASKERS)]
        try:
            for version in ("second", "third"):
                digest = put(store, variant(tiny_model, version=version))
                server.process.send_signal(signal.SIGHUP)
                wait_for_model(server, digest)
        finally:
            end.set()
        assert all(answers.result(DEADLINE_S) > 0 for answers in asking)
        assert server.stop() == 0, server.log


def test_a_bad_model_is_not_taken(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """After SIGHUP on a lying, damaged or absent model the same workers serve the old one."""
    digest = put(store, tiny_model.read_bytes())
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        wait_for_model(server, digest)
        before = set(server.worker_pids)
        for times, bad in enumerate((liar(tiny_model), b"no model"), start=1):
            put(store, bad)
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("the model is not changed", times)
        store.close()
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("the model is not changed", 3)
        wait_for_model(server, digest)
        assert set(server.worker_pids) <= before
        assert "golden example" in server.log
        assert server.stop() == 0, server.log


def test_a_file_is_checked_too(tiny_model: Path, tmp_path: Path) -> None:
    """A model file that is replaced by a bad one is not taken; by a good one, it is."""
    path = tmp_path / "served.onnx"
    path.write_bytes(tiny_model.read_bytes())
    with running_server(tmp_path, {"workers": "1", "model": str(path)}) as server:
        server.wait_for("/health/ready", 200)
        before = httpx.get(f"{server.url}/model", trust_env=False).json()["sha256"]
        path.write_bytes(b"no model")
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_log("the model is not changed", 1)
        wait_for_model(server, before)
        path.write_bytes(variant(tiny_model, version="second"))
        server.process.send_signal(signal.SIGHUP)
        wait_for_model(server, hashlib.sha256(path.read_bytes()).hexdigest())


def test_a_check_that_takes_too_long_is_ended(tiny_model: Path, tmp_path: Path) -> None:
    """After SIGHUP on what is never read to its end the old model goes on, and SIGHUP works."""
    path = tmp_path / "served.onnx"
    path.write_bytes(tiny_model.read_bytes())
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = {"workers": "1", "model": str(path), "model_timeout_s": "1"}
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        path.unlink()
        os.mkfifo(path)
        for times in (1, 2):
            server.process.send_signal(signal.SIGHUP)
            server.wait_for_log("it was not there in time (SCANDID_MODEL_TIMEOUT_S=1)", times)
        wait_for_model(server, before)
        assert "checked already" not in server.log
        assert server.stop() == 0, server.log


@pytest.fixture
def file_server(tiny_model: Path, tmp_path: Path) -> Iterator[tuple[RunningServer, Path]]:
    """A server with two workers, ready, and the model file that it was told to serve."""
    path = tmp_path / "served.onnx"
    path.write_bytes(tiny_model.read_bytes())
    with running_server(tmp_path, {"workers": "2", "model": str(path)}) as server:
        server.wait_for_log("Booting worker with pid", 2)
        server.wait_for("/health/ready", 200)
        yield server, path


def kill_workers(server: RunningServer, pids: Sequence[int]) -> None:
    """Kill the workers, and wait for those that follow."""
    before = server.log.count("Booting worker with pid")
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    server.wait_for_log("Booting worker with pid", before + len(pids))
    server.wait_for("/health/ready", 200)


def test_a_refused_file_stays_out_when_a_worker_dies(
    file_server: tuple[RunningServer, Path],
) -> None:
    """After SIGHUP has refused a file, workers that follow killed ones serve the old model too."""
    server, path = file_server
    before, workers = hashlib.sha256(path.read_bytes()).hexdigest(), server.worker_pids
    path.write_bytes(path.read_bytes()[:-1_000])
    server.process.send_signal(signal.SIGHUP)
    server.wait_for_log("the model is not changed", 1)
    kill_workers(server, workers)
    wait_for_model(server, before)
    assert all_answer(server)
    assert "not ready" not in server.log


def test_a_newer_file_waits_for_sighup(
    file_server: tuple[RunningServer, Path], tiny_model: Path
) -> None:
    """A worker that follows a killed one serves what the others do, until SIGHUP changes all."""
    server, path = file_server
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(variant(tiny_model, version="second"))
    kill_workers(server, server.worker_pids)
    wait_for_model(server, before)
    path.unlink()
    kill_workers(server, server.worker_pids)
    wait_for_model(server, before)
    path.write_bytes(variant(tiny_model, version="third"))
    server.process.send_signal(signal.SIGHUP)
    wait_for_model(server, hashlib.sha256(path.read_bytes()).hexdigest())


def all_answer(server: RunningServer) -> bool:
    """Whether a text is answered on each of many new connections."""
    asked = (
        httpx.post(f"{server.url}/identify", json={"text": TEXT}, trust_env=False)
        for _ in range(50)
    )
    return all(answer.status_code == 200 for answer in asked)


def test_the_first_arrival_is_no_restart(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """Workers that wait for the store and give way to those that come after are no trouble."""
    digest, port = put(store, tiny_model.read_bytes()), free_port()
    with running_server(tmp_path, settings | {"metrics_port": str(port)}) as server:
        server.wait_for("/health/ready", 200)
        wait_for_model(server, digest)
        server.wait_for_log("Worker exiting", 2)
        metrics = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    assert server.log.count("Booting worker with pid") == 4
    assert "scandid_worker_restarts_total 0.0" in metrics
    assert '"level":"error"' not in server.log


def test_a_server_waits_for_its_store(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """With the store away the server lives, says why it is not ready, and tries until it is."""
    digest = put(store, tiny_model.read_bytes())
    store.close()
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/live", 200)
        server.wait_for_log("next attempt in", 1)
        refused = server.wait_for("/health/ready", 503).json()
        assert refused["code"] == "not_ready"
        assert "AWS_ENDPOINT_URL" in refused["detail"]
        assert "next attempt in" in refused["detail"]
        text = httpx.post(f"{server.url}/identify", json={"text": TEXT}, trust_env=False)
        assert text.json()["code"] == "not_ready"
        store.open()
        server.wait_for("/health/ready", 200)
        wait_for_model(server, digest)


def test_a_cached_model_is_served_without_its_store(
    store: ObjectStore, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """A server that starts while the store is away serves the copy accepted before, and says so."""
    digest = put(store, tiny_model.read_bytes())
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
    store.close()
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        wait_for_model(server, digest)
        assert "the copy accepted earlier is served" in server.log


@pytest.fixture
def link(
    store: ObjectStore,
    settings: dict[str, str],  # noqa: ARG001  # names the store's own address, which is replaced
    tiny_model: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[WeakLink]:
    """What lies between servers and the store, which holds a model."""
    put(store, tiny_model.read_bytes())
    with weak_link(store.url) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL", between.url)
        yield between


def test_the_last_sighup_counts(
    store: ObjectStore, link: WeakLink, settings: dict[str, str], tiny_model: Path, tmp_path: Path
) -> None:
    """A model published while the one before is fetched is taken, without another signal."""
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        heard, link.bytes_per_s = len(link.heard), 100
        put(store, variant(tiny_model, version="second"))
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + DEADLINE_S
        while len(link.heard) == heard:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        link.bytes_per_s = 0
        digest = put(store, variant(tiny_model, version="third"))
        server.process.send_signal(signal.SIGHUP)
        wait_for_model(server, digest)
        assert server.stop() == 0, server.log


def test_a_store_that_is_too_slow_is_named(
    link: WeakLink, settings: dict[str, str], tmp_path: Path
) -> None:
    """A model that is not there in time leaves the server not ready, and the setting is named."""
    link.bytes_per_s = 100
    with running_server(tmp_path, settings | {"model_timeout_s": "2"}) as server:
        server.wait_for_log("next attempt in", 1)
        refused = server.wait_for("/health/ready", 503).json()
        assert "SCANDID_MODEL_TIMEOUT_S=2" in refused["detail"]
        assert server.stop() == 0, server.log
