"""Targets: what a text's language codes are to the network, one number a label."""

from collections.abc import Sequence
from typing import Final, TypeGuard

import numpy as np
import pycountry
from numpy.typing import NDArray

from scandid.errors import InputError
from scandid.labels import LABELS, LANGUAGES
from scandid.tables import UNDECIDED_CODES, WILI_CODES

_RETIRED_CODES: Final = {"ajp", "kzj"}
_OTHER_CODES: Final = WILI_CODES | _RETIRED_CODES | {"other", "mul", "und"}


def target(codes: Sequence[str], where: str) -> NDArray[np.float32]:
    """Turn language codes into a row of targets, float32 ``[labels]``.

    Args:
        codes: ISO 639-3 codes, ``other``, ``mul``, ``und``, or those of WiLI-2018.
        where: Beginning of an error's message.

    Raises:
        InputError: there is no code, or one is unknown or undecided.
    """
    if not codes:
        raise InputError(f"{where}: is empty, expected at least one ISO 639-3 code")
    for code in codes:
        if code in UNDECIDED_CODES or not _is_language(code):
            raise InputError(f"{where}: {code!r} is no ISO 639-3 code{_hint(code)}")
    row = np.array([label in codes for label in LANGUAGES] + [False], np.float32)
    row[-1] = not row.any()
    return row


def labels_of(row: NDArray[np.float32]) -> list[str]:
    """Names of the labels of a row of targets, float32 ``[labels]``."""
    return [LABELS[place] for place in np.flatnonzero(row)]


def shared(
    row: NDArray[np.float32], codes: Sequence[str], shares: object, where: str
) -> NDArray[np.float32]:
    """Targets with how well each label holds, float32 ``[labels]``: the best has 1.

    Args:
        row: Targets, 1 for each label of ``codes``.
        codes: ISO 639-3 codes.
        shares: For each code, how often the text is meant in it, as a part of the highest.
        where: Beginning of an error's message.

    Raises:
        InputError: there is not a share for each code, or one is not above 0 and at most 1.
    """
    if not _are_shares(shares, len(codes)):
        raise InputError(
            f"{where}: {shares!r} is no list of a number above 0 and at most 1 for each code"
        )
    found = row.copy()
    for code, share in zip(codes, shares, strict=True):
        if code in LANGUAGES:
            found[LANGUAGES.index(code)] = share
    highest: np.float32 = found.max()
    found /= highest
    return found


def _are_shares(value: object, count: int) -> TypeGuard[list[float]]:
    if not isinstance(value, list) or len(value) != count:
        return False
    return all(isinstance(share, int | float) and 0 < share <= 1 for share in value)


def _is_language(code: str) -> bool:
    """Whether the code is known: a language, a family of languages, or a code for other ones."""
    if code in _OTHER_CODES:
        return True
    listed = pycountry.languages.get(alpha_3=code) or pycountry.language_families.get(alpha_3=code)
    return listed is not None and listed.alpha_3 == code  # pycountry finds DAN as well


def _hint(code: str) -> str:
    """What was meant by a word that is no code: one in capitals, of two letters, or a name."""
    word = code.lower()
    if word in ("no", "norwegian", *UNDECIDED_CODES):
        return " that can be used: say nob (Bokmål) or nno (Nynorsk)"
    if _is_language(word):
        return f": did you mean {word!r}?"
    known = pycountry.languages
    language = known.get(alpha_2=word) if len(word) == 2 else known.get(name=word)
    return f": did you mean {language.alpha_3!r}?" if language else ""
