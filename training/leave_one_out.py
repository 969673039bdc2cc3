"""Whether a model knows languages or its sources: each source judged by a model that never saw it.

    python -m training.leave_one_out --data corpora/ --steps 1500

Trains once on all sources and once without each, and scores both on the same held-out texts of the
source. Runs that are finished are kept, one that was killed is resumed. Other flags go to train.py.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from tqdm import tqdm

from scandid.errors import InputError, ScandidError
from training import held_out
from training.checkpoint import HELD_OUT, RUN, load_json, load_network
from training.children import end_children_with_us, run_child
from training.corpora import Corpus
from training.options import Flags, parser, whole
from training.resuming import FREE_TO_DIFFER, require_flags, require_texts
from training.validation import accuracy_on

TRAIN: Final = Path(__file__).parent.parent / "train.py"
ALL: Final = "all"
TABLE: Final = "README.md"
PICTURE: Final = "leave-one-out.png"
_OWN: Final = ("--out", "--resume", "--leave-out", "--init", "--track")
"""Flags of train.py that this program decides itself."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, score, write the table and the picture."""
    options, rest = _flags().parse_known_args(arguments)
    for word in rest:
        if word.partition("=")[0] in _OWN:
            raise InputError(f"{word.partition('=')[0]}: is decided by leave_one_out itself")
    words = [*rest, "--steps", str(options.steps)]
    words += [word for source in options.data for word in ("--data", source)]
    full = _finished(options.out / ALL, words)
    require_texts([full], options.data)
    texts = held_out.load(full / HELD_OUT)
    if len(texts.names) < 2:
        raise InputError("--data: one source alone cannot be left out")
    rows = {}
    for name in tqdm(texts.names, unit="source", disable=None):
        without = _finished(options.out / f"without-{name}", [*words, f"--leave-out={name}"])
        rows[name] = _compare(texts.split_off([name])[1], full, without)
    (options.out / TABLE).write_text(page(rows, options.steps), encoding="utf-8")
    draw(rows, options.out / PICTURE)
    sys.stdout.write(page(rows, options.steps))


def _flags() -> argparse.ArgumentParser:
    flags = Flags(prog="python -m training.leave_one_out", description=__doc__)
    flags.formatter_class = argparse.RawDescriptionHelpFormatter
    add = flags.add_argument
    add("--data", action="append", required=True, metavar="SOURCE", help="as for train.py")
    add("--steps", type=whole(1), default=1500, help="length of each run")
    add("--out", type=Path, default=Path("runs/leave-one-out"), help="folder of the runs")
    return flags


def _finished(folder: Path, words: Sequence[str]) -> Path:
    """Train, or go on, unless the run in the folder is finished."""
    begun = (folder / RUN).exists()
    if begun and "result" in load_json(folder / RUN):
        require_flags(folder, vars(parser().parse_args(words)), FREE_TO_DIFFER)
    else:
        again = ["--resume"] if begun else []
        code = run_child([sys.executable, str(TRAIN), *words, *again, "--out", str(folder)])
        if code:
            raise ScandidError(f"{folder}: training ended with exit code {code}")
    return folder


def _compare(texts: Corpus, full: Path, without: Path) -> dict[str, Any]:
    """Number of texts, and accuracy of the model that knows their source and of the other."""
    found: dict[str, Any] = {"n": len(texts)}
    for name, folder in {"with": full, "without": without}.items():
        network, run = load_network(folder)
        found[name] = accuracy_on(network, texts, run["sampling"]["max_bytes"])
    return found


def page(rows: Mapping[str, Mapping[str, Any]], steps: int) -> str:
    """The figures as Markdown, the source that loses most first."""
    lines = [
        "# Leaving each source out",
        "",
        f"Accuracy in percent on held-out texts of a source, {steps:,} steps each, by a model that "
        "was trained on other texts of it and by one that never saw it.",
        "",
        "| source | texts | trained with it | without it | points lost |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    order = sorted(rows, key=lambda name: rows[name]["without"] - rows[name]["with"])
    lines += [_line(name, f"{rows[name]['n']:,}", rows[name]) for name in order]
    mean = {key: sum(row[key] for row in rows.values()) / len(rows) for key in ("with", "without")}
    lines += [_line("mean", "", mean), "", f"![Accuracy with and without]({PICTURE})", ""]
    return "\n".join(lines)


def _line(name: str, texts: str, row: Mapping[str, Any]) -> str:
    both, alone = 100 * row["with"], 100 * row["without"]
    return f"| {name} | {texts} | {both:.2f} | {alone:.2f} | {both - alone:.2f} |"


def draw(rows: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw both accuracies of every source as bars."""
    mpl.use("agg")
    figure = Figure(figsize=(8, 1 + 0.45 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = range(len(rows))
    for shift, key in ((-0.2, "with"), (0.2, "without")):
        values = [100 * row[key] for row in rows.values()]
        axes.barh([at + shift for at in places], values, height=0.4, label=f"trained {key} it")
    axes.set_yticks(places, list(rows))
    axes.invert_yaxis()
    axes.set(xlabel="right, percent", title="Held-out texts of each source", xlim=(0, 100))
    axes.legend(loc="lower left")
    figure.savefig(path, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    end_children_with_us()
    try:
        main()
    except ScandidError as error:
        sys.stderr.write(f"training.leave_one_out: {error}\n")
        sys.exit(2)
