"""Batches drawn ahead by processes of their own."""

from itertools import islice

import numpy as np
import pytest
import torch

from scandid.labels import LABELS
from training.augmentation import AugmentationConfig
from training.batches import Batch, batches
from training.corpora import Corpus
from training.sampling import Sampler, SamplingConfig


def sampler() -> Sampler:
    """Draws from ten texts of each label."""
    texts = [f"{label} {place}" for label in LABELS for place in range(10)]
    targets = np.repeat(np.eye(len(LABELS), dtype=np.float32), 10, axis=0)
    corpus = Corpus(texts, targets, np.zeros(len(texts), np.int32), ("a",))
    return Sampler(corpus, SamplingConfig(batch=12), AugmentationConfig(), seed=3)


def same(one: Batch, other: Batch) -> bool:
    """Whether two batches hold the same bytes and targets."""
    pairs = zip(one, other, strict=True)
    return all(torch.equal(a, b) for left, right in pairs for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_do_not_depend_on_who_draws_them(workers: int) -> None:
    """Any number of processes gives the batches of the steps from the first one on, in order."""
    expected = [sampler().draw(step) for step in range(7, 15)]
    found = list(islice(batches(sampler(), first=7, workers=workers), 8))
    assert all(map(same, found, expected))
    assert not same(found[0], found[1])
