"""The load suite and the benchmark against real servers, as short as they can be."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from loadtest import raw_client, run
from loadtest.experiments import beside_lists
from loadtest.measure import LoadFailed
from loadtest.monitoring import monitoring_cost
from loadtest.outcome import Outcome
from loadtest.rounds import Plan

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.usefixtures("shipped_model")


def load(results: Path, thresholds: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the load suite for three seconds with these thresholds for a steady load."""
    limits = results / "limits.toml"
    limits.write_text(f"[steady]\n{thresholds}\n")
    command = [sys.executable, "-m", "loadtest.run", "--duration", "3", "--peak", "4"]
    command += ["--workers", "1", "--results", str(results), "--thresholds", str(limits)]
    return subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_load_that_keeps_its_thresholds_succeeds(tmp_path: Path) -> None:
    """Every answer is checked and right; reports, samples and a picture are left behind."""
    done = load(tmp_path, "failures = 0.0\nwrong = 0.01\nthroughput = 1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all thresholds of steady are kept" in done.stdout
    folder = tmp_path / "steady"
    with (folder / "locust_stats.csv").open(newline="") as file:
        counts = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file)}
    assert counts["one text"]
    assert counts["list of texts"]
    with (folder / "watch.csv").open(newline="") as file:
        samples = list(csv.DictReader(file))
    assert all(float(sample["server_rss_mb"]) > 0 for sample in samples)
    assert {sample["users"] for sample in samples} == {"4"}
    assert "</html>" in (folder / "report.html").read_text()[-200:]
    printed = re.search(r"^ +Aggregated +(\d+) ", done.stdout + done.stderr, re.MULTILINE)
    assert printed
    assert counts["Aggregated"] == int(printed[1]), "the last second is missing"
    assert (folder / "course.png").stat().st_size


