"""The checks before a model is written: each one fails where the model is bad."""

import copy
from collections.abc import Sequence
from pathlib import Path

import onnx
import pytest
import torch

from scandid import InputError, ModelError
from scandid.reliability import KINDS, UNPROVEN
from tests.tiny_model import MAX_BYTES, RUN, TEXTS, tiny_network
from training.bundle import describe, write
from training.graph import build_graph
from training.quantization import round_weights
from training.validation import TorchModel
from training.verification import Check, GraphModel, table, verify

NETWORK = tiny_network(orders=(2, 3, 4), hidden=8)


def failures(
    quantized: onnx.ModelProto,
    *,
    full: onnx.ModelProto | None = None,
    reference: TorchModel | None = None,
    texts: Sequence[str] = TEXTS,
) -> list[str]:
    """Names of the checks that fail, without the size, which constants rule in a tiny model."""
    checks, _ = verify(
        GraphModel(quantized),
        GraphModel(full or build_graph(NETWORK, quantized=False)),
        reference or TorchModel(round_weights(NETWORK), MAX_BYTES),
        texts,
    )
    return [
        check.name for check in checks if not check.passed and not check.name.startswith("size")
    ]


def test_a_good_model_passes() -> None:
    """The graph of a network passes every check."""
    assert failures(build_graph(NETWORK, quantized=True)) == []


def test_a_fixed_axis_fails() -> None:
    """A graph whose time axis is a number is refused before any other check."""
    model = build_graph(NETWORK, quantized=True)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 64
    assert failures(model) == ["dynamic axes"]


def test_other_weights_than_torch_fail() -> None:
    """A graph of another network differs from torch, on texts and on other shapes."""
    other = tiny_network(seed=1, orders=(2, 3, 4), hidden=8)
    found = failures(build_graph(other, quantized=True), full=build_graph(other, quantized=False))
    assert found == ["shapes unlike the example's", "int8 graph against torch"]


def test_padding_that_leaks_into_answers_fails() -> None:
    """A graph whose LSTM does not know the lengths answers otherwise in a batch."""
    model = build_graph(NETWORK, quantized=True)
    (lstm,) = (node for node in model.graph.node if node.op_type == "LSTM")
    lstm.input[4] = ""
    assert "alone against in a batch" in failures(model)


def test_labels_that_int8_changes_fail() -> None:
    """Where the float32 network says something else too often, rounding has cost too much."""
    other = copy.deepcopy(NETWORK)
    with torch.no_grad():
        other.head.bias[2] += 100
    (found,) = failures(
        build_graph(NETWORK, quantized=True), full=build_graph(other, quantized=False)
    )
    assert found.startswith("int8 against float32")


def test_a_label_that_is_as_good_as_tied_may_change() -> None:
    """Where float32 finds both labels as likely, a small corpus is not refused for one of them."""
    tied = copy.deepcopy(NETWORK)
    with torch.no_grad():
        tied.head.weight.mul_(0.001)
        tied.head.bias.zero_()
    other = copy.deepcopy(tied)
    with torch.no_grad():
        other.head.bias[2] += 0.1
    quantized, full = (build_graph(network, quantized=False) for network in (tied, other))
    checks, _ = verify(GraphModel(quantized), GraphModel(full), TorchModel(tied, MAX_BYTES), TEXTS)
    (check,) = (each for each in checks if each.name.startswith("int8 against float32"))
    assert not check.measured.startswith("100")
    assert check.passed


def test_a_large_file_fails() -> None:
    """A graph that is as large as the float32 one is no gain."""
    model = build_graph(NETWORK, quantized=False)
    reference = TorchModel(NETWORK, MAX_BYTES)
    checks, _ = verify(GraphModel(model), GraphModel(model), reference, TEXTS)
    assert [check.name[:5] for check in checks if not check.passed] == ["size:"]


def test_the_table_shows_measure_and_limit() -> None:
    """Each check is a line: whether it holds, what was measured, what the limit is."""
    lines = table([Check("a", "1", "<= 2", True), Check("long", "3", "<= 2", False)]).splitlines()
    assert lines[0].split() == ["ok", "a", "1", "<=", "2"]
    assert lines[1].split() == ["FAIL", "long", "3", "<=", "2"]


def described(reference: TorchModel) -> onnx.ModelProto:
    """The network's graph with the golden examples of a reference."""
    model = build_graph(NETWORK, quantized=True)
    describe(
        model,
        reference,
        version="0",
        run=RUN,
        thresholds=dict.fromkeys(KINDS, 0.5),
        scores={},
        reliable=UNPROVEN,
    )
    return model


def test_a_file_that_does_not_verify_is_not_left_behind(tmp_path: Path) -> None:
    """Golden examples that the graph does not answer: nothing is written, an old file stays."""
    path = tmp_path / "m.onnx"
    path.write_bytes(b"old")
    other = TorchModel(tiny_network(seed=1, orders=(2, 3, 4), hidden=8), MAX_BYTES)
    with pytest.raises(ModelError, match="golden example"):
        write(described(other), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_called_as_a_temporary_one_is_written(tmp_path: Path) -> None:
    """Whatever the ending, the file stays and nothing lies beside it."""
    path = tmp_path / "m.tmp"
    write(described(TorchModel(round_weights(NETWORK), MAX_BYTES)), path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder that is a file is an error of one line."""
    (tmp_path / "file").write_bytes(b"")
    model = described(TorchModel(round_weights(NETWORK), MAX_BYTES))
    with pytest.raises(InputError, match=r"--out: .* cannot be written"):
        write(model, tmp_path / "file" / "m.onnx")
