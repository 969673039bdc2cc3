"""What scandid set out to reach, beside what the report measured."""

from collections.abc import Mapping
from typing import Any, Final

from training.report.benchmark import PAIRS, WORDS
from training.report.length import bucket_range
from training.report.markdown import percent, table

GOALS: Final[tuple[tuple[str, str, str, float], ...]] = (
    ("flores200", "macro_f1", "mean F1 of the four", 0.995),
    ("flores200", "macro_f1_folded", "mean F1, plain", 0.999),
    ("nordicdsl", "accuracy", "accuracy", 0.97),
    (PAIRS, "macro_f1", "mean F1 of the four", 0.85),
    (PAIRS, "macro_f1_folded", "mean F1, plain", 0.93),
    (WORDS, "macro_f1", "mean F1 of the four", 0.68),
    (WORDS, "macro_f1_folded", "mean F1, plain", 0.78),
)
"""Benchmark, score, its name, and the least that was wanted."""

MOST_LOST: Final = 0.01
"""Accuracy that capitals, lower case, decomposed and missing accents may cost on a benchmark."""

MOST_ECE: Final = 0.02
"""Calibration error wanted at every length."""

_ROUGH: Final = ("all capitals", "lower case", "NFD", "digraphs", "bare ASCII")


def goal_table(report: Mapping[str, Any]) -> str:
    """Every goal that this report can judge, what was measured, and whether that reaches it."""
    found = report["benchmarks"]
    rows = {
        f"{benchmark}, {name}": _row(
            found[benchmark][score], least, found[benchmark][score] >= least
        )
        for benchmark, score, name, least in GOALS
        if benchmark in found
    }
    for variant in _ROUGH:
        lost, where = max(
            (round(scores["accuracy"] - scores["variants"][variant]["accuracy"], 6), name)
            for name, scores in found.items()
            if scores["variants"]
        )
        rows[f"{variant}: points lost, most on {where}"] = _row(lost, MOST_LOST, lost <= MOST_LOST)
    for bucket, row in report["calibration"].items():
        name = f"ECE at {bucket_range(bucket)} characters"
        rows[name] = _row(row["ece"], MOST_ECE, row["ece"] <= MOST_ECE)
    return table(["goal", "measured", "wanted", "reached"], rows)


def _row(measured: float, wanted: float, reached: bool) -> list[str]:
    # No negative zero: a variant that gains points loses none.
    return [percent(max(measured, 0.0)), percent(wanted), "yes" if reached else "no"]
