"""Load a server of one's own: start scandid, run Locust against it, plot, and judge.

python -m loadtest.run                                     steady, 20 s
python -m loadtest.run --shape ramp --peak 64
python -m loadtest.run --arrivals 50 --peak 8              400 requests/s, come what may
python -m loadtest.run --web                               Locust's page at localhost:8089
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from loadtest.course import plot_course
from loadtest.processes import cores
from loadtest.servers import HOST, ROOT, Server, started
from loadtest.shapes import DURATIONS_S, SHAPES
from loadtest.stacks import SCANDID
from loadtest.thresholds import SHIPPED


def main() -> int:
    """Run one load test; the exit code is Locust's: 0 where all thresholds are kept."""
    options = _parser().parse_args()
    folder: Path = options.results / options.shape
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with started(SCANDID, cores(), options.workers) as server:
        done = subprocess.run(_command(options, server, folder), cwd=ROOT, check=False)
    if (folder / "watch.csv").exists() and not options.web:
        plot_course(
            folder / "watch.csv", folder / "locust_stats_history.csv", folder / "course.png"
        )
        print(f"reports: {folder}/report.html, course.png, watch.csv, locust_*.csv")
    return done.returncode


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtest.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--shape", choices=[*SHAPES], default="steady", help="course of the load")
    parser.add_argument("--peak", type=int, default=16, help="most users at once (16)")
    parser.add_argument(
        "--duration", type=float, default=0.0, help=f"seconds (by shape: {dict(DURATIONS_S)})"
    )
    parser.add_argument(
        "--arrivals", type=float, default=0.0, help="requests/s of each user (0: closed loop)"
    )
    parser.add_argument("--workers", type=int, default=len(cores()), help="of the server")
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
        return [*command, "--web-host", HOST]
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
