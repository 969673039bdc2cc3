"""Measure everything and write the report.

    python -m training.report flores200.parquet slide_dev.parquet --peers .venv-peers/bin/python

Writes report.json, a page for all and one for each benchmark, and pictures into models/report/, and
the comparison with peers into the README. With --keep-peers a new model is measured beside the
peers' figures of the last run, if the texts are the same; with --pages nothing is measured.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import onnxruntime

from scandid import Identifier
from scandid.errors import InputError, ScandidError
from training.peers.adapters import ADAPTERS
from training.report.benchmark import WORDS, Benchmark, cut, load
from training.report.comparison import put_headline
from training.report.doubt import doubts
from training.report.page import pages
from training.report.panel import NOBODY, ask_panel, keep_panel
from training.report.peer import PeerError, measure_alone, variant_benchmarks
from training.report.picture import draw_all
from training.report.scoring import Judged, ask, pooled, score_benchmark, scores_of, tally
from training.report.several import score_several
from training.report.uncalibrated import uncalibrated
from training.sources import named

FIGURES: Final = "report.json"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, or take the figures that are there, and write the pages."""
    options = _flags().parse_args(arguments)
    figures = options.out / FIGURES
    if options.pages:
        report = json.loads(figures.read_text(encoding="utf-8"))
    else:
        report = _measure(options)
        options.out.mkdir(parents=True, exist_ok=True)
        figures.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, page in pages(report).items():
        (options.out / name).write_text(page, encoding="utf-8")
    draw_all(report, options.out)
    readme = options.readme
    if report["peers"] and readme.is_file():
        readme.write_text(put_headline(readme.read_text(encoding="utf-8"), report), "utf-8")
    sys.stdout.write(f"{options.out / 'README.md'}\n")


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m training.report", description=__doc__)
    flags.formatter_class = argparse.RawDescriptionHelpFormatter
    add = flags.add_argument
    add("benchmarks", nargs="*", metavar="FILE", help="text, languages")
    add("--model", type=Path, default=Path("models/scandid.onnx"))
    add("--out", type=Path, default=Path("models/report"), help="folder to write into")
    add("--readme", type=Path, default=Path("README.md"), help="page with the peers' marks")
    add("--peers", type=Path, metavar="PYTHON", help="interpreter of the peers' environment")
    add("--peer-cpu-s", type=float, default=15.0, help="CPU seconds a peer has for a benchmark")
    sets = "the same with every language a text is right in"
    add("--sets", nargs="*", default=[], metavar="FILE", help=sets)
    add("--keep-peers", action="store_true", help="take the peers from the report.json there")
    add("--only", nargs="*", choices=list(ADAPTERS), default=list(ADAPTERS), help="which peers")
    add("--limit", type=int, help="most texts of a benchmark, for a quick look")
    add("--seed", type=int, default=1, help="of the order of texts, and of words and pairs")
    add("--pages", action="store_true", help="measure nothing, write pages and pictures again")
    return flags


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    if not options.benchmarks:
        raise InputError("report: name at least one file of labelled texts")
    identifier = Identifier.load(options.model)
    found = named(options.benchmarks).items()
    files = [load(name, Path(each), options.seed, options.limit) for name, each in found]
    benchmarks = [*files, *cut(files, options.seed)]
    panel = _panel(options, benchmarks)
    scores, judged = {}, {}
    bare = uncalibrated(options.model)
    unmoved: list[Judged] = []
    for benchmark in benchmarks:
        scores[benchmark.name], judged[benchmark.name] = score_benchmark(identifier, benchmark)
        if benchmark.name != WORDS:
            answers, _ = ask(bare, benchmark.texts, f"{benchmark.name}, uncalibrated")
            unmoved += zip(benchmark.rows, answers, strict=True)
    ours = {name: [answer.label for _, answer in found] for name, found in judged.items()}
    return {
        "created": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "seed": options.seed,
        "machine": _machine(),
        "model": _model(identifier, options, benchmarks),
        "benchmarks": scores,
        **pooled([each for name, found in judged.items() if name != WORDS for each in found]),
        "calibration_before": pooled(unmoved)["calibration"],
        "several": {
            name: score_several(identifier, Path(each), options.seed)
            for name, each in named(options.sets).items()
        },
        "doubts": doubts(benchmarks, panel["objections"], ours),
        **panel,
    }


def _panel(options: argparse.Namespace, benchmarks: Sequence[Benchmark]) -> dict[str, Any]:
    if options.keep_peers:
        before = json.loads((options.out / FIGURES).read_text(encoding="utf-8"))
        return keep_panel(before, benchmarks)
    if options.peers:
        return ask_panel(options.only, options.peers, benchmarks, options.peer_cpu_s)
    return dict(NOBODY)


def _model(
    identifier: Identifier, options: argparse.Namespace, benchmarks: Sequence[Benchmark]
) -> dict[str, Any]:
    variants = {}
    for name, changed in variant_benchmarks(benchmarks[0]).items():
        answers, _ = ask(identifier, changed.texts, changed.name)
        scores = scores_of(tally(list(zip(changed.rows, answers, strict=True))))
        keys = ("n", "accuracy", "accuracy_folded", "macro_f1", "macro_f1_folded")
        variants[name] = {key: scores[key] for key in keys}
    metadata = identifier.metadata
    return {
        "version": metadata.version,
        "bytes": options.model.stat().st_size,
        "sha256": metadata.sha256,
        "run_id": metadata.run_id,
        "calibrated_on": [each["name"] for each in metadata.calibration.get("fitted_on", [])],
        "variants": variants,
        "alone": measure_alone(options.model, benchmarks, options.peer_cpu_s),
    }


def _machine() -> dict[str, Any]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


if __name__ == "__main__":
    try:
        main()
    except (ScandidError, PeerError) as error:
        sys.stderr.write(f"training.report: {error}\n")
        sys.exit(2)
