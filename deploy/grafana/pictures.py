"""Draw the dashboards' panels from a Prometheus: what a reader of the documentation sees of them.

python -m deploy.grafana.pictures http://localhost:9090 docs/images --minutes 5 --every 2
"""

import argparse
import json
import time
from math import isnan
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deploy.grafana.__main__ import FOLDER
from deploy.grafana.panels import COLUMNS
from deploy.grafana.ranges import Series, Source
from deploy.grafana.units import formatted

INCHES_A_COLUMN = 0.62
INCHES_A_ROW = 0.36
COLORS = {"green": "#3d8f4a", "yellow": "#c99400", "red": "#c4392f"}


def main() -> None:
    """Draw every dashboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where Prometheus listens")
    parser.add_argument("folder", type=Path, help="where the pictures are written")
    parser.add_argument("--minutes", type=float, default=60, help="how far back (60)")
    parser.add_argument("--every", type=int, default=15, help="seconds between values (15)")
    options = parser.parse_args()
    end_s = time.time()
    source = Source(options.url, end_s - 60 * options.minutes, end_s, options.every)
    for path in sorted(FOLDER.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        figure = draw(document, source)
        figure.savefig(options.folder / f"dashboard-{path.stem}.png", dpi=72)


def draw(document: dict[str, Any], source: Source) -> Figure:
    """All panels of a dashboard at their places."""
    boxes = [panel["gridPos"] for panel in document["panels"]]
    height = max(box["y"] + box["h"] for box in boxes) + 1
    figure = Figure(figsize=(COLUMNS * INCHES_A_COLUMN, height * INCHES_A_ROW), facecolor="#f4f5f5")
    figure.text(0.01, 1 - 0.6 / height, document["title"], fontsize=14, weight="bold")
    for panel, box in zip(document["panels"], boxes, strict=True):
        left, width = (box["x"] + 1.2) / COLUMNS, (box["w"] - 1.5) / COLUMNS
        bottom = 1 - (box["y"] + box["h"] + 0.1) / height
        axes = figure.add_axes((left, bottom, width, (box["h"] - 2.2) / height))
        axes.set_title(panel["title"], loc="left", fontsize=10)
        _KINDS[panel["type"]](axes, panel, source.panel(panel))
    return figure


def _draw_figure(axes: Axes, panel: dict[str, Any], series: list[Series]) -> None:
    """The last value, in the colour of its threshold, over a trace of where it has been."""
    axes.axis("off")
    known = [value for one in series for value in one.values if not isnan(value)]
    value = known[-1] if known else 0.0
    color = _color(panel, value)
    for one in series:
        axes.fill_between(one.times_s, one.values, alpha=0.15, color=color, linewidth=0)
    defaults = panel["fieldConfig"]["defaults"]
    text = formatted(value, defaults["unit"], defaults.get("decimals"))
    axes.text(0.5, 0.5, text, fontsize=19, color=color, transform=axes.transAxes, **_CENTRED)


def _draw_lines(axes: Axes, panel: dict[str, Any], series: list[Series]) -> None:
    """Lines, or areas that add up, with thresholds dashed."""
    custom = panel["fieldConfig"]["defaults"]["custom"]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    if stacked:
        _stack(axes, series)
    else:
        for one in series:
            axes.plot(one.times_s, one.values, label=one.legend, linewidth=1.4)
        top = axes.get_ylim()[1]
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
            if step["value"] is not None and step["value"] < 1.5 * top:
                axes.axhline(
                    step["value"], linestyle="--", linewidth=0.9, color=COLORS[step["color"]]
                )
    axes.set_ylim(bottom=0)
    _dress(axes, panel)
    axes.legend(fontsize=7, loc="upper left", framealpha=0.6, ncols=2)


def _stack(axes: Axes, series: list[Series]) -> None:
    """Areas that add up; a series counts as 0 where it has no value."""
    times_s = sorted({at for one in series for at in one.times_s})
    known = [dict(zip(one.times_s, one.values, strict=True)) for one in series]
    values = [
        [0 if isnan(at.get(when, 0)) else at.get(when, 0) for when in times_s] for at in known
    ]
    axes.stackplot(times_s, *values, labels=[one.legend for one in series], alpha=0.75)


def _draw_bars(axes: Axes, panel: dict[str, Any], series: list[Series]) -> None:
    """One bar for each series, with its value."""
    unit = panel["fieldConfig"]["defaults"]["unit"]
    values = [one.values[-1] for one in series]
    places = range(len(series))
    axes.barh(places, values, color="#8ab8ff")
    for place, one in zip(places, series, strict=True):
        text = f" {one.legend}: {formatted(one.values[-1], unit)}"
        axes.text(0, place, text, fontsize=8, va="center")
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.set_xlim(right=1.25 * max([*values, 0.01]))
    axes.set_xticks([])
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def _dress(axes: Axes, panel: dict[str, Any]) -> None:
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axes.yaxis.set_major_formatter(lambda value, _: formatted(value, unit))
    axes.xaxis.set_major_formatter(lambda value, _: time.strftime("%H:%M", time.gmtime(value)))
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _color(panel: dict[str, Any], value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    reached = [step for step in steps if step["value"] is None or step["value"] <= value]
    return COLORS[reached[-1]["color"]]


_CENTRED: Any = {"ha": "center", "va": "center"}
_KINDS = {"stat": _draw_figure, "timeseries": _draw_lines, "bargauge": _draw_bars}

if __name__ == "__main__":
    main()
