"""Model files that differ from a good one in one respect, good and bad."""

import json
from pathlib import Path
from typing import Any

import onnx

from scandid.model import METADATA_KEY


def variant(path: Path, **fields: Any) -> bytes:  # noqa: ANN401
    """The model file with other metadata; ``version`` makes a good one, the rest bad ones."""
    model = onnx.load(path)
    (entry,) = (entry for entry in model.metadata_props if entry.key == METADATA_KEY)
    entry.value = json.dumps(json.loads(entry.value) | fields)
    content: bytes = model.SerializeToString()
    return content


def liar(path: Path) -> bytes:
    """The model file with a golden example that it does not answer so."""
    return variant(path, golden=[["Hva heter du?", [0.1, 0.2, 0.3, 0.4, 0.5]]])
