"""From which confidence an answer is reliable: how it is chosen, stored and looked up."""

import numpy as np
import pytest

from scandid.labels import LABELS
from scandid.reliability import KINDS, NEVER, UNPROVEN, Reliability
from training.reliability import ENDS, choose_reliable, wilson

ONE, SEVERAL = KINDS


def answers(
    count: int, confidence: float, right: float, *, length: int = 100, several: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Answers ``dan``, of which a share is right: probabilities, lengths, kinds, gold."""
    probabilities = np.zeros((count, len(LABELS)), np.float32)
    probabilities[:, 0] = confidence
    targets = np.zeros_like(probabilities)
    targets[: round(right * count), 0] = 1
    return probabilities, np.full(count, length), np.full(count, several), targets


def chosen(*groups: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]) -> Reliability:
    """What is chosen for all groups together, every text weighing the same."""
    parts = (np.concatenate(part) for part in zip(*groups, strict=True))
    probabilities, lengths, several, targets = parts
    return choose_reliable(probabilities, lengths, several, targets, np.ones(len(lengths)))


def test_the_least_confidence_keeps_the_precision() -> None:
    """Of answers right in 100%, 94% and 50% of the cases, the first two together are enough."""
    found = chosen(answers(900, 0.99, 1), answers(300, 0.8, 0.94), answers(300, 0.6, 0.5))
    assert found.least[SEVERAL]["dan"][4] == pytest.approx(0.8, abs=1e-3)
    assert found.least[SEVERAL]["dan"][:4] == (None,) * 4
    assert found.least[SEVERAL]["swe"] == (None,) * (len(ENDS) + 1)


def test_few_texts_promise_little() -> None:
    """Thirty right answers of thirty are no proof of 95%, a hundred of a hundred are."""
    assert chosen(answers(30, 0.9, 1)).least[SEVERAL]["dan"][4] is None
    assert chosen(answers(100, 0.9, 1)).least[SEVERAL]["dan"][4] == pytest.approx(0.9, abs=1e-3)


def test_what_is_a_toss_of_a_coin_is_not_reliable() -> None:
    """A confidence below a half is not enough, even where such answers happen to be right."""
    assert chosen(answers(900, 0.4, 1)).least[SEVERAL]["dan"][4] == 0.5


def test_lengths_are_judged_apart() -> None:
    """Short texts that are wrong as often as right do not spoil longer ones, nor gain from them."""
    found = chosen(answers(500, 0.9, 1), answers(500, 0.9, 0.5, length=10))
    assert found.least[SEVERAL]["dan"][1] is None
    assert found.least[SEVERAL]["dan"][4] == pytest.approx(0.9, abs=1e-3)


def test_a_word_alone_is_judged_apart() -> None:
    """Single words that are often wrong do not spoil pairs that are as long; beyond, they do."""
    right = [answers(500, 0.9, 1, length=length) for length in (12, 100)]
    wrong = [answers(500, 0.9, 0.5, length=length, several=False) for length in (12, 100)]
    found = chosen(*right, *wrong)
    assert found.least[SEVERAL]["dan"][1] == pytest.approx(0.9, abs=1e-3)
    assert found.least[ONE]["dan"][1] is None
    assert found.least[SEVERAL]["dan"][4] is found.least[ONE]["dan"][4] is None


def test_answers_of_one_confidence_stay_together() -> None:
    """A threshold cannot part right answers from wrong ones of the same confidence."""
    assert chosen(answers(1000, 0.9, 0.8)).least[SEVERAL]["dan"][4] is None


def test_weights_count() -> None:
    """Wrong answers that weigh nothing do not count, and few heavy texts promise little."""
    judged = answers(1000, 0.9, 0.5)
    weights = np.where(judged[-1][:, 0] > 0, 1.0, 0.0)
    found = choose_reliable(*judged, weights)
    assert found.least[SEVERAL]["dan"][4] == pytest.approx(0.9, abs=1e-3)
    weights[10:] *= 1e-9
    assert choose_reliable(*judged, weights).least[SEVERAL]["dan"][4] is None


def test_the_lower_bound_is_wilsons() -> None:
    """90 of 100 are at least 84% with 95% certainty; more texts bring the bound nearer."""
    found = wilson(np.array([0.9, 0.9]), np.array([100.0, 10_000.0]))
    np.testing.assert_allclose(found, [0.840, 0.895], atol=1e-3)


def test_each_length_has_its_least_confidence() -> None:
    """A class ends with its last byte; where nothing is enough, no confidence is."""
    least: dict[str, dict[str, tuple[float | None, ...]]] = {
        ONE: dict.fromkeys(LABELS, (None, 0.75, None)),
        SEVERAL: dict.fromkeys(LABELS, (None, 0.5, 0.25)),
    }
    one, several = Reliability((4, 6), least).by_length(9)["dan"]
    assert one == [NEVER] * 5 + [0.75] * 2 + [NEVER] * 3
    assert several == [NEVER] * 5 + [0.5] * 2 + [0.25] * 3
    assert {*UNPROVEN.by_length(9)["other"][0]} == {NEVER}


def test_it_survives_json() -> None:
    """What the metadata holds is what was chosen."""
    found = chosen(answers(900, 0.99, 1))
    assert Reliability.from_dict(found.as_dict()) == found
