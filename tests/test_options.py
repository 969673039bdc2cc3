"""Flags of train.py and export.py: sizes and shares out of range are one clear line."""

from pathlib import Path

import pytest

import export
from scandid import InputError
from training.cascade import CascadeConfig
from training.options import DEFAULT_DATA, configurations, parser
from training.transformer import TransformerConfig


@pytest.mark.parametrize(
    ("flag", "value", "message"),
    [
        ("--steps", "0", "argument --steps: 0 is below 1"),
        ("--steps", "many", "argument --steps: 'many' is no whole number"),
        ("--minutes", "-1", "argument --minutes: -1 is not within 0.01 to 1e+06"),
        ("--minutes", "nan", "argument --minutes: nan is not within"),
        ("--minutes", "soon", "argument --minutes: 'soon' is no number"),
        ("--dim", "0", "argument --dim: 0 is below 1"),
        ("--hidden", "-3", "argument --hidden: -3 is below 1"),
        ("--window", "0", "argument --window: 0 is below 1"),
        ("--directions", "3", "argument --directions: invalid choice: 3"),
        ("--architecture", "gru", "argument --architecture: invalid choice: 'gru'"),
        ("--width", "0", "argument --width: 0 is below 1"),
        ("--doubt", "1", "argument --doubt: 1 is not within 0.01 to 0.9999"),
        ("--no-diacritics", "2", "argument --no-diacritics: 2 is not within 0 to 1"),
        ("--workers", "-1", "argument --workers: -1 is below 0"),
        ("--orders", "9", "argument --orders: invalid choice: 9"),
        ("--batch", "0", "argument --batch: 0 is below 1"),
        ("--max-bytes", "1", "argument --max-bytes: 1 is below 32"),
        ("--seed", "-1", "argument --seed: -1 is below 0"),
        ("--threads", "-1", "argument --threads: -1 is below 0"),
        ("--patience", "0", "argument --patience: 0 is below 1"),
        ("--evaluate-every", "0", "argument --evaluate-every: 0 is below 1"),
        ("--gram-dropout", "1.5", "argument --gram-dropout: 1.5 is not within 0 to 1"),
        ("--fragment", "-0.1", "argument --fragment: -0.1 is not within 0 to 1"),
        ("--learning-rate", "0", "argument --learning-rate: 0 is not within"),
        ("--unknown", "1", "unrecognized arguments: --unknown 1"),
    ],
)
def test_values_out_of_range_are_named(flag: str, value: str, message: str) -> None:
    """The error is one line with the flag, the value and the limit."""
    with pytest.raises(InputError) as caught:
        parser().parse_args([f"{flag}={value}"] if flag != "--unknown" else [flag, value])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_defaults_are_those_of_the_configurations() -> None:
    """Without flags a run is what the configurations say, and flags reach them."""
    network, sampling, fitting, augmentation = configurations(parser().parse_args([]))
    assert (network, sampling) == (type(network)(), type(sampling)())
    assert (fitting, augmentation) == (type(fitting)(), type(augmentation)())
    options = parser().parse_args(["--dim", "8", "--batch", "3", "--ranking", "0"])
    network, sampling, fitting, _ = configurations(options)
    assert (network.dim, sampling.batch, fitting.ranking) == (8, 3, 0)
    options = parser().parse_args(["--orders", "2", "3", "--rows", "64", "128"])
    assert configurations(options)[0].rows == (64, 128)


def test_a_transformer_takes_its_sizes_from_its_flags() -> None:
    """With --architecture the flags of a transformer count, words are as wide as n-grams."""
    words = ["--architecture", "transformer", "--dim", "8", "--width", "24", "--heads", "3"]
    network = configurations(parser().parse_args(words))[0]
    assert network == TransformerConfig(dim=8, word_dim=8, width=24, heads=3)
    with pytest.raises(InputError, match="heads: 5 does not divide the width of 24"):
        configurations(parser().parse_args([*words, "--heads", "5"]))


def test_a_cascade_takes_the_sizes_of_both_stages_from_its_flags() -> None:
    """With --architecture the flags of its second stage count beside those of the LSTM."""
    words = ["--architecture", "cascade", "--init", "run", "--dim", "8", "--hidden", "3"]
    assert configurations(parser().parse_args(words))[0] == CascadeConfig(dim=8, hidden=3)
    more = [*words, "--width", "24", "--doubt", "0.8"]
    network = configurations(parser().parse_args(more))[0]
    assert network == CascadeConfig(dim=8, hidden=3, width=24, doubt=0.8)
    with pytest.raises(InputError, match=r"sizes of the network: orders: .2, 3., but a"):
        configurations(parser().parse_args([*words, "--orders", "2", "3", "--rows", "64", "64"]))


@pytest.mark.parametrize(
    ("orders", "rows", "message"),
    [
        (["3"], ["64", "128"], "sizes of the network: rows: one for each of 1 orders, not 2"),
        (["3"], ["100"], "sizes of the network: rows: 100 is not a power of two"),
    ],
)
def test_tables_that_do_not_fit_are_named(orders: list[str], rows: list[str], message: str) -> None:
    """Sizes that hashing cannot serve are one clear line, before any text is read."""
    options = parser().parse_args(["--orders", *orders, "--rows", *rows])
    with pytest.raises(InputError, match=message):
        configurations(options)


def test_the_default_is_wili_on_the_hub() -> None:
    """A user with internet needs no flag: the dataset on the hub is named in the help."""
    assert DEFAULT_DATA == "MartinThoma/wili_2018"
    assert DEFAULT_DATA in parser().format_help()


def test_export_checks_its_flags(tmp_path: Path) -> None:
    """A wrong limit of export.py is named as well, and a folder in the place of its file."""
    with pytest.raises(InputError, match="argument --max-bytes: 3 is below 32"):
        export.export([str(tmp_path), "--max-bytes", "3"])
    for word in ("", ".", str(tmp_path)):
        with pytest.raises(InputError, match=r"argument --out: .* is a folder or nothing, name"):
            export.export([str(tmp_path), "--out", word])
