"""Going on with a run: what it kept, and whether it is the one that the flags describe."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scandid.errors import InputError
from training.checkpoint import HISTORY, LAST, RUN, by_rename, load_json, load_tensors
from training.cleaning import clean
from training.corpora import load_corpora

_FREE_TO_CHANGE: Final = frozenset(
    {
        "benchmark",
        "allow_contamination",
        "out",
        "resume",
        "minutes",
        "steps",
        "patience",
        "threads",
        "workers",
        "evaluate_every",
        "test",
        "track",
    }
)
"""Flags that may differ when a run is resumed."""

FREE_TO_DIFFER: Final = frozenset({"out", "resume", "threads", "workers", "track"})
"""Flags that may differ between a finished run and one that is asked for."""

_STATE: Final = frozenset({"fitter", "step", "loss", "score", "best", "stale", "elapsed_s"})
"""What the file of the last validation holds."""


def kept_state(folder: Path, stored: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a run is gone on from; None where it was stopped before anything was kept.

    Raises:
        InputError: it has lost what it was to be gone on from, or this is damaged.
    """
    if not (folder / LAST).exists():
        history = folder / HISTORY
        validations = history.read_text(encoding="utf-8").count("\n") if history.exists() else 0
        # One is written before the state that belongs to it.
        if "result" in stored or validations > 1:
            raise InputError(
                f"--resume: {folder} has no {LAST}, which is not kept by a tracker; start another "
                f"run from its weights: --init {folder}"
            )
        return None
    state = load_tensors(folder / LAST)
    if missing := _STATE - state.keys():
        raise InputError(f"{folder / LAST}: lacks {', '.join(sorted(missing))}: it is of no run")
    return state


def forget_after(folder: Path, step: int) -> None:
    """Drop the lines of the history that a kill left without their checkpoint.

    Raises:
        InputError: a line is none of a training.
    """
    path = folder / HISTORY
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    kept = [line for at, line in enumerate(whole, 1) if _step(path, at, line) <= step]
    with by_rename(path) as part:
        part.write_text("".join(kept), encoding="utf-8")


def _step(path: Path, number: int, line: str) -> int:
    """The step that a line of the history is of."""
    try:
        return int(json.loads(line)["step"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: line {number} is none of a training: {line[:60]!r}") from error


def require_same_flags(folder: Path, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Refuse to go on with a run under other flags.

    Raises:
        InputError: a flag differs; the message names both values.
    """
    for flag in sorted(then.keys() - _FREE_TO_CHANGE):
        if then[flag] != now.get(flag):
            raise InputError(
                f"--{flag.replace('_', '-')}: {now.get(flag)!r}, but the run in {folder} was "
                f"started with {then[flag]!r}; resume with that, or choose another --out"
            )


def require_flags(folder: Path, wanted: Mapping[str, object], free: Collection[str]) -> None:
    """Refuse a finished run that was trained with other flags than those that are wanted.

    Args:
        folder: The run.
        wanted: Every flag of train.py.
        free: Flags that say nothing about what was learnt.

    Raises:
        InputError: a flag differs; the message names both values.
    """
    flags = load_json(folder / RUN).get("flags", {})
    for flag in sorted(flags.keys() - free):
        if flags[flag] != (now := as_flag(wanted.get(flag))):
            raise InputError(
                f"{folder} was trained with --{flag.replace('_', '-')} {flags[flag]}, now it is "
                f"{now}; name another --out"
            )


def require_texts(folders: Sequence[Path], data: Sequence[str]) -> None:
    """Refuse finished runs that were trained on other texts than those that are there now.

    Raises:
        InputError: they are others, or cannot be read.
    """
    digest = clean(load_corpora(data))[0].digest()
    for folder in folders:
        if load_json(folder / RUN).get("data", {}).get("digest") != digest:
            raise InputError(
                f"{folder} was trained on other texts than --data has now; name another --out"
            )


def as_flag(value: object) -> object:
    """A flag's value as JSON holds it."""
    if isinstance(value, list):
        return [as_flag(each) for each in value]
    return str(value) if isinstance(value, Path) else value
