"""Teachers: trained networks whose opinion of each text a new one learns beside its label.

A label says one language where several are right, above all of fragments, and is wrong at times;
the mean of several larger networks says how sure one can be (Hinton, Vinyals and Dean 2015,
"Distilling the Knowledge in a Neural Network", arXiv 1503.02531).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import torch
from torch import Tensor

from scandid.labels import LABELS
from training.batches import Batch
from training.checkpoint import load_teacher
from training.hashed import HashedTables

Labelled: TypeAlias = list[tuple[Tensor, Tensor]]
"""Parts of a batch: uint8 ``[n, time]`` and targets, float32 ``[n, labels]``, each."""

Opinion: TypeAlias = tuple[Tensor, Tensor]
"""Two float32 ``[texts, labels]``: the probability of each label on its own, and the label's share
among the labels."""

ASKING_THREADS: Final = 3
"""What a GPU is asked with: its time goes into starting small pieces of work, one after another."""

_AHEAD: Final = 2
"""Batches that each thread has asked for before a step needs them."""


class Teachers:
    """The mean opinion of networks that do not change."""

    def __init__(self, networks: Sequence[HashedTables]) -> None:
        """Take networks of any sizes; without any there is no opinion."""
        self._networks = [
            network.eval().requires_grad_(requires_grad=False) for network in networks
        ]

    @classmethod
    def load(cls, paths: Sequence[Path], device: torch.device) -> "Teachers":
        """Load model files and the best weights of runs.

        Raises:
            InputError: one is missing or unfinished.
        """
        return cls([load_teacher(path).to(device) for path in paths])

    def __len__(self) -> int:
        """Number of networks."""
        return len(self._networks)

    def opinion(self, texts: Sequence[Tensor]) -> Opinion:
        """What they say of the parts of a batch, uint8 ``[n, time]`` each, padded."""
        total = sum(len(text) for text in texts)
        holds = torch.zeros(total, len(LABELS), device=texts[0].device)
        share = torch.zeros_like(holds)
        with torch.no_grad():
            for network in self._networks:
                logits = torch.cat([network(text) for text in texts])
                holds += torch.sigmoid(logits) / len(self)
                share += torch.softmax(logits, 1) / len(self)
        return holds, share


def taught(
    drawn: Iterator[Batch], teachers: Teachers, device: torch.device, threads: int = 0
) -> Iterator[tuple[Labelled, Opinion | None]]:
    """Batches on the network's device with what its teachers say of them, in the order drawn.

    Teachers read each text as it was before it was made rough: what *sjoen* is was clear there.

    Args:
        drawn: Batches from :func:`training.batches.batches`.
        teachers: Networks on ``device``, or none.
        device: Where the batches are wanted.
        threads: How many ask at the same time, ahead of the steps; 0 asks when a step needs it.
    """

    def ask(batch: Batch) -> tuple[Labelled, Opinion | None]:
        labelled = [(part.text.to(device), part.targets.to(device)) for part in batch]
        asked = [part.asked.to(device) for part in batch] if len(teachers) else []
        opinion = teachers.opinion(asked) if asked else None
        if device.type == "cuda":
            torch.cuda.current_stream().synchronize()
        return labelled, opinion

    if not threads:
        yield from map(ask, drawn)
        return
    with ThreadPoolExecutor(threads, initializer=_own_stream, initargs=(device,)) as pool:
        ahead = deque(pool.submit(ask, batch) for batch in islice(drawn, threads * _AHEAD))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(ask, batch) for batch in islice(drawn, 1))


def _own_stream(device: torch.device) -> None:
    """Let a thread's work on the GPU wait for nobody else's."""
    if device.type == "cuda":
        torch.cuda.set_stream(torch.cuda.Stream(device))  # type: ignore[no-untyped-call]
