"""scandid: which Scandinavian language is this text in?

Danish, Swedish, Norwegian Bokmål, Norwegian Nynorsk or something else. This package is the shared
core: a library and a command line over one model file. It needs numpy and onnxruntime, and imports
neither the server nor the training code.
"""

from scandid.answer import Answer
from scandid.errors import InputError, ModelError, ScandidError
from scandid.identifier import Identifier
from scandid.labels import LABELS, LANGUAGES, NAMES
from scandid.model import ModelMetadata

__version__ = "0.2.0"

__all__ = [
    "LABELS",
    "LANGUAGES",
    "NAMES",
    "Answer",
    "Identifier",
    "InputError",
    "ModelError",
    "ModelMetadata",
    "ScandidError",
]
