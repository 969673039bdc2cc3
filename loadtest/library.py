"""Texts a CPU second without HTTP: the command line over a file, and heliport over the same."""

import resource
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from statistics import median
from typing import Final

from loadtest.processes import pinned
from loadtest.servers import ROOT
from loadtest.stacks import PEERS_PYTHON
from loadtest.texts import texts_of

TEXT_BYTES: Final = 130

_ROUNDS: Final = 5

_SCANDID: Final = (sys.executable, "-m", "scandid", "identify")
_HELIPORT: Final = (
    str(PEERS_PYTHON),
    "-c",
    "import sys, heliport; identifier = heliport.Identifier()\n"
    "for line in sys.stdin: print(identifier.identify_with_score(line))",
)


def library_costs(texts: int, core: int, *, with_peers: bool) -> dict[str, float]:
    """Texts a CPU second of the command line, and of heliport where that is wanted and there.

    Starting is measured with a file of one text and taken off: a service starts once. It is in
    ``..._with_start``, which is the whole command. Medians of five rounds, in each of which all
    take their turn, so that a slow minute hits all.
    """
    commands: dict[str, Sequence[str]] = {"scandid": _SCANDID}
    if with_peers and PEERS_PYTHON.exists():
        commands["heliport"] = _HELIPORT
    spent_s: dict[tuple[str, int], list[float]] = defaultdict(list)
    for _ in range(_ROUNDS):
        for name, command in commands.items():
            for count in (1, texts):
                spent_s[name, count].append(_cpu_s(command, texts_of(TEXT_BYTES, count), core))
    costs: dict[str, float] = {}
    for name in commands:
        starts_s, wholes_s = spent_s[name, 1], spent_s[name, texts]
        running_s = median(whole - start for start, whole in zip(starts_s, wholes_s, strict=True))
        costs[f"{name}_texts_per_cpu_s"] = round(texts / running_s)
        costs[f"{name}_texts_per_cpu_s_with_start"] = round(texts / median(wholes_s))
    return costs


def _cpu_s(command: Sequence[str], texts: Sequence[str], core: int) -> float:
    before = _children_s()
    with tempfile.TemporaryFile() as lines:
        lines.write("".join(text.replace("\n", " ") + "\n" for text in texts).encode())
        lines.seek(0)
        with pinned([core]):
            subprocess.run(command, cwd=ROOT, stdin=lines, stdout=subprocess.DEVNULL, check=True)
    return _children_s() - before


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
