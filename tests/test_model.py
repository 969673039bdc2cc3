"""The model file: what is read from it, and what is refused."""

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from scandid import LABELS, Identifier, ModelError
from scandid.model import METADATA_KEY, Model

Fields = dict[str, Any]


def tampered(source: Path, target: Path, change: Callable[[Fields], object]) -> Path:
    """A copy of a model file with other metadata."""
    model = onnx.load(source)
    (entry,) = (entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    fields = json.loads(entry.value)
    change(fields)
    entry.value = json.dumps(fields)
    onnx.save(model, target)
    return target


def test_metadata_describes_the_file(tiny_model: Path) -> None:
    """A loaded model says what it is; its digest is that of the file."""
    metadata = Identifier.load(tiny_model).metadata
    assert metadata.labels == LABELS
    assert metadata.sha256 == hashlib.sha256(tiny_model.read_bytes()).hexdigest()
    assert (metadata.version, metadata.run_id, metadata.max_bytes) == ("0", "run", 256)
    assert metadata.data_digest == "d" * 64
    assert metadata.created.endswith("+00:00")
    assert len(metadata.golden) > 10


def test_the_default_is_the_shipped_model(shipped_model: Path) -> None:
    """Loading without a path opens the file under models/."""
    assert Model.load().path == shipped_model


def test_the_file_is_not_held_beside_the_session(shipped_model: Path) -> None:
    """Of a model that is loaded, Python keeps less than a tenth of its file's size."""
    tracemalloc.start()
    try:
        model = Model.load(shipped_model)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert model.metadata.max_bytes
    assert most > shipped_model.stat().st_size  # the file was read: this can see what is held
    assert held < shipped_model.stat().st_size / 10


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ModelError, match=r"absent\.onnx cannot be read: No such file"):
        Identifier.load(tmp_path / "absent.onnx")


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    """A folder is refused in our words."""
    with pytest.raises(ModelError, match="cannot be read"):
        Identifier.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x08" * 50])
def test_what_is_no_onnx_is_refused(tmp_path: Path, content: bytes) -> None:
    """Any other file is a ModelError, whatever onnxruntime raised."""
    path = tmp_path / "file.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"file\.onnx"):
        Identifier.load(path)


def test_a_torn_file_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    """A file of which the end is missing is refused."""
    path = tmp_path / "torn.onnx"
    path.write_bytes(tiny_model.read_bytes()[:-5000])
    with pytest.raises(ModelError, match=r"torn\.onnx"):
        Identifier.load(path)


def test_a_foreign_model_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    """An ONNX model without our metadata, or with another input, is refused."""
    model = onnx.load(tiny_model)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(ModelError, match="metadata 'scandid' is missing"):
        Identifier.load(tmp_path / "bare.onnx")
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    ports = [onnx.helper.make_tensor_value_info(name, 1, [1]) for name in "xy"]
    graph = onnx.helper.make_graph([node], "foreign", ports[:1], ports[1:])
    opset = [onnx.helper.make_opsetid("", 18)]
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / "f.onnx"
    )
    with pytest.raises(ModelError, match=r"inputs is \['x'\]"):
        Identifier.load(tmp_path / "f.onnx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda fields: fields.update(format=1), "format is 1, .* reads 4; export the run again"),
        (lambda fields: fields.pop("reliable"), "'reliable'"),
        (lambda fields: fields["reliable"]["least"].pop("one word"), "for 2 lengths"),
        (lambda fields: fields["reliable"].update(bytes=[9, 9]), r"bytes \(9, 9\) do not rise"),
        (lambda fields: fields.update(labels=["dan", "swe"]), r"labels is \('dan', 'swe'\)"),
        (lambda fields: fields.update(encoding="utf-8"), "encoding is 'utf-8'"),
        (lambda fields: fields["thresholds"].pop("one word"), "kinds with a threshold"),
        (lambda fields: fields["thresholds"].update({"one word": {"dan": 0.5}}), "cannot be read"),
        (lambda fields: fields.update(thresholds=[0.5]), "cannot be read"),
        (lambda fields: fields.update(reliable=3), "cannot be read"),
        (lambda fields: fields.update(golden=[]), "no golden examples"),
        (lambda fields: fields.pop("max_bytes"), "max_bytes"),
        (lambda fields: fields.update(surprise=1), "surprise"),
        (lambda fields: fields.pop("format"), "'format'"),
    ],
)
def test_metadata_of_another_kind_is_refused(
    tmp_path: Path, tiny_model: Path, change: Callable[[Fields], object], message: str
) -> None:
    """Another format, other labels, another encoding or a missing field: refused by name."""
    path = tampered(tiny_model, tmp_path / "changed.onnx", change)
    with pytest.raises(ModelError, match=message):
        Identifier.load(path)


@pytest.mark.parametrize("value", ["[]", "3", "no json", '["a"]'])
def test_metadata_that_is_no_object_is_refused(
    tmp_path: Path, tiny_model: Path, value: str
) -> None:
    """Metadata that is no JSON object is refused, not a crash."""
    model = onnx.load(tiny_model)
    model.metadata_props[0].value = value
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(ModelError, match=r"metadata 'scandid' cannot be read"):
        Identifier.load(tmp_path / "m.onnx")


def test_weights_that_were_changed_fail_the_golden_examples(
    tmp_path: Path, tiny_model: Path
) -> None:
    """A file whose weights are not those that were exported loads, and does not verify."""
    model = onnx.load(tiny_model)
    (bias,) = (array for array in model.graph.initializer if array.name == "head_bias")
    bias.CopyFrom(
        numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(0.05), bias.name)
    )
    onnx.save(model, tmp_path / "changed.onnx")
    with pytest.raises(ModelError, match="golden example"):
        Identifier.load(tmp_path / "changed.onnx").verify()
