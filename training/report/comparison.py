"""Tables that set scandid and its peers side by side."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from training.report.benchmark import PAIRS, WORDS
from training.report.markdown import percent, points, table

SCANDID: Final = "**scandid**"

SAMPLED: Final = "\\*"
"""Behind a figure from a part of the texts."""

_BEGIN: Final = "<!-- peers -->"
_END: Final = "<!-- /peers -->"

HEADLINE: Final[tuple[tuple[str, str, str], ...]] = (
    ("flores200", "macro_f1", "FLORES"),
    ("nordicdsl", "accuracy", "Nordic DSL"),
    (PAIRS, "macro_f1", "word pairs"),
    (WORDS, "macro_f1", "single words"),
    ("flores200", "macro_f1_folded", "FLORES, plain"),
    (PAIRS, "macro_f1_folded", "word pairs, plain"),
)
"""Benchmark, score and heading of the columns that the README shows."""


LEFT_OUT: Final = ("heliport, unsure as none",)
"""Peers that the README leaves out: other settings of one that it shows."""


def systems(report: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Scandid and every peer, in one form: how it splits, and its scores by benchmark.

    Scandid's speed is that of one text a call here, as its peers are asked.
    """
    alone = report["model"]["alone"]
    scores = {
        name: {**found, "texts_per_cpu_s": alone["texts_per_cpu_s"][name]}
        for name, found in report["benchmarks"].items()
    }
    ours = {"splits": True, "peak_mb": alone["peak_mb"], "benchmarks": scores}
    return {SCANDID: ours, **report["peers"]}


def score_table(report: Mapping[str, Any], score: str) -> str:
    """One score of every system on every benchmark, in percent.

    Where a peer does not tell Bokmål from Nynorsk, only folded scores are given.
    """
    names = list(report["benchmarks"])
    rows = {
        system: [_cell(found, name, score) for name in names]
        for system, found in systems(report).items()
    }
    return table(["", *names], {name: cells for name, cells in rows.items() if any(cells)})


def benchmark_table(report: Mapping[str, Any], name: str) -> str:
    """Every system on one benchmark: F1 by language, and how many of the texts it was asked."""
    rows = {}
    for system, found in systems(report).items():
        scores = found["benchmarks"][name]
        f1 = [percent(row["f1"]) for label, row in scores["per_class"].items() if label != "other"]
        split = [*f1, percent(scores["macro_f1"]), percent(scores["accuracy"])]
        rows[system] = [
            *(split if found["splits"] else [""] * len(split)),
            percent(scores["macro_f1_folded"]),
            percent(scores["accuracy_folded"]),
            f"{scores['n']:,}",
            f"{scores['texts_per_cpu_s']:,}",
        ]
    heads = ["F1 dan", "swe", "nob", "nno", "mean F1", "accuracy", "mean F1, plain"]
    return table(["", *heads, "accuracy, plain", "texts", "texts per CPU s"], rows)


def variant_table(report: Mapping[str, Any]) -> str:
    """Points of plain accuracy that each system loses in each variant it was asked."""
    names = [name for name in report["model"]["variants"] if name != "clean"]
    rows = {}
    for system, found in {SCANDID: report["model"], **report["peers"]}.items():
        plain = {name: row["accuracy_folded"] for name, row in found["variants"].items()}
        lost = [points(plain[name] - plain["clean"]) if name in plain else "" for name in names]
        rows[system] = [percent(plain["clean"]), *lost]
    return table(["", "clean", *names], rows)


def settings_table(peers: Mapping[str, Any]) -> str:
    """Package, version, settings, codes and memory of each peer."""
    rows = {}
    for name, found in peers.items():
        codes = ", ".join(f"{code} → {label}" for code, label in found["codes"].items())
        if not found["splits"]:
            codes += "; nob stands for Norwegian"
        package = f"{found['package']} {found['version']}"
        rows[name] = [package, found["settings"], codes, f"{found['peak_mb']:,}"]
    return table(["", "package", "settings", "codes", "memory, MB"], rows, "---")


def headline_table(report: Mapping[str, Any]) -> str:
    """The most telling columns, for the README; peers in the order of the first."""
    columns = [column for column in HEADLINE if column[0] in report["benchmarks"]]
    found = systems(report)
    order = sorted(
        (name for name in found if name not in {SCANDID, *LEFT_OUT}),
        key=lambda name: -found[name]["benchmarks"][columns[0][0]]["macro_f1_folded"],
    )
    rows = {
        name: [
            *(_cell(found[name], benchmark, score) for benchmark, score, _ in columns),
            _speed(found[name]["benchmarks"].values()),
            f"{found[name]['peak_mb']:,}",
        ]
        for name in (SCANDID, *order)
    }
    return table(["", *(head for *_, head in columns), "texts per CPU s", "memory, MB"], rows)


def put_headline(page: str, report: Mapping[str, Any]) -> str:
    """Replace what stands between the marks ``<!-- peers -->`` and ``<!-- /peers -->``."""
    block = f"{_BEGIN}\n{headline_table(report)}\n{_END}"
    return re.sub(f"{_BEGIN}.*?{_END}", lambda _: block, page, flags=re.DOTALL)


def _cell(found: Mapping[str, Any], benchmark: str, score: str) -> str:
    if not found["splits"] and not score.endswith("_folded"):
        return ""
    scores = found["benchmarks"][benchmark]
    return percent(scores[score]) + (SAMPLED if scores["n"] < scores.get("of", 0) else "")


def _speed(scores: Iterable[Mapping[str, Any]]) -> str:
    """Texts per CPU second over all benchmarks, in the mix of lengths that they have."""
    rows = [row for row in scores if row["texts_per_cpu_s"]]
    cpu_s = sum(row["n"] / row["texts_per_cpu_s"] for row in rows)
    return f"{round(sum(row['n'] for row in rows) / cpu_s):,}" if cpu_s else ""