def test_a_broken_threshold_is_the_exit_code(tmp_path: Path) -> None:
    """At a constant arrival rate, a throughput nobody reaches fails the run and is named."""
    done = load(tmp_path, "throughput = 1e9", "--arrivals", "20")
    assert done.returncode == 1
    assert "BROKEN: throughput is " in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_load_that_is_interrupted_is_no_pass_and_leaves_its_reports(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Half-way what was measured is written, the exit code is 1, and the server has ended."""
    limits = tmp_path / "limits.toml"
    limits.write_text("[steady]\nfailures = 0.0\n")
    command = [sys.executable, "-m", "loadtest.run", "--duration", "60", "--peak", "2"]
    command += ["--workers", "1", "--results", str(tmp_path), "--thresholds", str(limits)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        report = tmp_path / "steady" / "locust_stats_history.csv"
        deadline = time.monotonic() + 60
        while not (report.exists() and report.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)
        started = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1, output
    assert re.search(r"BROKEN: the test was ended after \d+ of 60 s", output)
    written = {file.name for file in (tmp_path / "steady").iterdir()}
    assert {"report.html", "course.png", "watch.csv", "locust_stats.csv"} <= written
    assert len(started) >= 3
    assert not [left for left in started if left.is_running()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--thresholds", "none.toml"], "none.toml"),
        (["--peak", "0"], "at least 1"),
        (["--arrivals", "-1"], "from 0"),
        (["--duration", "nan"], "from 0"),
    ],
)
def test_what_cannot_be_run_is_one_line_and_removes_nothing(
    tmp_path: Path, options: list[str], words: str
) -> None:
    """A slip on the command line ends at once, and the results before stay."""
    before = tmp_path / "steady" / "report.html"
    before.parent.mkdir()
    before.touch()
    command = [sys.executable, "-m", "loadtest.run", "--results", str(tmp_path), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert words in done.stderr.splitlines()[-1]
    assert before.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Before any server starts, in one line."""
    (tmp_path / "file").touch()
    command = [sys.executable, "-m", "loadtest.run", "--results", str(tmp_path / "file")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(r"loadtest: .*file.*", done.stderr.strip())


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Locust's page wants a port of its own; where there is none, nothing is started."""
    command = [sys.executable, "-m", "loadtest.run", "--web", "--results", str(tmp_path)]
    with closing(socket.socket()) as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else holds it
            holder.bind(("127.0.0.1", run.WEB_PORT))
            holder.listen()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(rf"loadtest: .*:{run.WEB_PORT}.*", done.stderr.strip())


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    """A folder that is named by mistake loses no other file."""
    folder = tmp_path / "steady"
    folder.mkdir()
    (folder / "thesis.txt").touch()
    (folder / "watch.csv").touch()
    assert run.emptied(folder) == folder
    assert [file.name for file in folder.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--output", "/nowhere/bench.json"], "/nowhere/bench.json"),
        (["--client", "wrk"], "no wrk"),
        (["--rounds", "0"], "at least 1"),
        (["--seconds", "0"], "above 0"),
    ],
)
def test_a_benchmark_that_cannot_end_well_does_not_begin(options: list[str], words: str) -> None:
    """What would fail after ten minutes is said at once, in one line."""
    command = [sys.executable, "loadtest/bench.py", "--quick", *options]
    environ = os.environ | {"PATH": ""}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode
    assert words in done.stderr.splitlines()[-1]


def test_a_benchmark_that_is_ended_leaves_no_server() -> None:
    """At SIGTERM, which is how a limit of time ends it, the server of the moment ends as well."""
    command = [sys.executable, "loadtest/bench.py", "--quick", "--client", "python"]
    with subprocess.Popen(command, cwd=ROOT) as process:
        deadline = time.monotonic() + 60
        servers: list[psutil.Process] = []
        while len(servers) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
            servers = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
    assert len(servers) >= 2
    assert not [left for left in servers if left.is_running()]


def test_the_cost_of_monitoring_is_not_that_of_errors() -> None:
    """A server that refuses is cheap: what it refused is no measurement."""

    def refused(port: int, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Outcome:
        assert port
        assert bodies
        return Outcome(10, connections, seconds, 1.0, 1.0)

    with pytest.raises(LoadFailed, match="3 errors, 10 answers"):
        monitoring_cost(refused, 3, turns=1)


def test_single_texts_are_asked_while_lists_are_answered() -> None:
    """The measurement does not wait for the lists to end: singles wait longer than alone."""
    plan = Plan(load=raw_client.load, seconds=0.5, warm_s=0.5, rounds=1)
    found = beside_lists(plan)
    assert found["lists"]["answered"] > 0
    assert found["beside"]["p50_ms"] > 1.5 * found["alone"]["p50_ms"]


@pytest.mark.parametrize(("words", "written"), [("", 3), ("--quick --json", 0)])
def test_the_short_benchmark_leaves_the_page_alone(words: str, written: int) -> None:
    """Only the whole of it has what docs/performance.json, its pictures and tables hold."""
    command = ["make", "--dry-run", "bench", f"ARGS={words}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (benchmark,) = (line for line in done.stdout.splitlines() if "loadtest/bench.py" in line)
    assert benchmark.endswith(words)
    assert done.stdout.count("docs/performance.json") == written


def test_the_benchmark_ends_with_its_figures(tmp_path: Path) -> None:
    """The last line is one JSON object with the figures that are watched, all above zero."""
    output = tmp_path / "bench.json"
    command = [sys.executable, "loadtest/bench.py", "--json", "--quick", "--client", "python"]
    command += ["--seconds", "0.2", "--rounds", "1", "--output", str(output)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout.splitlines()[-1])
    wanted = {"identify_cpu_us", "null_cpu_us", "ratio", "rss_mb", "batch_texts_per_cpu_s"}
    assert wanted <= figures.keys()
    assert all(figures[name] > 0 for name in wanted)
    assert figures["ratio"] == pytest.approx(
        figures["identify_cpu_us"] / figures["null_cpu_us"], rel=0.01
    )
    assert json.loads(output.read_text())["summary"] == figures
