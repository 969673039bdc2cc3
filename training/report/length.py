"""Lengths of texts in characters: the buckets of the tables, and the finer ones of the plot."""

from bisect import bisect_left
from typing import Final

BUCKETS: Final = {"word": 12, "pair": 24, "short": 60, "sentence": 200, "paragraph": None}
"""Longest text of each bucket in characters; the last has no end."""

PLOT_EDGES: Final = (6, 9, 12, 18, 24, 36, 48, 72, 100, 140, 200, 300)
"""Longest text of each point of the plot; a last point holds all longer ones."""

_NAMES: Final = tuple(BUCKETS)
_ENDS: Final = [end for end in BUCKETS.values() if end]


def bucket_of(text: str) -> str:
    """Name of the bucket a text belongs to."""
    return _NAMES[bisect_left(_ENDS, len(text))]


def bucket_range(name: str) -> str:
    """The lengths of a bucket as people read them, for example ``13 to 24``."""
    place = _NAMES.index(name)
    least = _ENDS[place - 1] + 1 if place else 1
    most = BUCKETS[name]
    return f"{least} to {most}" if most else f"{least} and more"


def plot_place(text: str) -> int:
    """Place of a text among the points of the plot."""
    return bisect_left(PLOT_EDGES, len(text))
