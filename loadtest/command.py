"""What the command lines here share: files, numbers within limits, and an end at SIGTERM."""

import argparse
import math
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Final

MAX_ARRIVALS: Final = 1_000
"""Requests a second of one user; one process of Locust sends little more than that in all."""


def files(description: str | None, *names: str) -> list[Path]:
    """The files that the command line names, in the order that was asked for."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=description, formatter_class=raw)
    for name in names:
        parser.add_argument(name, type=Path)
    given: dict[str, Path] = vars(parser.parse_args())
    return [given[name] for name in names]


def at_least_one(text: str) -> int:
    """A number of things, for argparse."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} must be at least 1")
    return number


def not_negative(text: str) -> float:
    """A finite number from 0, for argparse."""
    if not math.isfinite(number := float(text)) or number < 0:
        raise argparse.ArgumentTypeError(f"{text} must be a number from 0")
    return number


def arrivals(text: str) -> float:
    """Requests a second of one user, for argparse."""
    if (number := not_negative(text)) > MAX_ARRIVALS:
        raise argparse.ArgumentTypeError(f"{text} must be at most {MAX_ARRIVALS}; add users")
    return number


def above_zero(text: str) -> float:
    """A finite number above 0, for argparse."""
    if (number := not_negative(text)) == 0:
        raise argparse.ArgumentTypeError(f"{text} must be above 0")
    return number


def end_at_sigterm() -> None:
    """Have SIGTERM end this process as an exception does: servers that it started end with it."""

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)
