"""One measurement of the benchmark charges a load what it cost."""

import subprocess
import sys
import time
from collections.abc import Sequence

from loadtest.measure import measure
from loadtest.outcome import Outcome
from loadtest.servers import Server

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
    assert 10 * cost.cpu_us < 0.1e6
