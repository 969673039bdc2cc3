"""Calibration: what is fitted, and that torch and the graph apply the same."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from scandid.encoding import encode_text, pad
from scandid.labels import LABELS
from scandid.reliability import KINDS
from tests.tiny_model import MAX_BYTES, TEXTS, tiny_network
from training.calibration import KNOTS, LONGEST, Calibration, fit, shares
from training.graph import build_graph
from training.quantization import round_weights
from training.validation import TorchModel
from training.verification import GraphModel

Drawn = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.float32]]


def drawn(texts: int, *, sharpness: float) -> Drawn:
    """Logits that claim ``sharpness`` times too much, lengths, and targets drawn from the truth."""
    random = np.random.default_rng(0)
    true = random.normal(0, 3, (texts, len(LABELS)))
    lengths = random.integers(3, 400, texts)
    targets = random.random(true.shape) < 1 / (1 + np.exp(-true))
    return (sharpness * true).astype(np.float32), lengths, targets.astype(np.float32)


def alternating(lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every other text has several words."""
    odd: NDArray[np.bool_] = np.arange(len(lengths)) % 2 == 1
    return odd


def test_nothing_fitted_changes_nothing() -> None:
    """A network without a calibration answers with its bare logits, to the bit."""
    network = tiny_network()
    text = torch.from_numpy(pad([encode_text(text, MAX_BYTES)[0] for text in TEXTS]).copy())
    grams, words = network.rows(text)
    ((windows, word_sums),) = network.look_up([text], [grams], [words])
    bare = network.logits(text, windows, word_sums, words)
    assert torch.equal(network(text), bare)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_claims_are_brought_back_to_what_is_true(sharpness: float) -> None:
    """Logits that claim too much or too little get the scale that undoes it, at every length."""
    logits, lengths, targets = drawn(40_000, sharpness=sharpness)
    found = fit(logits, lengths, alternating(lengths), targets, np.ones(len(logits)))
    np.testing.assert_allclose(found.scales, 1 / sharpness, rtol=0.15)
    np.testing.assert_allclose(found.shifts, 0, atol=0.3)


def test_each_length_has_its_own() -> None:
    """Where only short texts claim too much, only theirs is taken back."""
    logits, lengths, targets = drawn(60_000, sharpness=1.0)
    logits[lengths <= 40] *= 3
    found = fit(logits, lengths, alternating(lengths), targets, np.ones(len(logits)))
    assert found.scales[:, :3].max() < 0.5
    assert found.scales[:, -3:].min() > 0.8


def test_a_word_alone_has_its_own() -> None:
    """Where only single words claim too much, texts of the same lengths keep their claims."""
    logits, lengths, targets = drawn(60_000, sharpness=1.0)
    several = alternating(lengths)
    logits[~several] *= 3
    found = fit(logits, lengths, several, targets, np.ones(len(logits)))
    assert found.scales[0].max() < 0.5
    assert found.scales[1].min() > 0.8


def test_a_kind_without_texts_stays_as_it_is() -> None:
    """Where no single word was there to learn from, nothing is claimed about them."""
    logits, lengths, targets = drawn(5_000, sharpness=3.0)
    found = fit(logits, lengths, lengths > 0, targets, np.ones(len(logits)))
    np.testing.assert_array_equal(found.scales[0], 1)
    np.testing.assert_array_equal(found.shifts[0], 0)
    assert found.scales[1].max() < 0.6


def test_few_texts_move_little() -> None:
    """Three texts that contradict the network move no scale or shift by more than a half."""
    logits = np.array([[4, -4, -4, -4, -4]] * 3, np.float32)
    targets = np.array([[0, 1, 0, 0, 0]] * 3, np.float32)
    found = fit(logits, np.array([20, 30, 40]), np.ones(3, np.bool_), targets, np.ones(3))
    np.testing.assert_allclose(found.scales, 1, atol=0.5)
    np.testing.assert_allclose(found.shifts, 0, atol=0.5)


def test_no_answer_changes_its_label() -> None:
    """Whatever was fitted, the likeliest label stays the likeliest."""
    logits, lengths, targets = drawn(20_000, sharpness=2.0)
    targets[:, 1] = 1  # one label is right far more often than is claimed
    several = alternating(lengths)
    found = fit(logits, lengths, several, targets, np.ones(len(logits)))
    scales, shifts = found.tables()
    row = np.minimum(lengths, LONGEST) + several * (LONGEST + 1)
    moved = logits * scales[row] + shifts[row]
    np.testing.assert_array_equal(moved.argmax(axis=1), logits.argmax(axis=1))


