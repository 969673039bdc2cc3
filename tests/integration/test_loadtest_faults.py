"""The load suite against services that fail in all ways there are: none of them passes."""

import csv
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.faulty_service import Behaviour, Reply, after, faulty_service, right

ROOT = Path(__file__).resolve().parent.parent.parent
LIMITS = """
[steady]
failures = 0.0
wrong = 0.02
p50_ms = 200
throughput = 10

[spike]
failures = 0.0
"""


def load(tmp_path: Path, behave: Behaviour, *options: str) -> tuple[int, str]:
    """Exit code and output of two seconds of load on a service that behaves so."""
    limits = tmp_path / "limits.toml"
    limits.write_text(LIMITS)
    with faulty_service(behave) as host:
        address = f"{host}/"  # as copied from a browser
        command = [sys.executable, "-m", "locust", "-f", "loadtest/locustfile.py", "--headless"]
        command += ["--host", address, "--only-summary", "--thresholds", str(limits)]
        command += ["--duration", "2", "--peak", "4", *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def html_at_times(query: dict[str, Any]) -> Reply:
    """Every other answer is a page for people, with status 200."""
    return right(query) if random.random() < 0.5 else (200, b"<html>Maintenance</html>")


def no_nynorsk(query: dict[str, Any]) -> Reply:
    """Nynorsk is taken for Bokmål."""
    return right(query, {"nno": "nob"})


def status_500(_query: dict[str, Any]) -> Reply:
    """Nothing works."""
    return 500, json.dumps({"title": "Internal error"}).encode()


def silence(_query: dict[str, Any]) -> Reply:
    """No answer while the test lasts."""
    time.sleep(60)
    return 200, b"{}"


def test_a_right_service_passes(tmp_path: Path) -> None:
    """Right answers keep every threshold, in a closed loop and at a constant rate."""
    for options in ((), ("--arrivals", "10")):
        code, output = load(tmp_path, right, *options)
        assert code == 0, output
        assert "server: runs elsewhere, not watched" in output


@pytest.mark.parametrize(
    ("behave", "broken"),
    [
        (html_at_times, "BROKEN: failures is "),
        (no_nynorsk, "BROKEN: wrong is "),
        (after(1, status_500), "BROKEN: failures is "),
        (after(1, silence), "BROKEN: failures is "),
    ],
)
def test_a_fault_breaks_a_threshold(tmp_path: Path, behave: Behaviour, broken: str) -> None:
    """Nonsense, Bokmål for Nynorsk, errors half-way and silence half-way fail the test."""
    code, output = load(tmp_path, behave)
    assert code == 1, output
    assert broken in output


def test_several_processes_are_judged_together(tmp_path: Path) -> None:
    """Wrong answers that workers of Locust have seen count for the master, who has seen none."""
    code, output = load(tmp_path, no_nynorsk, "--processes", "2")
    assert code == 1, output
    assert "BROKEN: wrong is 0." in output
    assert output.count("BROKEN: ") == 1, output


def test_silence_is_heard_of_by_the_master(tmp_path: Path) -> None:
    """Workers are given the time that their users have for their last answers."""
    code, output = load(tmp_path, after(1, silence), "--processes", "2")
    assert code == 1, output
    assert "BROKEN: failures is 0." in output


def test_waits_begin_when_a_request_was_due(tmp_path: Path) -> None:
    """Beyond what a service can do waits grow, and what was never sent has failed."""
    turn = threading.Lock()

    def one_at_a_time(query: dict[str, Any]) -> Reply:
        with turn:
            time.sleep(0.05)
        return right(query)

    code, output = load(tmp_path, one_at_a_time, "--arrivals", "200", "--peak", "1")
    assert code == 1, output
    assert "BROKEN: p50_ms is " in output
    assert "arrival that was never sent" in output


def test_users_do_not_ask_in_step(tmp_path: Path) -> None:
    """At a constant rate users that start together are spread over the time between requests."""
    moments: list[float] = []

    def note(query: dict[str, Any]) -> Reply:
        moments.append(time.monotonic() % 0.2)
        return right(query)

    code, output = load(tmp_path, note, "--arrivals", "5", "--peak", "16")
    assert code == 0, output
    assert len({int(moment / 0.02) for moment in moments}) >= 6, "tenths of the time between"


def test_a_spike_ends_at_once(tmp_path: Path) -> None:
    """All users ask for the middle fifth of the time, and within a second after it a tenth do."""
    watched = tmp_path / "watch.csv"
    options = ("--shape", "spike", "--peak", "20", "--duration", "10", "--watch-csv", str(watched))
    code, output = load(tmp_path, right, *options)
    assert code == 0, output
    with watched.open(newline="") as file:
        users = [(int(row["second"]), int(row["users"])) for row in csv.DictReader(file)]
    assert {count for second, count in users if second < 4 or second > 7} == {2}
    assert max(count for _, count in users) == 20


def test_a_host_without_a_scheme_is_refused(tmp_path: Path) -> None:
    """What is no address is said at once, not by a failure a request."""
    code, output = load(tmp_path, right, "--host", "localhost:8080")
    assert code == 1
    assert "--host localhost:8080 must begin with http" in output


def test_a_host_that_is_down_fails_and_is_named(tmp_path: Path) -> None:
    """No answers are no pass, and the failure says that the connection was refused."""
    code, output = load(tmp_path, right, "--host", "http://127.0.0.1:1", "--duration", "1")
    assert code == 1, output
    assert "BROKEN: throughput is 0" in output
    assert "refused" in output.lower()
