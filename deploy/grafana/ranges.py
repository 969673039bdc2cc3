"""What Prometheus has for a panel over a range of time."""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_SCRAPES_A_RATE: Final = 4
"""Grafana's own choice for $__rate_interval: four scrapes."""


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a panel: its legend, and values at times in seconds since 1970."""

    legend: str
    times_s: list[float]
    values: list[float]


@dataclass(frozen=True, slots=True)
class Source:
    """A Prometheus and a range.

    Attributes:
        url: Where it listens.
        start_s: Begin of the range, in seconds since 1970.
        end_s: End of the range.
        step_s: Seconds from value to value.
    """

    url: str
    start_s: float
    end_s: float
    step_s: int

    def panel(self, panel: Mapping[str, Any]) -> list[Series]:
        """Every series of a panel, with all instances, routes and labels chosen."""
        return [series for target in panel["targets"] for series in self._target(target)]

    def _target(self, target: Mapping[str, Any]) -> list[Series]:
        expr = re.sub(r"\$(instance|route|label)\b", ".*", target["expr"])
        found = self._query(
            expr.replace("$__rate_interval", f"{max(15, _SCRAPES_A_RATE * self.step_s)}s")
        )
        return [
            Series(
                _legend(target["legendFormat"], result["metric"]),
                [float(at) for at, _ in result["values"]],
                [float(value) for _, value in result["values"]],
            )
            for result in found
        ]

    def _query(self, expr: str) -> list[dict[str, Any]]:
        words = {"query": expr, "start": self.start_s, "end": self.end_s, "step": self.step_s}
        url = f"{self.url}/api/v1/query_range?{urllib.parse.urlencode(words)}"
        with urllib.request.urlopen(url) as answer:  # noqa: S310  # the operator's own address
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return result


def _legend(template: str, labels: Mapping[str, str]) -> str:
    legend = re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], ""), template)
    return legend if len(legend) <= 60 else f"{legend[:24]}…"
