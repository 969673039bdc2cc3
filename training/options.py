"""Command line of train.py: one line a knob, with its unit and its limits."""

import argparse
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, Final, NoReturn

from scandid.encoding import TIME_MULTIPLE
from scandid.errors import InputError
from training.augmentation import AugmentationConfig
from training.cascade import CascadeConfig
from training.fitting import FittingConfig
from training.hashing import MAX_ORDER
from training.network import NetworkConfig
from training.sampling import SamplingConfig
from training.stores import LOCAL_URI
from training.transformer import TransformerConfig

LSTM, CASCADE, TRANSFORMER = ARCHITECTURES = ("lstm", "cascade", "transformer")
DEFAULT_DATA: Final = "MartinThoma/wili_2018"
MOST_THREADS: Final = 1024
"""Of tens of thousands torch dies without a word."""


class Flags(argparse.ArgumentParser):
    """A parser that reports a bad flag as one line, as every other error of this project."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage.

        Raises:
            InputError: always.
        """
        raise InputError(message)


def whole(least: int, most: float = inf) -> Callable[[str], int]:
    """Type of a flag that takes a whole number from ``least`` to ``most``."""

    def read(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word!r} is no whole number") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"{value} is below {least}")
        if value > most:
            raise argparse.ArgumentTypeError(f"{value} is above {most}")
        return value

    return read


def number(least: float, most: float) -> Callable[[str], float]:
    """Type of a flag that takes a number from ``least`` to ``most``."""

    def read(word: str) -> float:
        try:
            value = float(word)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{word!r} is no number") from None
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{value:g} is not within {least:g} to {most:g}")
        return value

    return read


def new_file(word: str) -> Path:
    """Type of a flag that takes a file to write."""
    path = Path(word)
    if not path.name or path.is_dir():
        raise argparse.ArgumentTypeError(f"{word!r} is a folder or nothing, name a file")
    return path


def _factor(word: str) -> list[str | float]:
    """Type of ``--weight``: ``words=0.3``. A list, as run.json gives it back to a resumed run."""
    source, equals, value = word.rpartition("=")
    if not equals or not source:
        raise argparse.ArgumentTypeError(f"{word!r} is not of the form SOURCE=FACTOR")
    return [source, number(0, 1e3)(value)]


