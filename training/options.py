"""Command line of train.py: one line a knob, with its unit."""

import argparse
from pathlib import Path
from typing import Final

from training.augmentation import AugmentationConfig
from training.fitting import FittingConfig
from training.network import NetworkConfig
from training.sampling import SamplingConfig

DEFAULT_DATA: Final = "MartinThoma/wili_2018"


def parser() -> argparse.ArgumentParser:
    """Every flag of a training run."""
    flags = argparse.ArgumentParser(
        prog="train.py",
        description="Fit the LSTM on labelled texts; writes weights and run.json to --out.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _run_flags(flags.add_argument_group("run"))
    network, sampling = NetworkConfig(), SamplingConfig()
    fitting, augmentation = FittingConfig(), AugmentationConfig()
    add = flags.add_argument_group("model and fitting").add_argument
    add("--dim", type=int, default=network.dim, help="width of a table row")
    add("--window", type=int, default=network.window, help="bytes per LSTM step")
    add("--hidden", type=int, default=network.hidden, help="width of the LSTM, each direction")
    add("--batch", type=int, default=sampling.batch, help="texts per step")
    add("--max-bytes", type=int, default=sampling.max_bytes, help="texts are cut at so many bytes")
    add(
        "--source-power",
        type=float,
        default=sampling.source_power,
        help="0: sources equal, 1: as they come",
    )
    add("--learning-rate", type=float, default=fitting.learning_rate, help="peak step size of Adam")
    add(
        "--gram-dropout",
        type=float,
        default=fitting.gram_dropout,
        help="share of n-grams hidden, 0 to 1",
    )
    add(
        "--word-dropout",
        type=float,
        default=fitting.word_dropout,
        help="share of words hidden, 0 to 1",
    )
    add("--ranking", type=float, default=fitting.ranking, help="weight of the softmax loss")
    add(
        "--fragment",
        type=float,
        default=augmentation.fragment,
        help="share cut to 1-4 words, 0 to 1",
    )
    return flags


def _run_flags(run: argparse._ArgumentGroup) -> None:
    add = run.add_argument
    add(
        "--data",
        action="append",
        metavar="SOURCE",
        help=f"hub name, file or folder; repeatable ({DEFAULT_DATA})",
    )
    add("--out", type=Path, default=Path("runs/latest"), help="folder for the checkpoint")
    add("--seed", type=int, default=1, help="same seed, same data, same machine: same weights")
    add("--steps", type=int, default=6000, help="length of the run")
    add("--minutes", type=float, default=120.0, help="bound on the time; the schedule adapts to it")
    add(
        "--evaluate-every", type=int, default=250, metavar="STEPS", help="steps between validations"
    )
    add(
        "--patience",
        type=int,
        default=12,
        help="stop after so many validations without a better score",
    )
    add("--resume", action="store_true", help="go on with the run in --out")
    add("--threads", type=int, default=0, help="processor threads; 0: all")


def configurations(
    options: argparse.Namespace,
) -> tuple[NetworkConfig, SamplingConfig, FittingConfig, AugmentationConfig]:
    """The four configurations the flags describe."""
    return (
        NetworkConfig(dim=options.dim, window=options.window, hidden=options.hidden),
        SamplingConfig(
            batch=options.batch, source_power=options.source_power, max_bytes=options.max_bytes
        ),
        FittingConfig(
            learning_rate=options.learning_rate,
            gram_dropout=options.gram_dropout,
            word_dropout=options.word_dropout,
            ranking=options.ranking,
        ),
        AugmentationConfig(fragment=options.fragment),
    )
