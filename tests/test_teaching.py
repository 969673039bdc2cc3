"""Learning from the opinion of trained networks."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from scandid import InputError
from scandid.labels import LABELS
from tests.tiny_model import tiny_network
from training.fitting import Fitter, FittingConfig
from training.network import Network
from training.sampling import Part, to_tensor
from training.targets import target
from training.teaching import Teachers, taught

TEXTS = to_tensor([b" hva heter du ", b" hva heter dere ", b" jeg heter anna "])
LABELLED = torch.from_numpy(target(["dan"], "row")).repeat(3, 1)


def sure_of(label: str) -> Network:
    """A network that gives every text this label."""
    network = tiny_network()
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.fill_(-5)
        network.head.bias[LABELS.index(label)] = 5
    return network


def fitted(teaching: float) -> Tensor:
    """Mean probabilities after learning Danish texts from a teacher that says Nynorsk."""
    config = FittingConfig(learning_rate=0.05, warmup=1, teaching=teaching, gram_dropout=0)
    fitter, teachers = Fitter(tiny_network(), config), Teachers([sure_of("nno")])
    for number in range(40):
        fitter.step([(TEXTS, LABELLED)], number, progress=0, opinion=teachers.opinion([TEXTS]))
    with torch.no_grad():
        found: Tensor = torch.sigmoid(fitter.network(TEXTS)).mean(0)
    return found


def test_the_weight_decides_between_teacher_and_labels() -> None:
    """At 1 the teacher's label is learnt, at 0 the text's own, at a half both hold equally."""
    dan, nno = LABELS.index("dan"), LABELS.index("nno")
    taught, untaught, torn = fitted(1), fitted(0), fitted(0.5)
    assert taught[nno] > 0.9
    assert taught[dan] < 0.1
    assert untaught[dan] > 0.9
    assert untaught[nno] < 0.1
    assert torn[[dan, nno]].tolist() == pytest.approx([0.5, 0.5], abs=0.1)


def test_smoothed_labels_are_learnt_as_what_they_are() -> None:
    """With a fifth of a label spread over all, the right one is learnt to 0.9 and others to 0.1."""
    config = FittingConfig(
        learning_rate=0.1, warmup=1, ranking=0, gram_dropout=0, word_dropout=0, label_smoothing=0.2
    )
    fitter = Fitter(tiny_network(), config)
    for number in range(60):
        fitter.step([(TEXTS, LABELLED)], number, progress=0)
    with torch.no_grad():
        found = torch.sigmoid(fitter.network(TEXTS)).mean(0).tolist()
    expected = [0.9 if label == "dan" else 0.1 for label in LABELS]
    assert found == pytest.approx(expected, abs=0.03)


def test_teachers_speak_with_one_voice() -> None:
    """The opinion is the mean of the teachers' probabilities, and shares sum to 1."""
    holds, share = Teachers([sure_of("nno"), sure_of("swe")]).opinion([TEXTS])
    expected = [0.5 if label in {"nno", "swe"} else 0.0 for label in LABELS]
    assert holds[0].tolist() == pytest.approx(expected, abs=0.01)
    assert share.sum(1).tolist() == pytest.approx([1.0] * 3)


def test_a_missing_teacher_is_named(tmp_path: Path) -> None:
    """A run that is not there stops the training with its folder in the message."""
    with pytest.raises(InputError, match=r"gone.* no such run"):
        Teachers.load([tmp_path / "gone"], torch.device("cpu"))


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_opinions_stay_with_their_batches(threads: int) -> None:
    """However many threads ask, each batch comes in its turn with what is said of its own texts.

    They are asked about them as they were before they were made rough.
    """
    teachers = Teachers([tiny_network()])
    rough = to_tensor([b" hvahetedu ", b" hva hter dere ", b" jeghet anna "])
    drawn = [[Part(rough[at:], LABELLED[at:], TEXTS[at:])] for at in (0, 1, 2, 0, 2, 1, 0)]
    found = list(taught(iter(drawn), teachers, torch.device("cpu"), threads))
    for (batch, opinion), (part,) in zip(found, drawn, strict=True):
        assert [(text is part.text, to is part.targets) for text, to in batch] == [(True, True)]
        expected = teachers.opinion([part.asked])
        assert opinion is not None
        assert all(torch.equal(said, due) for said, due in zip(opinion, expected, strict=True))


@pytest.mark.parametrize("threads", [0, 2])
def test_without_teachers_batches_come_alone(threads: int) -> None:
    """A run without teachers gets its batches, and no opinion."""
    drawn = [[Part(TEXTS, LABELLED, TEXTS)]] * 5
    found = list(taught(iter(drawn), Teachers([]), torch.device("cpu"), threads))
    assert [opinion for _, opinion in found] == [None] * 5


def test_a_fault_while_asking_ends_the_run() -> None:
    """What goes wrong in a thread is raised where the batch was wanted."""
    wrong = [Part(TEXTS, LABELLED, torch.zeros(8, dtype=torch.uint8))]
    ready = taught(iter([wrong]), Teachers([tiny_network()]), torch.device("cpu"), threads=1)
    with pytest.raises(IndexError):
        next(ready)
