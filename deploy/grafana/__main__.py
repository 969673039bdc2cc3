"""Write every dashboard: ``python -m deploy.grafana``."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    VariableOption,
    VariableRefresh,
)

from deploy.grafana import model, service, workers
from deploy.grafana.panels import SOURCE, Panel, rows

FOLDER: Final = Path(__file__).parent / "dashboards"

_INSTANCE: Final = ("instance", "scandid_workers_wanted")
_ROUTE: Final = ("route", "scandid_request_duration_seconds_count")
_LABEL: Final = ("label", "scandid_reference_share")


def dashboards() -> Mapping[str, str]:
    """The JSON of each dashboard by the name of its file."""
    return {
        "service.json": _dashboard("Service", service.PANELS, _INSTANCE, _ROUTE),
        "model.json": _dashboard("Model", model.PANELS, _INSTANCE, _LABEL),
        "workers.json": _dashboard("Workers", workers.PANELS, _INSTANCE),
    }


def _dashboard(name: str, panels: Sequence[Panel], *variables: tuple[str, str]) -> str:
    built = (
        Dashboard(f"scandid: {name}")
        .uid(f"scandid-{name.lower()}")
        .tags(["scandid"])
        .time("now-1h", "now")
        .refresh("15s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
    )
    for label, metric in variables:
        built.with_variable(_variable(label, metric))
    for panel in rows(panels):
        built.with_panel(panel)
    document: dict[str, Any] = json.loads(JSONEncoder().encode(built.build()))
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _variable(label: str, metric: str) -> QueryVariable:
    """A choice among the values of a metric's label; all of them at first."""
    return (
        QueryVariable(label)
        .label(label.capitalize())
        .datasource(SOURCE)
        .query({"query": f"label_values({metric}, {label})", "refId": "variable"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all", selected=True))
    )


if __name__ == "__main__":
    for file, content in dashboards().items():
        (FOLDER / file).write_text(content, encoding="utf-8")
