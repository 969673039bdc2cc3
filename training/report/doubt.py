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


def objections(
    benchmarks: Sequence[Benchmark], labels: Mapping[str, Mapping[str, Sequence[str]]]
) -> dict[str, dict[str, str]]:
    """Where all witnesses give one answer, and it is not the gold label.

    Args:
        benchmarks: The labelled texts.
        labels: Peer to benchmark to its labels, in the order of the texts.

    Returns:
        For each benchmark that every witness was asked in full: places of texts, as strings since
        JSON has no other keys, and the answer. Nothing where a witness is missing.
    """
    if not labels.keys() >= set(WITNESSES):
        return {}
    found = {}
    for benchmark in benchmarks:
        columns = [labels[name][benchmark.name] for name in WITNESSES]
        asked = all(len(column) == len(benchmark.rows) for column in columns)
        if asked and benchmark.name not in CUT:
            found[benchmark.name] = _against(benchmark, columns)
    return found


def doubts(
    benchmarks: Sequence[Benchmark],
    objected: Mapping[str, Mapping[str, str]],
    ours: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, Any]]:
    """Count the texts where scandid joins the witnesses' objection.

    Returns:
        For each benchmark ``n``, ``against``, ``pairs`` (gold label and the answer, with counts,
        most frequent first) and ``examples`` of short texts.
    """
    return {
        benchmark.name: _doubt(benchmark, objected[benchmark.name], ours[benchmark.name])
        for benchmark in benchmarks
        if benchmark.name in objected
    }


def _against(benchmark: Benchmark, columns: Sequence[Sequence[str]]) -> dict[str, str]:
    found = {}
    for place, (row, *answers) in enumerate(zip(benchmark.rows, *columns, strict=True)):
        said = {_plain(answer) for answer in answers}
        if len(said) == 1 and not said <= row.gold:
            found[str(place)] = said.pop()
    return found


def _doubt(
    benchmark: Benchmark, objected: Mapping[str, str], ours: Sequence[str]
) -> dict[str, Any]:
    against = [
        (benchmark.rows[place].text, min(benchmark.rows[place].gold), said)
        for place, said in ((int(key), said) for key, said in objected.items())
        if _plain(ours[place]) == said
    ]
    pairs = Counter(f"{gold}, all say {said}" for _, gold, said in against)
    short = [found for found in against if len(found[0]) <= _EXAMPLE_CHARS]
    return {
        "n": len(benchmark.rows),
        "against": len(against),
        "pairs": dict(pairs.most_common(4)),
        "examples": [list(found) for found in short[:_EXAMPLES]],
    }


def _plain(label: str) -> str:
    return OTHER if label == UNDETERMINED else label
