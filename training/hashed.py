"""Hashed tables: what every network of this project reads a text through.

Bytes become rows of two tables, one of n-grams and one of words and pairs of words. What is made of
their sums is up to :class:`training.network.Network`, which ships, and
:class:`training.transformer.Transformer`, which teaches it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from scandid.folding import SPACE
from training.calibration import LONGEST, Calibration
from training.hashing import PAIR_FACTOR, hash_constants

LookedUp: TypeAlias = tuple[Tensor, Tensor]
"""Sums of n-grams by window, and sums of words and pairs."""

_SPREAD: Final = 0.05
"""Standard deviation of a table's first weights."""


@dataclass(frozen=True, slots=True)
class TablesConfig:
    """Sizes of the tables.

    Attributes:
        orders: Lengths in bytes of the n-grams that are looked up at each byte.
        rows: Rows of each order's n-grams, powers of two.
        word_rows: Rows of whole words, a power of two.
        pair_rows: Rows of pairs of neighbouring words, a power of two.
        dim: Width of an n-gram's row.
        word_dim: Width of a row of words or pairs. In the network that ships they reach the logits
            through one matrix and nothing else, so a row needs hardly more numbers than there are
            labels.
        window: Bytes whose n-grams are summed.
    """

    orders: tuple[int, ...] = (4,)
    rows: tuple[int, ...] = (262144,)
    word_rows: int = 262144
    pair_rows: int = 262144
    dim: int = 32
    word_dim: int = 8
    window: int = 32

    def __post_init__(self) -> None:
        """Refuse sizes the hashing cannot serve."""
        sizes = {"rows": self.rows, "word_rows": (self.word_rows,), "pair_rows": (self.pair_rows,)}
        for field, values in sizes.items():
            for value in values:
                if value < 2 or value & (value - 1):
                    raise ValueError(f"{field}: {value} is not a power of two")
        if len(self.orders) != len(self.rows):
            wanted, found = len(self.orders), len(self.rows)
            raise ValueError(f"rows: one for each of {wanted} orders, not {found}")
        if self.window < 1:
            raise ValueError(f"window: {self.window} is below 1")

    @property
    def grams(self) -> "TableShape":
        """How the table of n-grams is divided among the orders."""
        return TableShape(self.rows)

    @property
    def words(self) -> "TableShape":
        """How the other table is divided among words and pairs of words."""
        return TableShape((self.word_rows, self.pair_rows))


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table in parts of so many rows each; row 0 of the whole is the row of zeros."""

    parts: tuple[int, ...]

    @property
    def masks(self) -> list[int]:
        """Bit mask that folds a hash into each part."""
        return [rows - 1 for rows in self.parts]

    @property
    def starts(self) -> list[int]:
        """First row of each part."""
        return [1 + sum(self.parts[:place]) for place in range(len(self.parts))]

    @property
    def rows(self) -> int:
        """Rows of the whole."""
        return 1 + sum(self.parts)


class HashedTables(nn.Module):
    """Text bytes to rows and sums of rows; subclasses turn these into logits."""

    config: TablesConfig
    kernels: Tensor
    biases: Tensor
    length_scales: Tensor
    length_shifts: Tensor

    def __init__(self, config: TablesConfig) -> None:
        """Build the tables with random weights."""
        super().__init__()
        self.config = config
        constants = hash_constants(config.orders)
        self.register_buffer("kernels", torch.from_numpy(constants.kernels), persistent=False)
        self.register_buffer("biases", torch.from_numpy(constants.biases), persistent=False)
        self.table = nn.Parameter(torch.randn(config.grams.rows, config.dim) * _SPREAD)
        self.word_table = nn.Parameter(torch.randn(config.words.rows, config.word_dim) * _SPREAD)
        with torch.no_grad():
            self.table[0] = 0
            self.word_table[0] = 0
        self.calibrate(Calibration.identity())

    def calibrate(self, calibration: Calibration) -> None:
        """Take a calibration; it is no part of the weights, and training does without one."""
        scales, shifts = calibration.tables()
        for name, array in {"length_scales": scales, "length_shifts": shifts}.items():
            values = torch.from_numpy(array).to(self.table.device)
            self.register_buffer(name, values, persistent=False)

    def rows(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Rows of the two tables that a batch of texts looks up; row 0 is the row of zeros.

        Args:
            text: uint8 ``[batch, time]``.

        Returns:
            int32 ``[batch, steps, window * orders]``, the n-grams that start in each window, and
            int32 ``[batch, words * 2]``, each word and each pair of neighbouring words by turns.
        """
        text = functional.pad(text, (0, -text.shape[1] % self.config.window)).int()
        values = functional.pad(text.float(), (1, self.kernels.shape[-1] - 2))
        hashes = functional.conv1d(values.unsqueeze(1), self.kernels, self.biases).int()
        # Padding hashes to 0, so an n-gram whose row would be 0 stands for nothing as well: one
        # n-gram in as many as there are rows, and the graph needs no mask.
        grams = _place(hashes[:, :-2].transpose(1, 2), self.config.grams)
        first = torch.tensor(self.config.grams.starts, dtype=torch.int32, device=grams.device)
        grams = torch.where(grams == first, 0, grams)
        steps = text.shape[1] // self.config.window
        words = self._words(text, hashes[:, -2] * hashes[:, -1])
        return grams.reshape(len(text), steps, -1), words.flatten(1)

    def _words(self, text: Tensor, codes: Tensor) -> Tensor:
        """Rows of the words: a word's hash is the wrapping sum of the codes of its bytes.

        Words are counted by the spaces before them; row 0 stands where there is none.
        """
        number = word_numbers(text)
        codes = codes * (text > SPACE).int()
        words = torch.zeros_like(codes).scatter_add(1, number, codes)
        words = words[:, : int(number.max()) + 1]
        pairs = words + PAIR_FACTOR * functional.pad(words, (1, 0))[:, :-1]
        rows = _place(torch.stack([words, pairs], dim=2), self.config.words)
        return rows * (words != 0).int().unsqueeze(2)

    def look_up(
        self,
        texts: Sequence[Tensor],  # noqa: ARG002  # what bags follow from, if not from windows
        grams: Sequence[Tensor],
        words: Sequence[Tensor],
    ) -> list[LookedUp]:
        """Sum what the rows of several batches hold.

        Args:
            texts: uint8 ``[batch, time]`` each.
            grams: int32 ``[batch, steps, columns]`` each.
            words: int32 ``[batch, columns]`` each.

        Returns:
            For each batch float32 ``[batch, steps, dim]`` and ``[batch, word_dim]``.
        """
        windows = sum_rows(grams, [lines(rows) for rows in grams], self.table)
        bags = sum_rows(words, [lines(rows) for rows in words], self.word_table)
        return list(zip(windows, bags, strict=True))

    def forward(self, text: Tensor) -> Tensor:
        """Calibrated logits: uint8 ``[batch, time]`` to float32 ``[batch, labels]``."""
        grams, words = self.rows(text)
        ((windows, word_sums),) = self.look_up([text], [grams], [words])
        logits = self.logits(text, windows, word_sums, words)
        length = (text > 0).sum(1).clamp(max=LONGEST)
        several = (words[:, ::2] > 0).sum(1) > 1
        row = length + several * (LONGEST + 1)
        return logits * self.length_scales[row] + self.length_shifts[row]

    @abstractmethod
    def logits(self, text: Tensor, windows: Tensor, word_sums: Tensor, words: Tensor) -> Tensor:
        """Everything after the look-up and before calibration, float32 ``[batch, labels]``.

        Args:
            text: uint8 ``[batch, time]``.
            windows: First of what :meth:`look_up` gives.
            word_sums: Second of it.
            words: The rows that ``word_sums`` was summed from; tells how many words there are.
        """


