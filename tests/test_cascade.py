"""A network in two stages: who is read again, what that can change, and what it learns."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from scandid.encoding import encode_texts, pad
from scandid.labels import LABELS
from tests.tiny_model import MAX_BYTES, TEXTS, tiny_cascade
from training.cascade import MOST_WORDS, Cascade, CascadeConfig
from training.checkpoint import as_json, network_config
from training.fitting import Fitter, FittingConfig
from training.graph import build_graph
from training.network import Network, NetworkConfig
from training.quantization import round_weights
from training.sampling import to_tensor
from training.verification import GraphModel

BYTES = torch.tensor(pad([data for data, _ in encode_texts(TEXTS, MAX_BYTES)]))
FEW_WORDS = [TEXTS.index(text) for text in ("ja", "Что это?", "日本語のテキスト", "x" * 700, "å")]


def first_stage(cascade: Cascade) -> Network:
    """The network that the cascade begins with."""
    sizes = dataclasses.asdict(cascade.config)
    del sizes["width"], sizes["doubt"]
    network = Network(NetworkConfig(**sizes))
    own = cascade.state_dict()
    network.load_state_dict({name: own[name] for name in network.state_dict()})
    return network.eval()


def with_doubt(cascade: Cascade, doubt: float) -> Cascade:
    """The same weights, doubting from another probability on."""
    other = Cascade(dataclasses.replace(cascade.config, doubt=doubt))
    other.load_state_dict(cascade.state_dict())
    return other.eval()


def sigmoid(logit: float) -> float:
    """The probability of a logit."""
    return 1 / (1 + math.exp(-logit))


def logits(network: Network, texts: Tensor = BYTES) -> Tensor:
    """Logits ``[texts, labels]``."""
    with torch.no_grad():
        found: Tensor = network(texts)
    return found


def test_a_sure_answer_stands_and_one_in_doubt_does_not() -> None:
    """Texts whose best first answer reaches ``doubt`` keep their logits; no others of words do."""
    cascade = tiny_cascade()
    first = logits(first_stage(cascade))
    best = torch.sigmoid(first).amax(1)
    doubt = float(best.median())
    found = logits(with_doubt(cascade, doubt))
    kept = best >= doubt
    kept[FEW_WORDS] = True
    assert 3 < kept.sum() < len(kept)
    assert torch.equal(found[kept], first[kept])
    assert (found[~kept] - first[~kept]).abs().amax(1).min() > 1e-3


def test_one_word_and_two_are_not_read_again() -> None:
    """Their words and their pair are all there is, and the first stage has seen them."""
    cascade = with_doubt(tiny_cascade(), 0.9999)
    first = logits(first_stage(cascade))
    assert torch.equal(logits(cascade)[FEW_WORDS], first[FEW_WORDS])


def test_of_a_long_text_the_first_words_are_read_again() -> None:
    """What a text says beyond them does not count for the second stage, what they say does."""
    cascade = with_doubt(tiny_cascade(), 0.9999)

    def again(words: list[bytes]) -> Tensor:
        """What the second stage makes of a text that the first one knows nothing of."""
        text = to_tensor([b" " + b" ".join(words) + b" "])
        grams, rows = cascade.rows(text)
        ((by_word, first),) = cascade.look_up([text], [grams], [rows])
        return cascade.logits(text, by_word, torch.zeros_like(first), rows)

    first = [b"to", b"tre", b"fire"] * (MOST_WORDS // 3 + 1)
    assert torch.equal(again([*first, b"en", b"ni"]), again([*first, b"ti", b"elleve"]))
    assert not torch.allclose(again([b"to", *first]), again(first))


def test_no_answer_jumps_where_doubt_begins() -> None:
    """Just below ``doubt`` the second stage says almost nothing, half a logit below all of it."""
    cascade = tiny_cascade()
    text = BYTES[:1]
    first = logits(first_stage(cascade), text)
    best = first.max().item()
    changes = [
        float((logits(with_doubt(cascade, sigmoid(best + above)), text) - first).abs().max())
        for above in (1e-4, 0.25, 0.5, 2)
    ]
    all_of_it = changes[-1]
    assert 0 < changes[0] < 1e-3 * all_of_it
    assert changes[1] == pytest.approx(all_of_it / 2, rel=0.01)
    assert changes[2] == pytest.approx(all_of_it, rel=0.01)


def test_neighbours_change_nothing() -> None:
    """Each text is judged by itself, whichever of its neighbours are read again."""
    cascade = with_doubt(tiny_cascade(), 0.999)
    alone = torch.cat([logits(cascade, BYTES[[place]]) for place in range(len(BYTES))])
    torch.testing.assert_close(logits(cascade), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("quantized", [True, False], ids=["int8", "float32"])
def test_the_graph_reads_again_only_in_doubt(quantized: bool) -> None:
    """Its branch runs for no text, some texts and all, and gives what torch gives."""
    cascade = tiny_cascade()
    best = torch.sigmoid(logits(first_stage(cascade))).amax(1)
    for doubt in (0.01, float(best.median()), 0.9999):
        network = with_doubt(cascade, doubt)
        graph = GraphModel(build_graph(network, quantized=quantized))
        found = graph.probabilities(BYTES.numpy())
        expected = torch.sigmoid(logits(round_weights(network) if quantized else network))
        np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)


def test_only_the_second_stage_is_fitted() -> None:
    """A run changes no bit of the first stage, and learns what that one did not know."""
    cascade = with_doubt(tiny_cascade(seed=2), 0.9999)
    before = {name: value.clone() for name, value in first_stage(cascade).state_dict().items()}
    texts = to_tensor([b" en to ni ", b" en tre ni ", b" fire to ni ", b" fire tre ni "])
    labels = torch.eye(len(LABELS))[[0, 1, 1, 0]]
    config = FittingConfig(learning_rate=0.01, warmup=1, gram_dropout=0, word_dropout=0)
    fitter = Fitter(cascade, config)
    for number in range(150):
        fitter.step([(texts, labels)], number, progress=0)
    after = fitter.network.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(fitter.network(texts).argmax(1), labels.argmax(1))
    assert not torch.equal(first_stage(cascade)(texts).argmax(1), labels.argmax(1))


def test_it_begins_as_its_first_stage() -> None:
    """Before any step the second stage corrects nothing."""
    torch.manual_seed(0)
    config = dataclasses.replace(tiny_cascade().config, doubt=0.9999)
    cascade = Cascade(config).eval()
    assert torch.equal(logits(cascade), logits(first_stage(cascade)))


def test_a_batch_without_doubt_can_be_fitted() -> None:
    """A step in which nothing is read again changes nothing and raises nothing."""
    cascade = with_doubt(tiny_cascade(), 0.01)
    fitter = Fitter(cascade, FittingConfig(warmup=1))
    before = cascade.correct.weight.clone()
    fitter.step([(to_tensor([b" en to "]), torch.eye(len(LABELS))[:1])], 0, progress=0)
    assert torch.equal(cascade.correct.weight, before)


def test_its_sizes_survive_json() -> None:
    """run.json gives the configuration back, and the kind of network with it."""
    config = CascadeConfig(width=7, doubt=0.8)
    assert network_config(as_json(config)) == config


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"orders": (2, 3), "rows": (8, 8)}, "but a cascade reads n-grams of one length"),
        ({"doubt": 1.0}, "doubt: 1.0 does not lie between 0 and 1"),
        ({"rows": (100,)}, "rows: 100 is not a power of two"),
    ],
)
def test_sizes_that_cannot_work_are_refused(sizes: dict[str, Any], message: str) -> None:
    """A size that does not go with the others is named."""
    with pytest.raises(ValueError, match=message):
        CascadeConfig(**sizes)
