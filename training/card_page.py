"""The text of a model card: what a model file, its scores and its run tell, and nothing else."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scandid import ModelMetadata
from scandid.labels import NAMES

SOURCES: Final = Path(__file__).with_name("sources.toml")
MARKS: Final = (
    "Made by `make card`; do not edit by hand.",
    "Made by training/card.py; do not edit.",
)
"""One of them stands in every card: of the shipped model, and of any other."""

_COLUMNS: Final = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "macro_f1_folded": "macro F1, Norwegian as one",
    "loose": "loose",
    "strict": "strict",
}
_HELD_OUT: Final = {
    "validation": "held-out texts that the weights were chosen by, whole and cut to 1-4 words",
    "test": "what `--test` named, or else held-out texts that nothing was chosen by",
}
CHOSEN: Final = (
    "Releases were chosen by these figures, though: tenths of a point over other identifiers prove "
    "nothing."
)

_CALIBRATION: Final = "The calibration, a scale and a shift for each length that change no label,"


def page(
    metadata: ModelMetadata,
    file: Path,
    scores: dict[str, dict[str, Any]],
    run: Mapping[str, Any] | None = None,
) -> str:
    """The card as Markdown.

    Args:
        metadata: What the model file says of itself.
        file: The model file.
        scores: Scores by benchmark.
        run: Content of the run.json it comes from; of the shipped model and where it is not at
            hand, None.
    """
    known = tomllib.loads(SOURCES.read_text(encoding="utf-8"))
    shipped = run is None and metadata.data_digest == known["texts"]
    sections = [
        f"# {'The shipped model' if shipped else 'A model'}\n\n{MARKS[0 if shipped else 1]}",
        _facts(metadata, file),
        "## Scores",
        _shipped_claim(metadata, scores) if shipped else _claim(metadata, scores),
        score_table(scores),
        "![Confusion matrix of each benchmark](confusion.png)",
        *(_per_class(name, row) for name, row in scores.items()),
        _shipped_sources(known["source"]) if shipped else _sources(metadata, run),
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


def _shipped_claim(metadata: ModelMetadata, scores: Mapping[str, object]) -> str:
    """Which of the benchmarks the calibration knows, though it changes no label."""
    known = {each["name"] for each in metadata.calibration.get("fitted_on", [])}
    shared = ", ".join(name for name in scores if name in known)
    fitted = f"{_CALIBRATION} was fitted on {shared}." if shared else ""
    return (
        "Percent, as int8, on texts that were never trained on. "
        f"{fitted or 'Nor was the calibration fitted on them.'} {CHOSEN}"
    )


def _claim(metadata: ModelMetadata, scores: Mapping[str, object]) -> str:
    """What the scores are of, and what the calibration was fitted on, as far as the file tells."""
    tables = metadata.calibration.get("fitted_on", [])
    fitted = ", ".join(f"{each['texts']:,} texts of {each['name']}" for each in tables)
    told = [f"*{name}*: {_HELD_OUT[name]}." for name in scores if name in _HELD_OUT]
    told += [f"{_CALIBRATION} was fitted on {fitted}."] if fitted else []
    return " ".join(["Percent, as int8.", *told])


def _facts(metadata: ModelMetadata, file: Path) -> str:
    rows = {
        "version": metadata.version,
        "file": f"`{file.name}`, {file.stat().st_size:,} bytes, int8 weights",
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


def _sources(metadata: ModelMetadata, run: Mapping[str, Any] | None) -> str:
    if run is None:
        return f"## Training texts\n\nThe run.json of run `{metadata.run_id}` names them."
    lines = ["## Training texts", "", "| source | texts | sha256 |", "| --- | ---: | --- |"]
    lines += [
        f"| {table['name']} | {table['texts']:,} | `{table['digest']}` |"
        for table in run["corpora"]["tables"]
        if table["texts"]
    ]
    return "\n".join(lines)


def _shipped_sources(sources: list[dict[str, Any]]) -> str:
    lines = ["## Training texts", "", "| source | what | licence |", "| --- | --- | --- |"]
    lines += [f"| {s['name']} | {s['what']} | {s['licence']} |" for s in sources if s["used"]]
    lines += ["", "At hand and left out:", ""]
    lines += [
        f"- {s['name']} ({s['what']}; {s['licence']}): {s['why']}."
        for s in sources
        if not s["used"]
    ]
    return "\n".join(lines)
