"""How the server starts, refuses to start, stays unready, and ends."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.integration.running_server import (
    COMMAND,
    DEADLINE_S,
    ROOT,
    RunningServer,
    environment,
    free_port,
    running_server,
)

ASKERS = 16
WARM_REQUESTS = 30
TEXT = "Hva heter du, og hvor kommer du fra?"
PRINT_MODULES = """
import sys
from server.app import get_app
get_app()
print(*sys.modules)
"""


@pytest.mark.usefixtures("shipped_model")
def test_sigterm_loses_no_request(tmp_path: Path) -> None:
    """Under load every request on an open connection is answered, and the exit code is 0."""
    settings = {"workers": "2", "graceful_timeout_s": str(DEADLINE_S)}
    with running_server(tmp_path, settings) as server, ThreadPoolExecutor(ASKERS) as pool:
        server.wait_for("/health/ready", 200)
        under_load = threading.Semaphore(0)
        answered = [pool.submit(ask_until_closed, server, under_load) for _ in range(ASKERS)]
        for _ in answered:
            assert under_load.acquire(timeout=DEADLINE_S)
        server.process.send_signal(signal.SIGTERM)
        assert all(future.result(DEADLINE_S) >= WARM_REQUESTS for future in answered)
        assert server.process.wait(DEADLINE_S) == 0, server.log
        assert "Traceback" not in server.log


def ask_until_closed(server: RunningServer, under_load: threading.Semaphore) -> int:
    """Ask on one connection until the server announces its end; the number of right answers."""
    count = 0
    with server.client() as client:
        while True:
            response = client.post("/identify", json={"text": TEXT}).raise_for_status()
            assert response.json()["probabilities"]
            count += 1
            if count == WARM_REQUESTS:
                under_load.release()
            if response.headers.get("connection") == "close":
                return count


@pytest.mark.usefixtures("shipped_model")
def test_a_stopped_server_leaves_its_port(tmp_path: Path) -> None:
    """An idle server ends at once with 0, and nobody listens any more."""
    with running_server(tmp_path, {"workers": "2"}) as server:
        server.wait_for("/health/ready", 200)
        assert server.stop() == 0, server.log
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url, trust_env=False)


@pytest.mark.usefixtures("shipped_model")
def test_a_half_request_holds_no_server_up(tmp_path: Path) -> None:
    """Its connection is cut before gunicorn would kill the worker, and the request is logged."""
    with running_server(tmp_path, {"workers": "1", "graceful_timeout_s": "4"}) as server:
        server.wait_for("/health/ready", 200)
        url = httpx.URL(server.url)
        with socket.create_connection((url.host, url.port or 0), timeout=DEADLINE_S) as half:
            half.sendall(b"POST /identify HTTP/1.1\r\nHost: l\r\nContent-Length: 9\r\n\r\nHva")
            assert server.stop() == 0, server.log
        assert server.log.count("Worker exiting") == 1, server.log
        assert '"status":499' in server.log


def test_a_scraped_server_starts_again_at_once(tmp_path: Path) -> None:
    """Connections of scrapes that have ended do not hold the port of the metrics."""
    metrics_port = str(free_port())
    for _ in range(2):
        with running_server(tmp_path, {"workers": "1", "metrics_port": metrics_port}) as server:
            server.wait_for("/health/live", 200)
            httpx.get(f"http://127.0.0.1:{metrics_port}/metrics").raise_for_status()
            assert server.stop() == 0, server.log


def test_a_server_ends_while_it_starts(tmp_path: Path) -> None:
    """SIGTERM that arrives while the workers load the model ends them in order, not by force."""
    with running_server(tmp_path, {"workers": "2", "log_level": "debug"}) as server:
        server.wait_for_log("Booting worker with pid", times=2)
        assert server.stop() == 0, server.log
        assert server.log.count("Worker exiting") == 2, server.log


def test_workers_that_start_do_not_outlive_the_arbiter(tmp_path: Path) -> None:
    """Killed while they load the model it leaves nobody behind, who would hold the port."""
    with running_server(tmp_path, {"workers": "2"}) as server:
        server.wait_for_log("Booting worker with pid", times=2)
        workers = [Path(f"/proc/{pid}") for pid in server.worker_pids]
        server.process.kill()
        deadline = time.monotonic() + DEADLINE_S
        while any(worker.exists() for worker in workers):
            assert time.monotonic() < deadline, server.log
            time.sleep(0.05)


def test_a_broken_model_is_never_ready(tmp_path: Path) -> None:
    """The server lives, says which file is broken, and refuses texts instead of guessing."""
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    with running_server(tmp_path, {"workers": "2", "model": str(model)}) as server:
        server.wait_for("/health/live", 200)
        for _ in range(20):
            result = httpx.get(f"{server.url}/health/ready", trust_env=False)
            assert (result.status_code, result.json()["code"]) == (503, "not_ready")
            assert "broken.onnx" in result.json()["detail"]
        refused = httpx.post(f"{server.url}/identify", json={"text": "Hej"}, trust_env=False)
        assert refused.json()["code"] == "not_ready"
        assert "broken.onnx" in server.log
        assert server.stop() == 0, server.log


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("port", "http", "must be a whole number, 1 to 65535"),
        ("model", "s3://models", "must be a path or s3://BUCKET/KEY"),
        (
            "traces_endpoint",
            "http://a:4318",
            "needs OpenTelemetry: install requirements/tracing.txt",
        ),
    ],
)
def test_a_bad_setting_stops_the_start(tmp_path: Path, name: str, value: str, wanted: str) -> None:
    """The one line that is printed names the variable, the value and what would be right."""
    (tmp_path / "opentelemetry.py").touch()  # stands in front of the package, and is none
    environ = environment(**{name: value}) | {"PYTHONPATH": str(tmp_path)}
    assert failed_start(environ).strip() == f"scandid: SCANDID_{name.upper()}={value}: {wanted}"


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("host", "nosuch.invalid", "Name or service not known"),
        ("host", "192.0.2.1", "Cannot assign requested address"),
        ("metrics_dir", "/etc/passwd", "File exists"),
        ("metrics_dir", "/proc/metrics", "No such file or directory"),
    ],
)
def test_a_setting_that_this_machine_cannot_serve(name: str, value: str, wanted: str) -> None:
    """The start ends with a line that names the variable, the value and what is wrong with it."""
    environ = environment(**{"metrics_port": str(free_port()), name: value})
    last = failed_start(environ).splitlines()[-1]
    assert last == f"scandid: SCANDID_{name.upper()}={value}: {wanted}"


def failed_start(environ: Mapping[str, str]) -> str:
    """What a server says that does not start."""
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    return done.stderr


def test_an_ipv6_address_is_served(tmp_path: Path) -> None:
    """The host may be an IPv6 address."""
    if not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with running_server(tmp_path, {"workers": "1", "host": "::1"}) as server:
        server.url = server.url.replace("127.0.0.1", "[::1]")
        assert server.wait_for("/health/live", 200).json() == {"status": "live"}


def has_ipv6() -> bool:
    """Whether the IPv6 loopback address can be bound."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_the_server_process_has_no_training_library() -> None:
    """Building the application as a worker does loads neither torch nor datasets nor training."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_MODULES],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"server", "scandid", "falcon"} <= loaded
    assert not loaded & {"torch", "datasets", "training", "mlflow", "pandas", "pyarrow"}
