"""Texts under a wrong label: found by models that were trained on them once, and left out.

    python -m training.noise corpora/ --model first.onnx --model second.onnx --out cleaned/

Corpora label by document or by rule, and a Nynorsk letter quotes a Bokmål minister. A short run
sees each text about once and does not learn it by heart, so where several such models agree on
another language and give the label next to nothing, the label is wrong (confident learning,
Northcutt, Jiang and Chuang 2021). Two texts in a hundred of the documents of ministries were.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from scandid.errors import ScandidError
from scandid.identifier import Identifier
from scandid.labels import LABELS
from training.cleaning import clean
from training.corpora import Corpus, load_corpora, write_rest

LABEL_AT_MOST: Final = 0.1
"""Highest probability of a label the text has, to call it wrong."""

OTHER_AT_LEAST: Final = 0.8
"""Lowest probability of the likeliest label it has not."""

_TEXTS_PER_CALL: Final = 4096
_LISTED: Final = 20


def mean_probabilities(
    identifiers: Sequence[Identifier], texts: Sequence[str]
) -> NDArray[np.float32]:
    """Mean of the models' probabilities, float32 ``[texts, labels]``."""
    found = np.zeros((len(texts), len(LABELS)), np.float32)
    with tqdm(total=len(texts), desc="judging", unit="text", disable=None) as bar:
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            part = texts[start : start + _TEXTS_PER_CALL]
            for identifier in identifiers:
                answers = identifier.identify_batch(part)
                found[start : start + len(part)] += [
                    [answer.probabilities[label] for label in LABELS] for answer in answers
                ]
            bar.update(len(part))
    found /= len(identifiers)
    return found


def wrong(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which labels are wrong: bool ``[texts]`` from two arrays ``[texts, labels]``."""
    own: NDArray[np.float32] = (probabilities * (targets > 0)).max(axis=1)
    another: NDArray[np.float32] = (probabilities * (targets == 0)).max(axis=1)
    return (own < LABEL_AT_MOST) & (another > OTHER_AT_LEAST)


def tell(corpus: Corpus, mistaken: NDArray[np.bool_], said: NDArray[np.int64]) -> Iterator[str]:
    """Lines that say how many texts of each source are left out, and the commonest mistakes."""
    label = corpus.targets.argmax(axis=1)
    for place, name in enumerate(corpus.names):
        mine = corpus.sources == place
        pairs = label[mine & mistaken] * len(LABELS) + said[mine & mistaken]
        kinds, counts = np.unique(pairs, return_counts=True)
        common = (
            f"{LABELS[kind // len(LABELS)]} is {LABELS[kind % len(LABELS)]} {count:,}"
            for kind, count in zip(kinds, counts, strict=True)
            if count >= _LISTED
        )
        yield f"{name:<24}{len(pairs):>8,} of {mine.sum():>9,}  {', '.join(common)}".rstrip()


def main(arguments: Sequence[str] | None = None) -> None:
    """Judge corpora, say what is wrong, write the rest."""
    flags = argparse.ArgumentParser(prog="python -m training.noise", description=__doc__)
    flags.add_argument("data", nargs="+", help="corpora to judge")
    flags.add_argument(
        "--model", type=Path, action="append", required=True, help="several are better"
    )
    flags.add_argument("--keep", action="append", default=[], metavar="SOURCE", help="not judged")
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    identifiers = [Identifier.load(path) for path in options.model]
    corpus, _ = clean(load_corpora(options.data))
    kept = corpus.of(options.keep, "--keep")
    probabilities = mean_probabilities(identifiers, corpus.texts)
    mistaken = wrong(probabilities, corpus.targets) & ~kept
    sys.stdout.write("\n".join(tell(corpus, mistaken, probabilities.argmax(axis=1))) + "\n")
    sys.stdout.write(write_rest(corpus, mistaken, options.out))


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.noise: {error}\n")
        sys.exit(2)
