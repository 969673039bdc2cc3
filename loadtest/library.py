"""Texts a CPU second without HTTP: the command line over a file, and heliport over the same."""

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

from loadtest.processes import pinned
from loadtest.servers import ROOT
from loadtest.stacks import PEERS_PYTHON
from loadtest.texts import texts_of

TEXT_BYTES: Final = 130

_SCANDID: Final = (sys.executable, "-m", "scandid", "identify")
_HELIPORT: Final = (
    str(PEERS_PYTHON),
    "-c",
    "import sys, heliport; identifier = heliport.Identifier()\n"
    "for line in sys.stdin: print(identifier.identify_with_score(line))",
)


def library_costs(texts: int, core: int) -> dict[str, float]:
    """Texts a CPU second of the command line, and of heliport where it is there.

    Starting is measured with a file of one text and taken off: a service starts once. It is in
    ``..._with_start``, which is the whole command.
    """
    costs: dict[str, float] = {}
    commands = {"scandid": _SCANDID} | ({"heliport": _HELIPORT} if PEERS_PYTHON.exists() else {})
    for name, command in commands.items():
        start_s = _cpu_s(command, texts_of(TEXT_BYTES, 1), core)
        whole_s = _cpu_s(command, texts_of(TEXT_BYTES, texts), core)
        costs[f"{name}_texts_per_cpu_s"] = round(texts / (whole_s - start_s))
        costs[f"{name}_texts_per_cpu_s_with_start"] = round(texts / whole_s)
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
