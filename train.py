"""Fit scandid's LSTM: flags -> corpora -> network -> loop -> scores -> checkpoint.

    python train.py                                      # WiLI-2018 from the hub
    python train.py --data corpora/ --minutes 60         # a folder of Parquet, CSV or TSV files
    python train.py --data corpora/ --resume             # go on after a kill
    python export.py runs/latest                         # then write models/scandid.onnx

Every run folder holds best.pt (weights), last.pt (to resume), run.json (all that is needed to
repeat the run) and history.jsonl (each validation). Uses CUDA when there is one.
"""

import sys

import torch
from tqdm import tqdm

from scandid.errors import ScandidError
from scandid.scorecard import per_class_table
from training.checkpoint import BEST, VALIDATION, as_json, load_tensors, provenance
from training.cleaning import clean, hold_out, summary
from training.corpora import load_corpora
from training.fitting import Fitter
from training.network import Network
from training.options import DEFAULT_DATA, configurations, parser
from training.run import Run
from training.sampling import Sampler
from training.validation import Validation


def train(arguments: list[str] | None = None) -> None:
    """Run the whole training that the flags describe."""
    options = parser().parse_args(arguments)
    options.data = options.data or [DEFAULT_DATA]
    network_config, sampling, fitting, augmentation = configurations(options)

    # Data: load, merge copies, hold every fiftieth text out.
    corpus, report = clean(load_corpora(options.data))
    print(summary(corpus, report), file=sys.stderr)
    training, held_out = hold_out(corpus)
    sampler = Sampler(training, sampling, augmentation, options.seed)
    validation = Validation(held_out, sampling.max_bytes)

    # Network and run folder.
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    device = "cuda" if torch.cuda.is_available() else "cpu"
    fitter = Fitter(Network(network_config).to(device), fitting)
    run = Run(
        options,
        {
            "network": as_json(network_config),
            "sampling": as_json(sampling),
            "fitting": as_json(fitting),
            "augmentation": as_json(augmentation),
            "data": {"digest": corpus.digest(), "texts": len(corpus), "sources": corpus.names},
            "provenance": provenance(),
        },
    )
    validation.save(run.folder / VALIDATION)
    if options.resume:
        run.restore(fitter)

    # Loop: one batch a step; the averaged weights are what is validated and kept.
    loss = 0.0
    with tqdm(total=options.steps, initial=run.step, unit="step", disable=None) as bar:
        while run.progress() < 1 and run.stale < options.patience:
            now = fitter.step(sampler.draw(run.step), run.step, run.progress())
            loss = now if run.step == 0 else 0.98 * loss + 0.02 * now
            run.step += 1
            bar.update()
            bar.set_postfix(loss=f"{loss:.3f}", best=f"{run.best:.4f}", refresh=False)
            if run.step % options.evaluate_every == 0 or run.progress() >= 1:
                scores = validation.score(fitter.averaged)
                run.record(scores, loss, fitter)
                tqdm.write(
                    f"step {run.step}: loss {loss:.3f}, validation {scores.score():.4f}", sys.stderr
                )

    # Scores of the best weights.
    fitter.averaged.load_state_dict(load_tensors(run.folder / BEST))
    scores = validation.score(fitter.averaged)
    run.finish(scores)
    for words, tally in (("held-out texts", scores.texts), ("cut to 1-4 words", scores.fragments)):
        print(f"{words}: macro F1 {tally.macro_f1():.4f}\n{per_class_table(tally.as_dict())}\n")
    print(f"weights: {run.folder / BEST}; next: python export.py {run.folder}")


if __name__ == "__main__":
    try:
        train()
    except ScandidError as error:
        print(f"train.py: {error}", file=sys.stderr)
        sys.exit(2)
