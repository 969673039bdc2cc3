"""Write a trained network as the model file that scandid ships and serves.

    python export.py                                  # runs/latest -> models/scandid.onnx
    python export.py runs/big --out /tmp/big.onnx
    python export.py runs/big --calibrate slide_dev.parquet --calibrate flores200.parquet
    python export.py --model models:/scandid@champion # a tracked run (docs/tracking.md)

Checkpoint -> calibration -> ONNX graph with dynamic batch and time axes -> int8 weights -> metadata
and golden examples -> verified against torch -> written. A model that fails a check is not written.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import scandid
from scandid.encoding import TIME_MULTIPLE
from scandid.errors import InputError, ScandidError
from scandid.evaluation import Tally
from scandid.identifier import Identifier
from scandid.labels import LABELS
from scandid.reference import reference_shares
from scandid.tables import LabelledText, read_table
from training.bundle import describe, write
from training.calibration import Calibration, fit
from training.checkpoint import HELD_OUT, VALIDATION, load_network, require_finished
from training.cleaning import clean
from training.contamination import corpus_letters, find_contamination
from training.corpora import Corpus, load_corpora
from training.graph import build_graph
from training.held_out import Sample
from training.held_out import load as load_held_out
from training.network import Network
from training.options import Flags, new_file, whole
from training.quantization import round_weights
from training.stores import read_dotenv
from training.tracking import keep_model, locate
from training.validation import TorchModel
from training.verification import GraphModel, table, verify


def parser() -> argparse.ArgumentParser:
    """Every flag of an export."""
    flags = Flags(prog="export.py", description="Checkpoint to verified ONNX model.")
    which = flags.add_mutually_exclusive_group()
    which.add_argument(
        "run", nargs="?", type=Path, default=Path("runs/latest"), help="folder of train.py"
    )
    which.add_argument("--run", dest="run_id", default="", help="a run's id at the tracker")
    which.add_argument("--best", default="", metavar="METRIC", help="the tracker's best run by it")
    which.add_argument("--model", default="", metavar="URI", help="models:/scandid@champion, .../3")
    sources = "labelled texts of sources the run was not trained on, to calibrate on; repeatable"
    flags.add_argument("--calibrate", action="append", default=[], metavar="SOURCE", help=sources)
    sets = "texts with every language they are right in, for what is acceptable; repeatable"
    flags.add_argument("--sets", action="append", default=[], metavar="SOURCE", help=sets)
    out = Path("models/scandid.onnx")
    flags.add_argument("--out", type=new_file, default=out, help=f"file to write ({out})")
    flags.add_argument(
        "--max-bytes", type=whole(TIME_MULTIPLE), default=1024, help="bytes of a text that are read"
    )
    flags.add_argument("--version", default=scandid.__version__, help="version of the model")
    return flags


def export(arguments: Sequence[str] | None = None) -> None:
    """Run the whole export that the flags describe."""
    options = parser().parse_args(arguments)
    folder = locate(options)
    network, run = load_network(folder)
    require_finished(folder, run)
    held_out = list(read_table(folder / VALIDATION))

    # What is claimed is made true: on texts of other sources, or on held-out ones of the run's own.
    corpus = calibration_texts("--calibrate", options.calibrate, folder)
    sets = calibration_texts("--sets", options.sets, folder) if options.sets else corpus
    sample = Sample.of(corpus, options.max_bytes)
    calibration = calibrate(network, sample, options.max_bytes)

    # The graph in int8, the same in float32 to compare with, and torch with the rounded weights.
    model = build_graph(network, quantized=True)
    quantized, full = GraphModel(model), GraphModel(build_graph(network, quantized=False))
    reference = TorchModel(round_weights(network), options.max_bytes)

    # Nothing that fails a check is written.
    checks, rows = verify(quantized, full, reference, [row.text for row in held_out])
    print(table(checks))
    if failed := [str(check) for check in checks if not check.passed]:
        raise ScandidError(f"{options.out} is not written: a check failed: {' | '.join(failed)}")

    # The distribution comes from held-out texts, as int8; all else from torch.
    describe(
        model,
        reference,
        version=options.version,
        run=run,
        thresholds=Sample.of(sets, options.max_bytes, pieces=(1,)).thresholds(reference),
        scores={"validation_macro_f1": run["result"]["score"]},
        reliable=sample.reliable(reference),
        calibration=calibration.as_dict() | {"fitted_on": corpus.tables()},
        distribution=reference_shares(answers_of(rows)),
    )
    report(write(model, options.out), held_out, options.out)
    keep_model(folder, options.out)


def calibration_texts(flag: str, sources: Sequence[str], folder: Path) -> Corpus:
    """The sources that a flag names; without them, the texts that the run held out."""
    if not sources:
        return load_held_out(folder / HELD_OUT)
    corpus = clean(load_corpora(sources))[0]
    if not len(corpus):
        raise InputError(
            f"{flag}: no text of {', '.join(sources)} is left: all lack a letter or are in a "
            "script that their language is not written in"
        )
    held_out = load_held_out(folder / HELD_OUT)
    for found in find_contamination(held_out, corpus_letters(corpus)):
        print(f"{flag}: of a source that the run was trained on: {found}", file=sys.stderr)
    return corpus


def calibrate(network: Network, sample: Sample, max_bytes: int) -> Calibration:
    """Fit a calibration to what the network, with int8 weights, says about the sample; apply it."""
    logits = TorchModel(round_weights(network), max_bytes).logits(sample.encoded)
    calibration = fit(logits, sample.lengths, sample.several, sample.targets, sample.weights)
    network.calibrate(calibration)
    return calibration


def answers_of(rows: NDArray[np.float32]) -> list[tuple[str, float]]:
    """Label and confidence of each row of probabilities."""
    return [(LABELS[row.argmax()], float(row.max())) for row in rows]


def report(identifier: Identifier, held_out: Sequence[LabelledText], path: Path) -> None:
    """Print what the written file says about the held-out texts."""
    metadata, tally = identifier.metadata, Tally()
    tally.add(held_out, identifier.identify_batch([row.text for row in held_out]))
    print(f"thresholds: {metadata.thresholds}")
    print(f"held-out texts: macro F1 {tally.macro_f1():.4f}, accuracy {tally.accuracy():.4f}")
    print(f"wrote {path}: {path.stat().st_size:,} bytes, sha256 {metadata.sha256}")


if __name__ == "__main__":
    try:
        read_dotenv()
        export()
    except (ScandidError, OSError) as error:  # a disk that is full is no fault of the code
        print(f"export.py: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("export.py: stopped", file=sys.stderr)
        sys.exit(130)
