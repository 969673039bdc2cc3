"""Batches ahead of the steps that fit them, drawn by processes of their own."""

import signal
from collections.abc import Iterator
from itertools import count
from typing import Final, TypeAlias

import torch
from torch.utils.data import DataLoader, Dataset

from training.sampling import Part, Sampler

Batch: TypeAlias = list[Part]
"""What :meth:`training.sampling.Sampler.draw` gives."""

_AHEAD: Final = 4
"""Batches that each process has ready: a step that is slow once leaves nobody idle."""


class _Drawn(Dataset[Batch]):
    """The batch of each step, by its number."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def __getitem__(self, step: int) -> Batch:
        return self._sampler.draw(step)


def batches(sampler: Sampler, first: int, workers: int) -> Iterator[Batch]:
    """Batches of one step after another, without end; the same for any number of workers.

    Args:
        sampler: What draws them.
        first: Number of the first step.
        workers: Processes that draw, which take what a GPU would wait for off its process; 0 draws
            each batch when it is asked for.
    """
    return iter(
        DataLoader(
            _Drawn(sampler),
            sampler=count(first),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=_AHEAD if workers else None,
            collate_fn=_as_it_is,
            generator=torch.Generator(),  # torch's own decides what a resumed run hides
            worker_init_fn=_quiet,
        )
    )


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _quiet(_worker: int) -> None:
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks ends them, and says so
