"""What the load suite sees of server and client: CPU, memory, and who was the bottleneck."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from loadtest.processes import cores, pinned
from loadtest.watch import FULL, Sample, Watch

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
SECOND = Sample(
    second=1,
    users=4,
    answered=100,
    server_cores=0.5,
    server_rss_mb=200.0,
    client_cores=0.3,
    client_rss_mb=50.0,
    client_wanted=0.3,
)


def clock(*moments: float) -> Callable[[], float]:
    """A clock that shows these moments, one after another."""
    return iter(moments).__next__


@pytest.mark.parametrize(
    "work", [BURN, f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN!r}])\n"]
)
def test_the_first_second_counts_and_so_do_children_that_ended(work: str) -> None:
    """All CPU time since the start is seen, by whichever process it was spent."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", f"input()\n{work}print(flush=True)\ninput()"]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
        assert process.stdin
        assert process.stdout
        seen = Watch(process.pid, process.pid, clock(10, 12, 13))
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        seen.sample(users=2, answered=100)
        seen.sample(users=2, answered=100)
        process.communicate(b"\n")
    first, second = seen.samples
    assert first.server_cores == first.client_cores
    assert 0.2 <= 2 * first.server_cores < 2
    assert second.server_cores < 0.1
    assert first.server_rss_mb > 1


def test_a_late_second_is_no_busier() -> None:
    """Where the client is too busy to look every second, rates are still by the second."""
    seen = Watch(0, 0, clock(10, 12, 13.1))
    seen.sample(users=1, answered=100)
    seen.sample(users=1, answered=55)
    assert [(sample.second, sample.answered) for sample in seen.samples] == [(2, 50), (3, 50)]


@pytest.mark.parametrize(("seconds", "warned"), [(1, False), (2, True), (10, True)])
def test_a_client_that_is_the_bottleneck_for_a_while_is_warned_of(
    seconds: int, *, warned: bool
) -> None:
    """A client that is busy during a spike only, or a ramp's end, is told too."""
    seen = Watch(0, 0)
    busy = replace(SECOND, client_wanted=0.95)
    seen.samples = [busy] * seconds + [SECOND] * (10 - seconds)
    warnings = [line for line in seen.summary() if line.startswith("WARNING")]
    assert bool(warnings) is warned
    assert all(f"in {seconds} of 10 seconds" in line for line in warnings)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the kernel does not tell")
def test_waiting_for_a_core_is_as_good_as_running() -> None:
    """Two that share a core, as client and server may, get a half of it each and want all of it."""
    endless = "print(flush=True)\nwhile True: pass"
    command = [sys.executable, "-c", endless]
    with ExitStack() as stack:
        with pinned(cores()[:1]):
            two = [
                stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
                for _ in range(2)
            ]
        for process in two:
            stack.callback(process.kill)
            assert process.stdout
            process.stdout.readline()
        seen = Watch(0, two[0].pid)
        time.sleep(1)
        seen.sample(users=0, answered=0)
    assert seen.samples[0].client_cores < 0.8
    assert seen.samples[0].client_wanted > FULL


def test_a_server_elsewhere_is_not_said_to_be_idle() -> None:
    """What was not watched has no figures."""
    seen = Watch(0, 0)
    seen.samples = [SECOND]
    assert "server: runs elsewhere, not watched" in seen.summary()
