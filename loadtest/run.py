"""Load a server of one's own: start scandid, run Locust against it, plot, and judge.

python -m loadtest.run                                     steady, 20 s
python -m loadtest.run --shape ramp --peak 64
python -m loadtest.run --arrivals 50 --peak 8              400 requests/s, come what may
python -m loadtest.run --web                               Locust's page at localhost:8089
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Final

from loadtest.command import arrivals, at_least_one, end_at_sigterm, not_negative
from loadtest.course import plot_course
from loadtest.processes import cores
from loadtest.servers import HOST, ROOT, Server, ServerFailed, started
from loadtest.shapes import DURATIONS_S, SHAPES
from loadtest.stacks import SCANDID
from loadtest.thresholds import SHIPPED, ThresholdError, read_thresholds

WEB_PORT: Final = 8089
"""Locust's own choice."""

REPORTS: Final = ("report.html", "course.png", "watch.csv", "locust_*.csv")
"""What a test leaves behind, as patterns of file names."""


def main() -> int:
    """Run one load test; the exit code is Locust's: 0 where all thresholds are kept."""
    options = _parser().parse_args()
    end_at_sigterm()
    try:
        read_thresholds(options.shape, options.thresholds)
        if options.web:
            _demand_free(WEB_PORT)
        folder = emptied(options.results.resolve() / options.shape)
        with started(SCANDID, cores(), options.workers) as server:
            code = _run(_command(options, server, folder))
        _plot(folder)
    except (ThresholdError, ServerFailed, OSError) as error:
        sys.exit(f"loadtest: {error}")
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    written = [name for name in REPORTS if [*folder.glob(name)]]
    if written:
        print(f"reports: {folder}: {', '.join(written)}")
    return code


def emptied(folder: Path) -> Path:
    """The folder, without the reports of the test before; what else lies there stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in REPORTS:
        for file in folder.glob(name):
            file.unlink()
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"{folder} cannot be written to")
    return folder


def _demand_free(port: int) -> None:
    """Say in one line what Locust says in thirty."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise OSError(f"Locust's page cannot be at {HOST}:{port}: {error.strerror}") from error


def _run(command: list[str]) -> int:
    """Locust's exit code. Ctrl-C and SIGTERM become one Ctrl-C for it, and it writes its reports.

    It has a session of its own: a terminal would send it a second one in the middle of that.
    """
    locust = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, start_new_session=True)
    asked = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        locust.send_signal(signal.SIGKILL if asked else signal.SIGINT)
        asked = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return locust.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plot(folder: Path) -> None:
    watch, history = folder / "watch.csv", folder / "locust_stats_history.csv"
    if all(file.exists() and file.stat().st_size for file in (watch, history)):
        plot_course(watch, history, folder / "course.png")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shape", choices=[*SHAPES], default="steady", help="course of the load")
    parser.add_argument("--peak", type=at_least_one, default=16, help="most users at once (16)")
    parser.add_argument(
        "--duration",
        type=not_negative,
        default=0.0,
        help=f"seconds (by shape: {dict(DURATIONS_S)})",
    )
    parser.add_argument(
        "--arrivals", type=arrivals, default=0.0, help="requests/s of each user (0: closed loop)"
    )
    parser.add_argument("--workers", type=at_least_one, default=len(cores()), help="of the server")
    parser.add_argument("--thresholds", type=Path, default=SHIPPED, help="TOML file of the limits")
    parser.add_argument("--results", type=Path, default=ROOT / "loadtest" / "results")
    parser.add_argument("--web", action="store_true", help="Locust's web page, nothing starts yet")
    return parser


def _command(options: argparse.Namespace, server: Server, folder: Path) -> list[str]:
    given = {
        "--locustfile": "loadtest/locustfile.py",
        "--host": f"http://{HOST}:{server.port}",
        "--shape": options.shape,
        "--peak": options.peak,
        "--duration": options.duration,
        "--arrivals": options.arrivals,
        "--thresholds": options.thresholds.resolve(),
        "--server-pid": server.pid,
        "--watch-csv": folder / "watch.csv",
    }
    command = [
        sys.executable,
        "-m",
        "locust",
        *(str(word) for pair in given.items() for word in pair),
    ]
    if options.web:
        return [*command, "--web-host", HOST, "--web-port", str(WEB_PORT)]
    reports = ["--csv", str(folder / "locust"), "--csv-full-history"]
    return [
        *command,
        "--headless",
        "--only-summary",
        *reports,
        "--html",
        str(folder / "report.html"),
    ]


if __name__ == "__main__":
    sys.exit(main())
