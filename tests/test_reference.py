"""The reference of a model's answers: shares by label and confidence, and what a file may hold."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scandid import LABELS, ModelError
from scandid.model import Model
from scandid.reference import CONFIDENCE_EDGES, bin_names, reference_shares
from tests.test_model import Fields, tampered

answers = st.lists(st.tuples(st.sampled_from(LABELS), st.floats(0, 1)), min_size=1)


@given(answers)
def test_shares_sum_to_one(found: list[tuple[str, float]]) -> None:
    """Every answer is in exactly one bin of its label."""
    shares = reference_shares(found)
    assert sum(map(sum, shares.values())) == pytest.approx(1)
    for label in LABELS:
        own = [name for name, _ in found].count(label)
        assert sum(shares[label]) == pytest.approx(own / len(found))


def test_an_edge_belongs_to_the_bin_it_opens() -> None:
    """A confidence of exactly 0.9 is in the bin named 0.9, one just below is not."""
    shares = reference_shares([("dan", 0.9), ("dan", 0.899), ("dan", 0.0), ("dan", 1.0)])["dan"]
    found = dict(zip(bin_names(), shares, strict=True))
    assert {name for name, share in found.items() if share} == {"0", "0.8", "0.9", "0.999"}


def test_nothing_has_no_shares() -> None:
    """Without answers every share is 0."""
    assert not any(map(any, reference_shares([]).values()))


def test_a_file_without_reference_loads(tiny_model: Path, tmp_path: Path) -> None:
    """Files made before there was a reference are read, with an empty one."""
    path = tampered(tiny_model, tmp_path / "old.onnx", lambda fields: fields.pop("reference"))
    assert Model.load(path).metadata.reference == {}


def test_a_file_brings_its_reference(tiny_model: Path, tmp_path: Path) -> None:
    """What export wrote is what the loader gives."""
    shares = reference_shares([("nob", 0.97)])
    path = tampered(tiny_model, tmp_path / "m.onnx", lambda fields: fields.update(reference=shares))
    assert Model.load(path).metadata.reference == shares


def test_a_reference_of_other_bins_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    """Shares that do not belong to this version's bins would be compared wrongly."""

    def shorten(fields: Fields) -> None:
        fields["reference"] = dict.fromkeys(LABELS, [0.2] * len(CONFIDENCE_EDGES))

    path = tampered(tiny_model, tmp_path / "m.onnx", shorten)
    with pytest.raises(ModelError, match="bins of reference"):
        Model.load(path)
