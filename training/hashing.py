"""How bytes become table rows: constants shared by the torch network and the ONNX graph.

An n-gram's hash is a convolution of its bytes with odd weights. Every partial sum is an integer
below 2**24, so float32 arithmetic is exact and torch and onnxruntime agree to the bit (checked by
tests/test_hashing.py), and one convolution replaces a multiply, a shift and an add per order.
Random weights make it a universal family (Carter and Wegman 1979).

A word's hash is the sum over its bytes of x * (2x + 1), x the hash of the trigram around the byte.
The polynomial permutes the 32-bit integers (Rivest et al. 1998, RC6), so the sum depends on which
letters stand beside each other, and both factors come out of the same convolution.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAIR_FACTOR: Final = 7
"""A pair's hash is the second word's plus this many times the first one's."""

MAX_ORDER: Final = 8
_SEED: Final = 20260
_MAX_WEIGHT: Final = 2**13


@dataclass(frozen=True, slots=True)
class HashConstants:
    """The fixed numbers of the hashing step.

    Attributes:
        kernels: float32 ``[orders + 2, 1, width]``, one convolution kernel per n-gram order over
            bytes ``t-1 .. t+max(orders)-1``, and two for the trigram around a byte: x and 2x + 1.
        biases: float32 ``[orders + 2]``: 1 for the last, 0 for all others.
    """

    kernels: NDArray[np.float32]
    biases: NDArray[np.float32]


def hash_constants(orders: tuple[int, ...]) -> HashConstants:
    """Draw the constants for these n-gram orders; always the same for the same orders.

    Raises:
        ValueError: an order is below 1 or above :data:`MAX_ORDER`, where sums could pass 2**24.
    """
    if not orders or min(orders) < 1 or max(orders) > MAX_ORDER:
        raise ValueError(f"orders: {orders} must lie between 1 and {MAX_ORDER}")
    random = np.random.default_rng(_SEED)
    weights = random.integers(0, _MAX_WEIGHT // 2, (MAX_ORDER + 1, MAX_ORDER)) * 2 + 1
    kernels = np.zeros((len(orders) + 2, 1, max(2, *orders) + 1), dtype=np.float32)
    for row, order in enumerate(orders):
        kernels[row, 0, 1 : order + 1] = weights[order, :order]
    kernels[-2, 0, :3] = weights[0, :3]
    kernels[-1, 0, :3] = 2 * weights[0, :3]
    biases = np.zeros(len(orders) + 2, np.float32)
    biases[-1] = 1
    return HashConstants(kernels, biases)