def test_a_network_that_is_always_wrong_keeps_its_labels() -> None:
    """Where logits say the opposite of what is true, they claim nothing, not the opposite."""
    logits, lengths, targets = drawn(20_000, sharpness=1.0)
    found = fit(-logits, lengths, alternating(lengths), targets, np.ones(len(logits)))
    assert 0 < found.scales.min() <= found.scales.max() < 0.05


def test_the_answers_claim_counts_most() -> None:
    """Of two labels with one logit that cannot both be told the truth, the likeliest one's is."""
    count = 10_000
    logits = np.repeat(np.array([[1, -9, -9, -9, -9], [4, 1, -9, -9, -9]], np.float32), count, 0)
    right = np.repeat([[0.5, 0, 0, 0, 0], [0.98, 0.9, 0, 0, 0]], count, 0)
    targets = (np.random.default_rng(0).random(logits.shape) < right).astype(np.float32)
    lengths = np.full(len(logits), 50)
    scales, shifts = fit(logits, lengths, lengths > 0, targets, np.ones(len(logits))).tables()
    row = LONGEST + 1 + lengths[0]
    claim = 1 / (1 + np.exp(-(scales[row] + shifts[row])))
    assert claim.item() == pytest.approx(0.5, abs=0.08)


def test_a_length_lies_between_its_knots() -> None:
    """Shares of the knots sum to 1; a knot is itself, and what lies beyond is the last knot."""
    found = shares(np.array([0, 1, *KNOTS, 1000, 20]))
    np.testing.assert_allclose(found.sum(axis=1), 1)
    np.testing.assert_allclose(found[2:-2], np.eye(len(KNOTS)), atol=1e-12)
    assert found[0, 0] == found[1, 0] == found[-2, -1] == 1
    assert (found[-1, 2:4] > 0.4).all()


@pytest.mark.parametrize("quantized", [False, True])
def test_torch_and_graph_calibrate_alike(quantized: bool) -> None:
    """A calibrated network and its graph give the same, and not what they gave before."""
    random = np.random.default_rng(0)
    network = tiny_network()
    shape = (len(KINDS), len(KNOTS))
    texts = [*TEXTS, "o" * (LONGEST - 2), "o" * LONGEST, "ja nei", "nei"]
    encoded = pad([encode_text(text, MAX_BYTES)[0] for text in texts])
    before = TorchModel(network, MAX_BYTES).probabilities(encoded)
    network.calibrate(Calibration(random.uniform(0.2, 2, shape), random.normal(0, 1, shape)))
    graph = GraphModel(build_graph(network, quantized=quantized))
    reference = TorchModel(round_weights(network) if quantized else network, MAX_BYTES)
    found = graph.probabilities(encoded)
    np.testing.assert_allclose(found, reference.probabilities(encoded), atol=1e-5)
    assert np.abs(found - before).max() > 0.05


def test_tables_have_a_row_for_each_kind_and_length() -> None:
    """At its knots each kind has the very values that were fitted, below the first that one's."""
    shape = (len(KINDS), len(KNOTS))
    scales, shifts = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    found = Calibration(scales.astype(np.float64), shifts.astype(np.float64)).tables()
    for table, values in zip(found, (scales, shifts), strict=True):
        assert table.shape == (len(KINDS) * (LONGEST + 1), 1)
        assert table.dtype == np.float32
        for kind in range(len(KINDS)):
            rows = table[kind * (LONGEST + 1) :][: LONGEST + 1, 0]
            np.testing.assert_allclose(rows[list(KNOTS)], values[kind], rtol=1e-6)
            np.testing.assert_allclose(rows[: KNOTS[0]], values[kind, 0], rtol=1e-6)


def test_figures_are_named() -> None:
    """As JSON, every kind has a value with six decimals at every knot."""
    shape = (len(KINDS), len(KNOTS))
    thirds = Calibration(np.full(shape, 1 / 3), np.full(shape, -1 / 6)).as_dict()
    assert thirds["scales"] == dict.fromkeys(KINDS, [0.333333] * len(KNOTS))
    assert thirds["shifts"] == dict.fromkeys(KINDS, [-0.166667] * len(KNOTS))
    fields = Calibration.identity().as_dict()
    assert fields["bytes"] == list(KNOTS)
    for name, value in {"scales": 1.0, "shifts": 0.0}.items():
        assert fields[name] == dict.fromkeys(KINDS, [value] * len(KNOTS))
