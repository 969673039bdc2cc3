"""Servers under load, watched by a real Prometheus and Alertmanager with the shipped files."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.integration.prometheus import (
    Prometheus,
    alert_queries,
    panel_queries,
    running_prometheus,
)
from tests.integration.running_server import (
    DEADLINE_S,
    ROOT,
    RunningServer,
    free_port,
    running_server,
)
from tests.test_model import tampered

DASHBOARDS = sorted((ROOT / "deploy" / "grafana" / "dashboards").glob("*.json"))
TEXTS = (
    "Jeg ved ikke, hvad der skete i går aftes.",
    "Jag vet inte vad som hände igår kväll.",
    "Jeg vet ikke hva som skjedde i går kveld.",
    "Eg veit ikkje kva som hende i går kveld.",
    "I do not know what happened last night.",
    "ja",
    "123",
    "Hva heter du? " * 200,
)
ANSWERED = (
    'sum(scandid_request_duration_seconds_count{instance="%s",status="200",route="/identify"})'
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A server that is well and one whose model is wrong, both watched.

    Attributes:
        server: The one that is well.
        instance: What Prometheus calls it.
        prometheus: Who watches.
    """

    server: RunningServer
    instance: str
    prometheus: Prometheus

    def ask(self, texts: int) -> None:
        """Ask for so many texts, one a request; each is answered."""
        with ThreadPoolExecutor(8) as pool:
            bodies = [{"text": TEXTS[number % len(TEXTS)]} for number in range(texts)]
            assert set(pool.map(self.status, bodies)) == {200}

    def status(self, body: object) -> int:
        """The status of the answer to one request on a connection of its own."""
        url = f"{self.server.url}/identify"
        return httpx.post(url, json=body, timeout=DEADLINE_S, trust_env=False).status_code

    @property
    def answered(self) -> str:
        """The query for how many requests the healthy server has answered."""
        return ANSWERED % self.instance


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, shipped_model: Path) -> Iterator[Watched]:
    """Both servers and their watchers, with load and errors behind them."""
    folders = [tmp_path_factory.mktemp(name) for name in ("well", "wrong", "prometheus")]
    wrong_model = tampered(
        shipped_model,
        folders[1] / "wrong.onnx",
        lambda fields: fields["golden"][0].__setitem__(1, [0.2] * 5),
    )
    ports = [free_port(), free_port()]
    with ExitStack() as stack:
        prometheus = stack.enter_context(running_prometheus(folders[2], ports))
        servers = [
            stack.enter_context(
                running_server(
                    folder, {"workers": "2", "model": str(model), "metrics_port": str(port)}
                )
            )
            for folder, model, port in zip(
                folders, (shipped_model, wrong_model), ports, strict=False
            )
        ]
        servers[0].wait_for("/health/ready", 200)
        found = Watched(servers[0], f"127.0.0.1:{ports[0]}", prometheus)
        prometheus.wait_for(f'scandid_workers_ready{{instance="{found.instance}"}}', 2)
        for _ in range(5):  # a rate needs values that differ from scrape to scrape
            found.ask(40)
            assert found.status({"txt": "a"}) == 422
            time.sleep(1)
        prometheus.wait_for(found.answered, 200)
        yield found


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_shows_something(watched: Watched, dashboard: Path) -> None:
    """Each query of each panel is understood and returns numbers."""
    queries = panel_queries(dashboard)
    assert queries
    for query in queries.values():
        watched.prometheus.wait_for_data(query)


@pytest.mark.parametrize("name", alert_queries())
def test_every_alert_can_fire(watched: Watched, name: str) -> None:
    """Everything that an alert compares is measured."""
    watched.prometheus.wait_for_data(alert_queries()[name])


def test_an_alert_reaches_alertmanager(watched: Watched) -> None:
    """A model that does not repeat its golden examples pages, with a summary and a runbook."""
    deadline = time.monotonic() + DEADLINE_S
    while not (found := [a for a in watched.prometheus.alerts() if is_wrong(a["labels"])]):
        assert time.monotonic() < deadline, watched.prometheus.alerts()
        time.sleep(0.2)
    (alert,) = found
    assert alert["labels"]["severity"] == "page"
    assert alert["receivers"] == [{"name": "page"}]
    assert alert["labels"]["instance"] != watched.instance
    assert alert["annotations"]["summary"].startswith("2 workers of")
    assert alert["annotations"]["runbook_url"].endswith("#scandidmodelwrong")


def is_wrong(labels: dict[str, str]) -> bool:
    """Whether the labels are those of a model that is wrong."""
    return labels["alertname"] == "ScandidModelWrong"


def test_counts_are_exact_across_a_killed_worker(watched: Watched) -> None:
    """Prometheus has counted every request that was sent, those of a worker killed since too."""
    before = watched.prometheus.value(watched.answered) or 0
    restarts = f'scandid_worker_restarts_total{{instance="{watched.instance}"}}'
    for killed in (1, 2):
        watched.ask(30)
        watched.prometheus.wait_for(watched.answered, before + 30 * killed)
        os.kill(watched.server.worker_pids[0], signal.SIGKILL)
        watched.prometheus.wait_for(restarts, killed)
    watched.server.wait_for("/health/ready", 200)
    watched.ask(30)
    watched.prometheus.wait_for(watched.answered, before + 90)
    answers = f'sum(scandid_answers_total{{instance="{watched.instance}"}})'
    assert watched.prometheus.value(answers) == before + 90
