"""The benchmark's own instruments: its load client and the kernel's accounting."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from loadtest import raw_client
from loadtest.outcome import Outcome
from loadtest.processes import cores, cpu_s, pinned, rss_mb, tree, worker_rss_mb

BURN = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True)\ninput()"


class Sized(http.server.BaseHTTPRequestHandler):
    """Answers with as many bytes as the body says; 500 where the body says 0."""

    protocol_version = "HTTP/1.1"
    asked: list[int]

    def do_POST(self) -> None:
        """Answer."""
        size = int(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(size)
        self.send_response(200 if size else 500)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(b"a" * size)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def sized_server() -> Iterator[tuple[int, list[int]]]:
    """A server's port, and the sizes it was asked for."""
    asked: list[int] = []
    handler = type("Handler", (Sized,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


def test_the_client_reads_answers_whole() -> None:
    """Answers of one byte and of a million are counted once each, the bodies asked in turn."""
    with sized_server() as (port, asked):
        bodies = [b"1", b"1000000", b"300"]
        outcome = raw_client.load(port, bodies, connections=3, seconds=0.3)
    assert not outcome.errors
    assert len(asked) == outcome.requests
    assert set(asked) == {1, 1_000_000, 300}
    assert 0 < outcome.p50_ms <= outcome.p99_ms


def test_the_client_counts_errors() -> None:
    """Answers other than 200 are errors."""
    with sized_server() as (port, _):
        outcome = raw_client.load(port, [b"0"], connections=1, seconds=0.1)
    assert outcome.errors == outcome.requests > 0


def test_quantiles_are_those_of_the_waits() -> None:
    """The median and the 99th of a hundred waits; none of no waits."""
    outcome = Outcome.of([second / 1000 for second in range(100, 0, -1)], 0, 1)
    assert (round(outcome.p50_ms), round(outcome.p99_ms)) == (51, 100)
    assert Outcome.of([], 1, 1).p99_ms == 0


def test_cpu_and_memory_of_children_are_counted() -> None:
    """The tree holds a child of a child, with its CPU time and memory."""
    command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}])"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", command], stdin=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.readline()
        members = tree(process.pid)
        assert len(members) == 2
        assert cpu_s(process.pid) >= 0.3
        assert worker_rss_mb(process.pid) == rss_mb(members[-1]) > 1
        process.communicate(b"\n")
    assert rss_mb(process.pid) == 0


def test_pinning_ends_with_its_block() -> None:
    """What is started inside runs on the given core only, what comes after does not."""
    before = cores()
    command = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
    with pinned(before[-1:]):
        assert subprocess.check_output(command, text=True).split() == [str(before[-1])]
    assert cores() == before
