"""What a scrape of the metrics costs the process above the workers."""

import os
import statistics
import time
from pathlib import Path

from tests.integration.running_server import free_port, running_server
from tests.integration.test_metrics import MeasuredServer


def test_a_scrape_is_cheap(tmp_path: Path, shipped_model: Path) -> None:
    """With four workers a scrape spends less of the arbiter's time than 200,000 squares take here.

    Less than 20 ms on a common machine: a thousandth of a core, asked every 15 seconds.
    """
    port = free_port()
    settings = {"workers": "4", "model": str(shipped_model), "metrics_port": str(port)}
    with running_server(tmp_path, settings) as server:
        server.wait_for("/health/ready", 200)
        measured = MeasuredServer(server, port, tmp_path)
        measured.wait_until("scandid_workers_ready", 4)
        measured.ask(100)
        shares = [scrape_s(measured) / squares_s() for _ in range(5)]
        assert statistics.median(shares) < 1, shares


def squares_s() -> float:
    """Seconds of processor time for 200,000 squares: how fast this machine is just now."""
    begin = time.process_time()
    sum(number * number for number in range(200_000))
    return time.process_time() - begin


def scrape_s(measured: MeasuredServer) -> float:
    """Seconds of the arbiter's processor time for one scrape, measured over twenty."""
    path = Path(f"/proc/{measured.server.process.pid}/stat")
    ticks = []
    for scrapes in (0, 20):
        for _ in range(scrapes):
            measured.scrape()
        fields = path.read_text().rpartition(")")[2].split()
        ticks.append(int(fields[11]) + int(fields[12]))
    return (ticks[1] - ticks[0]) / os.sysconf("SC_CLK_TCK") / 20
