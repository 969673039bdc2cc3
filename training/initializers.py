"""The constants of the ONNX graph: shapes, hashing tables and trained weights in ONNX's layout."""

from typing import Final

import numpy as np
from onnx import helper
from onnx.onnx_pb import NodeProto

from training.calibration import LONGEST
from training.hashing import PAIR_FACTOR, TRIGRAM_CODES
from training.network import Network
from training.quantization import TABLE_QUANTILE, Array, quantize

_INT64_MAX: Final = 2**63 - 1
_MATRICES: Final = ("lstm_input", "lstm_recurrent")


def constants(network: Network) -> dict[str, Array]:
    """Everything in the graph that training does not change."""
    return {**_shapes(network), **_hashing(network)}


def weights(network: Network, *, quantized: bool) -> tuple[dict[str, Array], list[NodeProto]]:
    """The trained weights, and the nodes that turn int8 matrices back into float32.

    The table has no such node: its rows are summed as int8. The matrices' nodes have constant
    inputs, so onnxruntime folds them away when it loads the model.
    """
    table, scale = _table(network, quantized)
    ones_type = np.uint8 if quantized else np.float32
    arrays = {
        "table": table,
        "table_scale": scale,
        "gram_ones": np.ones((1, network.config.window * len(network.config.orders)), ones_type),
        "lstm_bias": np.concatenate(
            [_both_directions(network, kind) for kind in ("bias_ih_l0", "bias_hh_l0")], axis=1
        ),
        "head_weight": network.head.weight.detach().numpy(),
        "head_bias": network.head.bias.detach().numpy(),
        "length_scales": network.length_scales.numpy(),
        "length_shifts": network.length_shifts.numpy(),
        "lstm_input": _both_directions(network, "weight_ih_l0"),
        "lstm_recurrent": _both_directions(network, "weight_hh_l0"),
    }
    nodes = [node for name in _MATRICES for node in _quantize(arrays, name)] if quantized else []
    return arrays, nodes


def _quantize(arrays: dict[str, Array], name: str) -> list[NodeProto]:
    """Replace a float32 matrix by int8 codes and scales, and return the nodes that restore it."""
    codes, scales = f"{name}_codes", f"{name}_scales"
    arrays[codes], arrays[scales] = quantize(arrays.pop(name), axis=-1)
    return [
        helper.make_node("Cast", [codes], [f"{name}_float"], to=1),
        helper.make_node("Mul", [f"{name}_float", scales], [name]),
    ]


def _table(network: Network, quantized: bool) -> tuple[Array, Array]:
    table = network.table.detach().numpy()
    if not quantized:
        return table, np.ones(table.shape[1], np.float32)
    codes, scale = quantize(table, axis=0, quantile=TABLE_QUANTILE)
    return codes, scale.reshape(-1)


def _both_directions(network: Network, name: str) -> Array:
    """Forward and backward parameter, gates reordered from torch's i f g o to ONNX's i o f c."""
    directions = []
    for suffix in ("", "_reverse"):
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
        "last": _int64(_INT64_MAX),
        "zero32": _int32(0),
        "one32": _int32(1),
        "longest": _int32(LONGEST),
        "one_float": np.array([1], np.float32),
        "window": _int64(window),
        "no_pads": _int64(0, 0, 0),
        "split": _int64(orders, 1),
        "one_right": _int64(0, 0, 0, 1),
        "shift_right": _int64(0, 1, 0, -1),
        "window_rows": _int64(0, -1, window * orders),
        "window_bytes": _int64(0, -1, window),
        "flat": _int64(0, -1),
        "one_line": _int64(0, 1, -1),
    }


def _hashing(network: Network) -> dict[str, Array]:
    masks = _int32(*network.config.masks)
    starts = _int32(*network.config.offsets[:-1])
    return {
        "byte_values": network.byte_values.numpy(),
        "kernels": network.kernels.numpy(),
        "word_bytes": network.word_bytes.numpy(),
        "trigram_codes": network.trigram_codes.numpy(),
        "trigram_mask": _int32(TRIGRAM_CODES - 1),
        "pair_factor": _int32(PAIR_FACTOR),
        "gram_masks": masks[:-2, None],
        "gram_starts": starts[:-2, None],
        "word_masks": masks[-2:, None],
        "word_starts": starts[-2:, None],
    }
