"""docs/operations.md names every metric of monitoring, and nothing that is not there."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from server.metrics import Metrics
from server.monitoring import Monitoring
from server.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def measured() -> set[str]:
    """Every metric there is, by the name that Prometheus knows."""
    registry = CollectorRegistry()
    Metrics(registry)
    for collector in Monitoring(Settings(workers=1), lambda: 1, lambda: False).collectors():
        registry.register(collector)
    suffixes = {"counter": "_total"}
    return {metric.name + suffixes.get(metric.type, "") for metric in registry.collect()}


def test_the_page_lists_the_metrics() -> None:
    """Exactly the metrics that are served are in the table."""
    assert set(re.findall(r"^\| `(scandid_\w+)` \|", PAGE, re.MULTILINE)) == measured()


def test_queries_ask_for_metrics_that_exist() -> None:
    """Dashboards and rules use no metric that was renamed or removed."""
    files = [*(ROOT / "deploy").rglob("*.json"), *(ROOT / "deploy/prometheus/rules").glob("*.yml")]
    assert len(files) == 5
    for file in files:
        used = set(re.findall(r"\bscandid_[a-z_]+", file.read_text(encoding="utf-8")))
        names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in used}
        assert names <= measured(), file


def test_settings_on_the_page_exist() -> None:
    """Whatever the page tells an operator to set can be set."""
    fields = Settings.__dataclass_fields__
    assert set(re.findall(r"\bSCANDID_[A-Z_]+", PAGE)) <= {variable(name) for name in fields}
