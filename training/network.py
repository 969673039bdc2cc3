"""The network: hashed byte n-grams and words, windows, LSTM, pooling, one logit per label.

:mod:`training.graph` writes the same computation as an ONNX graph; ``export.py`` compares the two.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scandid.labels import LABELS
from training.hashed import HashedTables, TablesConfig


@dataclass(frozen=True, slots=True)
class NetworkConfig(TablesConfig):
    """Sizes of the network.

    Attributes:
        hidden: Width of the LSTM in each direction.
        directions: 2 where the LSTM reads the windows forwards and backwards, 1 forwards alone.
    """

    hidden: int = 24
    directions: int = 1

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be served."""
        # With slots the decorator makes another class than the one super() alone would look for.
        super(NetworkConfig, self).__post_init__()
        if self.directions not in (1, 2):
            raise ValueError(f"directions: {self.directions} is neither 1 nor 2")


class Network(HashedTables):
    """Text bytes to logits."""

    config: NetworkConfig

    def __init__(self, config: NetworkConfig) -> None:
        """Build the tables and the LSTM with random weights."""
        super().__init__(config)
        self.lstm = nn.LSTM(
            config.dim, config.hidden, batch_first=True, bidirectional=config.directions == 2
        )
        states = config.directions * config.hidden
        self.head = nn.Linear(2 * states + config.dim + config.word_dim, len(LABELS))

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
