"""A model file's weights as a network again, so that a run can start from what was shipped.

Runs leave float32 weights that are three times the file's size and are seldom kept; the file itself
always is. Its int8 codes are what the network computed with, so nothing is lost that answers show.
"""

from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from scandid.errors import InputError
from training.cascade import CascadeConfig, build_network
from training.cascade_graph import cascade_config, stage_tensors
from training.network import Network, NetworkConfig
from training.quantization import Array

SUFFIX: Final = ".onnx"

Arrays: TypeAlias = dict[str, Array]


def read_network(path: Path) -> Network:
    """Rebuild the network that ``export.py`` wrote as int8, without its calibration.

    Raises:
        InputError: the file is missing, is no ONNX, or holds no int8 network of this project.
    """
    try:
        model = onnx.load(path)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such model file; write one with export.py") from error
    except Exception as error:  # protobuf's errors have no common base that it exports
        raise InputError(f"{path}: is no ONNX file: {error}") from error
    arrays = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    try:
        network = build_network(_config(arrays))
        network.load_state_dict(network.state_dict() | _weights(arrays, network.config))
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path}: holds no int8 network of export.py: {reason}") from error
    return network.eval()


def _config(arrays: Arrays) -> NetworkConfig:
    """Sizes of the network, from the shapes and constants of its graph."""
    kernels = arrays["kernels"][:-2, 0]
    directions, _, hidden = arrays["lstm_recurrent_codes"].shape
    words, pairs = (int(mask) + 1 for mask in arrays["word_masks"].ravel())
    sizes = NetworkConfig(
        orders=tuple(int(np.count_nonzero(kernel)) for kernel in kernels),
        rows=tuple(int(mask) + 1 for mask in arrays["gram_masks"].ravel()),
        word_rows=words,
        pair_rows=pairs,
        dim=arrays["gram_table"].shape[1],
        word_dim=_word_codes(arrays).shape[1],
        window=int(arrays["window32"].item()),
        hidden=hidden,
        directions=directions,
    )
    return cascade_config(arrays, sizes) if "enter_weight" in arrays else sizes


def _weights(arrays: Arrays, config: NetworkConfig) -> dict[str, torch.Tensor]:
    largest = np.iinfo(arrays["lstm_input_codes"].dtype).max
    scales = _column_scales(arrays["lstm_input_scales"], largest)
    head = arrays["head_weight"].copy()
    states, bag = np.split(head, [-config.dim - config.word_dim], axis=1)
    word_scales = np.abs(bag[:, config.dim :]).max(axis=0) / np.abs(states).max()
    head[:, states.shape[1] :] /= np.concatenate([scales, word_scales])
    grams = np.concatenate([np.zeros((1, config.dim), np.int8), arrays["gram_table"]])
    found = {
        "table": grams * scales,
        "word_table": _word_codes(arrays) * word_scales,
        "head.weight": head,
        "head.bias": arrays["head_bias"],
    }
    parts = {
        "weight_ih_l0": arrays["lstm_input_codes"] * arrays["lstm_input_scales"] / scales,
        "weight_hh_l0": arrays["lstm_recurrent_codes"] * arrays["lstm_recurrent_scales"],
        "bias_ih_l0": arrays["lstm_bias"][:, : 4 * config.hidden],
        "bias_hh_l0": arrays["lstm_bias"][:, 4 * config.hidden :],
    }
    for name, directions in parts.items():
        for suffix, array in zip(("", "_reverse"), directions, strict=False):
            i, o, f, g = np.split(array, 4)  # ONNX's order of gates
            found[f"lstm.{name}{suffix}"] = np.concatenate([i, f, g, o])
    if isinstance(config, CascadeConfig):
        found |= stage_tensors(arrays, scales, word_scales)
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in found.items()}


def _column_scales(scales: NDArray[np.float32], largest: int) -> NDArray[np.float32]:
    """What of a product of row and column scales, ``[directions, rows, columns]``, is columns'.

    A table's scale and the matrix that reads it are one product in the file, and a factor can stand
    in either: it is chosen so that the largest weights of the matrix' rows are 1.
    """
    columns: NDArray[np.float32] = np.exp(np.log(scales).mean(axis=(0, 1)))
    rows = (scales / columns).mean(axis=2)
    return columns * np.float32(rows.mean() * largest)


def _word_codes(arrays: Arrays) -> NDArray[np.int8]:
    """Rows of words as int8; eight columns are packed into one integer in the file."""
    table = arrays["word_table"]
    return table.view(np.int8).reshape(len(table), -1) if table.ndim == 1 else table
