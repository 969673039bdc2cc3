"""Rules and alerts: valid, tested firing and silent, and each with a page of what to do."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.prometheus import panel_queries

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "prometheus"
CASES = FOLDER / "tests" / "alerts_test.yml"


def alerts() -> list[dict[str, Any]]:
    """Every alert there is."""
    rules = yaml.safe_load((FOLDER / "rules" / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in rules["groups"] for rule in group["rules"]]


def run(*words: str) -> None:
    """Run one of Prometheus' tools; skips where it is not installed, but not in CI."""
    if shutil.which(words[0]) is None:
        if "CI" in os.environ:
            pytest.fail(f"{words[0]} is not installed: apt-get install prometheus")
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_the_configuration() -> None:
    """The configuration and the rules it names are valid."""
    run("promtool", "check", "config", str(FOLDER / "prometheus.yml"))


def test_alertmanager_takes_the_configuration() -> None:
    """Routes and receivers are valid."""
    run("amtool", "check-config", str(FOLDER / "alertmanager.yml"))


def test_alerts_fire_when_they_should() -> None:
    """Every case of alerts_test.yml fires exactly the alerts it names."""
    run("promtool", "test", "rules", str(CASES))


@pytest.mark.parametrize("query", ["Failed/A", "Failed and refused/A", "Failed and refused/B"])
def test_a_route_that_never_failed_shows_none(tmp_path: Path, query: str) -> None:
    """A route without a series of failures has a share of 0 on the dashboard, and no gap."""
    expr = panel_queries(ROOT / "deploy" / "grafana" / "dashboards" / "service.json")[query]
    series = 'scandid_request_duration_seconds_count{instance="a",route="/model",status="200"}'
    case = {
        "interval": "5s",
        "input_series": [{"series": series, "values": "0+1x12"}],
        "promql_expr_test": [
            {"expr": expr, "eval_time": "1m", "exp_samples": [{"labels": "{}", "value": 0}]}
        ],
    }
    file = tmp_path / "share.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "5s", "tests": [case]}))
    run("promtool", "test", "rules", str(file))


def test_every_alert_has_a_case() -> None:
    """Each alert is expected by some case, and some cases expect none at all."""
    text = CASES.read_text(encoding="utf-8")
    for alert in alerts():
        assert f'alertname="{alert["alert"]}"' in text
    silent = re.findall(r"exp_samples: \[\]", text)
    assert len(silent) >= 3


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: str(alert["alert"]))
def test_an_alert_says_what_to_do(alert: dict[str, Any]) -> None:
    """Severity, summary and description are there, and the runbook is a heading that exists."""
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["annotations"]["summary"]
    assert alert["annotations"]["description"].endswith(".")
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert anchor in {heading.lower() for heading in headings}
    assert anchor == alert["alert"].lower()
