"""The load client wrk, where it is installed: lighter still, so that two workers can be filled."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from loadtest.outcome import Outcome
from loadtest.raw_client import request_bytes
from loadtest.servers import HOST

_SCRIPT: Final = Path(__file__).with_name("wrk.lua")
_TIMEOUT_S: Final = 60


def installed() -> bool:
    """Whether there is a wrk to run."""
    return shutil.which("wrk") is not None


def whole(seconds: float) -> int:
    """How long a load of so many seconds lasts: wrk knows whole ones only."""
    return max(1, round(seconds))


def load(port: int, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Outcome:
    """Ask for so long on so many connections, the bodies in turn."""
    program = shutil.which("wrk") or "wrk"
    url = f"http://{HOST}:{port}"
    options = f"--threads 1 --connections {connections} --duration {whole(seconds)}s"
    options += f" --latency --timeout {_TIMEOUT_S}s"
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, str(number)) for number in range(len(bodies))]
        for file, body in zip(files, bodies, strict=True):
            file.write_bytes(request_bytes(body))
        command = [program, *options.split(), "--script", str(_SCRIPT), url, "--", *map(str, files)]
        printed = subprocess.check_output(command, text=True)
    return Outcome(**json.loads(printed.splitlines()[-1]))
