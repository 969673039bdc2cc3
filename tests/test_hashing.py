"""Hashing: sums are exact in float32, and torch and onnxruntime find the same table rows."""

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch.nn import functional

from training.hashing import MAX_ORDER, fold_byte, hash_constants, is_word_byte

ORDERS = [(2, 3, 4, 5), (1,), (MAX_ORDER,), (1, 2, 3, 4, 5, 6, 7, 8)]


@pytest.mark.parametrize("orders", ORDERS)
def test_sums_are_exact_in_float32(orders: tuple[int, ...]) -> None:
    """The largest sum a kernel can make is an integer below 2**24."""
    constants = hash_constants(orders)
    assert constants.byte_values.max() * constants.weights.sum(axis=(1, 2)).max() < 2**24
    assert (constants.byte_values == constants.byte_values.round()).all()
    assert (constants.weights == constants.weights.round()).all()


@pytest.mark.parametrize("orders", ORDERS)
def test_torch_and_onnxruntime_agree_to_the_bit(orders: tuple[int, ...]) -> None:
    """The convolution gives the same integers in torch, in onnxruntime and in plain integers."""
    constants = hash_constants(orders)
    text = np.random.default_rng(0).integers(0, 256, (5, 50))
    values, right = constants.byte_values[text][:, None, :], constants.weights.shape[-1] - 2
    padded = np.pad(values, ((0, 0), (0, 0), (1, right)))
    by_torch = functional.conv1d(torch.from_numpy(padded), torch.from_numpy(constants.weights))
    windows = np.lib.stride_tricks.sliding_window_view(padded[:, 0], right + 2, axis=1)
    exact = windows.astype(np.int64) @ constants.weights[:, 0].T.astype(np.int64)
    np.testing.assert_array_equal(by_torch.numpy(), exact.transpose(0, 2, 1))
    np.testing.assert_array_equal(_by_onnxruntime(values, constants.weights), by_torch.numpy())


def _by_onnxruntime(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, weights.shape[-1] - 2])
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xwy"]
    graph = helper.make_graph([node], "conv", kinds[:2], kinds[2:])
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found: np.ndarray = session.run(None, {"x": values, "w": weights})[0]
    return found


def test_constants_are_the_same_every_time() -> None:
    """A model trained yesterday finds its rows today."""
    first, second = hash_constants((2, 3)), hash_constants((2, 3))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.trigram_codes, second.trigram_codes)
    assert first.byte_values[[ord("a"), ord("b"), ord(" ")]].tolist() == [1578, 1172, 937]


def test_bytes_are_folded() -> None:
    """Capitals, digits and padding share values with what they stand for; nothing else does."""
    values = hash_constants((2,)).byte_values
    assert values[0] == 0
    assert values[ord("A")] == values[ord("a")]
    assert values[ord("7")] == values[ord("0")]
    assert len(set(values.tolist())) == 256 - 26 - 9


def test_words_are_made_of_letters() -> None:
    """Letters and the UTF-8 bytes of U+00C0 to U+00FF continue a word; quotes and dashes end it."""
    for letters in ("a", "z", "æ", "ø", "å", "ä", "ö", "é"):
        assert all(is_word_byte(fold_byte(byte)) for byte in letters.encode())
    for mark in (" ", "-", "7", ".", "\0"):
        assert not is_word_byte(fold_byte(ord(mark)))
    assert not is_word_byte("–".encode()[0])


@pytest.mark.parametrize("orders", [(), (0,), (MAX_ORDER + 1,), (2, 99)])
def test_orders_that_could_overflow_are_refused(orders: tuple[int, ...]) -> None:
    """An order whose sums could pass 2**24 is an error that names the limits."""
    with pytest.raises(ValueError, match=r"orders: .* between 1 and 8"):
        hash_constants(orders)
