"""Leaving sources out: one by a flag of train.py, each in turn by the driver."""

import re
from pathlib import Path

import datasets
import pytest

import train
from scandid import InputError
from training.checkpoint import load_json
from training.corpora import load_corpora
from training.leave_one_out import draw, main, page

SAMPLE = Path(__file__).parent / "data" / "sample.parquet"
SHORT = ("--batch", "48", "--threads", "1", "--evaluate-every", "2", "--learning-rate", "0.02")


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample in two files, as two sources."""
    folder = tmp_path_factory.mktemp("corpora")
    table = datasets.load_dataset("parquet", data_files=str(SAMPLE), split="train")
    table = table.shuffle(seed=1)
    for place, name in enumerate(("first", "second")):
        table.shard(2, place).to_parquet(folder / f"{name}.parquet")
    return folder


def test_sources_are_split_off(corpora: Path) -> None:
    """The other sources stay, the named ones go; an unknown name is an error that lists them."""
    corpus = load_corpora([str(corpora)])
    kept, left = corpus.split_off(["second"])
    assert len(kept) + len(left) == len(corpus)
    assert set(kept.sources) == {0}
    assert set(left.sources) == {1}
    with pytest.raises(InputError, match="--leave-out: no source 'third'; there are first, second"):
        corpus.split_off(["third"])


def test_a_run_is_scored_on_what_it_left_out(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The source is in no batch and no validation, and its accuracy stands in the result."""
    flags = ["--data", str(corpora), "--steps", "2", *SHORT, "--leave-out", "second"]
    train.train([*flags, "--out", str(tmp_path)])
    run = load_json(tmp_path / "run.json")
    assert set(run["result"]["left_out"]) == {"second"}
    assert set(run["result"]["sources"]) == {"first"}
    assert run["data"]["texts"] < len(load_corpora([str(corpora)]))
    said = capsys.readouterr().out
    assert re.search(r"left out, second: accuracy 0\.\d{4} on 2\d\d texts\n", said), said


def test_every_source_in_turn(corpora: Path, tmp_path: Path) -> None:
    """Three runs, a table and a picture; a second call trains nothing and writes the same."""
    flags = ["--data", str(corpora), "--steps", "2", "--out", str(tmp_path), *SHORT]
    main(flags)
    table = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert table.count("\n| first |") == table.count("\n| second |") == 1
    assert (tmp_path / "leave-one-out.png").read_bytes().startswith(b"\x89PNG")
    runs = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/best.pt")}
    assert {path.parent.name for path in runs} == {"all", "without-first", "without-second"}
    main(flags)
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == table
    with pytest.raises(InputError, match=r"all was trained with --steps 2, now it is 3"):
        main([*flags, "--steps", "3"])
    (corpora / "first.parquet").rename(corpora / "third.parquet")
    with pytest.raises(InputError, match=r"all was trained on other texts than --data has now"):
        main(flags)
    (corpora / "third.parquet").rename(corpora / "first.parquet")


def test_what_cannot_be_left_out_is_an_error(tmp_path: Path) -> None:
    """One source alone, and flags that the driver sets itself."""
    flags = ["--data", str(SAMPLE), "--steps", "1", "--out", str(tmp_path), *SHORT]
    with pytest.raises(InputError, match="one source alone"):
        main(flags)
    with pytest.raises(InputError, match="--leave-out: is decided by leave_one_out itself"):
        main([*flags, "--leave-out", "sample"])


def test_the_table_has_the_largest_loss_first(tmp_path: Path) -> None:
    """Sources are ordered by what they lose, and the mean counts each alike."""
    rows = {
        "a": {"n": 10, "with": 0.9, "without": 0.8},
        "b": {"n": 1000, "with": 0.9, "without": 0.5},
    }
    lines = page(rows, 10).splitlines()
    assert lines[6] == "| b | 1,000 | 90.00 | 50.00 | 40.00 |"
    assert lines[8] == "| mean |  | 90.00 | 65.00 | 25.00 |"
    draw(rows, tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 1000
