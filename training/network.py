"""The network: hashed byte n-grams and words, windows, LSTM, pooling, one logit per label.

:mod:`training.graph` writes the same computation as an ONNX graph; ``export.py`` compares the two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from scandid.folding import SPACE
from scandid.labels import LABELS
from training.calibration import LONGEST, Calibration
from training.hashing import PAIR_FACTOR, hash_constants

LookedUp: TypeAlias = tuple[Tensor, Tensor]
"""Sums of n-grams by window, and the sum of words and pairs."""

_SPREAD: Final = 0.05
"""Standard deviation of a table's first weights."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Sizes of the network.

    Attributes:
        orders: Lengths in bytes of the n-grams that are looked up at each byte.
        rows: Rows of each order's n-grams, powers of two.
        word_rows: Rows of whole words, a power of two.
        pair_rows: Rows of pairs of neighbouring words, a power of two.
        dim: Width of an n-gram's row.
        word_dim: Width of a row of words or pairs. They reach the logits through one matrix and
            nothing else, so a row needs hardly more numbers than there are labels.
        window: Bytes pooled into one step of the LSTM.
        hidden: Width of the LSTM in each direction.
        directions: 2 where the LSTM reads the windows forwards and backwards, 1 forwards alone.
    """

    orders: tuple[int, ...] = (4,)
    rows: tuple[int, ...] = (262144,)
    word_rows: int = 262144
    pair_rows: int = 262144
    dim: int = 32
    word_dim: int = 8
    window: int = 32
    hidden: int = 24
    directions: int = 1

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
        if self.directions not in (1, 2):
            raise ValueError(f"directions: {self.directions} is neither 1 nor 2")

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


class Network(nn.Module):
    """Text bytes to logits."""

    kernels: Tensor
    biases: Tensor
    length_scales: Tensor
    length_shifts: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        """Build the tables and the LSTM with random weights."""
        super().__init__()
        self.config = config
        constants = hash_constants(config.orders)
        self.register_buffer("kernels", torch.from_numpy(constants.kernels), persistent=False)
        self.register_buffer("biases", torch.from_numpy(constants.biases), persistent=False)
        self.table = nn.Parameter(torch.randn(config.grams.rows, config.dim) * _SPREAD)
        self.word_table = nn.Parameter(torch.randn(config.words.rows, config.word_dim) * _SPREAD)
        self.lstm = nn.LSTM(
            config.dim, config.hidden, batch_first=True, bidirectional=config.directions == 2
        )
        states = config.directions * config.hidden
        self.head = nn.Linear(2 * states + config.dim + config.word_dim, len(LABELS))
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
        number = ((text > 0) & (text <= SPACE)).long().cumsum(1)
        codes = codes * (text > SPACE).int()
        words = torch.zeros_like(codes).scatter_add(1, number, codes)
        words = words[:, : int(number.max()) + 1]
        pairs = words + PAIR_FACTOR * functional.pad(words, (1, 0))[:, :-1]
        rows = _place(torch.stack([words, pairs], dim=2), self.config.words)
        return rows * (words != 0).int().unsqueeze(2)

    def look_up(self, grams: Sequence[Tensor], words: Sequence[Tensor]) -> list[LookedUp]:
        """Sum what the rows of several batches hold.

        Args:
            grams: int32 ``[batch, steps, columns]`` each.
            words: int32 ``[batch, columns]`` each.

        Returns:
            For each batch float32 ``[batch, steps, dim]`` and ``[batch, word_dim]``.
        """
        windows, bags = _sums(grams, self.table), _sums(words, self.word_table)
        return list(zip(windows, bags, strict=True))

    def forward(self, text: Tensor) -> Tensor:
        """Calibrated logits: uint8 ``[batch, time]`` to float32 ``[batch, labels]``."""
        grams, words = self.rows(text)
        ((windows, word_sums),) = self.look_up([grams], [words])
        logits = self.logits(text, windows, word_sums, words)
        length = (text > 0).sum(1).clamp(max=LONGEST)
        return logits * self.length_scales[length] + self.length_shifts[length]

    def logits(self, text: Tensor, windows: Tensor, word_sums: Tensor, words: Tensor) -> Tensor:
        """Everything after the look-up and before calibration.

        Args:
            text: uint8 ``[batch, time]``.
            windows: float32 ``[batch, steps, dim]``, summed rows of each window.
            word_sums: float32 ``[batch, word_dim]``, summed rows of words and pairs.
            words: The rows that ``word_sums`` was summed from; tells how many words there are.
        """
        filled = text[:, :: self.config.window] > 0
        lengths = filled.sum(1).clamp(min=1)
        count = lengths.unsqueeze(1)
        states = self._states(windows, lengths)
        # Divided by roots, evidence adds up: a decisive word weighs more the fewer there are
        # beside it, but less than twice as much for half of them (docs/LOG.md).
        gram_bag = (windows * filled.unsqueeze(2)).sum(1) / count.sqrt()
        word_bag = word_sums / (words[:, ::2] > 0).sum(1, keepdim=True).clamp(min=1).sqrt()
        pooled = [states.sum(1) / count, states.clamp(min=0).amax(1), gram_bag, word_bag]
        logits: Tensor = self.head(torch.cat(pooled, dim=1))
        return logits

    def _states(self, windows: Tensor, lengths: Tensor) -> Tensor:
        """LSTM states ``[batch, steps, states]``, zero beyond each text's own length."""
        packed = nn.utils.rnn.pack_padded_sequence(
            windows, lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, _ = self.lstm(packed)
        total = windows.shape[1]
        return nn.utils.rnn.pad_packed_sequence(states, batch_first=True, total_length=total)[0]


def _place(hashes: Tensor, shape: TableShape) -> Tensor:
    """Fold hashes into the rows of a table; the last axis is the table's parts."""
    masks = torch.tensor(shape.masks, dtype=torch.int32, device=hashes.device)
    return (hashes & masks) + torch.tensor(shape.starts, dtype=torch.int32, device=hashes.device)


def _sums(rows: Sequence[Tensor], table: Tensor) -> list[Tensor]:
    """Sum the table rows of every line of several arrays: ``[..., columns]`` to ``[..., width]``.

    One look-up for all of them: the table's gradient is as large as the table, and writing it once
    a step instead of four times makes training much faster (docs/LOG.md).
    """
    ends = torch.cat([torch.full((r[..., 0].numel(),), r.shape[-1]) for r in rows]).cumsum(0)
    starts = functional.pad(ends, (1, 0))[:-1].to(table.device, torch.int32)
    flat = torch.cat([r.flatten() for r in rows])
    sums = functional.embedding_bag(flat, table, starts, mode="sum")
    parts = torch.split(sums, [r[..., 0].numel() for r in rows])
    return [p.view(*r.shape[:-1], -1) for p, r in zip(parts, rows, strict=True)]
