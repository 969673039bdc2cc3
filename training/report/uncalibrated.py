"""The same model without its calibration, to show what calibration does."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from scandid import Identifier
from scandid.errors import InputError
from training.calibration import Calibration


def uncalibrated(path: Path) -> Identifier:
    """Open a copy of a model file whose scales are 1 and whose shifts are 0.

    Raises:
        InputError: the file has no calibration in its graph.
    """
    model = onnx.load(path)
    scales, shifts = Calibration.identity().tables()
    plain = {"length_scales": scales, "length_shifts": shifts}
    found = [array for array in model.graph.initializer if array.name in plain]
    if len(found) != len(plain):
        raise InputError(f"{path}: has no calibration in its graph")
    for array in found:
        values = np.ascontiguousarray(plain[array.name])
        array.CopyFrom(numpy_helper.from_array(values, array.name))
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        onnx.save(model, copy)
        return Identifier.load(copy)
