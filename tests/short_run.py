"""A short training run on the sample, by its flags."""

from pathlib import Path
from typing import Final

import torch

from training.checkpoint import load_tensors

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "tests" / "data" / "sample.parquet"
STEPS: Final = 48


def flags(folder: Path, *more: str) -> list[str]:
    """A short run on the sample."""
    words = ["--data", str(SAMPLE), "--out", str(folder), "--batch", "96", "--threads", "1"]
    short = ["--steps", str(STEPS), "--evaluate-every", "4", "--learning-rate", "0.02"]
    return [*words, *short, "--orders", "2", "3", "--rows", "4096", "16384", *more]


def same_weights(one: Path, other: Path) -> bool:
    """Whether the best weights of two runs are equal to the bit."""
    first, second = load_tensors(one / "best.pt"), load_tensors(other / "best.pt")
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)
