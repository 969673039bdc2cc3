"""The identifier in other people's programs: tables, processes, caches, and mistakes."""

import copy
import json
import pickle
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import datasets
import numpy as np
import pandas
import pytest

from scandid import Answer, Identifier, ModelError

TEXTS = ["Jeg hedder Sofie.", "Hva heter du?", "123", "日本語", "Eg heiter Kari."]
PAGE = f"<head><title>{'x' * 2000}</title></head>"


@pytest.fixture(scope="module")
def identifier() -> Identifier:
    """The shipped model."""
    return Identifier.load()


@pytest.mark.parametrize("text", TEXTS)
def test_an_answer_travels(identifier: Identifier, text: str) -> None:
    """Every answer can be pickled, copied and written as JSON, and belongs to its owner alone."""
    answer = identifier.identify(text)
    assert pickle.loads(pickle.dumps(answer)) == copy.deepcopy(answer) == answer  # noqa: S301
    assert json.loads(json.dumps(answer._asdict()))["probabilities"] == answer.probabilities
    assert isinstance(answer.probabilities, dict)
    answer.probabilities.clear()
    assert identifier.identify(text).probabilities


@pytest.mark.parametrize(
    "column",
    [
        lambda texts: pandas.Series(texts, index=range(len(texts))[::-1]),
        lambda texts: pandas.Series(texts, index=range(10, 10 + len(texts))),
        lambda texts: np.array(texts, object),
        np.array,
        iter,
        tuple,
        dict.fromkeys,
    ],
)
def test_columns_of_tables_are_read_in_their_order(
    identifier: Identifier, column: Callable[[list[str]], Iterable[str]]
) -> None:
    """Whatever its index, a column is answered in its order, beginnings of long texts too."""
    texts = [*TEXTS, *(f"{PAGE} {text}" for text in TEXTS)]
    assert identifier.identify_batch(column(texts)) == identifier.identify_batch(texts)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ("Hva?", "identify_batch takes many texts; identify takes one"),
        (b"Hva?", "identify_batch takes many texts; identify takes one"),
        (["Hva?", None], r"texts\[1\] is NoneType, expected str"),
        (["Hva?", float("nan"), 3], r"texts\[1\] is float, expected str"),
        (["Hva?", b"Hva?"], r"texts\[1\] is bytes, expected str"),
    ],
)
def test_what_is_no_text_is_named(identifier: Identifier, texts: list[str], message: str) -> None:
    """A text in place of many, and the place of what is no text, are told."""
    with pytest.raises(TypeError, match=message):
        identifier.identify_batch(texts)


def test_an_identifier_goes_to_other_processes(identifier: Identifier) -> None:
    """A pool whose processes start anew opens the same file and gives the same answers."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        answers: list[Answer] = list(pool.map(identifier.identify, TEXTS))
    assert answers == [identifier.identify(text) for text in TEXTS]


def test_datasets_may_cache_what_an_identifier_makes(identifier: Identifier) -> None:
    """The same identifier has the same fingerprint, and processes of a map share its work."""

    def labelled(batch: dict[str, list[str]]) -> dict[str, list[str]]:
        return {"label": [answer.label for answer in identifier.identify_batch(batch["text"])]}

    assert datasets.fingerprint.Hasher.hash(identifier) == datasets.fingerprint.Hasher.hash(
        Identifier.load()
    )
    table = datasets.Dataset.from_dict({"text": TEXTS})
    found = table.map(labelled, batched=True, batch_size=2, num_proc=2)
    assert found["label"] == [identifier.identify(text).label for text in TEXTS]


def test_another_file_is_not_taken_for_the_one_that_was_sent(
    tiny_model: Path, shipped_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of one's own is found from any folder, and refused where it has changed since."""
    (tmp_path / "own.onnx").write_bytes(tiny_model.read_bytes())
    monkeypatch.chdir(tmp_path)
    own = Identifier.load("own.onnx")
    monkeypatch.chdir("/")
    sent = pickle.dumps(own)
    assert pickle.loads(sent).identify("Hva?") == Identifier.load(tiny_model).identify("Hva?")  # noqa: S301
    (tmp_path / "own.onnx").write_bytes(shipped_model.read_bytes())
    with pytest.raises(ModelError, match="another file than the process before has opened"):
        pickle.loads(sent)  # noqa: S301
