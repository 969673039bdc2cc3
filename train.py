"""Fit scandid's LSTM: flags -> corpora -> network -> loop -> scores -> checkpoint.

    python train.py                                      # WiLI-2018 from the hub
    python train.py --data corpora/ --minutes 60         # a folder of Parquet, CSV or TSV files
    python train.py --data corpora/ --resume             # go on after a kill
    python train.py --track                              # keep runs in MLflow (docs/tracking.md)
    python export.py runs/latest                         # then write models/scandid.onnx

Every run folder holds best.pt (weights), last.pt (to resume), run.json (all that is needed to
repeat the run) and history.jsonl (each validation). Uses CUDA when there is one.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from tqdm import tqdm

from scandid.errors import InputError, ScandidError
from scandid.scorecard import per_class_table
from training.batches import batches
from training.checkpoint import (
    BEST,
    HELD_OUT,
    TEST,
    VALIDATION,
    as_json,
    build,
    copy_weights,
    load_tensors,
    provenance,
)
from training.cleaning import clean, hold_out, missing, summary
from training.contamination import check_benchmarks
from training.corpora import Corpus, load_corpora
from training.fitting import Fitter
from training.hashed import HashedTables
from training.held_out import save as save_held_out
from training.lock import locked
from training.network import Network, NetworkConfig
from training.options import DEFAULT_DATA, configurations, parser
from training.quantization import freeze_tables
from training.run import Run, how_to_go_on
from training.sampling import Sampler
from training.stores import read_dotenv
from training.teaching import ASKING_THREADS, Labelled, Opinion, Teachers, taught
from training.tracking import Tracker, open_tracker
from training.transformer import TransformerConfig
from training.unseen import UnseenTexts, load_test, score_left_out
from training.validation import Validation

BAR: Final = "{percentage:3.0f}%|{bar}| {elapsed}<{remaining}{postfix}"
"""Steps and minutes both end a run: what is shown is the one that will."""

CONFIGS: Final = ("network", "sampling", "fitting", "augmentation")


def train(arguments: Sequence[str] | None = None) -> None:
    """Run the whole training that the flags describe."""
    options = parser().parse_args(arguments)
    options.data = options.data or [DEFAULT_DATA]
    with locked(options.out):
        train_alone(options)


def train_alone(options: argparse.Namespace) -> None:
    """Run the training in a folder that no other is at work in."""
    network_config, sampling, fitting, augmentation = configured = configurations(options)
    run = Run(options)

    # Data: load, merge copies, hold every fiftieth text out.
    corpus, report = clean(load_corpora(options.data))
    print(summary(corpus, report), file=sys.stderr)
    check_benchmarks(corpus, options.benchmark or [], allowed=options.allow_contamination)
    corpus, left = corpus.split_off(options.leave_out)
    test = load_test(options.test, corpus, allowed=options.allow_contamination)
    training, held_out = hold_out(corpus)
    sys.stderr.writelines(missing(training))
    sampler = Sampler(training, sampling, augmentation, options.seed)
    validation = Validation(held_out, sampling.max_bytes)
    unseen = UnseenTexts.choose(test, held_out, validation, sampling.max_bytes)

    # Network: its first weights and its dropout follow from the seed. Teachers stay as they are.
    network = first_network(options, network_config)
    teachers = Teachers.load(options.teacher, network.table.device)
    fitter = Fitter(network, fitting)

    # Run folder: all that is needed to repeat the run, before the first step.
    configs = dict(zip(CONFIGS, map(as_json, configured), strict=True))
    run.describe(configs | origins(corpus, len(training), network.table.device.type))
    validation.save(run.folder / VALIDATION)
    save_held_out(held_out, run.folder / HELD_OUT)
    unseen.save(run.folder / TEST)
    run.restore(fitter)

    # Loop: batches come with what the teachers say of them, on a GPU ahead of the steps.
    device = network.table.device
    asking = ASKING_THREADS if device.type == "cuda" else 0
    ready = taught(batches(sampler, run.step, options.workers), teachers, device, asking)
    tracker = open_tracker(options.track, run.folder)
    fit(run, fitter, ready, validation, tracker, options)
    report_best(run, fitter, validation, unseen, left)
    tracker.finish()


def first_network(
    options: argparse.Namespace, config: NetworkConfig | TransformerConfig
) -> HashedTables:
    """Seed torch, set its threads, and make the network to start from, on CUDA if there is one."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    network = build(config)
    if options.init and (anew := copy_weights(options.init, network)):
        print(f"--init: {options.init} has no fitting {', '.join(anew)}", file=sys.stderr)
    if options.freeze_tables:
        if not options.init:
            raise InputError("--freeze-tables: nothing is learnt yet; name a run with --init")
        if not isinstance(network, Network):
            raise InputError("--freeze-tables: is for what ships, and a transformer does not")
        freeze_tables(network)
    return network.to("cuda" if torch.cuda.is_available() else "cpu")


