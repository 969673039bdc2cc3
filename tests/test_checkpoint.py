"""Weights that a run starts from, and how they are kept."""

import dataclasses
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import train
from scandid import InputError
from tests.tiny_model import tiny_network
from training.checkpoint import (
    BEST,
    RUN,
    as_json,
    by_rename,
    copy_weights,
    load_network,
    save_json,
    save_tensors,
)
from training.network import Network
from training.options import parser
from training.quantization import round_weights


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder with what a start needs of a run."""
    network = tiny_network()
    save_tensors(tmp_path / BEST, network.state_dict())
    save_json(tmp_path / RUN, {"network": as_json(network.config)})
    return tmp_path


def test_a_wider_network_starts_from_the_tables_of_a_run(run: Path) -> None:
    """Tables are taken over, and an LSTM of another width starts anew and is named."""
    source = tiny_network()
    wider = Network(dataclasses.replace(source.config, hidden=source.config.hidden + 8))
    first = wider.lstm.get_parameter("weight_hh_l0").clone()
    assert "lstm.weight_hh_l0" in copy_weights(run, wider)
    assert torch.equal(wider.table, source.table)
    assert torch.equal(wider.word_table, source.word_table)
    assert torch.equal(wider.lstm.get_parameter("weight_hh_l0"), first)


def test_the_same_network_takes_everything(run: Path) -> None:
    """Where all sizes are the same, all weights are."""
    source = tiny_network()
    other = Network(source.config)
    assert copy_weights(run, other) == []
    assert all(map(torch.equal, source.parameters(), other.parameters()))


def test_other_n_grams_start_anew_beside_the_same_words(run: Path) -> None:
    """A table of the same shape for n-grams of another length is not mistaken for this one's."""
    source = tiny_network()
    orders = tuple(order + 1 for order in source.config.orders)
    other = Network(dataclasses.replace(source.config, orders=orders))
    first = other.table.clone()
    assert copy_weights(run, other) == ["table"]
    assert torch.equal(other.table, first)
    assert torch.equal(other.word_table, source.word_table)


def test_a_run_with_no_table_in_common_is_refused(run: Path) -> None:
    """Rows of another width mean nothing here: both configurations are named."""
    other = dataclasses.replace(tiny_network().config, dim=8, word_dim=4)
    with pytest.raises(InputError, match=r"--init: .* holds .*dim=12.* the flags say .*dim=8"):
        copy_weights(run, Network(other))


def test_frozen_tables_are_those_of_a_run_rounded(run: Path) -> None:
    """With --init the tables are rounded and fixed; without, there is nothing to freeze."""
    source = tiny_network()
    options = parser().parse_args(["--init", str(run), "--freeze-tables"])
    network = train.first_network(options, source.config)
    torch.testing.assert_close(network.table, round_weights(source).table)
    assert not network.table.requires_grad
    assert not torch.equal(network.table, source.table)
    options.init = None
    with pytest.raises(InputError, match="--freeze-tables: nothing is learnt yet"):
        train.first_network(options, source.config)


@pytest.mark.parametrize("save", [save_json, save_tensors])
def test_what_a_full_disk_does_not_take_leaves_the_old_file(
    tmp_path: Path, save: Callable[[Path, dict[str, str]], None]
) -> None:
    """One line names the file, what was there stays, and nothing half-written lies beside it."""
    path = tmp_path / "kept.pt"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(InputError, match=r"kept\.pt: cannot be written: "):
            save(path, {"long": "x" * 4096})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_why_torch_cannot_write_is_told(tmp_path: Path) -> None:
    """The first line of its error stands in ours, since it need not be the disk."""
    message = r"a\.pt: cannot be written: is there room left on the disk\? \(no such thing\)$"
    with pytest.raises(InputError, match=message), by_rename(tmp_path / "a.pt"):
        raise RuntimeError("no such thing\nat csrc/serialization.cpp")


def test_a_run_without_weights_yet_is_to_be_resumed(tmp_path: Path) -> None:
    """Killed before its first validation, a run is told from one that is not there."""
    save_json(tmp_path / RUN, {"network": as_json(tiny_network().config)})
    with pytest.raises(InputError, match=r"has no best\.pt yet: train\.py --resume goes on"):
        load_network(tmp_path)
