"""The constants of the ONNX graph: shapes, hashing tables and trained weights in ONNX's layout."""

from typing import Final

import numpy as np
from onnx import helper
from onnx.onnx_pb import NodeProto
from torch import Tensor

from scandid.folding import SPACE
from training.calibration import LONGEST
from training.cascade import Cascade
from training.cascade_graph import stage_constants, stage_weights
from training.hashing import PAIR_FACTOR
from training.network import Network, NetworkConfig
from training.quantization import GRAM_QUANTILE, LSTM_TYPE, WORD_QUANTILE, Array, quantize

_PACKED_COLUMNS: Final = 8


def constants(network: Network) -> dict[str, Array]:
    """Everything that training does not change, for graphs of any number of orders."""
    again = stage_constants(network) if isinstance(network, Cascade) else {}
    return {**_shapes(network), **_hashing(network), **again}


def weights(network: Network, *, quantized: bool) -> tuple[dict[str, Array], list[NodeProto]]:
    """The trained weights, and the nodes that turn integer matrices back into float32.

    The tables have no such node: their rows are summed as int8, and their scales go into the
    matrices that read the sums. All nodes have constant inputs: onnxruntime folds them at load.
    """
    table, scale = _table(network.table, GRAM_QUANTILE if quantized else None)
    word_table, word_scale = _table(network.word_table, WORD_QUANTILE if quantized else None)
    ones_type = np.uint8 if quantized else np.float32
    head = network.head.weight.detach().numpy().copy()
    head[:, -len(scale) - len(word_scale) :] *= np.concatenate([scale, word_scale])
    arrays = {
        "gram_table": _by_hash(table, network),
        "word_table": _packed(word_table)
        if is_packed(network.config, quantized=quantized)
        else word_table,
        "gram_ones": np.ones((1, network.config.window * len(network.config.orders)), ones_type),
        "lstm_bias": np.concatenate(
            [_directions(network, kind) for kind in ("bias_ih_l0", "bias_hh_l0")], axis=1
        ),
        "head_weight": head,
        "head_bias": network.head.bias.detach().numpy(),
        "length_scales": network.length_scales.numpy(),
        "length_shifts": network.length_shifts.numpy(),
        "lstm_input": _directions(network, "weight_ih_l0"),
        "lstm_recurrent": _directions(network, "weight_hh_l0"),
    }
    if isinstance(network, Cascade):
        arrays |= stage_weights(network, scale, word_scale)
    if not quantized:
        return arrays, []
    nodes = [*_quantize(arrays, "lstm_input", scale), *_quantize(arrays, "lstm_recurrent")]
    return arrays, nodes


def _quantize(arrays: dict[str, Array], name: str, columns: Array | None = None) -> list[NodeProto]:
    """Replace a float32 matrix by integer codes and scales, and return the nodes that restore it.

    Args:
        arrays: The initializers; changed in place.
        name: The matrix, scales by row.
        columns: float32 ``[columns]``, factors of the restored matrix's columns.
    """
    codes, scales = quantize(arrays.pop(name), axis=-1, dtype=LSTM_TYPE)
    arrays[f"{name}_codes"] = codes
    arrays[f"{name}_scales"] = scales if columns is None else scales * columns
    return [
        helper.make_node("Cast", [f"{name}_codes"], [f"{name}_float"], to=1),
        helper.make_node("Mul", [f"{name}_float", f"{name}_scales"], [name]),
    ]


def _table(weights: Tensor, quantile: float | None) -> tuple[Array, Array]:
    """The table and a scale for each column: int8 by a quantile, or float32 and ones."""
    table = weights.detach().numpy()
    if quantile is None:
        return table, np.ones(table.shape[1], np.float32)
    codes, scale = quantize(table, axis=0, quantile=quantile)
    return codes, scale.reshape(-1)


def is_packed(config: NetworkConfig, *, quantized: bool) -> bool:
    """Whether a row of words fills one integer of 64 bits, and is read as one."""
    return quantized and config.word_dim == _PACKED_COLUMNS


def _packed(table: Array) -> Array:
    """int8 ``[rows, 8]`` as uint64 ``[rows]``, the first column in the lowest byte."""
    return np.ascontiguousarray(table).view("<u8").reshape(-1)


def _by_hash(table: Array, network: Network) -> Array:
    """The table of n-grams without the row of zeros; the first of each part is one instead."""
    rows = table[1:].copy()
    rows[[start - 1 for start in network.config.grams.starts]] = 0
    return rows


def _directions(network: Network, name: str) -> Array:
    """Forward and backward parameter, gates reordered from torch's i f g o to ONNX's i o f c."""
    directions = []
    for suffix in ("", "_reverse")[: network.config.directions]:
        array = network.lstm.get_parameter(name + suffix).detach().numpy()
        i, f, g, o = np.split(array, 4)
        directions.append(np.concatenate([i, o, f, g]))
    return np.stack(directions)


def _int64(*values: int) -> Array:
    return np.array(values, np.int64)


def _int32(*values: int) -> Array:
    return np.array(values, np.int32)


def _shapes(network: Network) -> dict[str, Array]:
    window, orders = network.config.window, len(network.config.orders)
    return {
        "zero": _int64(0),
        "one": _int64(1),
        "two": _int64(2),
        "zero_and_one": _int64(0, 1),
        "one_and_two": _int64(1, 2),
        "zero32": _int32(0),
        "one32": _int32(1),
        "two32": _int32(2),
        "longest": _int32(LONGEST),
        "several_start": _int32(LONGEST + 1),
        "one_float": np.array([1], np.float32),
        "zero_scalar": np.array(0, np.int32),
        "one_scalar": np.array(1, np.int32),
        "window": _int64(window),
        "window32": _int32(window),
        "window_less_one": _int32(window - 1),
        "no_pads": _int64(0, 0, 0, 0, 0),
        "split": _int64(orders, 1, 1),
        "shift_right": _int64(0, 0, 1, 0, 0, -1),
        "window_rows": _int64(0, -1, window * orders, 1),
        "flat": _int64(0, -1),
        "minus_one": _int64(-1),
        "one_line": _int64(0, 1, -1),
        "one_column": _int64(0, -1, 1),
        "one_line_each": _int64(1, -1),
        "byte_shifts": 8 * np.arange(_PACKED_COLUMNS, dtype=np.uint64)[:, None],
    }


def _hashing(network: Network) -> dict[str, Array]:
    grams, words = network.config.grams, network.config.words
    return {
        "kernels": network.kernels.numpy(),
        "biases": network.biases.numpy(),
        "space": _int32(SPACE),
        "pair_factor": _int32(PAIR_FACTOR),
        "gram_masks": _int32(*grams.masks)[:, None],
        "gram_starts": _int32(*grams.starts)[:, None] - 1,
        "word_masks": _int32(*words.masks)[:, None],
        "word_starts": _int32(*words.starts)[:, None],
    }
