"""Gold labels that nobody agrees with: what no identifier could score on a benchmark."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from scandid.labels import OTHER, UNDETERMINED
from training.report.benchmark import CUT, Benchmark

WITNESSES: Final = ("heliport", "py3langid")
"""Peers asked beside scandid: the strongest that read every text, made from other corpora."""

_EXAMPLES: Final = 8
_EXAMPLE_CHARS: Final = 60


def doubts(
    benchmarks: Sequence[Benchmark], labels: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, dict[str, Any]]:
    """Count the texts on which all agree with each other and none with the gold label.

    Args:
        benchmarks: The labelled texts.
        labels: System to benchmark to its labels, in the order of the texts.

    Returns:
        For each benchmark that all were asked in full: ``n``, ``against``, ``pairs`` (gold label
        and the answer, with counts, most frequent first) and ``examples`` of short texts.
    """
    return {
        benchmark.name: _doubt(benchmark, [found[benchmark.name] for found in labels.values()])
        for benchmark in benchmarks
        if benchmark.name not in CUT
        and all(len(found[benchmark.name]) == len(benchmark.rows) for found in labels.values())
    }


def _doubt(benchmark: Benchmark, columns: Sequence[Sequence[str]]) -> dict[str, Any]:
    against = []
    for row, *answers in zip(benchmark.rows, *columns, strict=True):
        said = {OTHER if answer == UNDETERMINED else answer for answer in answers}
        if len(said) == 1 and not said <= row.gold:
            against.append((row.text, min(row.gold), said.pop()))
    pairs = Counter(f"{gold}, all say {said}" for _, gold, said in against)
    short = [found for found in against if len(found[0]) <= _EXAMPLE_CHARS]
    return {
        "n": len(benchmark.rows),
        "against": len(against),
        "pairs": dict(pairs.most_common(4)),
        "examples": [list(found) for found in short[:_EXAMPLES]],
    }
