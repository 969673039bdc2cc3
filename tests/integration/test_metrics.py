"""/metrics of real servers: right with several workers, through kills and reloads, and cheap."""

import json
import os
import re
import signal
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.integration.running_server import (
    DEADLINE_S,
    RunningServer,
    free_port,
    running_server,
)

TEXT = "Hva heter du, og hvor kommer du fra?"
ANSWERED = 'scandid_request_duration_seconds_count{route="/identify",status="200"}'

UNMATCHED = 'scandid_request_duration_seconds_count{route="unmatched",status="404"}'


class MeasuredServer:
    """A running server and its metrics.

    Attributes:
        server: The server.
        folder: Where its workers keep their values.
        url: Of the metrics.
    """

    def __init__(self, server: RunningServer, port: int, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}/metrics"

    def scrape(self) -> dict[str, float]:
        """Every sample there is, by name and labels."""
        text = httpx.get(self.url, timeout=DEADLINE_S, trust_env=False).raise_for_status().text
        lines = (line.rpartition(" ") for line in text.splitlines() if line[0] != "#")
        return {name: float(value) for name, _, value in lines}

    def wait_until(self, name: str, value: float) -> None:
        """Scrape until a sample has a value.

        Raises:
            AssertionError: The deadline passed.
        """
        deadline = time.monotonic() + DEADLINE_S
        while (found := self.scrape().get(name)) != value:
            assert time.monotonic() < deadline, f"{name} is {found}, not {value}"
            time.sleep(0.05)

    def ask(self, requests: int) -> None:
        """Send requests, each on a connection of its own, so that all workers get some."""
        url = f"{self.server.url}/identify"
        with ThreadPoolExecutor(8) as pool:
            for answer in pool.map(lambda _: post(url), range(requests)):
                assert answer.status_code == 200


def post(url: str) -> httpx.Response:
    """Ask for one text."""
    return httpx.post(url, json={"text": TEXT}, timeout=DEADLINE_S, trust_env=False)


@pytest.fixture
def measured(tmp_path: Path, shipped_model: Path) -> Iterator[MeasuredServer]:
    """A server with two workers that is ready."""
    port, folder = free_port(), tmp_path / "values"
    folder.mkdir()
    (folder / "counter_1.db").write_bytes(b"left by an earlier run")
    settings = {
        "workers": "2",
        "model": str(shipped_model),
        "metrics_port": str(port),
        "metrics_dir": str(folder),
    }
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        yield MeasuredServer(server, port, folder)


def test_workers_add_up(measured: MeasuredServer) -> None:
    """The sum over both workers is exactly what was asked, and both have a part in it."""
    measured.ask(100)
    measured.wait_until(ANSWERED, 100)
    found = measured.scrape()
    answers = [value for name, value in found.items() if name.startswith("scandid_answers_total{")]
    assert sum(answers) == found["scandid_text_chars_count"] == 100
    assert found["scandid_text_chars_sum"] == 100 * len(TEXT)
    assert len(list(measured.folder.glob("histogram_*.db"))) == 2


def test_a_killed_worker_loses_no_count(measured: MeasuredServer) -> None:
    """Counts go on from where the killed worker left them, and scrapes never stop."""
    for killed in range(1, 4):
        measured.ask(50)
        measured.wait_until(ANSWERED, 50 * killed)
        os.kill(measured.server.worker_pids[0], signal.SIGKILL)
        measured.wait_until("scandid_worker_restarts_total", killed)
        assert measured.scrape()[ANSWERED] == 50 * killed
        measured.wait_until("scandid_workers_ready", 2)
    files = [path.name for path in measured.folder.iterdir()]
    assert {re.sub(r"\D", "", name) for name in files} == {"1", "2"}, files


def test_a_reload_loses_no_count(measured: MeasuredServer) -> None:
    """SIGHUP replaces every worker, each of which reports first, and is no start of the server."""
    started_s = measured.scrape()["scandid_start_time_seconds"]
    measured.ask(50)
    reload(measured)
    measured.wait_until("scandid_workers_ready", 2)
    measured.ask(50)
    measured.wait_until(ANSWERED, 100)
    assert measured.scrape()["scandid_workers"] == 2
    assert measured.scrape()["scandid_start_time_seconds"] == started_s


def reload(measured: MeasuredServer) -> None:
    """Send SIGHUP and wait until no process is left of those there were."""
    before = set(measured.server.worker_pids)
    measured.server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + DEADLINE_S
    while before & set(measured.server.worker_pids):
        assert time.monotonic() < deadline, measured.server.log
        time.sleep(0.05)


def test_a_wanted_end_is_no_restart(measured: MeasuredServer) -> None:
    """Workers replaced by SIGHUP or ended by SIGTTOU raise no alarm; one that is killed counts."""
    for _ in range(2):
        reload(measured)
        measured.wait_until("scandid_workers", 2)
    measured.server.process.send_signal(signal.SIGTTOU)
    measured.wait_until("scandid_workers", 1)
    assert measured.scrape()["scandid_worker_restarts_total"] == 0
    measured.wait_until("scandid_workers_ready", 1)
    os.kill(measured.server.worker_pids[0], signal.SIGKILL)
    measured.wait_until("scandid_worker_restarts_total", 1)


