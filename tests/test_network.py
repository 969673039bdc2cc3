"""The network in torch against the same network as an ONNX graph, in float32 and in int8."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scandid.encoding import encode_text, pad
from scandid.labels import LABELS
from tests.tiny_model import MAX_BYTES, TEXTS, tiny_cascade, tiny_network
from training.checkpoint import as_json, network_config
from training.fitting import Fitter, FittingConfig
from training.graph import build_graph
from training.network import NetworkConfig
from training.quantization import freeze_tables, quantize, round_weights
from training.validation import TorchModel
from training.verification import GraphModel

Row = NDArray[np.float32]

SHAPES: list[dict[str, Any]] = [
    {"orders": (2, 3), "window": 8, "hidden": 6},
    {"orders": (1,), "window": 16, "hidden": 1},
    {"orders": (2, 3, 4, 5), "window": 4, "hidden": 32},
    {"orders": (8, 1), "window": 1, "hidden": 3, "word_dim": 5},
    {"orders": (4,), "window": 24, "hidden": 6, "directions": 1},
]
CASCADES: list[dict[str, Any]] = [
    {},
    {"word_dim": 5, "window": 24, "directions": 1},
    {"doubt": 0.999},
]
NETWORKS = [
    *(tiny_network(**sizes) for sizes in SHAPES),
    *(tiny_cascade(**sizes) for sizes in CASCADES),
]
PAIRS = {
    (name, kind): (
        GraphModel(build_graph(network, quantized=kind == "int8")),
        TorchModel(torch_side, MAX_BYTES),
    )
    for name, network in zip("abcdefgh", NETWORKS, strict=True)
    for kind in ("int8", "float32")
    for torch_side in [round_weights(network) if kind == "int8" else network]
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Networks this small are slowed down by threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def encoded(texts: list[str]) -> NDArray[np.uint8]:
    """Texts as the models read them."""
    return pad([encode_text(text, MAX_BYTES)[0] for text in texts])


@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_graph_and_torch_agree_on_texts(pair: tuple[str, str]) -> None:
    """On real texts of all lengths in one batch both give the same, and texts differ."""
    graph, reference = PAIRS[pair]
    text = encoded(list(TEXTS))
    found = graph.probabilities(text)
    np.testing.assert_allclose(found, reference.probabilities(text), atol=1e-5)
    assert found.std(axis=0).min() > 0.001


@settings(max_examples=20)
@given(st.lists(st.binary(max_size=80).filter(lambda data: 0 not in data), min_size=1, max_size=6))
def test_graph_and_torch_agree_on_any_bytes(rows: list[bytes]) -> None:
    """Bytes that no text encodes to, and rows of padding alone, give the same too."""
    text = pad(rows)
    for graph, reference in PAIRS.values():
        np.testing.assert_allclose(
            graph.probabilities(text), reference.probabilities(text), atol=1e-5
        )


@pytest.mark.parametrize("shape", [(1, 32), (2, 64), (9, 96), (1, 1024), (40, 32)])
def test_the_graph_takes_any_shape(shape: tuple[int, int]) -> None:
    """Batch and time are free; windows that do not divide the time are filled up in the graph."""
    text = np.random.default_rng(0).integers(1, 256, shape).astype(np.uint8)
    for graph, reference in PAIRS.values():
        np.testing.assert_allclose(
            graph.probabilities(text), reference.probabilities(text), atol=1e-5
        )


@settings(max_examples=4)
@given(st.permutations(TEXTS))
def test_neighbours_and_padding_change_nothing(texts: list[str]) -> None:
    """Torch and graph judge each row by itself, however it is padded and whoever is beside it."""
    for pair in (PAIRS["a", "int8"], PAIRS["b", "float32"]):
        for model in pair:
            alone = np.concatenate([model.probabilities(encoded([text])) for text in texts[:4]])
            np.testing.assert_allclose(alone, model.probabilities(encoded(texts))[:4], atol=1e-5)


def test_the_order_of_words_matters() -> None:
    """The network is no bag of words: turning a text round changes its probabilities."""
    graph, _ = PAIRS["a", "float32"]
    there, back = graph.probabilities(encoded(["en to tre fire fem", "fem fire tre to en"]))
    assert np.abs(there - back).max() > 1e-4


def test_the_row_of_zeros_stays() -> None:
    """Row 0, which padding points to, is zero, so that padding adds nothing."""
    network = tiny_network()
    for table in (network.table, network.word_table):
        assert table[0].abs().sum().item() == 0
    grams, words = network.rows(torch.zeros(1, 16, dtype=torch.uint8))
    assert grams.abs().sum().item() == 0
    assert words.abs().sum().item() == 0


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"rows": (100, 128), "orders": (2, 3)}, "rows: 100 is not a power of two"),
        ({"word_rows": 0}, "word_rows: 0 is not a power of two"),
        ({"orders": (2, 3, 4)}, "rows: one for each of 3 orders, not 1"),
        ({"window": 0}, "window: 0 is below 1"),
        ({"directions": 3}, "directions: 3 is neither 1 nor 2"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes: dict[str, object], message: str) -> None:
    """A size the hashing or the windows cannot serve is named."""
    with pytest.raises(ValueError, match=message):
        NetworkConfig(**sizes)  # type: ignore[arg-type]


def test_a_configuration_survives_json() -> None:
    """What run.json holds is the configuration it was."""
    config = NetworkConfig(dim=7, orders=(1, 2), rows=(4, 8))
    assert network_config(as_json(config)) == config


@pytest.mark.parametrize(
    ("dtype", "largest", "steps"), [(np.int8, 127, 0.501), (np.int16, 32767, 0.51)]
)
@given(
    values=st.lists(
        st.lists(st.integers(-2000, 2000).map(lambda n: n / 256), min_size=3, max_size=3),
        min_size=1,
    )
)
def test_quantized_weights_are_near(
    dtype: type[np.signedinteger[Any]], largest: int, steps: float, values: list[list[float]]
) -> None:
    """Codes times scales miss a weight by half a step at the most; zeros stay zeros."""
    weights = np.array(values, np.float32)
    for axis in (0, 1):
        codes, scales = quantize(weights, axis, dtype=dtype)
        assert codes.dtype == dtype
        assert np.abs(codes.astype(np.int32)).max() <= largest
        assert (np.abs(codes * scales - weights) <= scales * steps).all()
        assert (codes[weights == 0] == 0).all()


def test_rounding_twice_is_rounding_once() -> None:
    """The rounded network is what int8 stores: it quantizes to itself, and the original stays."""
    network = tiny_network()
    before = network.table.detach().clone()
    once = round_weights(network)
    twice = round_weights(once)
    torch.testing.assert_close(once.table, twice.table, rtol=0, atol=1e-6)
    assert torch.equal(network.table, before)
    assert not torch.equal(once.table, before)


def test_frozen_tables_stay_what_int8_stores_while_the_rest_is_fitted() -> None:
    """Steps change the rest and no table, and rounding the tables again changes nothing."""
    network = tiny_network()
    freeze_tables(network)
    tables = [network.table.clone(), network.word_table.clone()]
    head = network.head.weight.clone()
    fitter = Fitter(network, FittingConfig(warmup=1))
    text = torch.from_numpy(encoded(["hva heter du", "jag heter anna"]).copy())
    targets = torch.eye(len(LABELS))[:2]
    for number in range(3):
        fitter.step([(text, targets)], number, progress=0)
    rounded = round_weights(network)
    for before, now, again in zip(
        tables,
        (network.table, network.word_table),
        (rounded.table, rounded.word_table),
        strict=True,
    ):
        assert torch.equal(before, now)
        torch.testing.assert_close(now, again, rtol=0, atol=1e-6)
    assert not torch.equal(head, network.head.weight)
