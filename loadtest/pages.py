"""The tables of docs/performance.md, written from the benchmark's JSON and others beside it.

``python -m loadtest.pages docs/performance.json`` puts each table between the page's lines
``<!-- table: NAME -->`` and ``<!-- end -->``; the words around them are written by people. What
other commands measured is in files of their own, ``performance-NAME.json``.
"""

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from loadtest import other_tables
from loadtest.command import files
from loadtest.markdown import Row, table
from loadtest.stacks import EMPTY
from loadtest.table import p99

P99_LIMIT_MS: Final = 10

Result = Mapping[str, Any]


def main() -> int:
    """Rewrite the page beside the JSON file."""
    (source,) = files(__doc__, "json")
    page = source.with_suffix(".md")
    page.write_text(fill(page.read_text(encoding="utf-8"), read(source)), encoding="utf-8")
    return 0


def read(source: Path) -> Result:
    """The benchmark's result, and by its name what each file beside it holds."""
    result: Result = json.loads(source.read_text(encoding="utf-8"))
    beside = sorted(source.parent.glob(f"{source.stem}-*.json"))
    names = [file.stem.removeprefix(f"{source.stem}-") for file in beside]
    parts = [json.loads(file.read_text(encoding="utf-8")) for file in beside]
    return {**result, **dict(zip(names, parts, strict=True))}


def fill(page: str, result: Result) -> str:
    """The page with every table written anew.

    Raises:
        KeyError: The page asks for a table that there is not.
    """

    def written(found: re.Match[str]) -> str:
        return f"{found[1]}\n{TABLES[found[2]](result)}\n{found[3]}"

    return re.sub(r"(<!-- table: (\w+) -->).*?(<!-- end -->)", written, page, flags=re.DOTALL)


def _machine(result: Result) -> str:
    words = (
        "Taken {taken} on {cores} cores of {cpu}, Python {python}; load client {client}; "
        "medians of {rounds} rounds of {seconds:g} s."
    )
    return words.format_map({**result["machine"], **result})


def _figures(result: Result) -> str:
    rows = ({"name": name, "value": value} for name, value in result["summary"].items())
    return table(rows, {"figure": "`{name}`", "value": "{value:,}"})


def _singles(result: Result) -> str:
    columns = {
        "stack": "{stack}",
        "bytes": "{bytes:,}",
        "connections": "{connections}",
        "CPU µs": "{cpu_us:,.0f}",
        "ratio": "{ratio:.2f}",
        "requests/s": "{rps:,.0f}",
        "p50 ms": "{p50_ms:,.2f}",
        "p99 ms": "{p99}",
    }
    return table((row for row in _cases(result) if not row["texts"]), columns)


def _lists(result: Result) -> str:
    columns = {
        "stack": "{stack}",
        "texts in a list": "{texts:,}",
        "CPU µs a request": "{cpu_us:,.0f}",
        "ratio": "{ratio:,.1f}",
        "texts a CPU second": "{texts_per_cpu_s:,}",
        "p50 ms": "{p50_ms:,.1f}",
    }
    rows = (row for row in _cases(result) if row["texts"] and not row["stack"].startswith(EMPTY))
    return table(rows, columns)


def _cases(result: Result) -> Iterable[Row]:
    """Every case of every stack, with its ratio to the empty handler."""
    stacks = result["stacks"]
    for name, stack in stacks.items():
        for row, empty in zip(stack["cases"], stacks[EMPTY]["cases"], strict=True):
            ratio = row["cpu_us"] / empty["cpu_us"]
            yield row | {"stack": name, "ratio": ratio, "p99": p99(row)}


def _processes(result: Result) -> str:
    rows = (stack | {"stack": name} for name, stack in result["stacks"].items())
    columns = {"ready after, s": "{ready_s:.2f}", "memory of a worker, MB": "{rss_mb:.0f}"}
    return table(rows, {"stack": "{stack}"} | columns)


def _library(result: Result) -> str:
    library = result["library"]
    rows = (
        {"name": name, "net": net, "gross": library[f"{name}_texts_per_cpu_s_with_start"]}
        for name in ("scandid", "heliport")
        if (net := library.get(f"{name}_texts_per_cpu_s"))
    )
    columns = {"texts a CPU second": "{net:,}", "with its start": "{gross:,}"}
    return table(rows, {"library": "{name}"} | columns)


