"""The model card: scores of the shipped file, a picture of its confusions, its sources.

    python -m training.card flores200.parquet slide_dev.parquet

Writes README.md, scores.json and confusion.png beside the model, and the table of scores into the
README above it, so that no figure there is typed by hand.
"""

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scandid import Identifier, ModelMetadata
from scandid.errors import ScandidError
from scandid.evaluation import Tally
from scandid.labels import LABELS, NAMES
from scandid.progress import progress
from scandid.tables import read_table

SOURCES: Final = Path(__file__).with_name("sources.toml")
_TEXTS_PER_CALL: Final = 1024
_BEGIN: Final = "<!-- scores -->"
_END: Final = "<!-- /scores -->"
_COLUMNS: Final = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "macro_f1_folded": "macro F1, Norwegian as one",
    "loose": "loose",
    "strict": "strict",
}


def measure(identifier: Identifier, path: Path) -> Tally:
    """Score one benchmark file."""
    tally = Tally()
    rows = read_table(path)
    with progress(None, "text", path.stem) as bar:
        while part := list(islice(rows, _TEXTS_PER_CALL)):
            tally.add(part, identifier.identify_batch([row.text for row in part]))
            bar.update(len(part))
    return tally


def _fitted(metadata: ModelMetadata, scores: Mapping[str, object]) -> str:
    """Which of the benchmarks the calibration knows, though it changes no label."""
    known = {each["name"] for each in metadata.calibration.get("fitted_on", [])}
    shared = ", ".join(name for name in scores if name in known)
    if not shared:
        return "Nor was the calibration fitted on them."
    return (
        "The calibration, a scale and a shift for each length that change no label, was fitted on "
        f"{shared}."
    )


def card(metadata: ModelMetadata, size: int, scores: dict[str, dict[str, Any]]) -> str:
    """The card as Markdown."""
    sources = tomllib.loads(SOURCES.read_text(encoding="utf-8"))["source"]
    sections = [
        "# The shipped model\n\nMade by `make card`; do not edit by hand.",
        _facts(metadata, size),
        "## Scores",
        f"Percent, as int8, on texts that were never trained on. {_fitted(metadata, scores)}",
        score_table(scores),
        "![Confusion matrix of each benchmark](confusion.png)",
        *(_per_class(name, row) for name, row in scores.items()),
        _sources(sources),
    ]
    return "\n\n".join(sections) + "\n"


def score_table(scores: dict[str, dict[str, Any]]) -> str:
    """One line a benchmark, in percent."""
    lines = [
        f"| benchmark | texts | {' | '.join(_COLUMNS.values())} |",
        "| --- |" + " ---: |" * (len(_COLUMNS) + 1),
    ]
    for name, row in scores.items():
        cells = " | ".join(f"{100 * row[key]:.2f}" for key in _COLUMNS)
        lines.append(f"| {name} | {row['n']:,} | {cells} |")
    return "\n".join(lines)


def draw(scores: dict[str, dict[str, Any]], path: Path) -> None:
    """Draw one row-normalised confusion matrix per benchmark, side by side."""
    mpl.use("agg")
    figure = Figure(figsize=(4.2 * len(scores), 4.4), layout="constrained")
    for axes, (name, row) in zip(
        figure.subplots(1, len(scores), squeeze=False)[0], scores.items(), strict=True
    ):
        _matrix(axes, name, row["confusion"])
    figure.savefig(path, dpi=110, metadata={"Software": None})


def put_scores(page: str, scores: dict[str, dict[str, Any]]) -> str:
    """Replace what stands between the marks ``<!-- scores -->`` and ``<!-- /scores -->``."""
    table = f"{_BEGIN}\n{score_table(scores)}\n{_END}"
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: table, page, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write the card, the scores and the picture."""
    flags = argparse.ArgumentParser(prog="python -m training.card", description=__doc__)
    flags.add_argument("benchmarks", nargs="+", type=Path, metavar="FILE")
    flags.add_argument("--model", type=Path, default=Path("models/scandid.onnx"))
    options = flags.parse_args(arguments)
    identifier = Identifier.load(options.model)
    scores = {path.stem: measure(identifier, path).as_dict() for path in options.benchmarks}
    folder = options.model.parent
    text = card(identifier.metadata, options.model.stat().st_size, scores)
    (folder / "README.md").write_text(text, encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    draw(scores, folder / "confusion.png")
    readme = folder.parent / "README.md"
    if readme.is_file():
        readme.write_text(put_scores(readme.read_text(encoding="utf-8"), scores), encoding="utf-8")
    sys.stdout.write(score_table(scores) + "\n")


def _facts(metadata: ModelMetadata, size: int) -> str:
    rows = {
        "version": metadata.version,
        "file": f"`scandid.onnx`, {size:,} bytes, int8 weights",
        "sha256": f"`{metadata.sha256}`",
        "exported": metadata.created,
        "training run": f"`{metadata.run_id}`",
        "digest of the training texts": f"`{metadata.data_digest}`",
        "bytes read of a text": f"{metadata.max_bytes:,}",
        "*acceptable* from, as a part of the likeliest": ", ".join(
            f"{kind} {share}" for kind, share in metadata.thresholds.items()
        ),
    }
    return "\n".join(["| | |", "| --- | --- |", *(f"| {k} | {v} |" for k, v in rows.items())])


def _per_class(name: str, row: dict[str, Any]) -> str:
    lines = [
        f"### {name}",
        "",
        "| label | precision | recall | F1 | texts |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for label, found in row["per_class"].items():
        if found["n"]:
            cells = " | ".join(f"{found[key]:.4f}" for key in ("precision", "recall", "f1"))
            lines.append(f"| {label} {NAMES[label]} | {cells} | {found['n']:,} |")
    return "\n".join(lines)


def _sources(sources: list[dict[str, Any]]) -> str:
    lines = ["## Training texts", "", "| source | what | licence |", "| --- | --- | --- |"]
    lines += [f"| {s['name']} | {s['what']} | {s['licence']} |" for s in sources if s["used"]]
    lines += ["", "At hand and left out:", ""]
    lines += [
        f"- {s['name']} ({s['what']}; {s['licence']}): {s['why']}."
        for s in sources
        if not s["used"]
    ]
    return "\n".join(lines)


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
