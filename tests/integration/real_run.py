"""Draw the dashboards of a real run: ``python -m tests.integration.real_run docs/images``.

Two workers under changing load for five minutes, with nonsense in between, a worker that is killed
in the middle, and eight lists at once that are too much for the queue.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

import httpx

from tests.integration.prometheus import running_prometheus
from tests.integration.running_server import ROOT, RunningServer, free_port, running_server

CLIENTS: Final = 8
TEXTS: Final = [
    json.loads(line)["text"]
    for line in (ROOT / "loadtest/texts.jsonl").read_text(encoding="utf-8").splitlines()
]
KINDS: Final = {"text": 82, "words": 7, "list": 4, "long": 3, "no letter": 2, "nonsense": 2}
"""How many requests of a hundred are of each kind."""


class Run:
    """The load on a server.

    Args:
        server: The server.
        seconds: How long it lasts.
    """

    def __init__(self, server: RunningServer, seconds: float) -> None:
        self._server = server
        self._start = time.monotonic()
        self._seconds = seconds

    @property
    def elapsed(self) -> float:
        """How much of the run is over, 0 to 1."""
        return (time.monotonic() - self._start) / self._seconds

    def ask(self, seed: int) -> None:
        """Ask on one connection after another until the run is over."""
        chance = random.Random(seed)
        while self.elapsed < 1:
            with self._server.client() as client:
                try:
                    while self.elapsed < 1:
                        client.post("/identify", json=body(chance))
                        time.sleep(chance.expovariate(14 if 0.35 < self.elapsed < 0.6 else 5))
                except httpx.TransportError:
                    """The worker was killed: the next connection reaches another."""

    def disturb(self) -> None:
        """Kill a worker in the middle, and overload the service a little later."""
        self._wait_for(0.5)
        os.kill(self._server.worker_pids[0], signal.SIGKILL)
        self._wait_for(0.57)
        for _ in range(CLIENTS):
            threading.Thread(target=self._overload).start()

    def _wait_for(self, part: float) -> None:
        while self.elapsed < part:
            time.sleep(0.1)

    def _overload(self) -> None:
        texts = [3 * TEXTS[index % len(TEXTS)] for index in range(1_000)]
        with self._server.client() as client:
            client.post("/identify", json={"texts": texts})


def body(chance: random.Random) -> dict[str, object]:
    """One request of some kind."""
    text = chance.choice(TEXTS)
    (kind,) = chance.choices(list(KINDS), list(KINDS.values()))
    bodies: dict[str, dict[str, object]] = {
        "text": {"text": text},
        "words": {"text": " ".join(text.split()[: chance.randint(1, 3)])},
        "list": {"texts": chance.choices(TEXTS, k=40)},
        "long": {"text": text * chance.randint(3, 12)},
        "no letter": {"text": chance.choice(["123", "?!", ""])},
        "nonsense": {"txt": text},
    }
    return bodies[kind]


def main() -> None:
    """Run, and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", help="where the pictures are written")
    parser.add_argument("--seconds", type=float, default=300, help="length of the run (300)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        port = free_port()
        settings = {"workers": "2", "metrics_port": str(port), "max_queue_texts": "1000"}
        with (
            running_prometheus(Path(name), [port]) as prometheus,
            running_server(Path(name), settings) as server,
        ):
            server.wait_for("/health/ready", 200)
            run = Run(server, options.seconds)
            clients = [threading.Thread(target=run.ask, args=(seed,)) for seed in range(CLIENTS)]
            for client in clients:
                client.start()
            run.disturb()
            for client in clients:
                client.join()
            words = (prometheus.url, options.folder, "--minutes", str(options.seconds / 60))
            command = (sys.executable, "-m", "deploy.grafana.pictures", *words, "--every", "3")
            subprocess.check_call(command, cwd=ROOT)


if __name__ == "__main__":
    main()
