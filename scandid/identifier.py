"""The identifier: texts in, answers out, over one model file."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scandid import norms
from scandid.answer import Answer
from scandid.encoding import encode_text, encode_texts, pad, padded
from scandid.errors import ModelError
from scandid.excerpt import LONG_BYTES, SURE, excerpt
from scandid.folding import is_several
from scandid.labels import LABELS, LANGUAGES, OTHER
from scandid.model import Model, ModelMetadata
from scandid.reliability import KINDS
from scandid.unasked import unasked

MAX_BATCH_BYTES: Final = 32768
"""Padded bytes of one model call: 20.4 µs a text of 130 bytes, against 24.3 in calls of 8192."""

GOLDEN_TOLERANCE: Final = 1e-3
"""Largest difference from torch's probabilities: processors add float32 in different orders."""

_DECIMALS: Final = 6
"""Probabilities are rounded: what depends on the neighbours in a batch is smaller (1.5e-7)."""

_STEP: Final = 10**-_DECIMALS
"""What two of them differ by at the least, if they differ."""

_BOKMAAL: Final = "nob"
_NYNORSK: Final = "nno"

_ALONE: Final[dict[str, tuple[str, ...]]] = {OTHER: ()} | {code: (code,) for code in LANGUAGES}


class LanguageModel(Protocol):
    """What an identifier needs of a model; training scores its torch network through this."""

    @property
    def metadata(self) -> ModelMetadata:
        """Limits, thresholds and golden examples."""

    def probabilities(self, text: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Padded bytes ``[batch, time]`` to probabilities ``[batch, labels]``."""


class Identifier:
    """Says in which Scandinavian language texts are.

    Example:
        >>> Identifier.load().identify("Jeg har ikke hørt noe fra dem ennå.").label
        'nob'
    """

    def __init__(self, model: LanguageModel) -> None:
        """Use a model that is loaded already."""
        self._model = model
        self._thresholds = [model.metadata.thresholds[kind] for kind in KINDS]
        self._reliable = model.metadata.reliable.by_length(model.metadata.max_bytes)

    @classmethod
    def load(cls, path: str | os.PathLike[str] | None = None) -> "Identifier":
        """Open a model file; without a path the model shipped with scandid.

        Raises:
            ModelError: the file is missing or is no model this version reads.
        """
        return cls(Model.load(path))

    @property
    def metadata(self) -> ModelMetadata:
        """What the model file says about itself."""
        return self._model.metadata

    def __reduce__(self) -> tuple[type["Identifier"], tuple[LanguageModel]]:
        """Another process opens the same model file."""
        return type(self), (self._model,)

    def identify(self, text: str) -> Answer:
        """Identify the language of one text. Any string is fine; none raises."""
        return self.identify_batch([text])[0]

    def identify_batch(self, texts: Iterable[str]) -> list[Answer]:
        """Identify many texts, each judged alone: neighbours change no probability by 1e-5.

        Args:
            texts: A list, a column of a table or anything else that yields strings.

        Returns:
            One answer per text, in the order of ``texts``.

        Raises:
            TypeError: one text was given in place of many, or one of them is no string.
        """
        encoded = self._encode(texts)
        known = unasked(encoded)
        asked = [each for place, each in enumerate(encoded) if place not in known]
        found = zip(self._read([data for data, _ in asked]), asked, strict=True)
        answers = iter([self._answer(row, read, cut) for (row, read), (_, cut) in found])
        return [known[at] if at in known else next(answers) for at in range(len(encoded))]

    def verify(self) -> None:
        """Replay the model's golden examples.

        Raises:
            ModelError: an answer differs from the one recorded at export.
        """
        for example in self.metadata.golden:
            data, _ = encode_text(example.text, self.metadata.max_bytes)
            found = self._model.probabilities(pad([data]))[0]
            error = float(np.abs(found - np.array(example.probabilities)).max())
            if not error <= GOLDEN_TOLERANCE:
                raise ModelError(
                    f"model {self.metadata.version}: golden example {example.text!r} is off by "
                    f"{error:.2g}, more than {GOLDEN_TOLERANCE}"
                )

    def _encode(self, texts: Iterable[str]) -> list[tuple[bytes, bool]]:
        if isinstance(texts, str | bytes):
            raise TypeError("identify_batch takes many texts; identify takes one")
        each = list(texts)
        try:
            return encode_texts(each, self.metadata.max_bytes)
        except (AttributeError, TypeError):
            given: Sequence[object] = each
            for place, text in enumerate(given):
                if not isinstance(text, str):
                    found = type(text).__name__
                    raise TypeError(f"texts[{place}] is {found}, expected str") from None
            raise

    def _read(self, texts: list[bytes]) -> Iterator[tuple[list[float], bytes]]:
        """Probabilities of each text, and what was read of it: if that is sure, an excerpt."""
        long = [place for place, data in enumerate(texts) if len(data) > LONG_BYTES]
        read = texts.copy()
        for place in long:
            read[place] = excerpt(texts[place])
        rows = self._rows(read)
        doubted = [place for place in long if max(rows[place]) < SURE]
        whole = self._rows([texts[place] for place in doubted])
        for place, row in zip(doubted, whole, strict=True):
            rows[place], read[place] = row, texts[place]
        return zip(rows, read, strict=True)

    def _rows(self, texts: Sequence[bytes]) -> list[list[float]]:
        """Probabilities of each text, in the order of the labels, by calls of bounded size."""
        rows: list[list[float]] = [[]] * len(texts)
        for batch in _batches([padded(len(data)) for data in texts]):
            found = self._model.probabilities(pad([texts[place] for place in batch]))
            rounded = found.astype(np.float64).round(_DECIMALS).tolist()
            for place, row in zip(batch, rounded, strict=True):
                rows[place] = row
        return rows

    def _answer(self, row: list[float], read: bytes, truncated: bool) -> Answer:
        """Decide: the likeliest label, and every language that comes near enough to it."""
        confidence = max(row)
        label = LABELS[row.index(confidence)]
        dan, swe, nob, nno, other = row
        if label == _NYNORSK and confidence < norms.SURE and norms.is_no_nynorsk(read.split()):
            nob, nno = nno, nob
            row, label = [dan, swe, nob, nno, other], _BOKMAAL
        several = is_several(read)
        acceptable = _ALONE[label]
        least = self._thresholds[several] * confidence
        # Together they have less than one would need: so it is for most texts.
        if acceptable and sum(row) - confidence >= least - _STEP:
            # The row goes on to other.
            judged = zip(LANGUAGES, row)  # noqa: B905
            acceptable = tuple([code for code, p in judged if p >= least > 0 or code == label])
        reliable = confidence >= self._reliable[label][several][len(read)]
        probabilities = {"dan": dan, "swe": swe, "nob": nob, "nno": nno, OTHER: other}
        # From one tuple, which takes two thirds of the time of six arguments.
        return Answer._make((label, confidence, probabilities, acceptable, reliable, truncated))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group texts of like padded length into calls of bounded size, so that padding stays small."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > MAX_BATCH_BYTES:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
