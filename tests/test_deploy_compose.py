"""deploy/compose.yaml: the schema, what every service must have, and that names in it exist."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Settings, variable

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
FILE = DEPLOY / "compose.yaml"
TEXT = FILE.read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"scandid", "train"}

PORTS = {
    "scandid": "8080:8080",
    "mlflow": "127.0.0.1:5000:5000",
    "store": "127.0.0.1:9000:7070",
    "prometheus": "127.0.0.1:9090:9090",
    "alertmanager": "127.0.0.1:9093:9093",
    "grafana": "127.0.0.1:3000:3000",
    "locust": "127.0.0.1:8089:8089",
}
CHECKED = [
    ("vendor.compose-spec", "deploy/compose.yaml"),
    ("vendor.github-workflows", ".github/workflows/ci.yml"),
    ("vendor.github-workflows", ".github/workflows/images.yml"),
    ("vendor.renovate", ".github/renovate.json"),
]


@pytest.mark.parametrize(("schema", "file"), CHECKED, ids=[file for _, file in CHECKED])
def test_files_keep_their_schema(schema: str, file: str) -> None:
    """Each file is what the program that reads it expects, down to the last key."""
    program = str(Path(sys.executable).parent / "check-jsonschema")
    command = [program, "--builtin-schema", schema, file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_ports_are_those_that_were_promised() -> None:
    """Only the service listens for the world; what asks for no password stays on this machine."""
    assert {
        name: port for name, each in SERVICES.items() for port in each.get("ports", ())
    } == PORTS


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded(name: str) -> None:
    """Processors and memory have limits, rights are dropped, and a restart policy is stated."""
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if "profiles" in service else "unless-stopped")


@pytest.mark.parametrize("name", SERVICES)
def test_every_server_has_a_health_check(name: str) -> None:
    """One without a shell; our image brings its own, and what ends by itself needs none."""
    service = SERVICES[name]
    if name not in OURS and "profiles" not in service:
        assert service["healthcheck"]["test"][0] == "CMD"


def test_images_have_versions() -> None:
    """Whatever is not built here is pinned to a version."""
    for name in SERVICES.keys() - OURS:
        assert re.search(r":v?\d+\.\d+\.\d+(-\w+)?$", SERVICES[name]["image"]), name
    for name in OURS:
        assert SERVICES[name]["read_only"]
        assert (ROOT / SERVICES[name]["build"]["dockerfile"]).exists()


def test_what_is_mounted_exists() -> None:
    """Files of the tree are there, read-only; named volumes are declared."""
    for service in SERVICES.values():
        for mount in service.get("volumes", ()):
            source, _, rest = mount.partition(":")
            if source.startswith("."):
                assert rest.endswith(":ro"), mount
                assert (DEPLOY / source).exists() or source == "../corpora", mount
            else:
                assert source in COMPOSE["volumes"], mount


def test_services_that_are_named_exist() -> None:
    """Prometheus, Grafana and the containers find each other by the names in the file."""
    files = [
        TEXT,
        *(path.read_text("utf-8") for path in (DEPLOY / "prometheus").glob("*.yml")),
        *(path.read_text("utf-8") for path in DEPLOY.glob("grafana/provisioning/*/*.yml")),
    ]
    addresses = {
        found
        for text in files
        for found in re.findall(r"(?:http://|\[|,|=)([a-z]+):\d{4}\b", text)
        if found not in ("localhost", "http")
    }
    assert addresses == {"scandid", "alertmanager", "prometheus", "store", "mlflow"}
    assert addresses <= SERVICES.keys()


def test_secrets_come_from_the_environment() -> None:
    """No key or password is in the file, and every variable is in .env.example."""
    for line in TEXT.splitlines():
        if re.search(r"(KEY|PASSWORD|SECRET)\w*: ", line):
            assert re.search(r": \$\{\w+:\?set it in \.env\}$", line), line
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    known = set(re.findall(r"^(?:# )?([A-Z]\w+)=", example, re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", TEXT)) <= known


def test_settings_are_settings() -> None:
    """What the file sets for the service can be set, and it stops in the time it is given."""
    known = {variable(name) for name in Settings.__dataclass_fields__}
    environment = SERVICES["scandid"]["environment"]
    assert {name for name in environment if name.startswith("SCANDID_")} <= known
    grace_s = int(SERVICES["scandid"]["stop_grace_period"].removesuffix("s"))
    assert grace_s > Settings().graceful_timeout_s
