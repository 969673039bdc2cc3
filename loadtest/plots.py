"""Pictures of the benchmark for docs/performance.md: ``python -m loadtest.plots FILE.json``."""

import json
import sys
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes

from loadtest.command import files
from loadtest.stacks import EMPTY

mpl.use("Agg")
from matplotlib import pyplot as plt

Row = dict[str, float]


def main() -> int:
    """Draw every picture into ``images`` beside the JSON file."""
    (source,) = files(__doc__, "json")
    result = json.loads(source.read_text(encoding="utf-8"))
    folder = source.parent / "images"
    folder.mkdir(exist_ok=True)
    for name, draw in {"stacks": _stacks, "curves": _curves, "memory": _memory}.items():
        figure = draw(result)
        figure.savefig(folder / f"performance-{name}.png", dpi=100)
        plt.close(figure)
        print(folder / f"performance-{name}.png")
    return 0


def _stacks(result: dict[str, Any]) -> Any:  # noqa: ANN401  # matplotlib's figure
    """CPU of a request of 320 bytes, and texts a CPU second in lists, of every stack."""
    figure, (single, lists) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    costs = {
        name: _case(stack["cases"], 320, 0)["cpu_us"] for name, stack in result["stacks"].items()
    }
    speeds = {
        name: _case(stack["cases"], 130, 1000)["texts_per_cpu_s"]
        for name, stack in result["stacks"].items()
        if not name.startswith(EMPTY)
    }
    _bars(single, costs, "CPU µs of a request, 320 bytes, 32 connections")
    _bars(lists, speeds, "Texts a CPU second, lists of 1,000")
    return figure


def _curves(result: dict[str, Any]) -> Any:  # noqa: ANN401  # matplotlib's figure
    """Cost by length, by list, by connections, and waits by connections."""
    curves = result["curves"]
    figure, axes = plt.subplots(2, 2, figsize=(12, 8), layout="constrained")
    length, texts, connections, waits = axes.flat
    _line(length, curves["length"], "bytes", "cpu_us", "CPU µs of a request by bytes of its text")
    _line(
        texts, curves["list"], "texts", "texts_per_cpu_s", "Texts a CPU second by texts in a list"
    )
    for size in sorted({row["bytes"] for row in curves["connections"]}):
        rows = [row for row in curves["connections"] if row["bytes"] == size]
        _line(connections, rows, "connections", "cpu_us", "CPU µs by connections", f"{size} bytes")
        _line(waits, rows, "connections", "p99_ms", "p99 in ms by connections", f"{size} bytes")
    connections.legend()
    waits.legend()
    return figure


def _memory(result: dict[str, Any]) -> Any:  # noqa: ANN401  # matplotlib's figure
    """Memory of a worker by requests answered."""
    figure, axis = plt.subplots(figsize=(6, 4), layout="constrained")
    rows = result["memory"]
    axis.plot([row["requests"] for row in rows], [row["rss_mb"] for row in rows], marker="o")
    axis.set(title="Memory of a worker, MB, by varied requests answered", ylim=(0, None))
    return figure


def _case(rows: list[Row], size_bytes: int, texts: int) -> Row:
    """The row of one case, the one with most connections where there are several."""
    found = [row for row in rows if row["bytes"] == size_bytes and row["texts"] == texts]
    return max(found, key=lambda row: row["connections"])


def _bars(axis: Axes, values: dict[str, float], title: str) -> None:
    bars = axis.barh([*values], [*values.values()])
    axis.bar_label(bars, fmt="{:,.0f}", padding=3)
    axis.set(title=title, xscale="log")
    axis.set_xlim(min(values.values()) / 2, 4 * max(values.values()))
    axis.invert_yaxis()


def _line(axis: Axes, rows: list[Row], x: str, y: str, title: str, label: str = "") -> None:
    axis.plot([row[x] for row in rows], [row[y] for row in rows], marker="o", label=label or y)
    axis.set(title=title, xlabel=x, xscale="log", ylim=(0, None))
    axis.grid(alpha=0.3)


if __name__ == "__main__":
    sys.exit(main())
