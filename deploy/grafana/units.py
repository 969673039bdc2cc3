"""Numbers as Grafana writes them in the units that the dashboards use."""

from typing import Final

_SCALED: Final = {
    "s": ((1, "s"), (1e-3, "ms"), (1e-6, "µs")),
    "bytes": ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B")),
    "Bps": ((1e6, "MB/s"), (1e3, "kB/s"), (1, "B/s")),
}
_SUFFIXES: Final = {"reqps": " req/s", "cps": " c/s"}


def formatted(value: float, unit: str, decimals: int | None = None) -> str:
    """A value with its unit: so many decimals, or three digits in all."""
    style = ".3g" if decimals is None else f".{decimals}f"
    if unit == "percentunit":
        return f"{100 * value:{style}} %"
    for factor, name in _SCALED.get(unit, ()):
        if abs(value) >= factor:
            return f"{value / factor:{style}} {name}"
    return f"{value:{style}}{_SUFFIXES.get(unit, '')}"
