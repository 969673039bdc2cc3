"""The texts that are asked: real sentences of mixed lengths, each with its language.

``texts.jsonl`` holds 200 texts of 20 to 1,800 bytes: Danish, Swedish, Bokmål and other languages
from Mozilla Common Voice (CC0), some of them several sentences in a row; Nynorsk written for this
file (CC0). They are texts that leave no doubt, so that a wrong answer is a fault of the service.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Final

LANGUAGES: Final = {
    "dan": "Danish",
    "swe": "Swedish",
    "nob": "Norwegian",
    "nno": "Norwegian",
    "other": "Other",
    "und": "Undetermined",
}
"""The plain language that belongs to each label."""

_FILE: Final = Path(__file__).with_name("texts.jsonl")


@dataclass(frozen=True, slots=True)
class KnownText:
    """A text and what the service must call its language.

    Attributes:
        text: The text.
        label: The label it must get.
    """

    text: str
    label: str

    @property
    def language(self) -> str:
        """The plain language, which is one for Bokmål and Nynorsk."""
        return LANGUAGES[self.label]


@cache
def known_texts() -> tuple[KnownText, ...]:
    """All texts, in a mixed order that is always the same."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    return tuple(KnownText(**json.loads(line)) for line in lines)


def texts_of(size_bytes: int, count: int) -> list[str]:
    """Different texts of exactly so many UTF-8 bytes, the languages in turn.

    Texts of one language are strung together and cut; a cut letter becomes spaces.
    """
    joined = [text.encode() for text in _by_language()]
    return [
        _slice(data, number // len(joined), size_bytes)
        for number, data in enumerate(islice(cycle(joined), count))
    ]


def _by_language() -> list[str]:
    """All texts of each language, strung together; languages in the order of their names."""
    languages = sorted({known.language for known in known_texts()})
    return [
        " ".join(known.text for known in known_texts() if known.language == language)
        for language in languages
    ]


def _slice(data: bytes, number: int, size_bytes: int) -> str:
    start = number * size_bytes % max(1, len(data) - size_bytes)
    text = data[start : start + size_bytes].decode("utf-8", "ignore")
    return text + " " * (size_bytes - len(text.encode()))


def shuffled_texts(size_bytes: int, count: int) -> Iterator[str]:
    """Texts of about so many UTF-8 bytes, words of one language in no order: none is like another.

    The same texts over and over would find the rows of a model in the processor's caches, and words
    of all languages in one text would leave the model in a doubt that hardly any real text does.
    """
    vocabularies = [text.split() for text in _by_language()]
    chance = random.Random(0)
    for words in islice(cycle(vocabularies), count):
        picked = " ".join(chance.choices(words, k=size_bytes // 2))
        yield picked.encode()[:size_bytes].decode("utf-8", "ignore")


def single_bodies(size_bytes: int, count: int = 64) -> list[bytes]:
    """Bodies of requests for one text each."""
    return [_json({"text": text}) for text in texts_of(size_bytes, count)]


def list_bodies(size_bytes: int, texts: int, count: int = 4) -> list[bytes]:
    """Bodies of requests for a list of texts each."""
    every = texts_of(size_bytes, texts * count)
    return [_json({"texts": every[part::count]}) for part in range(count)]


def _json(document: dict[str, object]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def varied_bodies() -> list[bytes]:
    """Every known text as a request, and among them texts up to 8,000 bytes and short lists."""
    known = [_json({"text": known.text}) for known in known_texts()]
    long = [body for size in range(100, 8_000, 370) for body in single_bodies(size, 2)]
    lists = [body for texts in (2, 5, 17, 40) for body in list_bodies(90, texts, 2)]
    return [*known, *long, *lists]
