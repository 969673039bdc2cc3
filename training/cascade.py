"""A network that reads a text again, word by word, where its first answer is in doubt.

The first stage adds up what windows and words say, so a text's one decisive word can be outvoted by
many that say a little. The second stage takes each word's rows by themselves through two layers
before they are added up (deep sets: Zaheer et al. 2017, arXiv 1703.06114), and corrects the first
stage's logits. Only texts in doubt pay for it (a cascade: Viola and Jones 2001), a tenth of short
ones and a fiftieth of paragraphs; what it reads are rows of the first stage's tables, so it adds
80 KB to a file of 12.6 MB (docs/LOG.md, *Read again in doubt*).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Tensor, nn

from scandid.labels import LABELS
from training.hashed import LookedUp, grams_by_word, sum_rows
from training.network import Network, NetworkConfig

STEEPNESS: Final = 2.0
"""The second stage's part grows from nothing to all within half a logit below certainty, so that no
answer jumps where a neighbour in the batch moves a logit by its last bit."""

FEWEST_WORDS: Final = 3
"""That a text is read again for: two words and their pair are all that the first stage saw of it,
and word pairs came out no better (docs/LOG.md)."""

MOST_WORDS: Final = 64
"""That are read again: what a text costs must not grow with the square of its length, and longer
texts are hardly ever in doubt."""


@dataclass(frozen=True, slots=True)
class CascadeConfig(NetworkConfig):
    """Sizes of both stages.

    Attributes:
        width: Numbers a word has within the second stage.
        doubt: Probability from which on the first stage's best answer stands, 0 to 1.
    """

    width: int = 64
    doubt: float = 0.95

    def __post_init__(self) -> None:
        """Refuse what the second stage cannot read."""
        # With slots the decorator makes another class than the one super() alone would look for.
        super(CascadeConfig, self).__post_init__()
        if len(self.orders) != 1:
            raise ValueError(f"orders: {self.orders}, but a cascade reads n-grams of one length")
        if not 0 < self.doubt < 1:
            raise ValueError(f"doubt: {self.doubt} does not lie between 0 and 1")

    @property
    def first_stage(self) -> NetworkConfig:
        """Sizes of the first stage by itself."""
        return NetworkConfig(
            **{each.name: getattr(self, each.name) for each in fields(NetworkConfig)}
        )

    @property
    def sure_logit(self) -> float:
        """``doubt`` as a logit."""
        return math.log(self.doubt / (1 - self.doubt))


class Cascade(Network):
    """Text bytes to logits, in one reading or two; only the second one's weights are fitted."""

    config: CascadeConfig

    def __init__(self, config: CascadeConfig) -> None:
        """Build both stages; at first the second one changes nothing."""
        super().__init__(config)
        self.requires_grad_(requires_grad=False)
        width = config.width
        self.enter = nn.Linear(config.dim + 2 * config.word_dim, width)
        self.deepen = nn.Linear(width, width)
        self.combine = nn.Linear(len(LABELS) + 3 * width, width)
        self.correct = nn.Linear(width, len(LABELS))
        self.trust = nn.Parameter(torch.ones(len(LABELS)))
        nn.init.zeros_(self.correct.weight)
        nn.init.zeros_(self.correct.bias)

    def look_up(
        self, texts: Sequence[Tensor], grams: Sequence[Tensor], words: Sequence[Tensor]
    ) -> list[LookedUp]:
        """Sum rows by word, and take the first stage's answer.

        Returns:
            For each batch float32 ``[batch, words, dim + 2 * word_dim]``, the sum of the n-grams
            that start in each word, its own row and that of the pair it ends, and the first
            stage's logits, ``[batch, labels]``.
        """
        found = []
        with torch.no_grad():
            sums = super().look_up(texts, grams, words)
            for text, rows, pairs, (windows, bag) in zip(texts, grams, words, sums, strict=True):
                first = super().logits(text, windows, bag, pairs)
                found.append((self._by_word(text, rows, pairs), first))
        return found

    def logits(self, text: Tensor, windows: Tensor, word_sums: Tensor, words: Tensor) -> Tensor:
        """The first stage's logits, corrected where they are in doubt.

        Args:
            text: uint8 ``[batch, time]``.
            windows: First of what :meth:`look_up` gives, by word here.
            word_sums: Second of it, the first stage's logits here.
            words: The rows of words and pairs; tells which words there are.
        """
        del text
        there, first = words[:, ::2] > 0, word_sums
        part = self._part(first, there)
        doubted = part.nonzero()[:, 0]
        read, first_doubted = windows[doubted, :MOST_WORDS], first[doubted]
        change = self._second(read, there[doubted, :MOST_WORDS], first_doubted) - first_doubted
        return first.index_add(0, doubted, change * part[doubted].unsqueeze(1))

    def _by_word(self, text: Tensor, grams: Tensor, words: Tensor) -> Tensor:
        rows = grams.flatten(1)[:, : text.shape[1]]
        pairs = words.view(len(words), -1, 2)
        counts = grams_by_word(text, rows.unsqueeze(2), pairs.shape[1])
        (sums,) = sum_rows([rows], [counts], self.table)
        return torch.cat([sums, self.word_table[pairs.long()].flatten(2)], 2)

    def _part(self, first: Tensor, there: Tensor) -> Tensor:
        """How much the second stage has to say of each text, 0 to 1."""
        short = (self.config.sure_logit - first.amax(1)) * STEEPNESS
        return short.clamp(0, 1) * (there.sum(1) >= FEWEST_WORDS)

    def _second(self, by_word: Tensor, there: Tensor, first: Tensor) -> Tensor:
        """The second stage's own logits."""
        states = torch.relu(self.deepen(torch.relu(self.enter(by_word)))) * there.unsqueeze(2)
        count, total = there.sum(1, keepdim=True), states.sum(1)
        pooled = [first, total / count, total / count.sqrt(), states.amax(1)]
        change = self.correct(torch.relu(self.combine(torch.cat(pooled, 1))))
        logits: Tensor = first * self.trust + change
        return logits


def build_network(config: NetworkConfig) -> Network:
    """A network or a cascade of these sizes with random weights."""
    return Cascade(config) if isinstance(config, CascadeConfig) else Network(config)
