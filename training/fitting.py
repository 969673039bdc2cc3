"""Fitting: loss, schedule, n-gram dropout and weight averaging, one step at a time."""

import copy
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional

from training.hashed import HashedTables
from training.teaching import Labelled, Opinion

_AVERAGE_EVERY: Final = 10
_LONGEST_MEMORY: Final = 0.02


@dataclass(frozen=True, slots=True)
class FittingConfig:
    """How weights are fitted.

    Attributes:
        learning_rate: Peak of Adam's step size, reached after ``warmup`` steps, then falling
            linearly to 2% of itself.
        warmup: Steps until the peak.
        gram_dropout: Share of the n-grams hidden at each step, so that no single one is relied on.
        word_dropout: The same for words and pairs of words.
        ranking: Weight of the softmax loss beside the independent ones: it sharpens the choice
            between close languages, while the sigmoids say whether each holds.
        average_from: Part of the run after which weights are averaged.
        teaching: Weight of the teachers' opinion, where there are any; labels have the rest.
        label_smoothing: Part of a text's own labels that is spread evenly over all, so that no
            answer pays for ever surer numbers (Szegedy et al. 2016, arXiv 1512.00567).
    """

    learning_rate: float = 2e-3
    warmup: int = 100
    gram_dropout: float = 0.3
    word_dropout: float = 0.3
    ranking: float = 1.0
    average_from: float = 0.5
    teaching: float = 0.6
    label_smoothing: float = 0.0


class Fitter:
    """A network, its optimizer and the running average of its weights."""

    def __init__(self, network: HashedTables, config: FittingConfig) -> None:
        """Start from the network's present weights."""
        self.network = network
        self.averaged = copy.deepcopy(network)
        self._config = config
        fitted = [parameter for parameter in network.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.Adam(
            fitted, lr=config.learning_rate, betas=(0.9, 0.99), fused=True
        )
        self._averages = 0

    def step(
        self,
        parts: Labelled,
        number: int,
        progress: float,
        opinion: Opinion | None = None,
    ) -> float:
        """Fit one batch.

        Args:
            parts: Bytes and targets, on the network's device.
            number: Count of steps before this one.
            progress: Part of the run that is done, 0 to 1.
            opinion: What teachers say of the batch, where there are any.

        Returns:
            Mean loss of the batch.
        """
        self.network.train()
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate(number, progress)
        loss = self._loss(parts, opinion)
        torch.autograd.backward(loss)
        for table in (self.network.table, self.network.word_table):
            if table.grad is not None:
                table.grad[0] = 0  # row 0 stands for nothing and must stay zero
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        if number % _AVERAGE_EVERY == 0:
            self._average(progress)
        return loss.item()

    @property
    def learning_rate(self) -> float:
        """Step size of the last step."""
        rate: float = self._optimizer.param_groups[0]["lr"]
        return rate

    def state(self) -> dict[str, Any]:
        """All tensors and numbers a resumed run needs."""
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "averages": self._averages,
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what :meth:`state` gave."""
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._averages = state["averages"]
        torch.set_rng_state(state["random"].cpu())
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all([number.cpu() for number in state.get("random_cuda", [])])

    def _learning_rate(self, number: int, progress: float) -> float:
        warm = min(1.0, (number + 1) / self._config.warmup)
        return self._config.learning_rate * warm * max(0.02, 1 - progress)

    def _loss(self, parts: Labelled, opinion: Opinion | None) -> Tensor:
        """Mean loss of the parts' texts."""
        texts = [text for text, _ in parts]
        found = [self.network.rows(text) for text in texts]
        grams = [hide(grams, self._config.gram_dropout) for grams, _ in found]
        words = [hide(words, self._config.word_dropout) for _, words in found]
        parts_of_logits = [
            self.network.logits(text, *sums, seen)
            for text, sums, seen in zip(
                texts, self.network.look_up(texts, grams, words), words, strict=True
            )
        ]
        logits = torch.cat(parts_of_logits)
        targets = torch.cat([targets for _, targets in parts])
        holds, share = self._sought(targets, opinion)
        independent = functional.binary_cross_entropy_with_logits(logits, holds, reduction="sum")
        ranking = -(torch.log_softmax(logits, 1) * share).sum()
        return (independent + self._config.ranking * ranking) / len(targets)

    def _sought(self, targets: Tensor, opinion: Opinion | None) -> tuple[Tensor, Tensor]:
        """What each label's probability and its share among the labels should be."""
        smooth = self._config.label_smoothing
        holds = (targets > 0) * (1 - smooth) + smooth / 2
        share = targets / targets.sum(1, keepdim=True) * (1 - smooth) + smooth / targets.shape[1]
        if opinion is None:
            return holds, share
        said_holds, said_share = opinion
        weight = self._config.teaching
        return torch.lerp(holds, said_holds, weight), torch.lerp(share, said_share, weight)

    def _average(self, progress: float) -> None:
        """Follow the weights; from ``average_from`` on, take the mean of those since."""
        if progress < self._config.average_from:
            self.averaged.load_state_dict(self.network.state_dict())
            return
        self._averages += 1
        weight = max(1 / (self._averages + 1), _LONGEST_MEMORY)
        with torch.no_grad():
            for mean, now in zip(
                self.averaged.parameters(), self.network.parameters(), strict=True
            ):
                mean.lerp_(now, weight)


def hide(rows: Tensor, share: float) -> Tensor:
    """Point a random share of the rows to the row of zeros."""
    return torch.where(torch.rand(rows.shape, device=rows.device) < share, 0, rows)
