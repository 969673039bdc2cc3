"""Scores of a model file, its card (:mod:`training.card_page`) and a picture of its confusions.

    python -m training.card flores200.parquet slide_dev.parquet

Writes README.md, scores.json and confusion.png beside the model, and the table of scores into the
README above it, so that no figure there is typed by hand.
"""

import argparse
import json
import re
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scandid import Identifier
from scandid.errors import InputError, ScandidError
from scandid.evaluation import Tally
from scandid.labels import LABELS
from scandid.progress import progress
from scandid.tables import read_table
from training.card_page import MARKS, page, score_table
from training.sources import named

_TEXTS_PER_CALL: Final = 1024
_BEGIN: Final = "<!-- scores -->"
_END: Final = "<!-- /scores -->"


def measure(identifier: Identifier, path: Path) -> Tally:
    """Score one benchmark file."""
    tally = Tally()
    rows = read_table(path)
    with progress(None, "text", path.stem) as bar:
        while part := list(islice(rows, _TEXTS_PER_CALL)):
            tally.add(part, identifier.identify_batch([row.text for row in part]))
            bar.update(len(part))
    return tally


def draw(scores: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw one row-normalised confusion matrix per benchmark, side by side."""
    mpl.use("agg")
    figure = Figure(figsize=(4.2 * len(scores), 4.4), layout="constrained")
    for axes, (name, row) in zip(
        figure.subplots(1, len(scores), squeeze=False)[0], scores.items(), strict=True
    ):
        _matrix(axes, name, row["confusion"])
    figure.savefig(path, dpi=110, metadata={"Software": None})


def put_scores(text: str, scores: dict[str, dict[str, Any]]) -> str:
    """Replace what stands between the marks ``<!-- scores -->`` and ``<!-- /scores -->``."""
    table = f"{_BEGIN}\n{score_table(scores)}\n{_END}"
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: table, text, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the card, the scores and the picture."""
    flags = argparse.ArgumentParser(prog="python -m training.card", description=__doc__)
    flags.add_argument("benchmarks", nargs="+", metavar="FILE")
    flags.add_argument("--model", type=Path, default=Path("models/scandid.onnx"))
    options = flags.parse_args(arguments)
    _require_card(options.model.with_name("README.md"))
    identifier = Identifier.load(options.model)
    files = named(options.benchmarks)
    scores = {name: measure(identifier, Path(each)).as_dict() for name, each in files.items()}
    folder = options.model.parent
    text = page(identifier.metadata, options.model, scores)
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    draw(scores, folder / "confusion.png")
    readme = folder.parent / "README.md"
    if readme.is_file():
        readme.write_text(put_scores(readme.read_text(encoding="utf-8"), scores), encoding="utf-8")
    sys.stdout.write(score_table(scores) + "\n")


def _require_card(path: Path) -> None:
    """Refuse to write a card over a page that is none."""
    if path.exists() and not any(mark in path.read_text("utf-8", "replace") for mark in MARKS):
        raise InputError(
            f"{path}: is no card and would be overwritten; put the model into a folder of its own"
        )


def _matrix(axes: Axes, name: str, confusion: dict[str, dict[str, int]]) -> None:
    counts = np.array([list(row.values()) for row in confusion.values()], np.float64)
    columns = list(next(iter(confusion.values())))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(title=name, xlabel="answer", ylabel="gold")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(LABELS)), LABELS)
    for (row, column), share in np.ndenumerate(shares):
        if counts[row, column]:
            color = "white" if share > 0.5 else "black"
            axes.text(
                column, row, f"{share:.1%}", ha="center", va="center", color=color, fontsize=8
            )


if __name__ == "__main__":
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.card: {error}\n")
        sys.exit(2)
