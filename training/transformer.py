"""A network that reads words in their order: a teacher, too slow to ship.

Each word is the sum of its n-grams beside its own row and that of the pair it ends; a transformer
(Vaswani et al. 2017, arXiv 1706.03762; normalized first, Xiong et al. 2020, arXiv 2002.04745) lets
every word see all others, so that one decisive word is not outvoted by its neighbours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from scandid.folding import SPACE
from scandid.labels import LABELS
from training.hashed import (
    HashedTables,
    LookedUp,
    TablesConfig,
    grams_by_word,
    lines,
    sum_rows,
    word_numbers,
)

_MOST_WORDS: Final = 520
"""As many as a text of 1,024 bytes can have, and those that its padding counts as."""

_DROPOUT: Final = 0.1
_PLACE_SPREAD: Final = 0.02
_BAG_SHARE: Final = 0.3
"""Sums of a whole text are larger than what the layers give, and would learn faster."""


@dataclass(frozen=True, slots=True)
class TransformerConfig(TablesConfig):
    """Sizes of the network.

    Attributes:
        width: Numbers a word has within the layers.
        layers: How many times every word looks at all others.
        heads: In how many ways at once; divides ``width``.
    """

    window: int = 1
    width: int = 256
    layers: int = 4
    heads: int = 4

    def __post_init__(self) -> None:
        """Refuse sizes that do not go together."""
        # With slots the decorator makes another class than the one super() alone would look for.
        super(TransformerConfig, self).__post_init__()
        if self.window != 1:
            raise ValueError(
                f"window: {self.window}, but a transformer reads single bytes' n-grams"
            )
        if self.width % self.heads:
            raise ValueError(f"heads: {self.heads} does not divide the width of {self.width}")


class Transformer(HashedTables):
    """Text bytes to logits, by words."""

    config: TransformerConfig

    def __init__(self, config: TransformerConfig) -> None:
        """Build tables and layers with random weights."""
        super().__init__(config)
        # cuDNN's attention plans anew for each length of a batch, which took four fifths of a step.
        # A switch of the process: those of a block of code are not safe among threads.
        torch.backends.cuda.enable_cudnn_sdp(enabled=False)
        self.enter_grams = nn.LayerNorm(config.dim)
        self.enter_words = nn.LayerNorm(config.word_dim)
        self.enter = nn.Linear(config.dim + config.word_dim, config.width)
        self.places = nn.Parameter(torch.randn(_MOST_WORDS, config.width) * _PLACE_SPREAD)
        layer = nn.TransformerEncoderLayer(
            config.width,
            config.heads,
            4 * config.width,
            _DROPOUT,
            "gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(
            layer, config.layers, nn.LayerNorm(config.width), enable_nested_tensor=False
        )
        bags = config.dim + config.word_dim
        self.head = nn.Linear(2 * config.width + bags, len(LABELS))

    def look_up(
        self, texts: Sequence[Tensor], grams: Sequence[Tensor], words: Sequence[Tensor]
    ) -> list[LookedUp]:
        """Sum what the rows of several batches hold, by word.

        Returns:
            For each batch float32 ``[batch, words, dim]``, the n-grams that start in each word, and
            ``[batch, words, word_dim]``, the word and the pair it ends.
        """
        pairs = [rows.view(len(rows), -1, 2) for rows in words]
        counts = [
            grams_by_word(text, found, rows.shape[1])
            for text, found, rows in zip(texts, grams, pairs, strict=True)
        ]
        by_word = sum_rows(grams, counts, self.table)
        word_sums = sum_rows(pairs, [lines(rows) for rows in pairs], self.word_table)
        return list(zip(by_word, word_sums, strict=True))

    def logits(
        self,
        text: Tensor,
        windows: Tensor,
        word_sums: Tensor,
        words: Tensor,  # noqa: ARG002  # only the LSTM's network asks how many there are
    ) -> Tensor:
        """Everything after the look-up and before calibration."""
        count = word_sums.shape[1]
        letters = torch.zeros(word_sums.shape[:2], device=text.device)
        there = letters.scatter_add(1, word_numbers(text), (text > SPACE).float()) > 0
        there[:, 0] |= ~there.any(1)  # attention needs something to look at
        on_gpu = text.device.type == "cuda"
        with torch.autocast(text.device.type, torch.bfloat16, enabled=on_gpu):
            entering = torch.cat([self.enter_grams(windows), self.enter_words(word_sums)], 2)
            states = self.enter(entering) + self.places[:count]
            states = self.layers(states, src_key_padding_mask=~there).float()
        mask = there.unsqueeze(2)
        number_of_words = mask.sum(1)
        bags = (torch.cat([windows, word_sums], 2) * mask).sum(1) / number_of_words.sqrt()
        mean = (states * mask).sum(1) / number_of_words
        peak = states.masked_fill(~mask, torch.finfo(states.dtype).min).amax(1)
        logits: Tensor = self.head(torch.cat([mean, peak, bags * _BAG_SHARE], 1))
        return logits
