"""Weights as integers: symmetric, one scale per column of the table and per row of a matrix.

The tables, 99.8% of the weights, are int8. The LSTM's matrices are int16: they add 5 KB to 12.6 MB,
and int8 turned 2 labels in 1,000 of texts that float32 had hardly decided (docs/LOG.md). A second
stage's matrices, 80 KB, stay float32.

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

GRAM_QUANTILE = 0.9999
WORD_QUANTILE = 0.9995
"""Part of a column's weights that the int8 codes reach, in the tables of n-grams and of words; the
few beyond are clipped, since finer steps for all others help more (docs/LOG.md)."""

LSTM_TYPE = np.int16
"""Of the codes of its matrices."""

FROZEN_QUANTILE = 0.9995
"""The same for both tables where the rest of the network is fitted to what was clipped. The others
find such a table as it is: what lies beyond them already has the clipped weight."""


def quantize(
    weights: Array,
    axis: int,
    quantile: float = 1.0,
    dtype: type[np.signedinteger[Any]] = np.int8,
) -> tuple[NDArray[np.signedinteger[Any]], NDArray[np.float32]]:
    """Round weights to integer codes.

    Args:
        weights: float32, any shape.
        axis: The axis along which one scale is shared.
        quantile: Part of the weights that the codes reach, 0 to 1; those beyond are clipped.
        dtype: Type of the codes.

    Returns:
        Codes of the same shape and float32 scales with ``axis`` kept as 1, such that
        ``codes * scales`` approximates ``weights``.
    """
    size = np.abs(weights)
    peak = np.quantile(size, quantile, axis=axis, keepdims=True, method="higher")
    largest = np.iinfo(dtype).max
    scale = (np.where(peak > 0, peak, 1) / largest).astype(np.float32)
    codes = np.rint(weights / scale).clip(-largest, largest)
    return codes.astype(dtype), scale


def round_weights(network: Network) -> Network:
    """A copy whose weights are those the int8 graph computes with, to check that graph against."""
    rounded = copy.deepcopy(network)
    with torch.no_grad():
        _round(rounded.table, axis=0, quantile=GRAM_QUANTILE)
        _round(rounded.word_table, axis=0, quantile=WORD_QUANTILE)
        for name, parameter in rounded.lstm.named_parameters():
            if name.startswith("weight"):
                _round(parameter, axis=1, dtype=LSTM_TYPE)
    return rounded


def freeze_tables(network: Network) -> None:
    """Round the tables, and let nothing change them: what is fitted from now on fits int8.

    Rounding them again finds the same codes, so the file and float32 differ by what rounding the
    LSTM to 16 bits does (docs/LOG.md, *Fitted to int8*).
    """
    for table in (network.table, network.word_table):
        with torch.no_grad():
            _round(table, axis=0, quantile=FROZEN_QUANTILE)
        table.requires_grad = False


def _round(
    parameter: torch.Tensor,
    axis: int,
    quantile: float = 1.0,
    dtype: type[np.signedinteger[Any]] = np.int8,
) -> None:
    codes, scale = quantize(parameter.detach().numpy(), axis, quantile, dtype)
    parameter.copy_(torch.from_numpy(codes * scale))
