"""Answers to texts that the model is not asked about: what their letters say is enough."""

from collections.abc import Sequence
from typing import Final

from scandid.answer import Answer
from scandid.folding import NO_WORDS
from scandid.labels import LABELS, OTHER, UNDETERMINED
from scandid.script import SURE, in_other_scripts

_NOTHING: Final = dict.fromkeys(LABELS, 0.0)


def unasked(encoded: Sequence[tuple[bytes, bool]]) -> dict[int, Answer]:
    """Answer texts without a letter, and those in other scripts.

    Args:
        encoded: What :func:`scandid.encoding.encode_texts` gives.

    Returns:
        By place: undetermined for a text without a letter, *other* for one in another script.
    """
    folded = [data for data, _ in encoded]
    answers = {place: _in_other_script(encoded[place][1]) for place in in_other_scripts(folded)}
    # Hardly ever is there a text without a letter, and the shortest is found sooner than all.
    if min(map(len, folded), default=0) <= len(NO_WORDS):
        wordless = [place for place, data in enumerate(folded) if len(data) <= len(NO_WORDS)]
        answers |= {place: _undetermined(encoded[place][1]) for place in wordless}
    return answers


def _undetermined(truncated: bool) -> Answer:
    return Answer(UNDETERMINED, 0.0, _NOTHING.copy(), (), reliable=False, truncated=truncated)


def _in_other_script(truncated: bool) -> Answer:
    probabilities = _NOTHING | {OTHER: SURE}
    return Answer(OTHER, SURE, probabilities, (), reliable=True, truncated=truncated)
