"""Several right answers: are all of a text's languages named, and no others?

Measured on files whose texts carry every language they are right in, as
``python -m training.acceptability`` makes them of a benchmark.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scandid import Identifier
from training.report.benchmark import load
from training.report.markdown import percent, table
from training.report.scoring import Judged, ask, tally

COLUMNS = (
    "texts",
    "right in several",
    "several named",
    "sets exact",
    "of several: exact",
    "of several: two or more found",
    "of one: exact",
)


def score_several(identifier: Identifier, path: Path, seed: int) -> dict[str, float]:
    """Shares of the texts of one file, by what :data:`COLUMNS` say.

    Raises:
        InputError: the file cannot be used.
    """
    benchmark = load(path.stem, path, seed)
    answers, _ = ask(identifier, benchmark.texts, f"{benchmark.name}, sets")
    judged = list(zip(benchmark.rows, answers, strict=True))
    several = [each for each in judged if len(each[0].gold) > 1]
    one = [each for each in judged if len(each[0].gold) == 1]
    return {
        "n": len(judged),
        "several": len(several) / len(judged),
        "named": sum(answer.ambiguous for _, answer in judged) / len(judged),
        "exact": _exact(judged),
        "several_exact": _exact(several),
        "several_found": sum(len(row.gold.intersection(a.acceptable)) > 1 for row, a in several)
        / max(1, len(several)),
        "one_exact": _exact(one),
    }


def several_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """A row for each file."""
    rows = {}
    for name, found in scores.items():
        texts, *shares = found.values()
        rows[name] = [f"{texts:,}", *map(percent, shares)]
    return table(["file", *COLUMNS], rows)


def _exact(judged: Sequence[Judged]) -> float:
    return tally(judged).strict / max(1, len(judged))
