"""deploy/kubernetes: every object against its schema, alone and as the overlays render it."""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.prometheus_operator.v1 import PrometheusRule, ServiceMonitor

from deploy.grafana.__main__ import dashboards
from deploy.prometheus.__main__ import FILE as RULE_FILE
from deploy.prometheus.__main__ import prometheus_rule
from scandid import __version__
from server.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "deploy" / "kubernetes"
VERSION = "1.37"
OVERLAYS = ("development", "production")
OBJECTS = sorted(
    path
    for path in [*FOLDER.glob("base/*.yaml"), *FOLDER.glob("components/monitoring/*.yaml")]
    if path.name != "kustomization.yaml"
)
ALWAYS = {"Namespace", "ConfigMap", "Deployment", "Service", "NetworkPolicy"}
RENDERERS = (("kustomize", "build"), ("kubectl", "kustomize"))
KINDS = {
    "development": ALWAYS,
    "production": ALWAYS
    | {"HorizontalPodAutoscaler", "PodDisruptionBudget", "Secret"}
    | {"Dashboards", "PrometheusRule", "ServiceMonitor"},
}
OPERATOR: dict[str, type[PrometheusRule | ServiceMonitor]] = {
    "PrometheusRule": PrometheusRule,
    "ServiceMonitor": ServiceMonitor,
}


def validate(item: dict[str, Any]) -> None:
    """Hold an object to its schema, unknown fields refused."""
    if item["kind"] in OPERATOR:
        OPERATOR[item["kind"]].model_validate(item, extra="forbid")
    else:
        kubernetes_validate.validate(item, VERSION, strict=True)


def kustomized(folder: Path) -> list[dict[str, Any]]:
    """What a folder renders to; skips where nothing renders, but not in CI."""
    command = next((words for words in RENDERERS if shutil.which(words[0])), ())
    if not command:
        reason = "kustomize is not installed: neither kustomize nor kubectl is there"
        pytest.fail(reason) if "CI" in os.environ else pytest.skip(reason)
    words = [*command, str(folder)]
    text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


@cache
def rendered(overlay: str) -> dict[str, dict[str, Any]]:
    """What an overlay renders to, by kind, dashboards apart; with the example's credentials."""
    secrets = FOLDER / "components" / "store" / "store.env"
    made = not secrets.exists()
    if made:
        shutil.copy(secrets.with_name("store.env.example"), secrets)
    try:
        items = kustomized(FOLDER / "overlays" / overlay)
    finally:
        if made:
            secrets.unlink()
    apart = {"scandid-dashboards": "Dashboards"}
    return {apart.get(item["metadata"]["name"], item["kind"]): item for item in items}


@pytest.mark.parametrize("path", OBJECTS, ids=lambda path: path.stem)
def test_files_keep_their_schema(path: Path) -> None:
    """Each file of the base is a valid object, without a field that Kubernetes does not know."""
    item = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert path.stem == item["kind"].lower()
    validate(item)


def test_a_mistyped_field_is_refused() -> None:
    """The schemas are strict: they would tell."""
    item = yaml.safe_load((FOLDER / "base" / "deployment.yaml").read_text(encoding="utf-8"))
    item["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="readynessProbe"):
        validate(item)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_render_to_valid_objects(overlay: str) -> None:
    """Every object of an overlay keeps its schema, and all that belong there are there."""
    objects = rendered(overlay)
    assert objects.keys() == KINDS[overlay]
    for item in objects.values():
        validate(item)
        assert item["metadata"].get("namespace", item["metadata"]["name"]) == "scandid"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_keep_the_restricted_standard(overlay: str) -> None:
    """No root, no rights, no writing to the image, no token, and no variable from a Service."""
    spec = pod(overlay)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
    final = (ROOT / "Dockerfile.serve").read_text(encoding="utf-8")
    assert f"USER {spec['securityContext']['runAsUser']}:" in final


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_are_probed_and_bounded(overlay: str) -> None:
    """Three probes on routes of the service, limits, and time enough to drain."""
    spec = pod(overlay)
    (container,) = spec["containers"]
    probes = {name: probe for name, probe in container.items() if name.endswith("Probe")}
    assert {name: probe["httpGet"]["path"] for name, probe in probes.items()} == {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }
    # The processors of the limit are the number of workers; without, they are those of the node.
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    wait_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert spec["terminationGracePeriodSeconds"] > wait_s + Settings().graceful_timeout_s


def test_production_holds_together() -> None:
    """Selectors, ports, targets and the Secret's name fit what they point to."""
    objects = rendered("production")
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert objects["Service"]["spec"]["selector"].items() <= labels.items()
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert objects[kind]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    target = objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == objects["Deployment"]["metadata"]["name"]
    (container,) = pod("production")["containers"]
    assert {"secretRef": {"name": objects["Secret"]["metadata"]["name"]}} in container["envFrom"]
    assert container["image"].endswith(f"/scandid-serve:{__version__}")
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"http": 8080, "metrics": 9464}
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == ports.keys()


