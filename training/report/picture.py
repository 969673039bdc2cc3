"""The report's pictures: confusions, accuracy against length, reliability, peers against speed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scandid.labels import LANGUAGES, NAMES
from training.card import draw
from training.report.comparison import SCANDID, systems
from training.report.length import PLOT_EDGES, bucket_range

_DPI: Final = 110
_TICKS: Final = (5, 10, 20, 50, 100, 200, 400)
_FEWEST: Final = 20
"""Texts below which a point of the length plot says nothing."""


def draw_all(report: Mapping[str, Any], folder: Path) -> None:
    """Write every picture that the pages show."""
    mpl.use("agg")
    for name, scores in report["benchmarks"].items():
        draw({name: scores}, folder / f"confusion-{name}.png")
    _draw_length(report["length_curve"], folder / "length.png")
    _draw_reliability(report, folder / "reliability.png")
    if report["peers"]:
        _draw_peers(report, folder / "peers.png")


def _draw_length(curves: Mapping[str, Any], path: Path) -> None:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    middles = [(a + b) / 2 for a, b in zip((0, *PLOT_EDGES), PLOT_EDGES, strict=False)]
    places = [*middles, PLOT_EDGES[-1] * 1.3]
    for name in ("all", *LANGUAGES):
        kept = [
            (place, 100 * point["accuracy"])
            for place, point in zip(places, curves[name], strict=True)
            if point["n"] >= _FEWEST
        ]
        if kept:
            axes.plot(
                *zip(*kept, strict=True),
                marker="o",
                label=NAMES.get(name, "all"),
                color="black" if name == "all" else None,
                linewidth=2.5 if name == "all" else 1.5,
            )
    axes.set_xscale("log")
    axes.set_xticks(_TICKS, [str(tick) for tick in _TICKS])
    axes.set(xlabel="characters", ylabel="right, percent", title="Accuracy against length")
    axes.grid(alpha=0.3)
    axes.legend()
    _save(figure, path)


def _draw_reliability(report: Mapping[str, Any], path: Path) -> None:
    buckets, before = report["calibration"], report["calibration_before"]
    figure = Figure(figsize=(3.2 * len(buckets), 3.5), layout="constrained")
    for axes, (name, found) in zip(
        figure.subplots(1, len(buckets), squeeze=False, sharey=True)[0],
        buckets.items(),
        strict=True,
    ):
        _reliability(axes, name, found, before[name])
    _save(figure, path)


def _reliability(
    axes: Axes, name: str, found: Mapping[str, Any], before: Mapping[str, Any]
) -> None:
    bins = found["bins"]
    most = max((row["n"] for row in bins), default=1)
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    for rows, style in ((before["bins"], "--"), (bins, "-")):
        axes.plot(
            [row["confidence"] for row in rows],
            [row["accuracy"] for row in rows],
            marker="o",
            linestyle=style,
            color="tab:blue" if rows is bins else "tab:orange",
        )
    axes.bar(
        [row["confidence"] for row in bins],
        [row["n"] / most for row in bins],
        width=0.04,
        alpha=0.2,
        color="tab:blue",
    )
    errors = f"ECE {before['ece']:.1%} to {found['ece']:.1%}"
    title = f"{name} ({bucket_range(name)})\nn={found['n']:,}, {errors}"
    axes.set(title=title, xlabel="confidence", ylabel="right", xlim=(0, 1.02), ylim=(0, 1.02))


def _draw_peers(report: Mapping[str, Any], path: Path) -> None:
    """Plain mean F1 over the benchmarks, which every peer has, against the slowest speed."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for place, (name, found) in enumerate(systems(report).items()):
        scores = list(found["benchmarks"].values())
        mean = 100 * sum(row["macro_f1_folded"] for row in scores) / len(scores)
        cpu_s = sum(row["n"] / max(1, row["texts_per_cpu_s"]) for row in scores)
        speed = sum(row["n"] for row in scores) / cpu_s
        axes.scatter(speed, mean, color="tab:red" if name == SCANDID else "tab:blue", zorder=3)
        # Every second name stands below its point, since variants of one peer lie close.
        axes.annotate(
            name.strip("*"),
            (speed, mean),
            xytext=(5, -12 if place % 2 else 5),
            textcoords="offset points",
            fontsize=9,
        )
    axes.margins(x=0.2, y=0.1)
    axes.set_xscale("log")
    axes.set(
        xlabel="texts per CPU second",
        ylabel="mean F1, plain, over the benchmarks",
        title="Danish, Swedish or Norwegian: how right and at what cost",
    )
    axes.grid(alpha=0.3)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=_DPI, metadata={"Software": None})
