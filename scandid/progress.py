"""Progress bars for people: shown on a terminal that has tqdm, silent in pipes and logs."""

import os
import sys
from types import TracebackType
from typing import Final, Protocol, Self

_COLUMNS: Final = 80
_LINES: Final = 24


class Progress(Protocol):
    """The part of tqdm's bar that scandid uses."""

    def update(self, n: float) -> object:
        """Advance by ``n`` units."""

    def clear(self) -> object:
        """Take the bar off the screen until the next update, to print lines in its place."""

    def __enter__(self) -> Self:
        """Start."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


class _Silent:
    """Shows nothing."""

    def update(self, n: float) -> None:
        """Do nothing."""

    def clear(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def progress(total: int | None, unit: str, label: str = "") -> Progress:
    """Open a bar on standard error.

    Args:
        total: Number of units, or None where unknown.
        unit: What is counted; ``B`` is scaled to kB and MB.
        label: Words before the bar.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        return _Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return _Silent()
    size = os.get_terminal_size(sys.stderr.fileno())
    bar: Progress = tqdm(
        total=total,
        unit=unit,
        unit_scale=True,
        desc=label or None,
        leave=False,
        # On a terminal that does not know its size tqdm would show nothing at all.
        ncols=None if size.columns else _COLUMNS,
        nrows=None if size.lines else _LINES,
    )
    return bar
