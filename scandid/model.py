"""The model file: an ONNX graph with its own labels, thresholds, scores and golden examples."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scandid.encoding import ENCODING
from scandid.errors import ModelError
from scandid.labels import LABELS
from scandid.reference import bin_names
from scandid.reliability import KINDS, Reliability

# From 1.29 on onnxruntime writes a device id to the home folder and sends events to its maker
# unless this is set before it is loaded. Whoever wants that sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

METADATA_KEY: Final = "scandid"
"""Name of the ONNX metadata property that holds everything below as one JSON object."""

FORMAT: Final = 4
"""Raised whenever older files would be misread; `make export` writes a file of this format."""

_PACKAGE: Final = Path(__file__).resolve().parent
_SHIPPED: Final = (
    _PACKAGE / "models" / "scandid.onnx",
    _PACKAGE.parent / "models" / "scandid.onnx",
)


@dataclass(frozen=True, slots=True)
class GoldenExample:
    """A text and the probabilities torch gave it at export, in the order of the labels."""

    text: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelMetadata:
    """What a model file says about itself.

    Attributes:
        version: Version of the model, for people.
        labels: Order of the outputs.
        encoding: Name of the text-to-bytes procedure it was trained with.
        created: UTC time of export, ISO 8601.
        data_digest: sha256 over the training texts and labels.
        run_id: The training run, as the tracker or the checkpoint names it.
        max_bytes: Bytes of a text that are read at the most.
        thresholds: For each kind of text (:data:`scandid.reliability.KINDS`), from which part of
            the likeliest label's probability on a language counts as acceptable too.
        scores: Named scores measured at export on held-out data.
        golden: Examples the loader replays.
        sha256: Digest of the file itself, computed at load.
        reliable: From which confidence answers are reliable, by kind of text, label and length.
        calibration: What was fitted after training, on which texts; empty where nothing was.
        reference: For each label, the share of held-out answers in each bin of confidence
            (:mod:`scandid.reference`); empty in files made without it.
    """

    version: str
    labels: tuple[str, ...]
    encoding: str
    created: str
    data_digest: str
    run_id: str
    max_bytes: int
    thresholds: Mapping[str, float]
    scores: Mapping[str, float]
    golden: tuple[GoldenExample, ...]
    sha256: str
    reliable: Reliability
    calibration: Mapping[str, Any] = field(default_factory=dict)
    reference: Mapping[str, Sequence[float]] = field(default_factory=dict)


class Model:
    """One loaded model file: bytes in, probabilities out. Safe to share between threads."""

    def __init__(
        self, path: Path, session: onnxruntime.InferenceSession, metadata: ModelMetadata
    ) -> None:
        """Hold a session that :meth:`load` has opened."""
        self.path = path
        self.metadata = metadata
        self._session = session

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "Model":
        """Open a model file and check that this version of scandid can use it.

        Args:
            path: The file; None for the model shipped with scandid.

        Raises:
            ModelError: the file is missing, is no ONNX model, or was made for another encoding,
                other labels or another format of metadata.
        """
        file = Path(path) if path is not None else shipped_path()
        try:
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(f"model: {file} cannot be read: {error.strerror}") from error
        session = _open_session(file, content)
        _require(file, "inputs", [value.name for value in session.get_inputs()], ["text"])
        raw = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if raw is None:
            raise ModelError(
                f"model: {file} is no scandid model: metadata {METADATA_KEY!r} is missing"
            )
        return cls(
            file.absolute(), session, _read_metadata(file, raw, hashlib.sha256(content).hexdigest())
        )

    def __reduce__(self) -> tuple[object, tuple[str | None, str]]:
        """Another process opens the file itself, and finds it as it is here."""
        return _reopen, (None if self.path in _SHIPPED else str(self.path), self.metadata.sha256)

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the graph.

        Args:
            text: uint8 ``[batch, time]``, as :func:`scandid.encoding.pad` makes it.

        Returns:
            float32 ``[batch, labels]``.
        """
        output: NDArray[np.float32] = self._session.run(None, {"text": text})[0]
        return output


def _reopen(path: str | None, sha256: str) -> Model:
    model = Model.load(path)
    if model.metadata.sha256 != sha256:
        raise ModelError(f"model: {model.path} is another file than the process before has opened")
    return model


def shipped_path() -> Path:
    """Path of the shipped model: inside the wheel, or beside the package in a checkout.

    Raises:
        ModelError: neither is there.
    """
    for path in _SHIPPED:
        if path.is_file():
            return path
    raise ModelError(f"model: {_SHIPPED[-1]} is missing: run `make export`, or name a model file")


def _open_session(file: Path, content: bytes) -> onnxruntime.InferenceSession:
    """One thread and no spinning: a process serves on one core and must be silent when idle."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class of their own
        raise ModelError(
            f"model: {file} is no ONNX model that onnxruntime can open: {error}"
        ) from error
    # It would keep the file as well, 13 MB of each worker, to open it anew with another provider;
    # there is no other here, and no public way.
    session._model_bytes = None
    return session


def _read_metadata(file: Path, raw: str, sha256: str) -> ModelMetadata:
    try:
        fields: dict[str, Any] = dict(json.loads(raw))
        _require(file, "format", fields.pop("format"), FORMAT, hint="; export the run again")
        golden = tuple(GoldenExample(text, tuple(values)) for text, values in fields.pop("golden"))
        labels = tuple(fields.pop("labels"))
        reliable = Reliability.from_dict(fields.pop("reliable"))
        fields["thresholds"] = {kind: float(part) for kind, part in fields["thresholds"].items()}
        metadata = ModelMetadata(
            **fields, labels=labels, golden=golden, reliable=reliable, sha256=sha256
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"model: {file}: metadata {METADATA_KEY!r} cannot be read: {error}"
        ) from error
    _require(file, "labels", metadata.labels, LABELS)
    _require(file, "encoding", metadata.encoding, ENCODING)
    _require(file, "kinds with a threshold", set(metadata.thresholds), set(KINDS))
    if metadata.reference:
        bins = {label: len(shares) for label, shares in metadata.reference.items()}
        _require(file, "bins of reference", bins, dict.fromkeys(LABELS, len(bin_names())))
    if not metadata.golden:
        raise ModelError(f"model: {file}: has no golden examples, so it cannot be verified")
    return metadata


def _require(file: Path, field: str, found: object, expected: object, hint: str = "") -> None:
    if found != expected:
        raise ModelError(
            f"model: {file}: {field} is {found!r}, this version of scandid reads {expected!r}{hint}"
        )
