"""What load tests measured, as one small file.

``python -m loadtest.record loadtest/results docs/performance-shapes.json`` reads what
``make loadtest`` left in the folder of each shape.
"""

import csv
import json
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from loadtest.command import files
from loadtest.shapes import SHAPES


def main() -> int:
    """Write a row for every shape that was run; 1, and nothing written, where none was."""
    results, file = files(__doc__, "results", "json")
    rows = [row(results / shape) for shape in SHAPES if (results / shape / "watch.csv").exists()]
    if not rows:
        print(f"{results} holds no results of make loadtest", file=sys.stderr)
        return 1
    file.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


def row(folder: Path) -> dict[str, Any]:
    """One test: its load, its waits, and how busy both sides were."""
    total = next(line for line in _lines(folder / "locust_stats.csv") if not line["Type"])
    watch = _lines(folder / "watch.csv")
    memory = [float(line["server_rss_mb"]) for line in watch]
    middle = len(memory) // 2
    return {
        "shape": folder.name,
        "seconds": int(watch[-1]["second"]),
        "users": max(int(line["users"]) for line in watch),
        "requests": int(total["Request Count"]),
        "failures": int(total["Failure Count"]),
        "rps": round(float(total["Requests/s"]), 1),
        **{f"p{share}_ms": float(total[f"{share}%"]) for share in (50, 95, 99)},
        "server_cores": round(mean(float(line["server_cores"]) for line in watch), 2),
        "client_cores": round(mean(float(line["client_cores"]) for line in watch), 2),
        "middle_mb": memory[middle],
        "end_mb": memory[-1],
    }


def _lines(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as text:
        return [*csv.DictReader(text)]


if __name__ == "__main__":
    sys.exit(main())
