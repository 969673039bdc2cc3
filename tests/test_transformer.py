"""The network that teaches: words in their order, whatever stands beside the text."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from scandid import InputError
from scandid.labels import LABELS
from tests.tiny_model import tiny_network
from training.checkpoint import (
    BEST,
    RUN,
    as_json,
    load_network,
    load_teacher,
    network_config,
    save_tensors,
)
from training.fitting import Fitter, FittingConfig
from training.sampling import to_tensor
from training.targets import target
from training.teaching import Teachers
from training.transformer import Transformer, TransformerConfig

CONFIG = TransformerConfig(
    orders=(2, 3),
    rows=(128, 128),
    word_rows=256,
    pair_rows=64,
    dim=12,
    word_dim=6,
    width=16,
    layers=2,
    heads=2,
)
TEXTS = [b" hva heter du ", b" jag vet inte vad som h\xc3\xa4nde ", b" ja ", b"  ", b" a" * 500]


def transformer(seed: int = 0) -> Transformer:
    """A small transformer with random weights."""
    torch.manual_seed(seed)
    return Transformer(CONFIG).eval()


def answers(network: Transformer, texts: list[bytes]) -> Tensor:
    """Logits ``[texts, labels]``."""
    with torch.no_grad():
        found: Tensor = network(to_tensor(texts))
    return found


def test_neighbours_and_padding_change_nothing() -> None:
    """Each text is judged by itself, however long its neighbours are; one without words too."""
    network = transformer()
    together = answers(network, TEXTS)
    alone = torch.cat([answers(network, [text]) for text in TEXTS])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert together.isfinite().all()
    assert together[:3].std(0).min() > 0


def test_the_order_of_words_matters() -> None:
    """It is no bag of words: turning a text round changes the answer."""
    there, back = answers(transformer(), [b" en to tre fire ", b" fire tre to en "])
    assert (there - back).abs().max() > 1e-3


def test_it_learns_and_teaches() -> None:
    """After some steps on labelled texts it knows them, and a network learns them from it."""
    texts = to_tensor(TEXTS[:3])
    labels = torch.eye(len(LABELS))[:3]
    fitter = Fitter(transformer(), FittingConfig(learning_rate=0.01, warmup=1, gram_dropout=0))
    for number in range(40):
        fitter.step([(texts, labels)], number, progress=0)
    assert torch.equal(fitter.network(texts).argmax(1), labels.argmax(1))
    config = FittingConfig(learning_rate=0.05, warmup=1, gram_dropout=0, teaching=1)
    student, teachers = Fitter(tiny_network(), config), Teachers([fitter.network])
    wrong = torch.from_numpy(target(["mul"], "row")).repeat(3, 1)
    for number in range(60):
        student.step([(texts, wrong)], number, progress=0, opinion=teachers.opinion([texts]))
    assert torch.equal(student.network(texts).argmax(1), labels.argmax(1))


def test_a_run_with_a_transformer_teaches_and_is_not_shipped(tmp_path: Path) -> None:
    """Its folder loads as a teacher with the same answers; export is refused with a reason."""
    network = transformer(1)
    save_tensors(tmp_path / BEST, network.state_dict())
    (tmp_path / RUN).write_text(json.dumps({"network": as_json(CONFIG)}), encoding="utf-8")
    assert network_config(as_json(CONFIG)) == CONFIG
    loaded = load_teacher(tmp_path)
    assert isinstance(loaded, Transformer)
    torch.testing.assert_close(answers(loaded, TEXTS), answers(network, TEXTS))
    with pytest.raises(InputError, match=r"holds a transformer, which can teach"):
        load_network(tmp_path)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"window": 8}, "window: 8, but a transformer reads"),
        ({"heads": 3}, "heads: 3 does not divide the width of 256"),
        ({"rows": (100,)}, "rows: 100 is not a power of two"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes: dict[str, Any], message: str) -> None:
    """A size that does not go with the others is named."""
    with pytest.raises(ValueError, match=message):
        TransformerConfig(**sizes)
