"""Calibration: a scale and a shift of the logits that depend on the length of the text.

A word alone has its own: two words of the same length are right where they were said and nowhere
else, which is guessed less often and with less to go by. All labels have the same, so that no
answer changes its label.

Fitted on held-out texts after training (:func:`fit`), it is the last step of the graph: two tables
with a row for each length in bytes. The network's weights know nothing of it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from scandid.labels import LABELS
from scandid.reliability import KINDS

Array = NDArray[np.float64]

KNOTS: Final = (6, 10, 16, 26, 42, 68, 110, 180, 290)
"""Lengths in bytes, about 1.6 times apart, at which values are fitted. Between them they are
interpolated along the logarithm of the length; beyond the ends they stay as at the ends."""

LONGEST: Final = KNOTS[-1]
"""Longer texts are calibrated as texts of this many bytes."""

SMOOTHNESS: Final = 500.0
PRUDENCE: Final = 20.0
"""Penalties of squares: of the step from one knot to the next, of the distance from changing
nothing. In nats, as the loss of a text with its five labels is, so they are priors: with few texts
little moves, and with ten thousand the texts decide."""

ANSWER: Final = 4.0
"""How much more than that of each label the claim of the likeliest one counts: it is the answer's
confidence, and the likeliest of several claims that are right by themselves claims too little or
too much (docs/LOG.md, "What short texts claim")."""

_LEAST_SCALE: Final = 0.01
"""Below 0 the least likely label would become the likeliest."""

_ROUNDS: Final = 200


@dataclass(frozen=True, slots=True)
class Calibration:
    """Values at the knots.

    Attributes:
        scales: float64 ``[kinds, knots]``; logits are multiplied by them.
        shifts: float64 ``[kinds, knots]``; then these are added.
    """

    scales: Array
    shifts: Array

    @classmethod
    def identity(cls) -> "Calibration":
        """The one that changes nothing, to the bit."""
        shape = (len(KINDS), len(KNOTS))
        return cls(np.ones(shape), np.zeros(shape))

    def tables(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scales and shifts, float32 ``[kinds * (LONGEST + 1), 1]``: by kind every length."""
        share = shares(np.arange(LONGEST + 1))
        scales, shifts = ((each @ share.T).reshape(-1, 1) for each in (self.scales, self.shifts))
        return scales.astype(np.float32), shifts.astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Knots and values by kind, JSON-ready."""
        named = {"scales": self.scales, "shifts": self.shifts}
        return {"bytes": list(KNOTS)} | {
            name: {
                kind: [round(float(value), 6) for value in row]
                for kind, row in zip(KINDS, values, strict=True)
            }
            for name, values in named.items()
        }


def shares(lengths: NDArray[np.integer[Any]]) -> Array:
    """How much of each knot a length takes: float64 ``[lengths, knots]``, rows sum to 1."""
    knots = np.log(KNOTS)
    at = np.log(np.clip(lengths, KNOTS[0], LONGEST))
    below = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(knots) - 2)
    part = (at - knots[below]) / (knots[below + 1] - knots[below])
    found = np.zeros((len(at), len(knots)))
    found[np.arange(len(at)), below] = 1 - part
    found[np.arange(len(at)), below + 1] = part
    return found


def fit(
    logits: NDArray[np.float32],
    lengths: NDArray[np.integer[Any]],
    several: NDArray[np.bool_],
    targets: NDArray[np.float32],
    weights: Array,
) -> Calibration:
    """Fit Platt scaling along the length, for each kind of text.

    The loss is the weighted cross-entropy of each label as a question of its own, that of the
    likeliest once more (:data:`ANSWER`), plus penalties. It is convex, so there is one optimum and
    no seed. Uneven weights leave fewer texts to count: all together count as the square of their
    sum by the sum of their squares (Kish 1965).

    Args:
        logits: float32 ``[texts, labels]`` of the network alone.
        lengths: Bytes of each text, ``[texts]``.
        several: Whether a text has more than one word, ``[texts]``.
        targets: float32 ``[texts, labels]``, 1 for each label that is right.
        weights: Weight of each text, ``[texts]``.
    """
    parts = [
        _fit_kind(logits[mine], lengths[mine], targets[mine], weights[mine])
        for mine in (~several, several)
    ]
    return Calibration(*(np.stack(each) for each in zip(*parts, strict=True)))


def _fit_kind(
    logits: NDArray[np.float32],
    lengths: NDArray[np.integer[Any]],
    targets: NDArray[np.float32],
    weights: Array,
) -> tuple[Array, Array]:
    """Scales and shifts for texts of one kind, float64 ``[knots]`` each."""
    share = torch.from_numpy(shares(lengths))
    parts = (torch.from_numpy(logits).double(), torch.from_numpy(targets).double())
    counted = weights * weights.sum() / (np.square(weights).sum() or 1.0)
    weight = torch.from_numpy(counted).unsqueeze(1) * (1 + ANSWER * _likeliest(parts[0]))
    start = Calibration.identity()
    values = torch.tensor(np.stack([start.scales[0], start.shifts[0]]), requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [values], max_iter=_ROUNDS, line_search_fn="strong_wolfe", tolerance_grad=1e-6
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        total = _loss(values, share, parts, weight)
        torch.autograd.backward(total)
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    scales, shifts = values.detach().numpy()
    return np.maximum(scales, _LEAST_SCALE), shifts


def _likeliest(logits: Tensor) -> Tensor:
    """1 for the largest logit of each text, 0 for the others."""
    return functional.one_hot(logits.argmax(dim=1), len(LABELS))


def _loss(values: Tensor, share: Tensor, parts: tuple[Tensor, Tensor], weight: Tensor) -> Tensor:
    logits, targets = parts
    scale, shift = (share @ values.T).unsqueeze(2).unbind(dim=1)
    moved = logits * scale + shift
    entropy = functional.binary_cross_entropy_with_logits(moved, targets, weight, reduction="sum")
    steps = values.diff(dim=1).square().sum()
    changed = (values[0] - 1).square().sum() + values[1].square().sum()
    return entropy + SMOOTHNESS * steps + PRUDENCE * changed
