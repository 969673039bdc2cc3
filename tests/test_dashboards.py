"""Dashboards: the JSON is what the code writes, Grafana's model takes it, people can read it."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.__main__ import FOLDER, dashboards
from deploy.grafana.panels import COLUMNS

ROOT = Path(__file__).resolve().parent.parent
MACROS = {"__rate_interval"}
NAMES = list(dashboards())


def committed(name: str) -> dict[str, Any]:
    """A dashboard of the tree."""
    document: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return document


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel of every dashboard, with a name for messages."""
    for name in NAMES:
        for panel in committed(name)["panels"]:
            yield f"{name}: {panel['title']}", panel


def differences(one: object, other: object, path: str = "") -> Iterator[str]:
    """Paths of what the first document has and the second has not, or has otherwise."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key, value in one.items():
            if key in other:
                yield from differences(value, other[key], f"{path}.{key}")
            else:
                yield f"{path}.{key}"
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{path}[{index}]")
    elif one != other:
        yield path


def test_the_tree_holds_what_the_code_writes() -> None:
    """Nobody edited the JSON, and nobody forgot `make dashboards`."""
    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert found == dashboards()


@pytest.mark.parametrize("name", NAMES)
def test_grafana_takes_it_whole(name: str) -> None:
    """The JSON decodes into Grafana's own model of a dashboard, and back without a loss."""
    document = committed(name)
    again = json.loads(JSONEncoder().encode(Dashboard.from_json(document)))
    assert list(differences(document, again)) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_provisioned(name: str) -> None:
    """A dashboard has what it is known by, and asks the data source that is provisioned."""
    document = committed(name)
    path = ROOT / "deploy/grafana/provisioning/datasources/prometheus.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["datasources"]
    assert document["uid"]
    assert document["schemaVersion"]
    used = {
        (panel["datasource"]["type"], panel["datasource"]["uid"]) for panel in document["panels"]
    }
    assert used == {(source["type"], source["uid"])}


@pytest.mark.parametrize("name", NAMES)
def test_panels_have_places_of_their_own(name: str) -> None:
    """No panel covers another or reaches over the edge, and ids are unique."""
    shown = committed(name)["panels"]
    assert len({panel["id"] for panel in shown}) == len(shown)
    boxes = [panel["gridPos"] for panel in shown]
    assert all(box["x"] + box["w"] <= COLUMNS for box in boxes)
    for a, b in combinations(boxes, 2):
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert beside or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]


@pytest.mark.parametrize(("name", "panel"), list(panels()), ids=lambda value: str(value)[:40])
def test_a_panel_explains_itself(name: str, panel: dict[str, Any]) -> None:
    """Each has a title, a sentence, a unit, thresholds, and a query with a legend."""
    defaults = panel["fieldConfig"]["defaults"]
    assert panel["title"], name
    assert panel["description"].endswith("."), name
    assert defaults["unit"], name
    assert defaults["thresholds"]["steps"], name
    assert all(target["expr"] and target["legendFormat"] for target in panel["targets"]), name


@pytest.mark.parametrize("name", NAMES)
def test_queries_use_variables_that_exist(name: str) -> None:
    """Every variable of a query can be chosen on its dashboard, and instances always can."""
    document = committed(name)
    known = {variable["name"] for variable in document["templating"]["list"]}
    targets = [target for panel in document["panels"] for target in panel["targets"]]
    used = {found for target in targets for found in re.findall(r"\$(\w+)", target["expr"])}
    assert used - MACROS == known
    assert "instance" in known