def test_more_workers_are_wanted(measured: MeasuredServer) -> None:
    """SIGTTIN and SIGTTOU change how many workers there should be, and with them how many are."""
    for number, workers in ((signal.SIGTTIN, 3), (signal.SIGTTOU, 2)):
        measured.server.process.send_signal(number)
        measured.wait_until("scandid_workers_wanted", workers)
        measured.wait_until("scandid_workers_ready", workers)


def test_a_worker_that_ends_is_not_ready(measured: MeasuredServer) -> None:
    """What a killed worker said of its state does not count on."""
    pid = measured.server.worker_pids[0]
    measured.wait_until("scandid_workers_ready", 2)
    os.kill(pid, signal.SIGKILL)
    measured.wait_until("scandid_worker_restarts_total", 1)
    assert measured.scrape()["scandid_workers_ready"] <= 2
    measured.wait_until("scandid_workers_ready", 2)


def test_labels_are_bounded(measured: MeasuredServer) -> None:
    """Whatever clients send, no label takes a value of theirs."""
    sizes = []
    for sent in (50, 100):
        with measured.server.client() as client:
            for number in range(sent - 50, sent):
                client.get(f"/{number}", headers={"X-Request-Id": f"client-{number}"})
                client.request(f"VERB{number}", "/identify", json={"text": f"{number}"})
        measured.wait_until(UNMATCHED, sent)
        found = measured.scrape()
        sizes.append(len(found))
        assert not any("client-" in name or "VERB" in name for name in found)
    assert sizes[0] == sizes[1]


def test_processes_are_watched(measured: MeasuredServer) -> None:
    """Memory and processor time of the arbiter and of each worker are there."""
    found = measured.scrape()
    for process in ("arbiter", "1", "2"):
        assert found[f'scandid_process_resident_bytes{{process="{process}"}}'] > 2**20
        assert found[f'scandid_process_cpu_seconds_total{{process="{process}"}}'] >= 0


def test_metrics_are_private(measured: MeasuredServer) -> None:
    """The public port has no metrics, and the metrics' port nothing else."""
    with measured.server.client() as client:
        assert client.get("/metrics").status_code == 404
    other = measured.url.replace("/metrics", "/identify")
    assert httpx.get(other, trust_env=False).status_code == 404


def test_a_silent_scraper_holds_up_nobody(measured: MeasuredServer) -> None:
    """A connection that says nothing does not keep others from scraping."""
    host, port = httpx.URL(measured.url).host, httpx.URL(measured.url).port
    with socket.create_connection((host, port or 0)):
        assert measured.scrape()


def test_a_scraper_that_leaves_is_no_news(measured: MeasuredServer) -> None:
    """One that resets its connection before it is answered leaves no line in the log."""
    host, port = httpx.URL(measured.url).host, httpx.URL(measured.url).port
    for _ in range(10):
        with socket.create_connection((host, port or 0)) as scraper:
            scraper.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            scraper.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
    assert measured.scrape()
    assert all(line.startswith("{") for line in measured.server.log.splitlines())
    assert "a scrape failed" not in measured.server.log


def test_a_scrape_that_fails_is_logged(measured: MeasuredServer) -> None:
    """A folder that somebody has removed is told of in one line of JSON."""
    measured.folder.rename(measured.folder.with_name("elsewhere"))
    with pytest.raises(httpx.RemoteProtocolError):
        measured.scrape()
    measured.server.wait_for_log("a scrape failed", 1)
    assert all(json.loads(line) for line in measured.server.log.splitlines())


def test_nothing_is_left_behind(measured: MeasuredServer) -> None:
    """A server that has ended has removed its values and left the port."""
    assert measured.server.stop() == 0, measured.server.log
    assert list(measured.folder.iterdir()) == []
    with pytest.raises(httpx.ConnectError):
        measured.scrape()


def test_a_taken_port_stops_the_start(tmp_path: Path) -> None:
    """A server that cannot be watched as it was told does not start, and says which setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = {"workers": "1", "metrics_port": str(taken.getsockname()[1])}
        with running_server(tmp_path, settings) as server:
            assert server.process.wait(DEADLINE_S) != 0
            assert "SCANDID_METRICS_PORT" in server.log


def test_a_refused_model_is_counted(tmp_path: Path, shipped_model: Path) -> None:
    """A new model that is damaged is refused at SIGHUP: that is counted, and nobody stops."""
    model, port = tmp_path / "model.onnx", free_port()
    model.write_bytes(shipped_model.read_bytes())
    settings = {"workers": "1", "model": str(model), "metrics_port": str(port)}
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        measured = MeasuredServer(server, port, tmp_path)
        model.write_bytes(b"damaged")
        server.process.send_signal(signal.SIGHUP)
        measured.wait_until("scandid_model_refusals_total", 1)
        measured.wait_until("scandid_workers_ready", 1)
        assert measured.scrape()["scandid_worker_restarts_total"] == 0


def test_every_line_is_json(measured: MeasuredServer) -> None:
    """Start, requests and end are logged as objects, one a line, and none is lost at the end."""
    with measured.server.client() as client:
        ids = [
            client.post("/identify", json={"text": TEXT}).headers["x-request-id"] for _ in range(20)
        ]
    assert measured.server.stop() == 0
    lines = [json.loads(line) for line in measured.server.log.splitlines()]
    assert [line["request_id"] for line in lines if line.get("route") == "/identify"] == ids
    assert any(line["message"].startswith("Worker exiting") for line in lines)
    assert TEXT not in measured.server.log
