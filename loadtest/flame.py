"""Where the time of a request goes: py-spy looks at the worker while it is under load.

Gives shares of layers for the report, and with ``python -m loadtest.flame FILE.svg`` a flame graph
of 20 seconds. Left out where py-spy is not installed or may not look at other processes.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from loadtest import raw_client
from loadtest.command import files
from loadtest.processes import pinned, tree
from loadtest.rounds import Plan
from loadtest.servers import started
from loadtest.stacks import SCANDID
from loadtest.texts import single_bodies

OTHER: Final = "event loop (uvloop), sockets, kernel"

LAYERS: Final = {
    "onnxruntime/": "model graph (onnxruntime)",
    "server/worker.py": OTHER,  # is below everything else
    "server/connection.py": "uvicorn: HTTP",
    "scandid/": "scandid: text to bytes, answers",
    "server/": "server: checks, batches, request line",
    "falcon/": "falcon",
    "uvicorn/protocols/": "uvicorn: HTTP",
}
"""Layer of a file; where several fit, the first."""

_RATE_HZ: Final = 400
_TITLE: Final = "A worker under texts of 320 bytes, 32 connections"


def main() -> int:
    """Draw the flame graph; 1 where there is nothing to draw."""
    (picture,) = files(__doc__, "picture")
    plan = Plan(load=raw_client.load, seconds=5, warm_s=1, rounds=1)
    drawn = _record(plan, picture, "flamegraph")
    if not drawn:
        print("py-spy saw nothing: is it installed, may it look at other processes?")
        return 1
    picture.write_text(titled(drawn), encoding="utf-8")
    print(picture)
    return 0


def titled(drawn: str) -> str:
    """The flame graph with a title; py-spy's is its own command, paths of the machine included."""
    return re.sub(r'(<text id="title"[^>]*>)[^<]*', rf"\g<1>{_TITLE}", drawn)


def layer_shares(plan: Plan) -> dict[str, float]:
    """Share of the worker's samples in each layer under 320-byte texts; empty without py-spy."""
    with TemporaryDirectory() as folder:
        stacks = _record(plan, Path(folder, "stacks"), "raw")
    counts = by_layer(stacks.splitlines())
    return {layer: round(count / counts.total(), 4) for layer, count in counts.most_common()}


def by_layer(stacks: Iterable[str]) -> Counter[str]:
    """Samples of each layer: that of the innermost frame which belongs to one."""
    counts: Counter[str] = Counter()
    for stack in stacks:
        frames, _, samples = stack.rpartition(" ")
        files = re.findall(r"\(([^():]+):\d+\)", frames)
        layers = (LAYERS[part] for file in reversed(files) for part in LAYERS if part in file)
        counts[next(layers, OTHER)] += int(samples)
    return counts


def _record(plan: Plan, file: Path, form: str) -> str:
    """Have py-spy write what it sees; the file's content, empty where it saw nothing."""
    # Beside this interpreter first: environments are often used without being activated.
    program = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which(
        "py-spy"
    )
    if program is None:
        return ""
    load_s = 4 * plan.seconds
    options = f"--rate {_RATE_HZ} --duration {round(load_s)} --format {form}"
    bodies = single_bodies(320)
    with started(SCANDID, plan.server_cores) as server, pinned(plan.client_cores):
        plan.load(server.port, bodies, connections=32, seconds=plan.warm_s)
        command = [program, "record", *options.split(), "--pid", str(tree(server.pid)[-1])]
        with subprocess.Popen(
            [*command, "--output", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ):
            plan.load(server.port, bodies, connections=32, seconds=load_s + 1)
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
