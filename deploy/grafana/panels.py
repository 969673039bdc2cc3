"""A panel in a few words, and the words of all panels: queries, units, limits, layout."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from grafana_foundation_sdk.builders import bargauge, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    StackingMode,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, GridPos, Threshold

SOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
COLUMNS: Final = 24
"""Width of a dashboard, as Grafana counts it."""

GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"

Kind = Literal["figure", "lines", "areas", "bars"]
HEIGHTS: Final[Mapping[Kind, int]] = {"figure": 4, "lines": 8, "areas": 8, "bars": 8}
AnyPanel = stat.Panel | timeseries.Panel | bargauge.Panel


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a panel shows.

    Attributes:
        title: What it is.
        description: How to read it.
        unit: Grafana's name of the unit.
        queries: PromQL by legend; a legend may name labels as ``{{label}}``.
        kind: A figure, lines over time, areas that add up, or bars of this moment.
        limits: Values from which a colour holds, beside green from the start.
        width: Columns of 24.
        decimals: Digits after the point, or None for as many as are needed.
    """

    title: str
    description: str
    unit: str
    queries: Mapping[str, str]
    kind: Kind = "lines"
    limits: Mapping[float, str] = field(default_factory=dict)
    base: str = GREEN
    width: int = 8
    decimals: int | None = None

    def build(self, number: int, x: int, y: int) -> AnyPanel:
        """Grafana's own panel, at a place of the grid."""
        built = _BUILDERS[self.kind]()
        built.id(number).title(self.title).description(self.description).datasource(SOURCE)
        built.unit(self.unit).thresholds(self._thresholds())
        built.grid_pos(GridPos(x=x, y=y, w=self.width, h=HEIGHTS[self.kind]))
        if self.decimals is not None:
            built.decimals(self.decimals)
        if self.unit == "percentunit":
            built.min(0)
            if self.kind == "bars":
                built.max(1)
        for letter, (legend, expr) in zip("ABCDEF", self.queries.items(), strict=False):
            built.with_target(self._query(letter, legend, expr))
        return built

    def _query(self, letter: str, legend: str, expr: str) -> prometheus.Dataquery:
        query = prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(letter)
        query.datasource(SOURCE)
        return query.instant() if self.kind == "bars" else query.range()

    def _thresholds(self) -> dashboard.ThresholdsConfig:
        steps = [Threshold(None, self.base), *(Threshold(*step) for step in self.limits.items())]
        return dashboard.ThresholdsConfig().steps(steps)


def rows(panels: Sequence[Panel]) -> list[AnyPanel]:
    """Panels from left to right, a new row where one is full."""
    built: list[AnyPanel] = []
    x = y = 0
    for number, panel in enumerate(panels, start=1):
        built.append(panel.build(number, x, y))
        x += panel.width
        if x >= COLUMNS:
            x, y = 0, y + HEIGHTS[panel.kind]
    return built


def _figure() -> stat.Panel:
    return (
        stat.Panel()
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
    )


def _lines() -> timeseries.Panel:
    legend = VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    return (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(8)
        .span_nulls(True)
        .axis_soft_min(0)
        .legend(legend.display_mode(LegendDisplayMode.LIST).calcs(["lastNotNull"]))
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    )


def _areas() -> timeseries.Panel:
    return (
        _lines()
        .stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
        .fill_opacity(60)
        .line_width(1)
        .thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.OFF))
    )


def _bars() -> bargauge.Panel:
    reduced = ReduceDataOptions().calcs(["lastNotNull"])
    return bargauge.Panel().orientation(VizOrientation.HORIZONTAL).reduce_options(reduced)


_BUILDERS: Final[Mapping[Kind, Callable[[], AnyPanel]]] = {
    "figure": _figure,
    "lines": _lines,
    "areas": _areas,
    "bars": _bars,
}
