"""Hashing: sums are exact in float32, and torch and onnxruntime find the same table rows."""

import itertools

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch.nn import functional

from scandid.encoding import encode_text, pad
from training.hashing import MAX_ORDER, hash_constants
from training.network import Network, NetworkConfig

ORDERS = [(2, 3, 4, 5), (1,), (MAX_ORDER,), (1, 2, 3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("orders", ORDERS)
def test_sums_are_exact_in_float32(orders: tuple[int, ...]) -> None:
    """The largest sum a kernel can make is an integer below 2**24."""
    constants = hash_constants(orders)
    assert 255 * constants.kernels.sum(axis=(1, 2)).max() + constants.biases.max() < 2**24
    assert (constants.kernels == constants.kernels.round()).all()


@pytest.mark.parametrize("orders", ORDERS)
def test_torch_and_onnxruntime_agree_to_the_bit(orders: tuple[int, ...]) -> None:
    """The convolution gives the same integers in torch, in onnxruntime and in plain integers."""
    kernels, biases = hash_constants(orders).kernels, hash_constants(orders).biases
    text = np.random.default_rng(0).integers(0, 256, (5, 50)).astype(np.float32)
    values, right = text[:, None, :], kernels.shape[-1] - 2
    padded = np.pad(values, ((0, 0), (0, 0), (1, right)))
    tensors = [torch.from_numpy(array) for array in (padded, kernels, biases)]
    by_torch = functional.conv1d(tensors[0], tensors[1], tensors[2])
    windows = np.lib.stride_tricks.sliding_window_view(padded[:, 0], right + 2, axis=1)
    exact = windows.astype(np.int64) @ kernels[:, 0].T.astype(np.int64) + biases.astype(np.int64)
    np.testing.assert_array_equal(by_torch.numpy(), exact.transpose(0, 2, 1))
    np.testing.assert_array_equal(_by_onnxruntime(values, kernels, biases), by_torch.numpy())


def _by_onnxruntime(values: np.ndarray, kernels: np.ndarray, biases: np.ndarray) -> np.ndarray:
    node = helper.make_node("Conv", ["x", "w", "b"], ["y"], pads=[1, kernels.shape[-1] - 2])
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xwby"]
    graph = helper.make_graph([node], "conv", kinds[:3], kinds[3:])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found: np.ndarray = session.run(None, {"x": values, "w": kernels, "b": biases})[0]
    return found


def test_constants_are_the_same_every_time() -> None:
    """A model trained yesterday finds its rows today."""
    first, second = hash_constants((2, 3)), hash_constants((2, 3))
    np.testing.assert_array_equal(first.kernels, second.kernels)
    assert first.kernels[0, 0, 1:3].tolist() == [5901, 4059]


def test_words_spread_over_their_rows() -> None:
    """Anagrams and words with like endings share rows as seldom as random numbers would."""
    starts = itertools.product("bdfgklmst", "aeiouyæøå", "bdfgklmst")
    words = [f"{''.join(start)}{end}" for start in starts for end in ("en", "ene", "ane", "erne")]
    words += ["".join(letters) for letters in itertools.permutations("abcdefg", 5)]
    network = Network(NetworkConfig(word_rows=4096, dim=1, hidden=1))
    text = torch.from_numpy(pad([encode_text(word, 64)[0] for word in words]).copy())
    rows = len(torch.unique(network.rows(text)[1][:, 2]))
    assert rows > 0.97 * 4096 * (1 - (1 - 1 / 4096) ** len(words))


@pytest.mark.parametrize("orders", [(), (0,), (MAX_ORDER + 1,), (2, 99)])
def test_orders_that_could_overflow_are_refused(orders: tuple[int, ...]) -> None:
    """An order whose sums could pass 2**24 is an error that names the limits."""
    with pytest.raises(ValueError, match=r"orders: .* between 1 and 8"):
        hash_constants(orders)