def test_prometheus_finds_the_job_of_the_rules() -> None:
    """The monitor selects the Service; its job is the one that rules and panels ask for."""
    objects = rendered("production")
    monitor, service = objects["ServiceMonitor"]["spec"], objects["Service"]
    labels = service["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    assert labels[monitor["jobLabel"]] == "scandid"
    assert {each["port"] for each in monitor["endpoints"]} == {"metrics"}


def test_a_cluster_alerts_by_the_same_rules() -> None:
    """The operator's object is what the rules are written to, and the overlay applies it."""
    assert RULE_FILE.read_text(encoding="utf-8") == prometheus_rule()
    assert (
        rendered("production")["PrometheusRule"]["spec"]
        == yaml.safe_load(prometheus_rule())["spec"]
    )


def test_a_cluster_gets_every_dashboard() -> None:
    """Grafana's sidecar finds what the code writes, by the label that it looks for."""
    found = rendered("production")["Dashboards"]
    assert found["metadata"]["labels"] == {"grafana_dashboard": "1"}
    assert found["data"] == dashboards()


def test_settings_are_settings() -> None:
    """What ConfigMap and Secret set can be set, to values that the service takes."""
    data = rendered("development")["ConfigMap"]["data"]
    Settings.from_environ(data)
    example = (FOLDER / "components/store/store.env.example").read_text(encoding="utf-8")
    names = data.keys() | set(re.findall(r"^(SCANDID_\w+)=", example, re.MULTILINE))
    assert names <= {variable(name) for name in Settings.__dataclass_fields__}
    assert re.findall(r"^#AWS_(?:ACCESS|SECRET)\w+=(.*)$", example, re.MULTILINE) == ["", ""]
    assert not re.findall(r"^\w+=$", example, re.MULTILINE)  # which the client would take for a key
    assert "store.env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pods_read_the_settings(overlay: str) -> None:
    """The ConfigMap that the pods name is the one that is made, by its content."""
    name = rendered(overlay)["ConfigMap"]["metadata"]["name"]
    assert re.fullmatch(r"scandid-[a-z0-9]{10}", name)
    (container,) = pod(overlay)["containers"]
    assert {"configMapRef": {"name": name}} in container["envFrom"]


def test_other_settings_replace_the_pods(tmp_path: Path) -> None:
    """A setting that an overlay adds as shown names another ConfigMap, and so makes other pods."""
    objects = overlaid(tmp_path, "configMapGenerator")
    settings = objects["ConfigMap"]
    assert settings["data"]["SCANDID_MAX_TEXTS"] == "64"
    assert settings["data"].items() > rendered("development")["ConfigMap"]["data"].items()
    (container,) = objects["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
    assert container["envFrom"] != pod("development")["containers"][0]["envFrom"]


def test_spans_leave_through_an_opening(tmp_path: Path) -> None:
    """What the page shows for it opens the port of spans, where pods could call nobody."""
    assert not rendered("development")["NetworkPolicy"]["spec"].get("egress")
    policy = overlaid(tmp_path, "patches")["NetworkPolicy"]
    validate(policy)
    assert [port["port"] for port in policy["spec"]["egress"][0]["ports"]] == [53, 53, 4318]


def test_pods_reach_their_role_and_no_machine() -> None:
    """With the store, port 80 is open to the agent that gives pods a role and to nobody else."""
    rules = rendered("production")["NetworkPolicy"]["spec"]["egress"]
    http = [rule for rule in rules if any(port["port"] == 80 for port in rule["ports"])]
    assert [rule["to"] for rule in http] == [[{"ipBlock": {"cidr": "169.254.170.23/32"}}]]


def overlaid(folder: Path, key: str) -> dict[str, dict[str, Any]]:
    """The development overlay with what docs/operations.md shows under a key, by kind."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (shown,) = re.findall(rf"```yaml\n({key}:.*?)```", page, re.DOTALL)
    base = os.path.relpath(FOLDER / "overlays" / "development", folder.resolve())
    document = {"resources": [base], **yaml.safe_load(shown)}
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return {item["kind"]: item for item in kustomized(folder)}


def pod(overlay: str) -> dict[str, Any]:
    """The pod that an overlay's Deployment makes."""
    spec: dict[str, Any] = rendered(overlay)["Deployment"]["spec"]["template"]["spec"]
    return spec