def _options(result: Result) -> str:
    rows = (
        {"stack": stack, "one": single["cpu_us"], "many": many["texts_per_cpu_s"]}
        for stack, (single, many) in result["options"].items()
    )
    columns = {"CPU µs, 320 bytes": "{one:.0f}", "texts a CPU second in lists": "{many:,}"}
    return table(rows, {"configuration": "{stack}"} | columns)


def _layers(result: Result) -> str:
    total_us = result["summary"]["identify_cpu_us"]
    rows = (
        {"layer": layer, "share": share, "cpu_us": share * total_us}
        for layer, share in result["layers"].items()
    )
    return table(rows, {"layer": "{layer}", "share": "{share:.1%}", "CPU µs": "{cpu_us:.0f}"})


def _length(result: Result) -> str:
    columns = {"requests/s": "{rps:,.0f}", "p50 ms": "{p50_ms:.1f}", "p99 ms": "{p99_ms:.1f}"}
    rows = result["curves"]["length"]
    return table(rows, {"bytes": "{bytes:,}", "CPU µs": "{cpu_us:.0f}"} | columns)


def _list_curve(result: Result) -> str:
    columns = {"CPU µs a request": "{cpu_us:,.0f}", "texts a CPU second": "{texts_per_cpu_s:,}"}
    return table(result["curves"]["list"], {"texts in a list": "{texts:,}"} | columns)


def _workers(result: Result) -> str:
    """Rows of one worker and of two, each beside one worker with the same requests."""
    every = {
        (stack, row["texts"], row["workers"]): row
        for stack, rows in result["workers"].items()
        for row in rows
    }
    rows = (
        row | {"stack": stack, "times": row["rps"] / every[stack, texts, 1]["rps"]}
        for (stack, texts, _), row in every.items()
        if stack != EMPTY or not texts
    )
    columns = {"requests/s": "{rps:,.0f}", "times one": "{times:.2f}", "CPU µs": "{cpu_us:,.0f}"}
    what = {"stack": "{stack}", "texts in a list": "{texts}", "workers": "{workers}"}
    ceiling = (
        f"A loop that touches neither kernel nor memory gets {result['core_scaling']:.2f} times as "
        "far on two cores of this machine as on one."
    )
    return f"{table(rows, what | columns)}\n\n{ceiling}"


def _beside(result: Result) -> str:
    words = {"alone": "alone", "beside": "while lists of 1,000 texts are answered"}
    rows = (result["beside_lists"][key] | {"when": when} for key, when in words.items())
    columns = {"requests/s": "{rps:,.0f}", "p50 ms": "{p50_ms:.2f}", "p99 ms": "{p99_ms:.2f}"}
    return table(rows, {"single texts": "{when}"} | columns)


def _memory(result: Result) -> str:
    columns = {"requests answered": "{requests:,}", "memory of the worker, MB": "{rss_mb:.1f}"}
    return table(result["memory"], columns)


def _sizing(result: Result) -> str:
    """For each length the most requests a second among the loads that keep the limit."""
    kept = [row for row in result["curves"]["connections"] if row["p99_ms"] < P99_LIMIT_MS]
    sizes = sorted({row["bytes"] for row in kept})
    rows = (
        max((row for row in kept if row["bytes"] == size), key=lambda row: float(row["rps"]))
        for size in sizes
    )
    columns = {
        "bytes": "{bytes:,}",
        "requests/s of one core": "{rps:,.0f}",
        "at connections": "{connections}",
        "p50 ms": "{p50_ms:.1f}",
        "p99 ms": "{p99_ms:.1f}",
    }
    return table(rows, columns)


TABLES: Final[Mapping[str, Callable[[Result], str]]] = {
    "machine": _machine,
    "figures": _figures,
    "singles": _singles,
    "lists": _lists,
    "processes": _processes,
    "library": _library,
    "options": _options,
    "layers": _layers,
    "length": _length,
    "list_curve": _list_curve,
    "workers": _workers,
    "beside": _beside,
    "memory": _memory,
    "sizing": _sizing,
    **other_tables.TABLES,
}
"""What stands in the page, by name."""


if __name__ == "__main__":
    sys.exit(main())
