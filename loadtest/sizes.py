"""What the network's sizes cost: the same call by networks of other sizes, with random weights.

``python -m loadtest.sizes docs/performance-sizes.json`` measures every configuration of that file
and writes its ``ratio`` to the shipped model's anew; how accurate each one is was written into the
same file by people, from docs/LOG.md. Needs the environment of training.
"""

import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from statistics import median
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from loadtest.command import files
from loadtest.library import TEXT_BYTES
from loadtest.texts import shuffled_texts
from scandid import Identifier
from scandid.encoding import encode_texts, pad
from scandid.model import Model
from training.graph import build_graph
from training.network import Network, NetworkConfig
from training.verification import GraphModel

TEXTS: Final = 200
CALLS: Final = 20
ROUNDS: Final = 20


class Runs(Protocol):
    """What can be timed."""

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Padded bytes ``[batch, time]`` to probabilities ``[batch, labels]``."""


def main() -> int:
    """Measure and rewrite the file."""
    (file,) = files(__doc__, "json")
    result = json.loads(file.read_text(encoding="utf-8"))
    shipped = Model.load()
    models: dict[str, Runs] = {"": shipped} | {
        row["name"]: _network(config_of(row["sizes"])) for row in result["rows"]
    }
    costs = _costs(models, list(_texts()))
    for row in result["rows"]:
        row["ratio"] = _ratio(costs[row["name"]], costs[""])
    result["library_ratio"] = _ratio(costs["library"], costs[""])
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def config_of(sizes: Mapping[str, Any]) -> NetworkConfig:
    """The shipped sizes but for these; JSON's lists are tuples there."""
    wanted: dict[str, Any] = {
        name: tuple(size) if isinstance(size, list) else size for name, size in sizes.items()
    }
    return NetworkConfig(**wanted)


def _network(config: NetworkConfig) -> GraphModel:
    """A network of this size as export.py would write it, but for what it has learnt."""
    return GraphModel(build_graph(Network(config).eval(), quantized=True))


def _texts() -> Iterator[list[str]]:
    """Texts of each call; no two calls share any."""
    texts = shuffled_texts(TEXT_BYTES, CALLS * TEXTS)
    for _ in range(CALLS):
        yield [*islice(texts, TEXTS)]


def _costs(models: Mapping[str, Runs], calls: Sequence[list[str]]) -> dict[str, list[float]]:
    """CPU seconds of all calls by model and round; a round asks every model, in a random order.

    ``library`` is the shipped model with everything around it: text to bytes, and answers.
    """
    identifier = Identifier.load()
    limit = identifier.metadata.max_bytes
    encoded = [pad([data for data, _ in encode_texts(texts, limit)]) for texts in calls]
    asked: dict[str, Callable[[], object]] = {
        "library": lambda: [identifier.identify_batch(texts) for texts in calls]
    }
    for name, model in models.items():
        asked[name] = partial(_ask_all, model, encoded)
    costs: dict[str, list[float]] = defaultdict(list)
    chance = random.Random(0)
    for _ in range(ROUNDS):
        for name, ask in chance.sample([*asked.items()], len(asked)):
            begin = time.process_time()
            ask()
            costs[name].append(time.process_time() - begin)
    return costs


def _ask_all(model: Runs, calls: Sequence[NDArray[np.uint8]]) -> None:
    for text in calls:
        model.probabilities(text)


def _ratio(costs: list[float], reference: list[float]) -> float:
    """Median over the rounds of the ratio within a round: a slow minute slows both."""
    return round(median(cost / other for cost, other in zip(costs, reference, strict=True)), 3)


if __name__ == "__main__":
    sys.exit(main())
