"""What is done to texts before training: merging, dropping, holding out, and its report."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from scandid.encoding import encode_texts
from scandid.errors import InputError
from scandid.labels import LABELS, LANGUAGES, OTHER
from scandid.script import in_other_scripts
from training.corpora import Corpus

VALIDATION_SHARE: Final = 50
"""One text in this many is held out of training."""

_EXAMPLES: Final = 3
_SHOWN: Final = 60
_FOUR: Final = ", ".join(LANGUAGES)
_LAST_LATIN: Final = "\u024f"
"""Texts without a character beyond it need not be encoded to know their script."""

_MOST_BYTES: Final = 1024
_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Faults:
    """Texts of one source that have the same fault, by their letters."""

    source: str
    fault: str
    keys: tuple[str, ...]

    def __str__(self) -> str:
        """One line: source, count, examples."""
        examples = "; ".join(repr(key[:_SHOWN]) for key in self.keys[:_EXAMPLES])
        return f"{self.source}: {len(self.keys):,} texts {self.fault}: {examples}"


@dataclass(frozen=True, slots=True)
class CleaningReport:
    """What cleaning found: texts without a letter, repeats, and texts with several labels.

    ``within`` names those that have several labels within one source, ``foreign`` those that were
    dropped because no text in another script is in a language that is written in Latin letters.
    """

    wordless: int
    repeats: int
    contradictions: int
    within: tuple[Faults, ...] = ()
    foreign: tuple[Faults, ...] = ()


def text_key(text: str) -> str:
    """What makes two texts the same: their letters, in lower case."""
    return " ".join(_WORD.findall(text.lower()))


def clean(corpus: Corpus) -> tuple[Corpus, CleaningReport]:
    """Drop what is no text of its label, and give the same text the labels of all its copies.

    Texts without a letter, repeats and texts of the four languages in another script go. A text
    that stands in the Danish and in the Bokmål subtitles is good Danish and good Bokmål. ``other``
    gives way to a language: a line shared by English and Danish is acceptable Danish.
    """
    corpus, foreign = _without_foreign(corpus)
    keys = [text_key(text) for text in corpus.texts]
    labels: dict[str, np.ndarray] = {}
    counts: dict[str, set[int]] = defaultdict(set)
    for key, target in zip(keys, corpus.targets, strict=True):
        labels[key] = np.maximum(labels[key], target) if key in labels else target
        counts[key].add(int(target.argmax()))
    seen: set[tuple[str, int]] = set()
    keep = np.zeros(len(corpus), np.bool_)
    for index, key in enumerate(keys):
        copy = (key, int(corpus.sources[index]))
        keep[index] = bool(key) and copy not in seen
        seen.add(copy)
    targets = np.array([labels[key] for key in keys], np.float32).reshape(-1, len(LABELS))
    targets[targets[:, :-1].any(axis=1), LABELS.index(OTHER)] = 0
    merged = Corpus(corpus.texts, targets, corpus.sources, corpus.names).subset(keep)
    wordless = sum(not key for key in keys)
    report = CleaningReport(
        wordless=wordless,
        repeats=len(corpus) - len(merged) - wordless,
        contradictions=sum(len(found) > 1 for key, found in counts.items() if key),
        within=_within_sources(corpus, keys),
        foreign=foreign,
    )
    return merged, report


def _without_foreign(corpus: Corpus) -> tuple[Corpus, tuple[Faults, ...]]:
    """Drop texts that are said to be in one of the four languages, in none of their letters.

    Lists of a language's words have those that its pages quote: *года* is no Swedish.
    """
    named = np.flatnonzero(corpus.targets[:, :-1].any(axis=1)).tolist()
    doubted = [place for place in named if max(corpus.texts[place], default="") > _LAST_LATIN]
    letters = [data for data, _ in encode_texts([corpus.texts[at] for at in doubted], _MOST_BYTES)]
    foreign = [doubted[place] for place in in_other_scripts(letters)]
    found: dict[int, list[str]] = defaultdict(list)
    for place in foreign:
        found[int(corpus.sources[place])].append(text_key(corpus.texts[place]))
    fault = f"are in another script than {_FOUR} and left out"
    keep = np.ones(len(corpus), np.bool_)
    keep[foreign] = False
    return corpus.subset(keep), _by_source(corpus, fault, found)


def _within_sources(corpus: Corpus, keys: list[str]) -> tuple[Faults, ...]:
    first: dict[tuple[int, str], bytes] = {}
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for key, source, target in zip(keys, corpus.sources.tolist(), corpus.targets, strict=True):
        labels = target.tobytes()
        if key and first.setdefault((source, key), labels) != labels:
            found[source][key] = None
    return _by_source(corpus, "contradict themselves", found)


def _by_source(
    corpus: Corpus, fault: str, found: Mapping[int, Iterable[str]]
) -> tuple[Faults, ...]:
    return tuple(Faults(corpus.names[at], fault, tuple(found[at])) for at in sorted(found))


def hold_out(corpus: Corpus) -> tuple[Corpus, Corpus]:
    """Split into training and validation by a hash of each text, so copies stay together.

    Raises:
        InputError: there are too few texts to have both.
    """
    held = np.array([_is_held_out(text) for text in corpus.texts], np.bool_)
    if not held.any() or held.all():
        raise InputError(
            f"--data: {len(corpus):,} texts with letters are too few: one in {VALIDATION_SHARE} "
            "is held out to validate, and none or all of these were"
        )
    return corpus.subset(~held), corpus.subset(held)


def _is_held_out(text: str) -> bool:
    digest = hashlib.blake2b(text_key(text).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % VALIDATION_SHARE == 0


def summary(corpus: Corpus, report: CleaningReport) -> str:
    """Table of texts by source and label, and what cleaning found."""
    label = corpus.targets.argmax(axis=1)
    lines = [f"{'source':<24}" + "".join(f"{name:>10}" for name in LABELS)]
    for place, name in enumerate(corpus.names):
        counts = np.bincount(label[corpus.sources == place], minlength=len(LABELS))
        lines.append(f"{name:<24}" + "".join(f"{count:>10,}" for count in counts))
    lines.append(
        f"{len(corpus):,} texts kept; dropped {report.repeats:,} repeats and {report.wordless:,} "
        f"without a letter; {report.contradictions:,} texts stand under several labels and keep "
        "them all"
    )
    lines += map(str, report.within + report.foreign)
    return "\n".join(lines)


def missing(training: Corpus) -> list[str]:
    """A line for each label that no text to train on has."""
    return [
        f"no text is {LABELS[place]}: the model will not know it\n"
        for place in np.flatnonzero(training.targets.sum(axis=0) == 0)
    ]
