"""Teachers: trained networks whose opinion of each text a new one learns beside its label.

A label says one language where several are right, above all of fragments, and is wrong at times;
the mean of several larger networks says how sure one can be (Hinton, Vinyals and Dean 2015,
"Distilling the Knowledge in a Neural Network", arXiv 1503.02531).
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from scandid.labels import LABELS
from training.checkpoint import load_teacher
from training.hashed import HashedTables


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

    def opinion(self, texts: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """What they say of the parts of a batch.

        Args:
            texts: uint8 ``[n, time]`` each, padded.

        Returns:
            Two float32 ``[texts, labels]``: the probability of each label on its own, and the
            label's share among the labels.
        """
        total = sum(len(text) for text in texts)
        holds = torch.zeros(total, len(LABELS), device=texts[0].device)
        share = torch.zeros_like(holds)
        with torch.no_grad():
            for network in self._networks:
                logits = torch.cat([network(text) for text in texts])
                holds += torch.sigmoid(logits) / len(self)
                share += torch.softmax(logits, 1) / len(self)
        return holds, share
