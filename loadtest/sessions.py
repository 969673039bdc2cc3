"""What settings of onnxruntime do to calls of every shape: CPU a text, and memory that stays.

``python -m loadtest.sessions docs/performance-sessions.json`` runs every variant in a process of
its own; they take turns, and all get the same calls: 1 to 64 texts of 20 to 2,000 bytes.
"""

import json
import math
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from multiprocessing.connection import Connection
from statistics import median
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from loadtest.command import files
from loadtest.processes import rss_mb
from loadtest.texts import texts_of
from scandid import LABELS, Identifier
from scandid.model import Model

ROUNDS: Final = 20
CALLS: Final = 250
"""Calls of a variant in a round: 5,000 in all."""

SHIPPED: Final = "as shipped"
VARIANTS: Final[Mapping[str, Mapping[str, bool]]] = {
    SHIPPED: {},
    "as shipped, once more": {},
    "without arena": {"enable_cpu_mem_arena": False},
    "without memory pattern": {"enable_mem_pattern": False},
    "without either": {"enable_cpu_mem_arena": False, "enable_mem_pattern": False},
    "output bound beforehand": {},
}
BOUND: Final = "output bound beforehand"
_MOST_TEXTS: Final = 2048
"""Shortest ones, as many as :data:`scandid.identifier.MAX_BATCH_BYTES` lets into one call."""


class BoundModel:
    """The shipped model, which writes its output where the last call's output was."""

    def __init__(self, model: Model) -> None:
        """Bind a model that is loaded already."""
        self.metadata = model.metadata
        self._session: Any = model._session  # the one user who needs it is this measurement
        self._binding = self._session.io_binding()
        self._output = np.empty((_MOST_TEXTS, len(LABELS)), np.float32)

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Padded bytes ``[batch, time]`` to ``[batch, labels]``, valid until the next call."""
        output = self._output[: len(text)]
        name = "probabilities"
        self._binding.bind_cpu_input("text", text)
        self._binding.bind_output(
            name, "cpu", 0, np.float32, output.shape, output.__array_interface__["data"][0]
        )
        self._session.run_with_iobinding(self._binding)
        return output


def main() -> int:
    """Measure every variant and write the file."""
    (file,) = files(__doc__, "json")
    rows = measure(ROUNDS, CALLS)
    result = {"onnxruntime": onnxruntime.__version__, "calls": ROUNDS * CALLS, "rows": rows}
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def measure(rounds: int, calls: int) -> list[dict[str, Any]]:
    """CPU as median over the rounds of the ratio to the shipped settings, and resident memory."""
    context = multiprocessing.get_context("spawn")
    workers: dict[str, Connection] = {}
    for name in VARIANTS:
        ours, theirs = context.Pipe()
        context.Process(target=_work, args=(name, theirs), daemon=True).start()
        workers[name] = ours
    start_mb = {name: float(worker.recv()) for name, worker in workers.items()}
    costs: dict[str, list[float]] = {name: [] for name in VARIANTS}
    end_mb: dict[str, float] = {}
    for _ in range(rounds):
        for name, worker in workers.items():
            worker.send(calls)
            cost, end_mb[name] = worker.recv()
            costs[name].append(cost)
    for worker in workers.values():
        worker.send(0)
    return [
        {
            "name": name,
            "ratio": round(median(_ratios(costs[name], costs[SHIPPED])), 3),
            "start_mb": round(start_mb[name], 1),
            "end_mb": round(end_mb[name], 1),
        }
        for name in VARIANTS
    ]


def _ratios(costs: list[float], reference: list[float]) -> Iterator[float]:
    return (cost / other for cost, other in zip(costs, reference, strict=True))


def _work(name: str, pipe: Connection) -> None:
    """Answer each number of calls with their CPU seconds and the memory after them, 0 ends."""
    identifier = identifier_with(name)
    texts = varied_texts()
    pipe.send(rss_mb(os.getpid()))
    while calls := pipe.recv():
        cost = 0.0
        for batch in (next(texts) for _ in range(calls)):
            begin = time.process_time()
            identifier.identify_batch(batch)
            cost += time.process_time() - begin
        pipe.send((cost, rss_mb(os.getpid())))


def identifier_with(name: str) -> Identifier:
    """That of scandid, with session options that differ in what the variant says alone."""
    with patch.object(onnxruntime, "SessionOptions", _with(VARIANTS[name])):
        model = Model.load()
    return Identifier(BoundModel(model) if name == BOUND else model)


def _with(settings: Mapping[str, bool]) -> Callable[[], Any]:
    original = onnxruntime.SessionOptions

    def options() -> Any:  # noqa: ANN401  # onnxruntime ships no types
        made = original()
        for setting, value in settings.items():
            setattr(made, setting, value)
        return made

    return options


def varied_texts() -> Iterator[list[str]]:
    """Lists of 1 to 64 texts without end, lengths even on a logarithmic scale, ever the same."""
    chance = random.Random(0)
    pool = {size: texts_of(size, 64) for size in range(20, 2001, 20)}
    sizes = [*pool]
    while True:
        count = chance.randint(1, 64)
        lengths = (math.exp(chance.uniform(math.log(20), math.log(2000))) for _ in range(count))
        yield [chance.choice(pool[sizes[round(length / 20) - 1]]) for length in lengths]


if __name__ == "__main__":
    sys.exit(main())
