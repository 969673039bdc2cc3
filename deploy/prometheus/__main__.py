"""Write the rules for a cluster's Prometheus operator: ``python -m deploy.prometheus``."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

RULES: Final = Path(__file__).parent / "rules"
FILE: Final = Path(__file__).parent.parent / "kubernetes/components/monitoring/prometheusrule.yaml"

_HEAD: Final = (
    "# What deploy/prometheus/rules says, for the operator. Written by make dashboards.\n"
)


def prometheus_rule() -> str:
    """The object that holds the groups of every file of rules, in the order of their names."""
    files = sorted(RULES.glob("*.yml"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    groups = [group for text in texts for group in yaml.safe_load(text)["groups"]]
    document: dict[str, Any] = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "scandid"},
        "spec": {"groups": groups},
    }
    # By JSON: what two alerts share would be written as an anchor otherwise.
    plain = json.loads(json.dumps(document))
    return _HEAD + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)


if __name__ == "__main__":
    FILE.write_text(prometheus_rule(), encoding="utf-8")
