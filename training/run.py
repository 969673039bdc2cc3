"""A run on disk: what it was started with, how far it got, its best weights."""

import argparse
import json
import time
from pathlib import Path
from typing import Any, Final

from scandid.errors import InputError
from training.checkpoint import (
    BEST,
    HISTORY,
    LAST,
    RUN,
    load_json,
    load_tensors,
    save_json,
    save_tensors,
)
from training.fitting import Fitter
from training.validation import ValidationScores

_FREE_TO_CHANGE: Final = {
    "out",
    "resume",
    "minutes",
    "steps",
    "patience",
    "threads",
    "evaluate_every",
}


class Run:
    """Progress of one training run, kept so that a kill loses at most one validation interval.

    Attributes:
        step: Steps done.
        best: Best validation score so far, 0 to 1.
        stale: Validations since then.
    """

    def __init__(self, options: argparse.Namespace, description: dict[str, Any]) -> None:
        """Open a new run, or go on with the one in ``options.out``.

        Raises:
            InputError: the folder holds a run and ``--resume`` is missing, or its flags differ.
        """
        self.folder: Path = options.out
        self.step, self.best, self.stale = 0, -1.0, 0
        self._limit_s: float = options.minutes * 60
        self._steps: int = options.steps
        self._before_s = 0.0
        self._start = time.monotonic()
        flags = {k: v if not isinstance(v, Path) else str(v) for k, v in vars(options).items()}
        if options.resume:
            _require_same_flags(self.folder, load_json(self.folder / RUN)["flags"], flags)
        elif (self.folder / RUN).exists():
            raise InputError(
                f"--out: {self.folder} holds a run; add --resume to go on with it, or name another"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        save_json(self.folder / RUN, {"flags": flags, **description})

    def restore(self, fitter: Fitter) -> None:
        """Bring back weights, optimizer, random numbers and counters from the last validation."""
        state = load_tensors(self.folder / LAST)
        fitter.restore(state["fitter"])
        self.step, self.best, self.stale = state["step"], state["best"], state["stale"]
        self._before_s = state["elapsed_s"]

    def elapsed_s(self) -> float:
        """Seconds of training, those before a resume counted in."""
        return self._before_s + time.monotonic() - self._start

    def progress(self) -> float:
        """Part of the run that is done: by steps, or by time where that runs out first."""
        by_steps, by_time = self.step / self._steps, self.elapsed_s() / self._limit_s
        return min(1.0, max(by_steps, by_time))

    def record(self, scores: ValidationScores, loss: float, fitter: Fitter) -> bool:
        """Note a validation and save; returns True where the score is the best so far."""
        score = scores.score()
        better = score > self.best
        self.best, self.stale = (score, 0) if better else (self.best, self.stale + 1)
        if better:
            save_tensors(self.folder / BEST, fitter.averaged.state_dict())
        line = {
            "step": self.step,
            "elapsed_s": round(self.elapsed_s(), 1),
            "loss": round(loss, 6),
            "score": round(score, 6),
            "texts": scores.texts.as_dict(),
            "fragments": scores.fragments.as_dict(),
        }
        with (self.folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(line) + "\n")
        counters = {
            "step": self.step,
            "best": self.best,
            "stale": self.stale,
            "elapsed_s": self.elapsed_s(),
        }
        save_tensors(self.folder / LAST, {"fitter": fitter.state(), **counters})
        return better

    def finish(self, scores: ValidationScores) -> None:
        """Write the scores of the best weights into run.json."""
        run = load_json(self.folder / RUN)
        run["result"] = {
            "steps": self.step,
            "elapsed_s": round(self.elapsed_s(), 1),
            "score": round(scores.score(), 6),
            "texts": scores.texts.as_dict(),
            "fragments": scores.fragments.as_dict(),
        }
        save_json(self.folder / RUN, run)


def _require_same_flags(folder: Path, then: dict[str, Any], now: dict[str, Any]) -> None:
    for flag in then.keys() - _FREE_TO_CHANGE:
        if then[flag] != now.get(flag):
            raise InputError(
                f"--{flag.replace('_', '-')}: {now.get(flag)!r}, but the run in {folder} was "
                f"started with {then[flag]!r}; resume with that, or choose another --out"
            )
