"""A run on disk: what it was started with, how far it got, its best weights."""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scandid.errors import InputError
from training.checkpoint import (
    BEST,
    HISTORY,
    LAST,
    RUN,
    file_sha256,
    load_json,
    save_json,
    save_tensors,
)
from training.fitting import Fitter
from training.resuming import as_flag, forget_after, kept_state, require_same_flags
from training.tracking import require_tracker
from training.validation import ValidationScores

_MUST_STAY: Final = ("network", "sampling", "fitting", "augmentation", "data")
"""Parts of run.json that must be the same when a run is resumed."""

_LOSS_MEMORY: Final = 0.98
_PACE_MARGIN: Final = 0.02
_LEAST_S: Final = 0.001


class Run:
    """Progress of one training run, kept so that a kill loses at most one validation interval.

    Attributes:
        folder: Where everything is written.
        step: Steps done.
        loss: Running mean of the batches' losses, for people.
        score: Score of the last validation, 0 to 1; -1 before the first.
        best: Best validation score so far.
        stale: Validations since then.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        """Start the clock on a new run, or on the rest of the one in ``options.out``.

        Raises:
            InputError: the folder holds a run and ``--resume`` is missing, holds none although
                ``--resume`` is there, cannot be written, or its run had other flags; or the tracker
                that is asked for cannot be used.
        """
        self.folder: Path = options.out
        self.step, self.stale = 0, 0
        self.loss, self.score, self.best = 0.0, -1.0, -1.0
        self._steps: int = options.steps
        self._patience: int = options.patience
        self._limit_s: float = options.minutes * 60
        self._before_s = 0.0
        self._start = time.monotonic()
        self._flags = {flag: as_flag(value) for flag, value in vars(options).items()}
        require_tracker(options.track)
        self._stored = self._open(resume=options.resume)
        self._state = kept_state(self.folder, self._stored) if self._stored else None

    def describe(self, description: Mapping[str, Any]) -> None:
        """Write ``run.json``: flags, configurations, data and provenance.

        A run that goes on is not finished: what it scored before is no longer its result.

        Raises:
            InputError: a resumed run was started with other configurations or other texts.
        """
        if self._stored is None:
            return save_json(self.folder / RUN, {"flags": self._flags, **description})
        for part in _MUST_STAY:
            then, now = self._stored.get(part), description[part]
            if then != now:
                raise InputError(
                    f"--resume: {part} is {_short(now)}, but the run in {self.folder} was started "
                    f"with {_short(then)}; choose another --out"
                )
        self._stored.pop("result", None)
        again = {"flags": self._flags, "provenance": description["provenance"]}
        self._stored.setdefault("resumed", []).append({"step": self.step, **again})
        return save_json(self.folder / RUN, self._stored)

    def restore(self, fitter: Fitter) -> None:
        """Bring back weights, optimizer, random numbers and counters from the last validation.

        A run that was killed before its first validation starts anew. Loading ends here: it counts
        towards the bound on the time, and not towards the pace of the steps.
        """
        now = time.monotonic()
        self._limit_s = max(_LEAST_S, self._limit_s - (now - self._start))
        self._start = now
        state, self._state = self._state, None
        if state:
            fitter.restore(state["fitter"])
            self.step, self.best, self.stale = state["step"], state["best"], state["stale"]
            self.loss, self.score = state["loss"], state["score"]
            self._before_s = state["elapsed_s"]
        if self._stored is not None:
            forget_after(self.folder, self.step)

    def elapsed_s(self) -> float:
        """Seconds since the start, those before a resume counted in."""
        return self._before_s + time.monotonic() - self._start

    def progress(self) -> float:
        """Part of the run that is done: by steps, or by time where that runs out first.

        Time that is ahead of the steps by less than a margin is ignored: step sizes follow from
        this number, and a run that its steps end must not depend on the clock.
        """
        by_steps, by_time = self.step / self._steps, self.elapsed_s() / self._limit_s
        return min(1.0, by_steps if by_time < min(1.0, by_steps + _PACE_MARGIN) else by_time)

    def over(self) -> bool:
        """Whether to stop: the end is reached, or patience is; never before the first step."""
        return self.step > 0 and (self.progress() >= 1 or self.stale >= self._patience)

    def advance(self, loss: float) -> None:
        """Count a step and its loss.

        Raises:
            InputError: it is no number: whatever is learnt from now on is lost.
        """
        if not math.isfinite(loss):
            raise InputError(
                f"the loss of step {self.step + 1} is {loss}: lower --learning-rate, or start "
                "from other weights"
            )
        mean = _LOSS_MEMORY * self.loss + (1 - _LOSS_MEMORY) * loss
        self.loss = mean if self.step else loss
        self.step += 1

    def record(self, scores: ValidationScores, fitter: Fitter) -> bool:
        """Note a validation and save; returns True where the score is the best so far."""
        self.score = scores.score()
        better = self.score > self.best
        self.best, self.stale = (self.score, 0) if better else (self.best, self.stale + 1)
        if better:
            save_tensors(self.folder / BEST, fitter.averaged.state_dict())
        line = {
            "step": self.step,
            "loss": round(self.loss, 6),
            "learning_rate": fitter.learning_rate,
            **self._summary(scores),
        }
        with (self.folder / HISTORY).open("a", encoding="utf-8") as history:
            history.write(json.dumps(line) + "\n")
        counters = {
            "step": self.step,
            "loss": self.loss,
            "score": self.score,
            "best": self.best,
            "stale": self.stale,
            "elapsed_s": self.elapsed_s(),
        }
        save_tensors(self.folder / LAST, {"fitter": fitter.state(), **counters})
        return better

    def finish(
        self,
        scores: ValidationScores,
        test: Mapping[str, Any] | None = None,
        left_out: Mapping[str, float] | None = None,
    ) -> None:
        """Write scores of the best weights into run.json, on test set and left-out sources too."""
        run = load_json(self.folder / RUN)
        run["result"] = {"steps": self.step, **self._summary(scores), "test": test}
        run["result"]["left_out"] = dict(left_out or {})
        run["result"]["weights_sha256"] = file_sha256(self.folder / BEST)
        save_json(self.folder / RUN, run)

    def _summary(self, scores: ValidationScores) -> dict[str, object]:
        return {
            "elapsed_s": round(self.elapsed_s(), 1),
            "score": round(scores.score(), 6),
            "texts": scores.texts.as_dict(),
            "fragments": scores.fragments.as_dict(),
            "sources": dict(scores.sources),
            "mean_over_sources": round(scores.mean_over_sources(), 6),
        }

    def _open(self, *, resume: bool) -> dict[str, Any] | None:
        """Content of the run.json to go on with; None for a new run."""
        if resume:
            stored = load_json(self.folder / RUN)
            require_same_flags(self.folder, stored.get("flags", {}), self._flags)
            _require_writable(self.folder)
            return stored
        if (self.folder / RUN).exists():
            raise InputError(
                f"--out: {self.folder} holds a run; add --resume to go on with it, or name another"
            )
        _require_writable(self.folder)
        return None


def how_to_go_on(folder: Path) -> str:
    """What there is to go on with in the folder of a run that was stopped, in words."""
    if (folder / LAST).exists():
        return "--resume goes on from the last validation"
    if (folder / RUN).exists():
        return "no validation was reached, --resume begins anew"
    return "no step was made, there is nothing to resume"


def _require_writable(folder: Path) -> None:
    """Make the folder and a file in it, before hours are spent on what could not be kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"--out: {folder} cannot be written: {error.strerror}") from error


def _short(value: object) -> str:
    """A value of run.json on part of a line; of the data, its digest tells enough."""
    return str(value.get("digest", value)) if isinstance(value, dict) else repr(value)
