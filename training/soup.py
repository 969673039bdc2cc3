"""The mean of several runs' weights, as one run: often better than each of them.

    python -m training.soup runs/1 runs/2 --out runs/mean
    python -m training.soup models/scandid.onnx runs/1 runs/1 --out runs/mean   # a third and two

A cascade among them has its first stage averaged with the others, and keeps its second one.

Only runs that started from one another (``train.py --init``) have weights worth averaging: then
they lie in one valley of the loss (Wortsman et al. 2022, "Model soups", arXiv 2203.05482).
"""

import argparse
import shutil
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import torch

from scandid.errors import InputError, ScandidError
from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.tables import read_table
from training.cascade import Cascade
from training.checkpoint import (
    BEST,
    HELD_OUT,
    RUN,
    VALIDATION,
    as_json,
    load_network,
    load_teacher,
    save_json,
    save_tensors,
)
from training.exported import SUFFIX
from training.hashed import HashedTables
from training.validation import TorchModel


def mean_network(paths: Sequence[Path]) -> HashedTables:
    """Average the best weights of runs, and those of model files, each over all that have it.

    Raises:
        InputError: one is missing, or has other sizes than the first one or the first cascade.
    """
    networks = [load_teacher(path) for path in paths]
    place = next((n for n, each in enumerate(networks) if isinstance(each, Cascade)), 0)
    mean = networks[place]
    fitting = [mean.config]
    if isinstance(mean, Cascade):
        fitting.append(mean.config.first_stage)
    for path, network in zip(paths, networks, strict=True):
        if network.config not in fitting:
            raise InputError(f"{path}: {network.config}, but {paths[place]}: {mean.config}")
    states = [network.state_dict() for network in networks]
    weights = {
        name: torch.stack([state[name] for state in states if name in state]).mean(0)
        for name in mean.state_dict()
    }
    mean.load_state_dict(weights)
    return mean


def validate(network: HashedTables, texts: Path, max_bytes: int) -> Tally:
    """Score the network on a run's held-out texts and fragments."""
    rows = list(read_table(texts))
    tally = Tally()
    identifier = Identifier(TorchModel(network, max_bytes))
    tally.add(rows, identifier.identify_batch([row.text for row in rows]))
    return tally


def main(arguments: Sequence[str] | None = None) -> None:
    """Average runs and write the mean as a finished run that export.py takes."""
    flags = argparse.ArgumentParser(prog="python -m training.soup", description=__doc__)
    runs = "folders of train.py, and model files; the last one is a folder"
    flags.add_argument("runs", nargs="+", type=Path, metavar="RUN", help=runs)
    flags.add_argument("--out", type=Path, required=True, help="folder to write")
    options = flags.parse_args(arguments)
    if (options.out / RUN).exists():
        raise InputError(f"--out: {options.out} holds a run; name another folder")
    last = options.runs[-1]
    if last.suffix == SUFFIX:
        raise InputError(f"{last}: name a run's folder last: its held-out texts judge the mean")
    network, run = mean_network(options.runs), load_network(last)[1]
    tally = validate(network, last / VALIDATION, run["sampling"]["max_bytes"])
    options.out.mkdir(parents=True, exist_ok=True)
    for name in (VALIDATION, HELD_OUT):
        shutil.copy(last / name, options.out / name)
    save_tensors(options.out / BEST, network.state_dict())
    run["provenance"]["run_id"] = uuid.uuid4().hex
    run["network"] = as_json(network.config)
    run["mean_of"] = [str(folder) for folder in options.runs]
    run["result"] = {"score": round(tally.macro_f1(), 6), "texts": tally.as_dict()}
    save_json(options.out / RUN, run)
    sys.stdout.write(f"macro F1 {tally.macro_f1():.4f}; next: python export.py {options.out}\n")


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.soup: {error}\n")
        sys.exit(2)
