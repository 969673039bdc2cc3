"""Memory that bodies have taken goes back to the system."""

import subprocess
import sys

import pytest

COURSE = """
from pathlib import Path
from server.memory import give_back_what_is_freed
{call}
def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20
bytes(8 << 20)  # a long block that is freed: where glibc learns to keep what is shorter
before = resident_mb()
held, short = [], []
for _ in range(400):
    held.append(bytes(b"a" * 250_000))
    short.append(bytes(b"a" * 5_000))
assert resident_mb() - before > 90
held.clear()
print(resident_mb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel for resident memory")
@pytest.mark.parametrize(
    ("call", "least", "most"), [("", 50, 110), ("give_back_what_is_freed()", 0, 20)]
)
def test_long_blocks_go_back(call: str, least: int, most: int) -> None:
    """Of 100 MB in pieces of bodies nothing stays, where short blocks between them keep it all."""
    command = [sys.executable, "-c", COURSE.format(call=call)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert least <= int(done.stdout) <= most
