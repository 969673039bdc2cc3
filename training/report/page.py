"""The pages of the report as Markdown, made from its figures alone."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from scandid.labels import NAMES
from training.card_page import CHOSEN
from training.report import comparison
from training.report.benchmark import CUT, RULE
from training.report.doubt import WITNESSES
from training.report.goal import goal_table
from training.report.length import bucket_range
from training.report.markdown import code, percent, points, table
from training.report.several import several_table
from training.report.trust import kept, trust, trust_table
from training.report.variant import DESCRIPTIONS

PUBLISHED: Final = Path(__file__).with_name("published.toml")

_SCORES: Final = {
    "accuracy": "accuracy",
    "macro_f1": "mean F1",
    "macro_f1_folded": "mean F1, plain",
    "accuracy_folded": "accuracy, plain",
    "loose": "loose",
    "strict": "strict",
    "ece": "ECE",
}

_HOW: Final = """\
Percent throughout, the shipped int8 model through `scandid.Identifier`, on texts that were never
trained on. {chosen} *Mean F1* is over Danish, Swedish, Bokmål and Nynorsk, other languages counting
against precision. *Plain* takes Bokmål and Nynorsk as one Norwegian. *Loose*: every language
named is a gold one; *strict*: exactly the gold ones. Files that give every text one
language count a second one as a mistake even where it is right (*Several right answers*). *ECE*:
expected calibration error of the best label's confidence, 15 bins. Speed is texts per CPU second
in one process, many texts a call; time spent waiting for a busy machine does not count. All
figures: [report.json](report.json)."""

_CONFIDENCE: Final = """\
Confidence of the best label against how often it is right, over all benchmarks together except
`words`, whose gold leaves out right answers that `words_any` has. Dashed: the same model without
its calibration. Bars: how many texts. *Reliable*: share of the answers that say so, which are to be
right in 95% of the cases."""

_SEVERAL: Final = """\
Texts with every language that they are right in: the one they were found in, and those into which
Apertium translates them, there and back, without changing a letter (docs/data.md). *Exact*: just
these languages are named. Apertium does not know every word, so some texts of one language are
right in more."""

_DOUBTS: Final = f"""\
Texts to which scandid, {" and ".join(WITNESSES)}, made from different corpora, all give one answer
that is not the gold label. Many are names, titles and quotations in a page of another language, so
they bound what any identifier can score; some are mistakes that all three make."""

_PEERS: Final = """\
Every peer ran in a process of its own over the very same texts in the same order, one text a call
(scandid too, for its speed and memory here), with the settings below, until {asked}. A code
that is not in the mapping counts as other, no answer as undetermined, which is right for other.
`no` is taken for Bokmål where a peer also knows `nn`; those that know one Norwegian only have plain
figures alone. A peer was asked a benchmark's texts, shuffled with a fixed seed, until it had used
{limit:g} CPU seconds; where that cut it short the figure has a star, and `texts` in the pages by
benchmark says how far it came. heliport is GPL-3: something to measure against, no part of
scandid."""


def pages(report: Mapping[str, Any]) -> dict[str, str]:
    """Every page by file name."""
    found = {"README.md": _overview(report)}
    for name in report["benchmarks"]:
        found[f"{name}.md"] = _benchmark(report, name)
    return found


def _overview(report: Mapping[str, Any]) -> str:
    parts = [
        "# Accuracy report\n\nMade by `make report`; do not edit by hand.",
        _facts(report),
        _HOW.format(chosen=CHOSEN),
        "## Benchmarks",
        _benchmarks(report["benchmarks"]),
        f"`{'`, `'.join(CUT)}`: {RULE} Seed {report['seed']}.",
        "## Goals\n\nWhat was set out for, on words and pairs of a similar kind.",
        goal_table(report),
        "## Length\n\n![Accuracy against length](length.png)",
        "## Confidence\n\n" + _CONFIDENCE + "\n\n![Reliability by length](reliability.png)",
        _calibration(report),
        *trust_table(report["benchmarks"]),
        *_several(report),
        "## Rough text\n\nAccuracy on clean text, and the points by which each variant differs.",
        _variants(report["benchmarks"]),
        "\n".join(f"- *{name}*: {words}" for name, words in DESCRIPTIONS.items()),
        *_peers(report),
        "## Published by others\n\nNot measured here: their files, splits and mappings may differ.",
        *_published(),
    ]
    return "\n\n".join(parts) + "\n"


def _several(report: Mapping[str, Any]) -> list[str]:
    if not report["several"]:
        return []
    return ["## Several right answers\n\n" + _SEVERAL, several_table(report["several"])]


def _facts(report: Mapping[str, Any]) -> str:
    model, machine = report["model"], report["machine"]
    return (
        f"Model {model['version']}, {model['bytes']:,} bytes, sha256 `{model['sha256']}`; measured "
        f"{report['created']} on {machine['processor']}, {machine['cores']} cores, Python "
        f"{machine['python']}, onnxruntime {machine['onnxruntime']}."
    )


def _benchmarks(benchmarks: Mapping[str, Any]) -> str:
    rows = {
        f"[{name}]({name}.md)": [
            f"{scores['n']:,}",
            *(percent(scores[key]) for key in _SCORES),
            f"{scores['texts_per_cpu_s']:,}",
        ]
        for name, scores in benchmarks.items()
    }
    return table(["benchmark", "texts", *_SCORES.values(), "texts per CPU s"], rows)


def _calibration(report: Mapping[str, Any]) -> str:
    rows = {}
    for name, found in report["calibration"].items():
        claims = max(1, found["n"])
        means = [
            sum(row["n"] * row[key] for row in found["bins"]) / claims
            for key in ("confidence", "accuracy")
        ]
        errors = [report["calibration_before"][name]["ece"], found["ece"]]
        cells = [f"{found['n']:,}", *map(percent, [*means, *errors])]
        rows[name] = [bucket_range(name), *cells, percent(found["reliable"]), kept(found)]
    head = ["bucket", "characters", "texts", "mean confidence", "right", "ECE before", "ECE"]
    return table([*head, "reliable", "right of these"], rows) + "\n\n" + _fitted_on(report)


def _fitted_on(report: Mapping[str, Any]) -> str:
    """Which benchmarks the calibration knows; cut words are none, whatever a corpus is called."""
    names = set(report["model"]["calibrated_on"]) - set(CUT)
    shared = [f"`{name}`" for name in report["benchmarks"] if name in names]
    if not shared:
        return "No text of these benchmarks took part in fitting the calibration."
    return (
        f"The calibration was fitted on texts and pieces of {', '.join(shared)}: there, and in "
        "what is cut from them, its figures show how well it fits, not how well it carries over "
        "(docs/LOG.md has that)."
    )


def _variants(benchmarks: Mapping[str, Any]) -> str:
    rows = {}
    for name, scores in benchmarks.items():
        if changed := scores["variants"]:
            losses = [points(row["accuracy"] - scores["accuracy"]) for row in changed.values()]
            rows[name] = [percent(scores["accuracy"]), *losses]
    return table(["benchmark", "clean", *DESCRIPTIONS], rows)


def _peers(report: Mapping[str, Any]) -> list[str]:
    missing = [f"- {name}: {why}" for name, why in report["missing"].items()]
    if not report["peers"]:
        return ["## Peers\n\nNone was asked in this run."]
    return [
        "## Peers\n\n" + _PEERS.format(limit=report["limit_cpu_s"], asked=report["asked"]),
        "### Mean F1 of the four\n\n" + comparison.score_table(report, "macro_f1"),
        "### Accuracy\n\n" + comparison.score_table(report, "accuracy"),
        "### Mean F1, plain: Danish, Swedish, Norwegian\n\n"
        + comparison.score_table(report, "macro_f1_folded"),
        "![Mean F1 against speed](peers.png)",
        "### Rough text\n\n" + _rough(report) + "\n\n" + comparison.variant_table(report),
        *_doubts(report["doubts"]),
        "### Settings\n\n" + comparison.settings_table(report["peers"]),
        "Not measured:\n\n" + "\n".join(missing),
    ]


def _doubts(found: Mapping[str, Any]) -> list[str]:
    """Gold that nobody agrees with, with examples from where there is most of it."""
    if not found:
        return []
    rows = {
        name: [
            f"{row['against']:,}",
            percent(row["against"] / max(1, row["n"])),
            "; ".join(f"{pair}: {count:,}" for pair, count in row["pairs"].items()),
        ]
        for name, row in found.items()
    }
    worst = max(found, key=lambda name: found[name]["against"] / max(1, found[name]["n"]))
    examples = [
        f"- {code(text)}: gold {gold}, all say {said}"
        for text, gold, said in found[worst]["examples"]
    ]
    return [
        "### Gold that nobody agrees with\n\n" + _DOUBTS,
        table(["benchmark", "texts", "percent", "gold and answer"], rows),
        f"Short ones of {worst}:\n\n" + "\n".join(examples),
    ]


def _rough(report: Mapping[str, Any]) -> str:
    texts = report["model"]["variants"]["clean"]["n"]
    name = next(iter(report["benchmarks"]))
    return f"Plain accuracy on {texts:,} texts of {name}, and by how many points variants differ."


def _published() -> list[str]:
    found = []
    for each in tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))["table"]:
        found.append(f"{each['title']}:\n\n{table(['published', *each['columns']], each['rows'])}")
    return found


def _benchmark(report: Mapping[str, Any], name: str) -> str:
    scores = report["benchmarks"][name]
    parts = [
        f"# {name}\n\nMade by `make report`; do not edit by hand. [Overview](README.md)",
        f"{scores['n']:,} texts, percent.",
        _per_class(scores),
        f"![Confusion matrix](confusion-{name}.png)",
    ]
    for bucket, found in scores["by_length"].items():
        parts += [
            f"## {bucket.capitalize()}: {bucket_range(bucket)} characters",
            f"{found['n']:,} texts, accuracy {percent(found['accuracy'])}, mean F1 "
            f"{percent(found['macro_f1'])}, plain {percent(found['macro_f1_folded'])}, ECE "
            f"{percent(found['ece'])}.{trust(found)}",
            _per_class(found),
            _confusion(found["confusion"]),
        ]
    if report["peers"]:
        parts.append("## Peers\n\n" + comparison.benchmark_table(report, name))
    return "\n\n".join(parts) + "\n"


def _per_class(scores: Mapping[str, Any]) -> str:
    rows = {
        f"{label} {NAMES[label]}": [
            *(percent(found[key]) for key in ("precision", "recall", "f1")),
            f"{found['n']:,}",
        ]
        for label, found in scores["per_class"].items()
        if found["n"]
    }
    return table(["label", "precision", "recall", "F1", "texts"], rows)


def _confusion(confusion: Mapping[str, Mapping[str, int]]) -> str:
    rows = {
        code(gold): [f"{count:,}" for count in counts.values()]
        for gold, counts in confusion.items()
        if any(counts.values())
    }
    return table(["gold \\ answer", *next(iter(confusion.values()))], rows)
