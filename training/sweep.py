"""Many trainings over a small space of flags, in parallel, each a nested run of the tracker.

    python -m training.sweep --trials 12 --jobs 2 -- --data corpora/ --minutes 20
    python -m training.sweep --trials 24 --jobs 2 -- --data corpora/ --minutes 20   # goes on

What is tried stands in training/sweep.toml; trial 7 of a seed is the same in every sweep. Finished
trials are kept, broken ones are resumed. Flags after ``--`` go to every training.
"""

import argparse
import os
import random
import sys
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from scandid.errors import InputError, ScandidError
from training.checkpoint import RUN, load_json, save_json
from training.children import end_children_with_us, run_child
from training.options import DEFAULT_DATA, Flags, whole
from training.options import parser as train_parser
from training.resuming import FREE_TO_DIFFER, require_flags, require_texts
from training.stores import HINT, LOCAL_URI, Stores, read_dotenv
from training.tracking import require_tracker
from training.trouble import first_line

SPACE: Final = Path(__file__).with_name("sweep.toml")
TRAIN: Final = Path(__file__).parent.parent / "train.py"
SUMMARY: Final = "sweep.json"

Value: TypeAlias = int | float | str
"""What a flag may be given."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One training of a sweep.

    Attributes:
        folder: Where it is.
        values: Its flags, by name.
    """

    folder: Path
    values: dict[str, Value]

    def score(self) -> float | None:
        """Validation score of its best weights, 0 to 1; None until it has finished."""
        if not (self.folder / RUN).exists():
            return None
        result = load_json(self.folder / RUN).get("result")
        return float(result["score"]) if result else None

    def require(self, flags: Sequence[str]) -> None:
        """Refuse to rank what was trained with other flags.

        Raises:
            InputError: one differs.
        """
        wanted = vars(train_parser().parse_args([*flags, *self._words()]))
        wanted["data"] = wanted["data"] or [DEFAULT_DATA]
        require_flags(self.folder, wanted, FREE_TO_DIFFER)

    def run(self, flags: Sequence[str], variables: dict[str, str]) -> int:
        """Train, or go on; what it prints goes to train.log in its folder. The exit code."""
        self.folder.mkdir(parents=True, exist_ok=True)
        again = ["--resume"] if (self.folder / RUN).exists() else []
        words = [*flags, *self._words(), *again, "--out", str(self.folder)]
        command = [sys.executable, str(TRAIN), *words]
        with (self.folder / "train.log").open("a", encoding="utf-8") as log:
            return run_child(command, env=os.environ | variables, stdout=log, stderr=log)

    def _words(self) -> list[str]:
        return [f"--{name}={value}" for name, value in self.values.items()]


def draw(space: dict[str, list[Value]], seed: int, number: int, out: Path) -> Trial:
    """The trial of a number; the same for the same seed and space."""
    chance = random.Random(f"{seed}/{number}")
    values = {name: chance.choice(choices) for name, choices in space.items()}
    return Trial(out / f"trial-{number:03}", values)


def sweep(
    trials: Sequence[Trial], jobs: int, flags: Sequence[str], variables: dict[str, str]
) -> None:
    """Run what is not finished, so many at a time.

    Raises:
        InputError: trials failed; the others have finished.
    """
    waiting = [trial for trial in trials if trial.score() is None]
    finished = [trial for trial in trials if trial not in waiting]
    for trial in finished:
        trial.require(flags)
    if finished:
        data = train_parser().parse_args(flags).data
        require_texts([trial.folder for trial in finished], data or [DEFAULT_DATA])
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ThreadPoolExecutor(jobs) as pool:
        codes = pool.map(
            lambda trial: _told(trial, [*flags, f"--threads={threads}"], variables), waiting
        )
        failed = [trial for trial, code in zip(waiting, codes, strict=True) if code]
    if failed:
        logs = ", ".join(str(trial.folder / "train.log") for trial in failed)
        raise InputError(f"{len(failed)} of {len(trials)} trials failed: see {logs}; then go on")


