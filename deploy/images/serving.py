"""Runs the service's image as it is meant to be run, and asks it."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from deploy.images.engine import Container, Engine
from deploy.images.load import ask_while_it_stops
from deploy.images.proof import SERVE, check

ROOT: Final = Path(__file__).resolve().parent.parent.parent
MEMORY: Final = "512m"
HARDENED: Final = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")
_NO_SHELL: Final = ("-v", "/dev/null:/bin/sh:ro")
_DEADLINE_S: Final = 60


@contextmanager
def service(engine: Engine, *options: str) -> Iterator[tuple[Container, str, str]]:
    """A ready service in a container; the container, its address and that of its metrics.

    Root filesystem read-only, no privileges, one processor, bounded memory, and no shell in it.

    Raises:
        ProofError: it is not ready in time.
    """
    port, metrics_port = _free_port(), _free_port()
    limits = ("--memory", MEMORY, "--cpus", "1", *HARDENED, *_NO_SHELL)
    published = engine.published(port, metrics_port)
    with engine.running(SERVE.tag, *limits, *published, *options) as container:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(container, url)
        yield container, url, f"http://127.0.0.1:{metrics_port}/metrics"


def prove_service(engine: Engine) -> Iterator[str]:
    """Ask what the README asks, look at health, workers and memory, and stop it under load.

    Yields:
        What was found, a line at a time.

    Raises:
        ProofError: something is not as it must be.
        EngineError: the health check failed.
        httpx.HTTPError: a request was lost.
    """
    with service(engine) as (container, url, metrics):
        for command, expected in readme_examples():
            yield f"README: {_post(url, command, expected)}"
        container.check_health()
        yield "health check: healthy"
        values = _metrics(metrics)
        check(
            values["scandid_workers"] == 1, f"{values['scandid_workers']} workers on one processor"
        )
        resident = sum(value for name, value in values.items() if "resident_bytes" in name) / 1e6
        yield f"one processor, one worker; {resident:.0f} MB resident of {MEMORY}, no shell"
        code, answered = ask_while_it_stops(url, container.stop)
        check(code == 0, f"exit code {code}\n{container.log}")
        check("Traceback" not in container.log, container.log)
        yield f"SIGTERM under load: exit code 0, all of {answered:,} requests answered"


def readme_examples() -> list[tuple[str, dict[str, Any]]]:
    """The bodies that the README posts to ``/identify``, and the answers it shows."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"/identify.*?-d '(.*?)'\n```\n\n```json\n(.*?)\n```", page, re.DOTALL)
    return [(body, json.loads(answer)) for body, answer in found]


def _post(url: str, body: str, expected: dict[str, Any]) -> str:
    """Post a body; the fields that the README shows must come back, numbers about the same."""
    headers = {"Content-Type": "application/json"}
    response = httpx.post(
        f"{url}/identify", content=body.encode(), headers=headers, trust_env=False
    )
    answer = response.raise_for_status().json()
    for name, value in expected.items():
        if name != "...":
            same = (
                abs(answer[name] - value) < 0.1
                if isinstance(value, float)
                else answer[name] == value
            )
            check(same, f"{name} is {answer[name]}, the README says {value}")
    return f"{body} is {answer['label']}, {answer['confidence']:.3f}"


def _metrics(url: str) -> dict[str, float]:
    """Value of each series by its name and labels."""
    text = httpx.get(url, trust_env=False).raise_for_status().text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def _wait_until_ready(container: Container, url: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            if httpx.get(f"{url}/health/ready", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        alive = container.state["Running"] and time.monotonic() < deadline
        check(alive, f"{url} is not ready\n{container.log}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
