"""How bytes become table rows: constants shared by the torch network and the ONNX graph.

An n-gram's hash is a convolution of byte values with odd weights. Every partial sum is an integer
below 2**24, so float32 arithmetic is exact and torch and onnxruntime agree to the bit (checked by
tests/test_hashing.py), and one convolution replaces a multiply, a shift and an add per order.
Random weights make it a universal family (Carter and Wegman 1979).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BYTES: Final = 256
TRIGRAM_CODES: Final = 4096
PAIR_FACTOR: Final = 7
_SEED: Final = 20260
_MAX_BYTE_VALUE: Final = 2**11
_MAX_WEIGHT: Final = 2**10
MAX_ORDER: Final = 8


def fold_byte(byte: int) -> int:
    """Fold one byte: ASCII capitals to lower case and digits to ``0``; all others stay."""
    char = chr(byte)
    if "A" <= char <= "Z":
        return ord(char.lower())
    return ord("0") if "0" <= char <= "9" else byte


def is_word_byte(byte: int) -> bool:
    """Whether a folded byte continues a word: a-z, or a part of U+00E0 to U+00FF in UTF-8.

    Typographic quotes and dashes (E2 80 xx) are not, so they end a word as their ASCII kin do.
    """
    return ord("a") <= byte <= ord("z") or byte == 0xC3 or 0xA0 <= byte <= 0xBF


@dataclass(frozen=True, slots=True)
class HashConstants:
    """The fixed numbers of the hashing step.

    Attributes:
        byte_values: float32 ``[256]``, the integer that stands for each byte; 0 for padding.
        weights: float32 ``[orders + 1, 1, width]``, convolution kernels, one per n-gram order, the
            last for the trigram centred on a byte, from which word hashes are summed.
        word_bytes: int32 ``[256]``, 1 where the byte is part of a word.
        trigram_codes: int32 ``[4096]``, random codes whose sum over a word is the word's hash.
    """

    byte_values: NDArray[np.float32]
    weights: NDArray[np.float32]
    word_bytes: NDArray[np.int32]
    trigram_codes: NDArray[np.int32]


def hash_constants(orders: tuple[int, ...]) -> HashConstants:
    """Draw the constants for these n-gram orders; always the same for the same orders.

    Raises:
        ValueError: an order is below 1 or above :data:`MAX_ORDER`, where sums could pass 2**24.
    """
    if not orders or min(orders) < 1 or max(orders) > MAX_ORDER:
        raise ValueError(f"orders: {orders} must lie between 1 and {MAX_ORDER}")
    random = np.random.default_rng(_SEED)
    values = random.choice(np.arange(1, _MAX_BYTE_VALUE), BYTES, replace=False)
    values = np.array([values[fold_byte(byte)] for byte in range(BYTES)])
    values[0] = 0
    words = np.array([is_word_byte(fold_byte(byte)) for byte in range(BYTES)])
    codes = random.integers(-(2**31), 2**31, TRIGRAM_CODES)
    return HashConstants(
        byte_values=values.astype(np.float32),
        weights=_kernels(orders, random),
        word_bytes=words.astype(np.int32),
        trigram_codes=codes.astype(np.int32),
    )


def _kernels(orders: tuple[int, ...], random: np.random.Generator) -> NDArray[np.float32]:
    """Kernels over bytes ``t-1 .. t+max(orders)-1``; order k covers ``t .. t+k-1``."""
    width = max(2, *orders) + 1
    weights = random.integers(0, _MAX_WEIGHT // 2, (MAX_ORDER + 1, MAX_ORDER + 1)) * 2 + 1
    kernels = np.zeros((len(orders) + 1, 1, width), dtype=np.float32)
    for row, order in enumerate(orders):
        kernels[row, 0, 1 : order + 1] = weights[order, :order]
    kernels[-1, 0, :3] = weights[0, :3]
    return kernels