def parser() -> argparse.ArgumentParser:
    """Every flag of a training run."""
    flags = Flags(
        prog="train.py",
        description="Fit the LSTM on labelled texts; writes weights and run.json to --out.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _data_flags(flags.add_argument_group("data"))
    _run_flags(flags.add_argument_group("run"))
    _model_flags(flags.add_argument_group("model"))
    _fitting_flags(flags.add_argument_group("fitting"))
    return flags


def configurations(
    options: argparse.Namespace,
) -> tuple[NetworkConfig | TransformerConfig, SamplingConfig, FittingConfig, AugmentationConfig]:
    """The four configurations the flags describe."""
    return (
        network_sizes(options),
        SamplingConfig(
            batch=options.batch,
            source_power=options.source_power,
            factors=dict(options.weight),
            max_bytes=options.max_bytes,
        ),
        FittingConfig(
            learning_rate=options.learning_rate,
            gram_dropout=options.gram_dropout,
            word_dropout=options.word_dropout,
            ranking=options.ranking,
            label_smoothing=options.label_smoothing,
            teaching=options.teaching,
        ),
        AugmentationConfig(
            fragment=options.fragment,
            no_diacritics=options.no_diacritics,
            foreign_names=options.foreign_names,
            only_stray=options.only_stray,
        ),
    )


def network_sizes(options: argparse.Namespace) -> NetworkConfig | TransformerConfig:
    """The network that the flags describe.

    Raises:
        InputError: the sizes do not go together, or a cascade has nothing to begin with.
    """
    if options.architecture == CASCADE and not options.init:
        raise InputError("--architecture cascade: name the run it begins with by --init")
    tables: dict[str, Any] = {
        "orders": tuple(options.orders),
        "rows": tuple(options.rows),
        "dim": options.dim,
    }
    try:
        width = {"width": options.width} if options.width else {}
        if options.architecture == TRANSFORMER:
            sizes = {"layers": options.layers, "heads": options.heads}
            return TransformerConfig(**tables, word_dim=options.dim, **width, **sizes)
        tables |= {"window": options.window, "hidden": options.hidden}
        tables["directions"] = options.directions
        if options.architecture == CASCADE:
            return CascadeConfig(**tables, **width, doubt=options.doubt)
        return NetworkConfig(**tables)
    except ValueError as error:
        raise InputError(f"sizes of the network: {error}") from error


def _data_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    source = (
        "hub name, file or folder of Parquet, CSV or TSV with a column text or sentence and one of "
        f"codes: languages, language or label; repeatable ({DEFAULT_DATA})"
    )
    add("--data", action="append", metavar="SOURCE", help=source)
    test = "scored at the end, like --data; without it, held-out texts that validation leaves"
    add("--test", action="append", default=[], metavar="SOURCE", help=test)
    leave = "name of a source to train without and to score at the end; repeatable"
    add("--leave-out", action="append", default=[], metavar="NAME", help=leave)
    benchmark = "files with columns text and languages that no training text may stand in; several"
    add("--benchmark", type=Path, nargs="+", action="extend", metavar="FILE", help=benchmark)
    allow = "train on texts of --benchmark and --test too"
    add("--allow-contamination", action="store_true", help=allow)


def _run_flags(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--out", type=Path, default=Path("runs/latest"), help="folder for the checkpoint")
    track = f"keep the run in MLflow: a file without an address ({LOCAL_URI}); docs/tracking.md"
    add("--track", nargs="?", const=LOCAL_URI, metavar="URI", help=track)
    init = "folder of a run, or a model file, whose weights this one starts from"
    add("--init", type=Path, metavar="RUN", help=init)
    freeze = "round the tables of --init to int8 and fit the LSTM and the linear layer to them"
    add("--freeze-tables", action="store_true", help=freeze)
    teacher = (
        "folder of a run, or a model file, whose opinion is learnt beside the labels; repeatable"
    )
    add("--teacher", type=Path, action="append", default=[], metavar="RUN", help=teacher)
    add("--seed", type=whole(0), default=1, help="same seed, data and machine: same weights")
    add("--steps", type=whole(1), default=6000, help="length of the run")
    minutes = "bound on the time; where it comes before --steps, it sets the pace of the schedule"
    add("--minutes", type=number(0.01, 1e6), default=120.0, help=minutes)
    every = "steps between validations"
    add("--evaluate-every", type=whole(1), default=250, metavar="STEPS", help=every)
    patience = "stop after so many validations without a better score"
    add("--patience", type=whole(1), default=12, help=patience)
    add("--resume", action="store_true", help="go on with the run in --out")
    add("--threads", type=whole(0, MOST_THREADS), default=0, help="processor threads; 0: all")
    workers = "processes that draw the batches; a GPU waits for less than eight; 0: none"
    add("--workers", type=whole(0), default=0, help=workers)


def _model_flags(group: argparse._ArgumentGroup) -> None:
    config, add = NetworkConfig(), group.add_argument
    architecture = (
        "lstm ships; a cascade has that of --init read again what it doubts, and ships too; a "
        "transformer of the --dim, --width, --layers and --heads teaches"
    )
    add("--architecture", choices=ARCHITECTURES, default=LSTM, help=architecture)
    orders = "lengths in bytes of the n-grams"
    add(
        "--orders",
        type=int,
        choices=range(1, MAX_ORDER + 1),
        nargs="+",
        default=list(config.orders),
        metavar="BYTES",
        help=orders,
    )
    rows = "rows of each order's table, powers of two"
    add("--rows", type=whole(2), nargs="+", default=list(config.rows), help=rows)
    add("--dim", type=whole(1), default=config.dim, help="width of a table row")
    window = "bytes per LSTM step"
    add("--window", type=whole(1), default=config.window, help=window)
    hidden = "width of the LSTM, each direction"
    add("--hidden", type=whole(1), default=config.hidden, help=hidden)
    directions = "2: the LSTM reads forwards and backwards, 1: forwards alone"
    add("--directions", type=int, choices=(1, 2), default=config.directions, help=directions)
    reader = TransformerConfig()
    second = CascadeConfig()
    width = f"numbers of a word in a cascade ({second.width}) or a transformer ({reader.width})"
    add("--width", type=whole(1), help=width)
    doubt = "probability from which on a cascade's first answer stands"
    add("--doubt", type=number(0.01, 0.9999), default=second.doubt, help=doubt)
    add("--layers", type=whole(1), default=reader.layers, help="layers of a transformer")
    add("--heads", type=whole(1), default=reader.heads, help="heads of each layer")


def _fitting_flags(group: argparse._ArgumentGroup) -> None:
    sampling, fitting, add = SamplingConfig(), FittingConfig(), group.add_argument
    share = number(0, 1)
    add("--batch", type=whole(1), default=sampling.batch, help="texts per step")
    cut = "texts are cut at so many bytes"
    add("--max-bytes", type=whole(TIME_MULTIPLE), default=sampling.max_bytes, help=cut)
    power = "0: sources equal, 1: as they come"
    add("--source-power", type=share, default=sampling.source_power, help=power)
    factor = "times the weight of a source; repeatable"
    add("--weight", type=_factor, action="append", default=[], metavar="SOURCE=FACTOR", help=factor)
    rate = "peak step size of Adam"
    add("--learning-rate", type=number(1e-8, 1), default=fitting.learning_rate, help=rate)
    grams, words = "share of n-grams hidden, 0 to 1", "share of words hidden, 0 to 1"
    add("--gram-dropout", type=share, default=fitting.gram_dropout, help=grams)
    add("--word-dropout", type=share, default=fitting.word_dropout, help=words)
    smoothing = "part of a text's labels that is spread evenly over all labels"
    add("--label-smoothing", type=share, default=fitting.label_smoothing, help=smoothing)
    ranking = "weight of the softmax loss"
    add("--ranking", type=number(0, 1e3), default=fitting.ranking, help=ranking)
    teaching = "weight of the teachers beside the labels, 0 to 1"
    add("--teaching", type=share, default=fitting.teaching, help=teaching)
    fragment = "share cut to 1-4 words, 0 to 1"
    add("--fragment", type=share, default=AugmentationConfig().fragment, help=fragment)
    diacritics = "share whose letters lose their diacritics, 0 to 1"
    default = AugmentationConfig().no_diacritics
    add("--no-diacritics", type=share, default=default, metavar="SHARE", help=diacritics)
    stray = "share of other languages' texts replaced by addresses and code, 0 to 1"
    default = AugmentationConfig().only_stray
    add("--only-stray", type=share, default=default, metavar="SHARE", help=stray)
    names = "share of Scandinavian texts that foreign names are put into, 0 to 1"
    default = AugmentationConfig().foreign_names
    add("--foreign-names", type=share, default=default, help=names)