def origins(corpus: Corpus, training_texts: int, device: str) -> dict[str, Any]:
    """Where the run comes from: its texts, code and machine."""
    return {
        "data": {
            "digest": corpus.digest(),
            "texts": len(corpus),
            "sources": list(corpus.names),
        },
        "corpora": {"training_texts": training_texts, "tables": corpus.tables()},
        "provenance": provenance(device),
    }


def fit(
    run: Run,
    fitter: Fitter,
    ready: Iterator[tuple[Labelled, Opinion | None]],
    validation: Validation,
    tracker: Tracker,
    options: argparse.Namespace,
) -> None:
    """Loop: one batch a step; the averaged weights are what is validated and kept."""
    over = run.over()
    with tqdm(total=1, bar_format=BAR, disable=None) as bar:
        while not over:
            batch, opinion = next(ready)
            run.advance(fitter.step(batch, run.step, run.progress(), opinion))
            over = run.over()
            if over or run.step % options.evaluate_every == 0:
                scores = validation.score(fitter.averaged)
                run.record(scores, fitter)
                tracker.update()
                line = f"step {run.step}: loss {run.loss:.3f}, validation {run.score:.4f}"
                line += f", mean over sources {scores.mean_over_sources():.4f}"
                tqdm.write(line, sys.stderr)
                over = over or run.over()
            bar.update(run.progress() - bar.n)
            score = f"{run.score:.4f}" if run.score >= 0 else "none yet"
            bar.set_postfix(step=run.step, loss=f"{run.loss:.3f}", validation=score, refresh=False)


def report_best(
    run: Run, fitter: Fitter, validation: Validation, unseen: UnseenTexts, left: Corpus
) -> None:
    """Print precision, recall and F1 of the best weights, and note them in run.json."""
    fitter.averaged.load_state_dict(load_tensors(run.folder / BEST))
    scores = validation.score(fitter.averaged)
    test = unseen.score(fitter.averaged) if unseen.rows else None
    tallies = {
        "held-out texts": scores.texts.as_dict(),
        "cut to 1-4 words": scores.fragments.as_dict(),
        **({"test": test} if test else {}),
    }
    for words, tally in tallies.items():
        print(f"{words}: macro F1 {tally['macro_f1']:.4f}\n{per_class_table(tally)}\n")
    for name, accuracy in scores.sources.items():
        print(f"source {name}: accuracy {accuracy:.4f}")
    print(f"mean over sources: {scores.mean_over_sources():.4f}")
    left_out = score_left_out(fitter.averaged, left, validation.max_bytes)
    for name, (accuracy, texts) in left_out.items():
        print(f"left out, {name}: accuracy {accuracy:.4f} on {texts:,} texts")
    run.finish(scores, test, {name: accuracy for name, (accuracy, _) in left_out.items()})
    print(f"weights: {run.folder / BEST}; next: python export.py {run.folder}")


if __name__ == "__main__":
    try:
        read_dotenv()
        train()
    except (ScandidError, OSError) as error:  # a disk that is full is no fault of the code
        print(f"train.py: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print(f"train.py: stopped; {how_to_go_on(parser().parse_args().out)}", file=sys.stderr)
        sys.exit(130)
