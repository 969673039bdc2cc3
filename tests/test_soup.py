"""The mean of several runs."""

import shutil
from pathlib import Path

import datasets
import onnx
import pytest
import torch

from scandid.errors import InputError
from tests.tiny_model import tiny_cascade, tiny_network
from training.checkpoint import (
    BEST,
    HELD_OUT,
    RUN,
    VALIDATION,
    as_json,
    load_network,
    save_json,
    save_tensors,
)
from training.exported import read_network
from training.graph import build_graph
from training.network import Network, NetworkConfig
from training.soup import main

SMALL = NetworkConfig((2,), (64,), 64, 64, dim=4, window=16, hidden=4)


def write_run(folder: Path, seed: int, config: NetworkConfig = SMALL) -> Path:
    """A finished run with random weights and two held-out texts."""
    torch.manual_seed(seed)
    folder.mkdir()
    save_tensors(folder / BEST, Network(config).state_dict())
    fields = {"network": as_json(config), "sampling": {"max_bytes": 64}}
    save_json(folder / RUN, {**fields, "provenance": {"run_id": str(seed)}})
    columns = {"text": ["hej", "hei"], "languages": [["dan"], ["nob"]]}
    datasets.Dataset.from_dict(columns).to_parquet(folder / VALIDATION)
    shutil.copy(folder / VALIDATION, folder / HELD_OUT)
    return folder


def test_the_mean_of_runs_is_a_run(tmp_path: Path) -> None:
    """Every weight is the mean of the runs' weights, under a run id of its own, with a score."""
    runs = [write_run(tmp_path / name, seed) for seed, name in enumerate("ab")]
    main([*map(str, runs), "--out", str(tmp_path / "mean")])
    network, run = load_network(tmp_path / "mean")
    tables = [load_network(folder)[0].table for folder in runs]
    torch.testing.assert_close(network.table, (tables[0] + tables[1]) / 2)
    assert run["provenance"]["run_id"] not in ("0", "1")
    assert run["mean_of"] == [str(folder) for folder in runs]
    assert run["result"]["texts"]["n"] == 2
    assert (tmp_path / "mean" / HELD_OUT).exists()


def test_a_model_file_can_be_part_of_the_mean(tmp_path: Path) -> None:
    """What was shipped counts as often as it is named, beside the runs that started from it."""
    run = write_run(tmp_path / "run", 1, tiny_network().config)
    file = tmp_path / "shipped.onnx"
    onnx.save(build_graph(tiny_network(), quantized=True), file)
    main([str(file), str(file), str(run), "--out", str(tmp_path / "mean")])
    expected = (2 * read_network(file).table + load_network(run)[0].table) / 3
    torch.testing.assert_close(load_network(tmp_path / "mean")[0].table, expected)
    with pytest.raises(InputError, match=r"shipped\.onnx: name a run's folder last"):
        main([str(run), str(file), "--out", str(tmp_path / "other")])


def test_a_cascade_keeps_its_second_stage(tmp_path: Path) -> None:
    """Its first stage is averaged with runs that went on from that; the run loads as a cascade."""
    file = tmp_path / "shipped.onnx"
    onnx.save(build_graph(tiny_cascade(), quantized=True), file)
    shipped = read_network(file)
    run = write_run(tmp_path / "run", 1, tiny_network(orders=(3,)).config)
    main([str(file), str(run), "--out", str(tmp_path / "mean")])
    mean = load_network(tmp_path / "mean")[0]
    assert mean.config == shipped.config
    expected = (shipped.table + load_network(run)[0].table) / 2
    torch.testing.assert_close(mean.table, expected)
    second = "enter.weight"
    torch.testing.assert_close(mean.state_dict()[second], shipped.state_dict()[second])
    wider = write_run(tmp_path / "wider", 2)
    with pytest.raises(InputError, match="wider"):
        main([str(file), str(wider), "--out", str(tmp_path / "other")])


def test_runs_of_other_sizes_and_taken_folders_are_refused(tmp_path: Path) -> None:
    """The error names the folder; nothing is written."""
    one = write_run(tmp_path / "one", 1)
    other = write_run(tmp_path / "other", 2, NetworkConfig((2,), (64,), 64, 64, 4, 16, 8))
    with pytest.raises(InputError, match="other"):
        main([str(one), str(other), "--out", str(tmp_path / "mean")])
    assert not (tmp_path / "mean").exists()
    with pytest.raises(InputError, match="holds a run"):
        main([str(one), "--out", str(one)])
