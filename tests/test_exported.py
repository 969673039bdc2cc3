"""Networks read back from model files."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from scandid import InputError
from scandid.encoding import encode_texts, pad
from tests.tiny_model import MAX_BYTES, TEXTS, tiny_cascade, tiny_network
from training.checkpoint import copy_weights
from training.exported import read_network
from training.graph import build_graph
from training.network import Network
from training.quantization import round_weights
from training.validation import TorchModel

BYTES = pad([data for data, _ in encode_texts(TEXTS, MAX_BYTES)])


def written(network: Network, path: Path, *, quantized: bool = True) -> Path:
    """The file that holds this network."""
    onnx.save(build_graph(network, quantized=quantized), path)
    return path


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {"word_dim": 5, "window": 24},
        {"directions": 1, "hidden": 9},
        {"orders": (2, 3, 4, 5), "window": 4},
        {"doubt": 0.95},
        {"doubt": 0.8, "word_dim": 5, "width": 4},
    ],
    ids=str,
)
def test_what_a_file_computes_is_read_back(sizes: dict[str, Any], tmp_path: Path) -> None:
    """The network has the sizes and gives the answers of the one that was written, as int8."""
    network = tiny_cascade(**sizes) if "doubt" in sizes else tiny_network(**sizes)
    found = read_network(written(network, tmp_path / "a.onnx"))
    assert found.config == network.config
    expected = TorchModel(round_weights(network), MAX_BYTES).probabilities(BYTES)
    np.testing.assert_allclose(
        TorchModel(found, MAX_BYTES).probabilities(BYTES), expected, atol=1e-5
    )


def test_writing_it_again_changes_nothing(tmp_path: Path) -> None:
    """Codes of what was read are the codes that were written: nothing is lost twice."""
    once = read_network(written(tiny_network(), tmp_path / "a.onnx"))
    twice = read_network(written(once, tmp_path / "b.onnx"))
    first, second = (TorchModel(each, MAX_BYTES).probabilities(BYTES) for each in (once, twice))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_a_run_can_start_from_a_file(tmp_path: Path) -> None:
    """A new network takes all weights of a file of its own sizes."""
    path = written(tiny_network(seed=1), tmp_path / "a.onnx")
    network = tiny_network(seed=2)
    assert copy_weights(path, network) == []
    taken, read = (TorchModel(each, MAX_BYTES) for each in (network, read_network(path)))
    np.testing.assert_array_equal(taken.probabilities(BYTES), read.probabilities(BYTES))


def test_files_that_hold_no_such_network_are_named(tmp_path: Path) -> None:
    """No file, no ONNX, and a float32 graph are each one error with the path."""
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    full = written(tiny_network(), tmp_path / "full.onnx", quantized=False)
    for path, message in (
        (tmp_path / "gone.onnx", "no such model file"),
        (broken, "is no ONNX file"),
        (full, "holds no int8 network"),
    ):
        with pytest.raises(InputError, match=f"{path.name}.*{message}"):
            read_network(path)
