"""What a second core of this machine can bring at all: a loop without kernel and memory.

Cores of a rented machine are often halves of one, or shared with neighbours; then no program is
twice as fast on two of them. How two workers do is to be read beside this.
"""

import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

from loadtest.processes import pinned


def core_scaling(cores: Sequence[int], seconds: float, rounds: int) -> float:
    """How many times as far the loop gets on these cores together as on one of them.

    Args:
        cores: The cores; each runs a process of its own.
        seconds: Length of each turn.
        rounds: Turns of each core alone and of all together; the median counts.
    """
    with ProcessPoolExecutor(len(cores), get_context("spawn")) as pool:
        _steps(pool, cores, seconds / 10)
        return median(
            _steps(pool, cores, seconds)
            / (sum(_steps(pool, [core], seconds) for core in cores) / len(cores))
            for _ in range(rounds)
        )


def _steps(pool: Executor, cores: Sequence[int], seconds: float) -> int:
    turns = [pool.submit(_count, core, seconds) for core in cores]
    return sum(turn.result() for turn in turns)


def _count(core: int, seconds: float) -> int:
    steps = 0
    with pinned([core]):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            steps += 1
    return steps
