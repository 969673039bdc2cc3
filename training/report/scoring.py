"""What scandid answers, scored: per benchmark, per length, per confidence and per variant."""

import gc
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from scandid import Answer, Identifier
from scandid.evaluation import Tally
from scandid.labels import LABELS, OTHER, UNDETERMINED
from scandid.progress import progress
from scandid.tables import LabelledText
from training.report.benchmark import CUT, Benchmark
from training.report.calibration import calibration
from training.report.length import BUCKETS, PLOT_EDGES, bucket_of, plot_place
from training.report.variant import VARIANTS

_TEXTS_PER_CALL: Final = 1024

Judged = tuple[LabelledText, Answer]


def ask(identifier: Identifier, texts: Sequence[str], name: str) -> tuple[list[Answer], float]:
    """Identify texts; also the CPU seconds that took."""
    answers: list[Answer] = []
    cpu_s = 0.0
    gc.freeze()  # or all that is kept of other benchmarks is looked through while this one is timed
    with progress(len(texts), "text", name) as bar:
        for start in range(0, len(texts), _TEXTS_PER_CALL):
            part = texts[start : start + _TEXTS_PER_CALL]
            start_s = time.process_time()
            answers += identifier.identify_batch(part)
            cpu_s += time.process_time() - start_s
            bar.update(len(part))
    return answers, cpu_s


def tally(judged: Sequence[Judged]) -> Tally:
    """Count answers against gold labels."""
    counts = Tally()
    counts.add([row for row, _ in judged], [answer for _, answer in judged])
    return counts


def folded_accuracy(counts: Tally) -> float:
    """Share of right answers where Bokmål and Nynorsk are both right for Norwegian."""
    bokmal, nynorsk = LABELS.index("nob"), LABELS.index("nno")
    mixed = int(counts.confusion[bokmal, nynorsk] + counts.confusion[nynorsk, bokmal])
    return counts.accuracy() + mixed / max(1, counts.n)


def scores_of(counts: Tally) -> dict[str, Any]:
    """All scores of a tally, with the folded accuracy, as JSON-ready values."""
    return counts.as_dict() | {"accuracy_folded": round(folded_accuracy(counts), 6)}


def by_length(judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """Scores and calibration of each bucket of lengths that holds texts."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for row, answer in judged:
        groups[bucket_of(row.text)].append((row, answer))
    return {
        name: scores_of(tally(groups[name])) | _claims(groups[name])
        for name in BUCKETS
        if name in groups
    }


def _claims(judged: Sequence[Judged]) -> dict[str, float]:
    """What is said of a group's confidence, without the bins."""
    found = calibrated(judged)
    return {name: found[name] for name in ("ece", "reliable", "reliable_right")}


def calibrated(judged: Sequence[Judged]) -> dict[str, Any]:
    """Calibration of the best labels, and which of them are called reliable.

    Texts without a letter make no claim and are left out.
    """
    claims = [(row, answer) for row, answer in judged if answer.label != UNDETERMINED]
    right = [answer.label in row.gold for row, answer in claims]
    kept = [hit for hit, (_, answer) in zip(right, claims, strict=True) if answer.reliable]
    return calibration([answer.confidence for _, answer in claims], right) | {
        "reliable": round(len(kept) / max(1, len(claims)), 6),
        "reliable_right": round(sum(kept) / max(1, len(kept)), 6),
    }


def length_curve(judged: Sequence[Judged]) -> dict[str, list[dict[str, float]]]:
    """Accuracy at each point of the plot, for all texts and for those of each label."""
    points = range(len(PLOT_EDGES) + 1)
    hits = {name: [[0, 0] for _ in points] for name in ("all", *LABELS)}
    for row, answer in judged:
        label = answer.label if answer.label != UNDETERMINED else OTHER
        for name in ("all", *row.gold):
            count = hits[name][plot_place(row.text)]
            count[0] += 1
            count[1] += label in row.gold
    return {
        name: [{"n": n, "accuracy": round(right / max(1, n), 6)} for n, right in counts]
        for name, counts in hits.items()
    }


def score_benchmark(
    identifier: Identifier, benchmark: Benchmark
) -> tuple[dict[str, Any], list[Judged]]:
    """Score one benchmark in every way.

    Returns:
        JSON-ready scores, and each text with its answer.
    """
    answers, cpu_s = ask(identifier, benchmark.texts, benchmark.name)
    judged = list(zip(benchmark.rows, answers, strict=True))
    scores = scores_of(tally(judged)) | {
        "digest": benchmark.digest,
        "ece": calibrated(judged)["ece"],
        "texts_per_cpu_s": round(len(judged) / cpu_s) if cpu_s else 0,
        "by_length": by_length(judged),
        "variants": _variants(identifier, benchmark, answers),
    }
    return scores, judged


def pooled(judged: Sequence[Judged]) -> dict[str, Any]:
    """Calibration by bucket, and accuracy against length, over all benchmarks together."""
    groups: dict[str, list[Judged]] = {name: [] for name in BUCKETS}
    for row, answer in judged:
        groups[bucket_of(row.text)].append((row, answer))
    return {
        "calibration": {name: calibrated(group) for name, group in groups.items() if group},
        "length_curve": length_curve(judged),
    }


def _variants(
    identifier: Identifier, benchmark: Benchmark, clean: Sequence[Answer]
) -> dict[str, dict[str, float]]:
    """Scores of each variant, and the share of texts whose label it changes."""
    if benchmark.name in CUT:
        return {}
    found = {}
    for name, change in VARIANTS.items():
        texts = [change(text) for text in benchmark.texts]
        answers, _ = ask(identifier, texts, f"{benchmark.name}, {name}")
        counts = tally(list(zip(benchmark.rows, answers, strict=True)))
        flips = sum(a.label != b.label for a, b in zip(clean, answers, strict=True))
        found[name] = {
            "accuracy": round(counts.accuracy(), 6),
            "macro_f1": round(counts.macro_f1(), 6),
            "macro_f1_folded": round(counts.macro_f1_folded(), 6),
            "changed": round(flips / max(1, counts.n), 6),
        }
    return found
