"""One measurement of the benchmark charges a load what it cost, and ends where a server hangs."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest

from loadtest import raw_client
from loadtest.measure import measure
from loadtest.outcome import Outcome
from loadtest.servers import Server
from loadtest.table import p99

LEFTOVER = "import time\nprint(flush=True)\nwhile time.process_time() < 0.6: pass\ninput()"


def idle_load(port: int, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Outcome:
    """Ten requests that cost the server nothing."""
    assert (port, bodies, connections) == (1, [b""], 1)
    time.sleep(seconds)
    return Outcome(10, 0, seconds, 1.0, 1.0)


def test_what_the_warm_up_left_behind_is_not_charged_to_the_load() -> None:
    """A server that still computes is let come to rest before its CPU time is taken."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", LEFTOVER], stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        process.stdout.readline()
        server = Server(process.pid, 1, 0.0)
        cost = measure(idle_load, server, [b""], connections=1, seconds=0.5)
        process.communicate(b"\n")
    assert cost.cpu_us * cost.requests < 0.1e6


def test_a_server_that_hangs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that are never answered are counted as errors, not waited for without end."""
    monkeypatch.setattr(raw_client, "_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        outcome = raw_client.load(port, [b"{}"], connections=3, seconds=0.1)
    assert (outcome.requests, outcome.errors) == (0, 3)


def test_an_answer_whose_head_comes_in_two_parts_is_one_answer() -> None:
    """Where the network cuts a head in two, the request is answered when its body is there."""
    head = b"HTTP/1.1 200 OK\r\nContent-Le", b"ngth: 2\r\n\r\n{", b"}"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                while connection.recv(1 << 16):
                    for part in head:
                        connection.sendall(part)
                        time.sleep(0.02)

        thread = threading.Thread(target=serve)
        thread.start()
        outcome = raw_client.load(listener.getsockname()[1], [b"{}"], connections=1, seconds=0.2)
        thread.join()
    assert not outcome.errors
    assert 1 <= outcome.requests <= 5
    assert outcome.p50_ms >= 40


def test_the_p99_of_few_requests_is_not_shown() -> None:
    """It would be the worst of them; what an older measurement did not count is taken as enough."""
    assert p99({"p99_ms": 5.0, "requests": 94}) == "-"
    assert p99({"p99_ms": 5.0, "requests": 9_400}) == "5.00"
    assert p99({"p99_ms": 5.0}) == "5.00"
