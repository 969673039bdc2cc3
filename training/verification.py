"""The checks a model file must pass before it is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from scandid.encoding import encode_texts, pad
from scandid.labels import LABELS
from training.validation import TorchModel

MAX_DIFFERENCE: Final = 1e-5
MIN_AGREEMENT: Final = 0.998
NEAR: Final = 0.05
"""Probability by which two labels are as good as tied, whichever rounding puts first. Of few texts
one is more than a share allows, and fifteen short runs differed by 0.025 at the most."""

MAX_SIZE_RATIO: Final = 1 / 3

_SHAPES: Final = ((1, 32), (3, 64), (7, 160), (40, 32), (2, 1024))
_TEXTS_COMPARED: Final = 256


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was measured, what the limit is, whether it holds, and else what to do."""

    name: str
    measured: str
    limit: str
    passed: bool
    remedy: str = "this is a fault of the export, please report it"

    def __str__(self) -> str:
        """What failed, as part of an error."""
        return f"{self.name}: {self.measured}, expected {self.limit}; {self.remedy}"


class GraphModel:
    """An ONNX graph in memory, run on one thread."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Open a session on the serialized model."""
        self.size = model.ByteSize()
        self.inputs = [_shape(value) for value in model.graph.input]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Padded bytes ``[batch, time]`` to probabilities ``[batch, labels]``."""
        output: NDArray[np.float32] = self._session.run(None, {"text": text})[0]
        return output


def _shape(value: onnx.ValueInfoProto) -> list[str | int]:
    """Name of each axis, or its length where it is fixed."""
    return [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim]


def verify(
    quantized: GraphModel, full: GraphModel, reference: TorchModel, texts: Sequence[str]
) -> tuple[list[Check], NDArray[np.float32]]:
    """Compare the int8 graph with torch, with itself in batches, and with the float32 graph.

    Args:
        quantized: The graph to be shipped.
        full: The same network in float32.
        reference: Torch, with the weights rounded as in ``quantized``.
        texts: Held-out texts.

    Returns:
        The checks, and the probabilities ``[texts, labels]`` of ``quantized``, each text by itself;
        none where the axes are fixed, since other shapes would not even run.
    """
    axes = _symbolic(quantized)
    if not axes.passed:
        return [axes], np.zeros((0, len(LABELS)), np.float32)
    max_bytes = reference.metadata.max_bytes
    encoded = [data for data, _ in encode_texts(texts, max_bytes)]
    single = np.concatenate([quantized.probabilities(pad([data])) for data in encoded])
    checks = [
        axes,
        _below("shapes unlike the example's", _other_shapes(quantized, reference), MAX_DIFFERENCE),
        _below(
            "int8 graph against torch", _against_torch(single, encoded, reference), MAX_DIFFERENCE
        ),
        _below("alone against in a batch", _in_batches(single, encoded, quantized), MAX_DIFFERENCE),
        _agreement(single, encoded, full),
        _size(quantized, full),
    ]
    return checks, single


def _agreement(single: NDArray[np.float32], encoded: list[bytes], full: GraphModel) -> Check:
    """How often the float32 graph gives the label that the int8 graph gave."""
    whole = np.concatenate([full.probabilities(pad([data])) for data in encoded])
    labels = single.argmax(1)
    agreement = float((labels == whole.argmax(1)).mean())
    apart = float((whole.max(1) - whole[np.arange(len(whole)), labels]).max())
    return Check(
        f"int8 against float32, {len(encoded):,} texts: same label",
        f"{agreement:.3%}, {apart:.3f} apart",
        f">= {MIN_AGREEMENT:.1%}, or <= {NEAR} apart",
        agreement >= MIN_AGREEMENT or apart <= NEAR,
        "rounding costs this network its answers: train it longer or on more texts, or round the "
        "tables first with train.py --init RUN --freeze-tables",
    )


def _size(quantized: GraphModel, full: GraphModel) -> Check:
    ratio = quantized.size / full.size
    return Check(
        f"size: {quantized.size:,} of {full.size:,} bytes",
        f"{ratio:.3f}",
        f"<= {MAX_SIZE_RATIO:.3f}",
        ratio <= MAX_SIZE_RATIO,
        "tables are what int8 makes small: train.py with more --rows, or a wider --dim",
    )


def _symbolic(graph: GraphModel) -> Check:
    expected = [["batch", "time"]]
    return Check("dynamic axes", str(graph.inputs), str(expected), graph.inputs == expected)


def _below(name: str, difference: float, limit: float) -> Check:
    return Check(name, f"{difference:.1e}", f"<= {limit:.0e}", difference <= limit)


def _other_shapes(graph: GraphModel, reference: TorchModel) -> float:
    """Largest difference from torch on random bytes of shapes no example has."""
    random = np.random.default_rng(0)
    worst = 0.0
    for batch, time in _SHAPES:
        text = random.integers(1, 256, (batch, time)).astype(np.uint8)
        difference = np.abs(graph.probabilities(text) - reference.probabilities(text)).max()
        worst = max(worst, float(difference))
    return worst


def _against_torch(
    single: NDArray[np.float32], encoded: list[bytes], reference: TorchModel
) -> float:
    part = encoded[:_TEXTS_COMPARED]
    return float(np.abs(single[: len(part)] - reference.probabilities(pad(part))).max())


def _in_batches(single: NDArray[np.float32], encoded: list[bytes], graph: GraphModel) -> float:
    """Largest change of an answer when texts of all lengths share a batch."""
    part = encoded[:_TEXTS_COMPARED]
    return float(np.abs(single[: len(part)] - graph.probabilities(pad(part))).max())


def table(checks: Sequence[Check]) -> str:
    """The checks as lines of text."""
    width = max(len(check.name) for check in checks)
    lines = [
        f"{'ok' if check.passed else 'FAIL':<4} {check.name:<{width}}  {check.measured:>24}  "
        + check.limit
        for check in checks
    ]
    return "\n".join(lines)