def word_numbers(text: Tensor) -> Tensor:
    """The word that each byte belongs to, int64 ``[batch, time]``, counted by the spaces before."""
    return ((text > 0) & (text <= SPACE)).long().cumsum(1)


def grams_by_word(text: Tensor, grams: Tensor, words: int) -> Tensor:
    """How many n-grams start in each word, int64 ``[batch, words]``.

    Args:
        text: uint8 ``[batch, time]``.
        grams: int32 ``[batch, time, orders]``, their rows; row 0 stands for none.
        words: Words of the longest text.
    """
    counts = torch.zeros(len(text), words, dtype=torch.int64, device=text.device)
    return counts.scatter_add(1, word_numbers(text), lines(grams))


def _place(hashes: Tensor, shape: TableShape) -> Tensor:
    """Fold hashes into the rows of a table; the last axis is the table's parts."""
    masks = torch.tensor(shape.masks, dtype=torch.int32, device=hashes.device)
    return (hashes & masks) + torch.tensor(shape.starts, dtype=torch.int32, device=hashes.device)


def lines(rows: Tensor) -> Tensor:
    """How many rows that are not 0 each line ``[..., columns]`` has, int64 ``[...]``."""
    return (rows > 0).sum(-1)


def sum_rows(rows: Sequence[Tensor], counts: Sequence[Tensor], table: Tensor) -> list[Tensor]:
    """Sum table rows by runs of those that are not 0, one run after another.

    One look-up for several arrays: the table's gradient is as large as the table, and writing it
    once a step instead of four times makes training much faster (docs/LOG.md). Row 0 is left out
    of it: on a GPU its gradient, of millions of places, took nine tenths of a step.

    Args:
        rows: int32 arrays of any shape.
        counts: int64 ``[...]`` each, lengths of the runs.
        table: float32 ``[rows, width]``.

    Returns:
        float32 ``[..., width]`` each.
    """
    ends = torch.cat([each.flatten() for each in counts]).cumsum(0)
    starts = functional.pad(ends, (1, 0))[:-1].to(torch.int32)
    flat = torch.cat([each.flatten() for each in rows])
    sums = functional.embedding_bag(flat[flat > 0], table, starts, mode="sum")
    parts = torch.split(sums, [each.numel() for each in counts])
    return [part.view(*each.shape, -1) for part, each in zip(parts, counts, strict=True)]
