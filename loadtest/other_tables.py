"""Tables of docs/performance.md that other commands than the benchmark measure.

``loadtest.sizes``, ``loadtest.sessions`` and ``loadtest.record`` write what they are made from.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from loadtest.markdown import table

Result = Mapping[str, Any]


def _sizes(result: Result) -> str:
    """Cost of every size, and accuracy where it is known."""
    scores = {"flores": ".2f", "slide": ".2f", "pairs": ".1f"}
    rows = (
        row
        | {
            score: format(row[score], form) if score in row else ""
            for score, form in scores.items()
        }
        for row in result["sizes"]["rows"]
    )
    columns = {"CPU of a call, times": "{ratio:.2f}"}
    words = {"FLORES": "{flores}", "SLIDE dev": "{slide}", "pairs": "{pairs}"}
    return table(rows, {"network": "{name}"} | columns | words)


def _sessions(result: Result) -> str:
    columns = {"CPU, times": "{ratio:.2f}", "MB at the start": "{start_mb:.0f}"}
    calls = {f"MB after {result['sessions']['calls']:,} calls": "{end_mb:.0f}"}
    return table(result["sessions"]["rows"], {"session": "{name}"} | columns | calls)


def _shapes(result: Result) -> str:
    columns = {
        "shape": "{shape}",
        "seconds": "{seconds}",
        "users": "{users}",
        "requests": "{requests:,}",
        "failures": "{failures}",
        "requests/s": "{rps:,.0f}",
        "p50 ms": "{p50_ms:.0f}",
        "p95 ms": "{p95_ms:.0f}",
        "p99 ms": "{p99_ms:.0f}",
        "cores of server, client": "{server_cores:.2f}, {client_cores:.2f}",
        "MB half-way, at the end": "{middle_mb:.0f}, {end_mb:.0f}",
    }
    return table(result["shapes"]["rows"], columns)


TABLES: Final[Mapping[str, Callable[[Result], str]]] = {
    "sizes": _sizes,
    "sessions": _sessions,
    "shapes": _shapes,
}
"""Each is named like the file it is made from, ``performance-NAME.json``."""
