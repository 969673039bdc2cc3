"""A real Prometheus and Alertmanager with the shipped configuration, only faster."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.integration.running_server import DEADLINE_S, ROOT, free_port

CONFIG = ROOT / "deploy" / "prometheus"
RATE_INTERVAL = "15s"
"""What Grafana would put for $__rate_interval, at a scrape every second."""


def program(*names: str) -> str:
    """Path of a program under one of its names; skips where it is not installed, but not in CI."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        reason = f"{names[0]} is not installed"
        if "CI" in os.environ:
            pytest.fail(f"{reason}: apt-get install prometheus prometheus-alertmanager")
        pytest.skip(reason)
    return found


class Prometheus:
    """A running Prometheus.

    Attributes:
        url: Where it listens.
        alertmanager_url: Where its Alertmanager listens.
    """

    def __init__(self, port: int, alertmanager_port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.alertmanager_url = f"http://127.0.0.1:{alertmanager_port}"

    def query(self, expr: str) -> list[dict[str, Any]]:
        """The result of an instant query.

        Raises:
            AssertionError: Prometheus refuses the query.
        """
        answer = httpx.get(
            f"{self.url}/api/v1/query", params={"query": expr}, timeout=DEADLINE_S, trust_env=False
        ).json()
        assert answer["status"] == "success", f"{expr}: {answer.get('error')}"
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def value(self, expr: str) -> float | None:
        """The one value of a query, None where there is none."""
        result = self.query(expr)
        return float(result[0]["value"][1]) if result else None

    def wait_for_data(self, expr: str) -> None:
        """Ask until a query returns a number.

        Raises:
            AssertionError: The deadline passed.
        """
        deadline = time.monotonic() + DEADLINE_S
        while not any(sample["value"][1] != "NaN" for sample in self.query(expr)):
            assert time.monotonic() < deadline, f"no data for {expr}"
            time.sleep(0.2)

    def wait_for(self, expr: str, value: float) -> None:
        """Ask until a query has a value.

        Raises:
            AssertionError: The deadline passed.
        """
        deadline = time.monotonic() + DEADLINE_S
        while (found := self.value(expr)) != value:
            assert time.monotonic() < deadline, f"{expr} is {found}, not {value}"
            time.sleep(0.2)

    def alerts(self) -> list[dict[str, Any]]:
        """What Alertmanager holds."""
        url = f"{self.alertmanager_url}/api/v2/alerts"
        found: list[dict[str, Any]] = httpx.get(url, timeout=DEADLINE_S, trust_env=False).json()
        return found


@contextmanager
def running_prometheus(folder: Path, metrics_ports: Sequence[int]) -> Iterator[Prometheus]:
    """Start both with the shipped files; only targets and intervals are others."""
    prometheus, alertmanager = (
        program("prometheus"),
        program("prometheus-alertmanager", "alertmanager"),
    )
    running = Prometheus(free_port(), free_port())
    config = _configure(folder, running, metrics_ports)
    address = "--web.listen-address=" + running.url.removeprefix("http://")
    manager_address = "--web.listen-address=" + running.alertmanager_url.removeprefix("http://")
    commands = (
        [prometheus, f"--config.file={config}", f"--storage.tsdb.path={folder}/data", address],
        [
            alertmanager,
            f"--config.file={CONFIG}/alertmanager.yml",
            f"--storage.path={folder}/alerts",
            "--cluster.listen-address=",
            manager_address,
        ],
    )
    with (folder / "prometheus.log").open("wb") as log:
        processes = [subprocess.Popen(each, stdout=log, stderr=log) for each in commands]
        try:
            for url in (running.url, running.alertmanager_url):
                _wait_until_ready(url)
            yield running
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(DEADLINE_S)


def _configure(folder: Path, running: Prometheus, metrics_ports: Sequence[int]) -> Path:
    config = yaml.safe_load((CONFIG / "prometheus.yml").read_text(encoding="utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(CONFIG / pattern) for pattern in config["rule_files"]]
    (job,) = config["scrape_configs"]
    job["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in metrics_ports]}]
    (manager,) = config["alerting"]["alertmanagers"]
    manager["static_configs"] = [
        {"targets": [running.alertmanager_url.removeprefix("http://")]},
    ]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while True:
        try:
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"{url} was never ready"
        time.sleep(0.05)


def panel_queries(dashboard: Path) -> dict[str, str]:
    """Every query of a dashboard by ``title/refId``, as Grafana would ask it with all chosen."""
    panels = json.loads(dashboard.read_text(encoding="utf-8"))["panels"]
    return {
        f"{panel['title']}/{target['refId']}": re.sub(
            r"\$(instance|route|label)", ".*", target["expr"]
        ).replace("$__rate_interval", RATE_INTERVAL)
        for panel in panels
        for target in panel["targets"]
    }


def alert_queries() -> dict[str, str]:
    """The query of every alert, its comparisons turned into values and its look back dropped.

    An alert that does not fire returns nothing, and a young Prometheus has no yesterday: so this
    asks whether everything that the alert compares is there.
    """
    rules = yaml.safe_load((CONFIG / "rules" / "alerts.yml").read_text(encoding="utf-8"))
    return {
        f"{rule['alert']}/{rule['labels']['severity']}": re.sub(
            r" (>=?|==) ", r" \1 bool ", re.sub(r" offset \w+", "", rule["expr"])
        )
        for group in rules["groups"]
        for rule in group["rules"]
    }
