"""A peer asked in its own process and environment over the same texts."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from scandid import Answer
from scandid.labels import LANGUAGES, OTHER, UNDETERMINED
from scandid.progress import progress
from scandid.tables import LabelledText
from training.peers.adapters import ADAPTERS, NOTHING, Adapter
from training.report.benchmark import Benchmark
from training.report.scoring import scores_of, tally
from training.report.variant import VARIANTS

ROOT: Final = Path(__file__).resolve().parents[2]
VARIANT_TEXTS: Final = 2000
"""Texts of the first benchmark that every peer gets in every variant."""

_TEXTS_PER_REQUEST: Final = 250
_ERROR_CHARS: Final = 300


class PeerError(Exception):
    """A peer is not installed, or failed; the text says what it said."""


class PeerProcess:
    """A running peer, in the protocol of :mod:`training.peers.protocol`.

    Attributes:
        name: For progress bars.
        version: Version of the package.
        peak_mb: Most memory it held so far.
    """

    def __init__(self, process: subprocess.Popen[str], errors: IO[str], name: str) -> None:
        """Wait for its models.

        Raises:
            PeerError: it ends instead.
        """
        self.name = name
        self.peak_mb = 0.0
        self._process = process
        self._errors = errors
        self.version = str(self._reply()["version"])

    @classmethod
    @contextmanager
    def start(cls, command: Sequence[str], name: str) -> Iterator["PeerProcess"]:
        """Start a peer; leaving the context ends it.

        Raises:
            PeerError: it does not start.
        """
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
            subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            ) as process,
        ):
            try:
                yield cls(process, errors, name)
            finally:
                process.kill()

    def ask(self, texts: Sequence[str], limit_cpu_s: float, name: str) -> tuple[list[str], float]:
        """Ask for texts in their order until the limit is passed.

        Returns:
            The codes of as many texts as were asked, and the CPU seconds they took.
        """
        codes: list[str] = []
        cpu_s = 0.0
        with progress(len(texts), "text", f"{self.name}, {name}") as bar:
            while len(codes) < len(texts) and cpu_s < limit_cpu_s:
                part = texts[len(codes) : len(codes) + _TEXTS_PER_REQUEST]
                reply = self._request({"texts": part})
                codes += reply["codes"]
                cpu_s += reply["cpu_s"]
                self.peak_mb = reply["peak_mb"]
                bar.update(len(part))
        return codes, cpu_s

    def _request(self, request: dict[str, object]) -> dict[str, Any]:
        if self._process.stdin is None:
            raise PeerError(f"{self.name}: is not running")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._reply()
        return self._reply()

    def _reply(self) -> dict[str, Any]:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self._process.wait()
            self._errors.seek(0)
            raise PeerError(self._errors.read().strip()[-_ERROR_CHARS:] or "ended without a word")
        return dict(json.loads(line))


def measure(
    name: str, python: Path, benchmarks: Sequence[Benchmark], limit_cpu_s: float
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Score one peer on every benchmark, and on the variants of the first.

    Returns:
        JSON-ready scores, and its labels for each benchmark, in the order of the texts.

    Raises:
        PeerError: it is not installed there, or fails.
    """
    adapter = ADAPTERS[name]
    command = [str(python), "-W", "ignore", "-m", "training.peers", name]
    with PeerProcess.start(command, name) as process:
        scored = {b.name: score(process, adapter, b, limit_cpu_s) for b in benchmarks}
        variants = _variants(process, adapter, benchmarks[0], limit_cpu_s)
        found = {
            "package": adapter.package,
            "version": process.version,
            "settings": adapter.settings,
            "codes": dict(adapter.codes),
            "splits": adapter.splits,
            "peak_mb": round(process.peak_mb),
            "benchmarks": {name: scores for name, (scores, _) in scored.items()},
            "variants": variants,
        }
    return found, {name: labels for name, (_, labels) in scored.items()}


def measure_alone(
    model: Path, benchmarks: Sequence[Benchmark], limit_cpu_s: float
) -> dict[str, Any]:
    """Speed and memory of scandid itself, asked the way its peers are."""
    command = [sys.executable, "-m", "training.report.alone", str(model.resolve())]
    speeds = {}
    with PeerProcess.start(command, "scandid") as process:
        for benchmark in benchmarks:
            codes, cpu_s = process.ask(benchmark.texts, limit_cpu_s, benchmark.name)
            speeds[benchmark.name] = round(len(codes) / cpu_s) if cpu_s else 0
        return {"texts_per_cpu_s": speeds, "peak_mb": round(process.peak_mb)}


def score(
    process: PeerProcess, adapter: Adapter, benchmark: Benchmark, limit_cpu_s: float
) -> tuple[dict[str, Any], list[str]]:
    """Scores and labels of a peer on a benchmark, or on as much of it as the limit allows."""
    codes, cpu_s = process.ask(benchmark.texts, limit_cpu_s, benchmark.name)
    rows = benchmark.rows[: len(codes)]
    answers = [as_answer(adapter, code) for code in codes]
    scores = scores_of(tally(list(zip(rows, answers, strict=True))))
    speed = round(len(codes) / cpu_s) if cpu_s else 0
    labels = [answer.label for answer in answers]
    return scores | {"of": len(benchmark.rows), "texts_per_cpu_s": speed}, labels


def as_answer(adapter: Adapter, code: str) -> Answer:
    """A peer's code as an answer of scandid's, without probabilities."""
    label = UNDETERMINED if code == NOTHING else adapter.codes.get(code, OTHER)
    acceptable = (label,) if label in LANGUAGES else ()
    return Answer(label, 0.0, {}, acceptable, reliable=False, truncated=False)


def variant_benchmarks(benchmark: Benchmark) -> dict[str, Benchmark]:
    """The beginning of a benchmark, clean and in every variant."""
    rows = benchmark.rows[:VARIANT_TEXTS]
    changes: dict[str, Callable[[str], str]] = {"clean": str, **VARIANTS}
    return {
        name: Benchmark(
            f"{benchmark.name}, {name}",
            tuple(LabelledText(change(row.text), row.gold) for row in rows),
        )
        for name, change in changes.items()
    }


def _variants(
    process: PeerProcess, adapter: Adapter, benchmark: Benchmark, limit_cpu_s: float
) -> dict[str, dict[str, float]]:
    found = {}
    for name, changed in variant_benchmarks(benchmark).items():
        scores, _ = score(process, adapter, changed, limit_cpu_s)
        keys = ("n", "accuracy", "accuracy_folded", "macro_f1", "macro_f1_folded")
        found[name] = {key: scores[key] for key in keys}
    return found


def interpreter(path: Path) -> Path:
    """The interpreter to run peers with; a path that does not exist is refused.

    Raises:
        PeerError: there is none.
    """
    if not path.exists():
        raise PeerError(f"{path} does not exist: run `make peers`")
    return path if path.is_absolute() else Path.cwd() / path
