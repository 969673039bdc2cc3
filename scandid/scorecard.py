"""Scores as a page of text for a terminal."""

from collections.abc import Mapping
from typing import Any

from scandid.labels import NAMES


def scorecard(scores: Mapping[str, Any]) -> str:
    """Lay out what :meth:`scandid.evaluation.Tally.as_dict` gave, with ``file`` and speed added."""
    speed = f"{scores['texts_per_cpu_s']:,} texts per CPU second"
    lines = [f"{scores['file']}: {scores['n']:,} texts, {speed}"]
    for key, words in _HEADLINES.items():
        lines.append(f"  {words:<44}{scores[key]:8.2%}")
    table = per_class_table(scores)
    return "\n".join([*lines, "", table, "", *_confusion(scores["confusion"]), ""])


def per_class_table(scores: Mapping[str, Any]) -> str:
    """Precision, recall and F1 of each label, one a line."""
    lines = [f"  {'label':<24}{'precision':>10}{'recall':>10}{'F1':>10}{'texts':>10}"]
    for label, row in scores["per_class"].items():
        cells = "".join(f"{row[key]:10.2%}" for key in ("precision", "recall", "f1"))
        lines.append(f"  {label + ' ' + NAMES[label]:<24}{cells}{row['n']:10,}")
    return "\n".join(lines)


_HEADLINES = {
    "accuracy": "accuracy (best label is right)",
    "macro_f1": "macro F1 of the four languages",
    "macro_f1_folded": "macro F1, Bokmål and Nynorsk as Norwegian",
    "loose": "loose (all languages named are right)",
    "strict": "strict (exactly the right languages)",
}


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> list[str]:
    columns = list(next(iter(confusion.values())))
    lines = ["  gold \\ answer " + "".join(f"{column:>9}" for column in columns)]
    for gold, counts in confusion.items():
        lines.append(f"  {gold:<14}" + "".join(f"{counts[column]:9,}" for column in columns))
    return lines
