"""The benchmark's result as a table for a terminal, with ratios to the first stack."""

from collections.abc import Iterator, Mapping
from typing import Any

from loadtest.measure import P99_REQUESTS

_HEAD = ("stack", "bytes", "conns", "texts", "CPU µs", "ratio", "req/s", "p50 ms", "p99 ms")


def table(result: Mapping[str, Any]) -> str:
    """Lay the result out; the first stack is what the ratios refer to."""
    stacks = result["stacks"]
    lines = [_line(_HEAD)]
    reference = {_case(row): row["cpu_us"] for row in next(iter(stacks.values()))["cases"]}
    for name, stack in stacks.items():
        lines += _rows(name, stack["cases"], reference)
    lines.append("")
    for name, stack in stacks.items():
        lines.append(f"{name}: ready in {stack['ready_s']} s, {stack['rss_mb']} MB a worker")
    lines += [f"{key}: {value:,}" for key, value in result["library"].items()]
    return "\n".join(lines)


def _rows(
    name: str, cases: list[dict[str, float]], reference: Mapping[tuple[float, ...], float]
) -> Iterator[str]:
    for row in cases:
        null_us = reference.get(_case(row))
        ratio = f"{row['cpu_us'] / null_us:.2f}" if null_us else "-"
        figures = (f"{row['rps']:,.0f}", f"{row['p50_ms']:.2f}", p99(row))
        yield _line((name, *map(str, _case(row)), f"{row['cpu_us']:,.1f}", ratio, *figures))


def p99(row: Mapping[str, float]) -> str:
    """The p99 of a case in ms, or a dash where it had too few requests for one."""
    return f"{row['p99_ms']:,.2f}" if row.get("requests", P99_REQUESTS) >= P99_REQUESTS else "-"


def _case(row: Mapping[str, float]) -> tuple[float, ...]:
    return row["bytes"], row["connections"], row["texts"]


def _line(cells: tuple[str, ...]) -> str:
    name, *others = cells
    return f"{name:<26}" + "".join(f" {cell:>11}" for cell in others)
