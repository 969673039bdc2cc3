"""The finished model file: graph plus everything a loader needs to know, in one file."""

import contextlib
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import onnx

from scandid.encoding import ENCODING, encode_text, pad
from scandid.errors import InputError
from scandid.identifier import Identifier
from scandid.labels import LABELS
from scandid.model import FORMAT, METADATA_KEY
from scandid.reliability import Reliability
from training.golden import TEXTS
from training.validation import TorchModel

_DECIMALS: Final = 7


def describe(  # noqa: PLR0913  # each is a field of the metadata
    model: onnx.ModelProto,
    reference: TorchModel,
    *,
    version: str,
    run: dict[str, Any],
    thresholds: Mapping[str, float],
    scores: dict[str, float],
    reliable: Reliability,
    calibration: Mapping[str, Any] | None = None,
    distribution: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Put the metadata and the golden examples into the model.

    Args:
        model: The graph; changed in place.
        reference: The torch network with the weights the graph computes with.
        version: Version of the model.
        run: Content of the run's ``run.json``.
        thresholds: From which part of the likeliest one's probability on languages are acceptable.
        scores: Named scores on held-out data.
        reliable: From which confidence answers are reliable.
        calibration: What was fitted after training, on which texts.
        distribution: How held-out answers spread (:mod:`scandid.reference`).
    """
    fields = {
        **{"format": FORMAT, "version": version, "labels": LABELS, "encoding": ENCODING},
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "data_digest": run["data"]["digest"],
        "run_id": run["provenance"]["run_id"],
        "max_bytes": reference.metadata.max_bytes,
        "thresholds": thresholds,
        "scores": scores,
        "reliable": reliable.as_dict(),
        "calibration": calibration or {},
        "golden": _golden_examples(reference),
        "reference": distribution or {},
    }
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, json.dumps(fields, ensure_ascii=False)


def _golden_examples(reference: TorchModel) -> list[tuple[str, list[float]]]:
    max_bytes = reference.metadata.max_bytes
    rows = [reference.probabilities(pad([encode_text(text, max_bytes)[0]]))[0] for text in TEXTS]
    return [
        (text, [round(float(value), _DECIMALS) for value in row])
        for text, row in zip(TEXTS, rows, strict=True)
    ]


def write(model: onnx.ModelProto, path: Path) -> Identifier:
    """Write the file under a temporary name, open it the way every user will, and rename it.

    Returns:
        The identifier, with its golden examples replayed.

    Raises:
        ModelError: the file cannot be opened or answers wrongly; nothing stays at ``path``.
        InputError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(model.SerializeToString())
        identifier = Identifier.load(part)
        identifier.verify()
        part.replace(path)
    except OSError as error:
        raise InputError(f"--out: {path} cannot be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return identifier
