"""Trainings end with the program that has started them."""

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 30


def is_alive(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_sigterm_goes_on_to_what_was_started() -> None:
    """A program that is stopped stops its children, in whichever thread it waits for them."""
    # In one piece, or what two of them write may mix.
    child = r"import os, time; os.write(1, b'%d\n' % os.getpid()); time.sleep(60)"
    script = (
        "import sys; from concurrent.futures import ThreadPoolExecutor\n"
        "from training.children import end_children_with_us, run_child\n"
        "end_children_with_us()\n"
        "with ThreadPoolExecutor(2) as pool:\n"
        f"    list(pool.map(lambda _: run_child([sys.executable, '-c', {child!r}]), range(2)))\n"
    )
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        children = [int(process.stdout.readline()) for _ in range(2)]
        assert all(map(is_alive, children))
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    deadline = time.monotonic() + PATIENCE_S
    while any(map(is_alive, children)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_is_started_while_the_program_is_stopped_ends_too() -> None:
    """A child that SIGTERM comes too early for, as it is being started, does not run on."""
    script = (
        "import os, signal, sys\n"
        "from training.children import end_children_with_us, run_child\n"
        "end_children_with_us()\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    signal.pause()\n"
        "except SystemExit:\n"
        "    code = run_child([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "    sys.exit(-code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=PATIENCE_S, check=False)
    assert done.returncode == signal.SIGTERM
