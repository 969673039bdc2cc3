"""A network of a few kilobytes with random weights, and the model file written from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import torch

from scandid import LABELS, Identifier
from scandid.reliability import KINDS, Reliability
from training.bundle import describe, write
from training.cascade import Cascade, CascadeConfig, build_network
from training.graph import build_graph
from training.network import Network, NetworkConfig
from training.quantization import round_weights
from training.validation import TorchModel

MAX_BYTES: Final = 256

RUN: Final[dict[str, Any]] = {
    "data": {"digest": "d" * 64},
    "provenance": {"run_id": "run"},
    "result": {"score": 0.5},
}
"""What export.py reads of a run.json."""

TEXTS: Final = (
    "Hva heter du, og hvor kommer du fra?",
    "Jag vet inte vad som hände.",
    "ja",
    "Æ Ø Å",
    "Что это?",
    "日本語のテキスト",
    "  mange   mellomrom\tog\nlinjer  ",
    "12 apostler, 3 musketerer",
    "x" * 700,
    "et to tre " * 40,
    "smo\u0308rga\u030as",
    "å",
)

Size: TypeAlias = int | float | tuple[int, ...]
"""A field of a network's configuration."""


def tiny_network(*, seed: int = 0, **sizes: Size) -> Network:
    """A network whose weights are large enough for answers to differ.

    Args:
        seed: Of its weights.
        sizes: Fields of its :class:`NetworkConfig`.
    """
    return _enlarged(NetworkConfig(**_sizes(sizes)), seed)


def tiny_cascade(*, seed: int = 0, **sizes: Size) -> Cascade:
    """The same in two stages, of which the second has something to say.

    Args:
        seed: Of its weights.
        sizes: Fields of its :class:`CascadeConfig`.
    """
    two_stages = {"orders": (3,), "width": 10, "doubt": 0.9, **sizes}
    network = _enlarged(CascadeConfig(**_sizes(two_stages)), seed)
    assert isinstance(network, Cascade)
    torch.nn.init.normal_(network.correct.weight)
    return network


def _sizes(given: Mapping[str, Size]) -> dict[str, Any]:
    orders = given.get("orders", (2, 3))
    assert isinstance(orders, tuple)
    tables = {"orders": orders, "rows": (128,) * len(orders), "word_rows": 256, "pair_rows": 64}
    return {**tables, "dim": 12, "window": 8, "hidden": 6, "directions": 2, **given}


def _enlarged(config: NetworkConfig, seed: int) -> Network:
    torch.manual_seed(seed)
    network = build_network(config).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(3)
    return network


def write_tiny_model(path: Path) -> Identifier:
    """Write a model file with random weights, the way export.py does."""
    network = tiny_network()
    model = build_graph(network, quantized=True)
    describe(
        model,
        TorchModel(round_weights(network), MAX_BYTES),
        version="0",
        run=RUN,
        thresholds=dict.fromkeys(KINDS, 0.5),
        scores={},
        reliable=Reliability((14,), dict.fromkeys(KINDS, dict.fromkeys(LABELS, (None, 0.5)))),
    )
    return write(model, path)
