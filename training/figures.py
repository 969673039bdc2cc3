"""Pictures of a run: what is taken for what, accuracy by length, loss and learning rate."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.card import draw
from training.checkpoint import HISTORY, RUN, load_json


def draw_run(folder: Path, out: Path) -> list[Path]:
    """Draw the pictures of a finished run.

    Args:
        folder: Folder of the run.
        out: Folder for the pictures.
    """
    result = load_json(folder / RUN)["result"]
    paths = [out / "confusion.png", out / "curves.png"]
    shown = {"validation": result["texts"], "test": result.get("test")}
    draw({name: scores for name, scores in shown.items() if scores}, paths[0])
    lines = (folder / HISTORY).read_text(encoding="utf-8").splitlines()
    _curves([json.loads(line) for line in lines], paths[1])
    if result.get("test"):
        paths.append(out / "accuracy_by_length.png")
        _by_length(result["test"]["by_length"], paths[-1])
    return paths


def _curves(history: list[dict[str, Any]], path: Path) -> None:
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels: tuple[Axes, ...] = tuple(figure.subplots(1, 3))
    steps = [line["step"] for line in history]
    for axes, name in zip(panels, ("loss", "score", "learning_rate"), strict=True):
        axes.plot(steps, [line.get(name, float("nan")) for line in history], marker=".")
        axes.set(title=name.replace("_", " "), xlabel="step")
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _by_length(groups: Mapping[str, Mapping[str, float]], path: Path) -> None:
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    kept = {name: row for name, row in groups.items() if row["n"]}
    bars = axes.bar(list(kept), [row["accuracy"] for row in kept.values()], color="tab:blue")
    axes.bar_label(bars, [f"{row['accuracy']:.1%}\nn={row['n']:,}" for row in kept.values()])
    axes.set(title="accuracy by length", xlabel="characters", ylim=(0, 1.15))
    figure.savefig(path, dpi=110, metadata={"Software": None})
