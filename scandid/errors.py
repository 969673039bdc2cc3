"""The exceptions scandid raises.

ScandidError
├── ModelError    the model file is missing, damaged, or not what this version reads
└── InputError    a file or value the user gave cannot be used
"""


class ScandidError(Exception):
    """Base of every error scandid raises on purpose; its text is fit for a user."""


class ModelError(ScandidError):
    """The model file is missing, damaged, of another format, or answers wrongly."""


class InputError(ScandidError):
    """A file, column or value given by the user cannot be used."""