def _told(trial: Trial, flags: Sequence[str], variables: dict[str, str]) -> int:
    code = trial.run(flags, variables)
    score = trial.score()
    said = f"score {score:.4f}" if score is not None else f"failed with {code}"
    sys.stderr.write(f"{trial.folder.name}: {said}\n")
    return code


def table(trials: Sequence[Trial]) -> str:
    """The trials, the best first."""
    ranked = sorted(trials, key=lambda trial: -(trial.score() or 0))
    lines = []
    for trial in ranked:
        values = "  ".join(f"{name} {_shown(value)}" for name, value in trial.values.items())
        lines.append(f"{trial.score() or 0:.4f}  {trial.folder.name}  {values}")
    return "\n".join(lines)


def _shown(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def open_parent(out: Path, uri: str) -> str:
    """The run that all trials belong to: the one of before, or a new one; empty without tracker."""
    summary = load_json(out / SUMMARY) if (out / SUMMARY).exists() else {}
    if not uri or summary.get("uri") == uri:
        return str(summary.get("parent", "")) if uri else ""
    require_tracker(uri)
    from training.upload import make_parent

    try:
        parent = make_parent(uri, Stores.from_environ(), out.name)
    except Exception as error:  # as in tracking: no trouble with a tracker may stop a training
        sys.stderr.write(f"tracking: {uri}: {first_line(error)}; trials will have no parent\n")
        return ""
    save_json(out / SUMMARY, {"uri": uri, "parent": parent})
    return parent


def parser() -> argparse.ArgumentParser:
    """Every flag of a sweep."""
    flags = Flags(prog="python -m training.sweep", description=__doc__)
    flags.formatter_class = argparse.RawDescriptionHelpFormatter
    flags.add_argument("--out", type=Path, default=Path("runs/sweep"), help="folder of the trials")
    flags.add_argument(
        "--trials", type=whole(1), default=12, help="how many, earlier ones included"
    )
    flags.add_argument("--jobs", type=whole(1), default=1, help="trainings at the same time")
    flags.add_argument("--seed", type=whole(0), default=1, help="another one draws other trials")
    flags.add_argument("--track", nargs="?", const=LOCAL_URI, metavar="URI", help="as for train.py")
    flags.add_argument("--space", type=Path, default=SPACE, help="flags to vary, a TOML file")
    flags.add_argument("flags", nargs="*", metavar="-- FLAG", help="flags of every training")
    return flags


def read_space(path: Path) -> dict[str, list[Value]]:
    """Flags and their values.

    Raises:
        InputError: the file is missing or is no TOML table of lists of numbers and words.
    """
    try:
        space: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"--space: {path} cannot be read: {error}") from error
    for name, values in space.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"--space: {path}: {name} must be a list of values")
        for value in values:
            if isinstance(value, bool) or not isinstance(value, Value):
                raise InputError(f"--space: {path}: {name}: {value!r} is no number and no word")
    return space


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parser().parse_args(arguments)
    read_dotenv()
    space = read_space(options.space)
    trials = [draw(space, options.seed, n, options.out) for n in range(1, options.trials + 1)]
    options.out.mkdir(parents=True, exist_ok=True)
    uri = options.track or Stores.from_environ().tracking_uri
    if not uri:
        sys.stderr.write(f"{HINT}\n")
    parent = open_parent(options.out, uri)
    variables = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_PARENT_RUN_ID": parent, "MLFLOW_RUN_ID": ""}
    sweep(trials, options.jobs, options.flags, variables)
    sys.stdout.write(f"{table(trials)}\n")
    if parent:
        close_parent(uri, parent, {trial.folder.name: trial.score() or 0.0 for trial in trials})


def close_parent(uri: str, parent: str, scores: dict[str, float]) -> None:
    """Note the best trial in the run that all belong to; trouble is told, and costs no more."""
    from training.upload import finish_parent

    try:
        finish_parent(uri, parent, scores)
    except Exception as error:  # as in open_parent
        sys.stderr.write(
            f"tracking: {uri}: {first_line(error)}; run {parent} is not ended: the same command "
            "ends it later\n"
        )


if __name__ == "__main__":
    end_children_with_us()
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.sweep: {error}\n")
        sys.exit(2)
