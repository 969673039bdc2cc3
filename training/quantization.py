"""Weights as int8: symmetric, one scale per column of the table and per row of a matrix.

Only weights are quantized. Scales of activations would be taken over the whole batch and let a
neighbour's text move an answer by up to 9e-4 (measured on onnxruntime's DynamicQuantizeLSTM).
"""

import copy
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from training.network import Network

Array: TypeAlias = NDArray[Any]

_LARGEST = 127


def quantize(weights: Array, axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round weights to int8 codes.

    Args:
        weights: float32, any shape.
        axis: The axis along which one scale is shared.

    Returns:
        int8 codes of the same shape and float32 scales with ``axis`` kept as 1, such that
        ``codes * scales`` approximates ``weights``.
    """
    peak = np.abs(weights).max(axis=axis, keepdims=True)
    scale = (np.where(peak > 0, peak, 1) / _LARGEST).astype(np.float32)
    return np.rint(weights / scale).astype(np.int8), scale


def round_weights(network: Network) -> Network:
    """A copy whose weights are those the int8 graph computes with, to check that graph against."""
    rounded = copy.deepcopy(network)
    with torch.no_grad():
        _round(rounded.table, axis=0)
        for name, parameter in rounded.lstm.named_parameters():
            if name.startswith("weight"):
                _round(parameter, axis=1)
    return rounded


def _round(parameter: torch.Tensor, axis: int) -> None:
    codes, scale = quantize(parameter.numpy(), axis)
    parameter.copy_(torch.from_numpy(codes * scale))
