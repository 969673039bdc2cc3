"""The labels scandid answers with and the names people read for them."""

from typing import Final

OTHER: Final = "other"
UNDETERMINED: Final = "und"

LANGUAGES: Final = ("dan", "swe", "nob", "nno")
"""ISO 639-3 codes of the languages scandid tells apart."""

LABELS: Final = (*LANGUAGES, OTHER)
"""Order of the model's outputs."""

NAMES: Final = {
    "dan": "Danish",
    "swe": "Swedish",
    "nob": "Norwegian Bokmål",
    "nno": "Norwegian Nynorsk",
    OTHER: "Other",
    UNDETERMINED: "Undetermined",
}
"""English name of each label."""

PLAIN_NAMES: Final = {**NAMES, "nob": "Norwegian", "nno": "Norwegian"}
"""The plain answer: Danish, Swedish, Norwegian, Other or Undetermined."""
