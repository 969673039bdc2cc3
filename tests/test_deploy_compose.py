"""deploy/compose.yaml: the schema, what every service must have, and that names in it exist."""

import os
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
    ("vendor.compose-spec", "deploy/compose.build.yaml"),
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
    """Limits are set and rights dropped, and a server comes back even after SIGHUP."""
    service = SERVICES[name]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if "profiles" in service else "always")


@pytest.mark.parametrize("name", SERVICES)
def test_logs_are_bounded(name: str) -> None:
    """No log fills the disk, and writing one holds no request up."""
    logging = SERVICES[name]["logging"]
    assert logging["driver"] == "local"
    assert {"max-size", "max-file"} <= logging["options"].keys()
    if name == "scandid":
        assert logging["options"]["mode"] == "non-blocking"
        assert logging["options"]["max-buffer-size"]


def test_the_service_meets_only_what_it_needs() -> None:
    """The one that the world can talk to reaches neither MLflow nor Grafana, but is reached."""
    networks = {name: set(each.get("networks", ["default"])) for name, each in SERVICES.items()}
    assert {name for name in networks if networks[name] & networks["scandid"]} == {
        *("scandid", "store", "prometheus", "locust")
    }
    assert set.union(*networks.values()) == COMPOSE["networks"].keys()
    for name in ("mlflow", "alertmanager", "grafana", "train"):
        assert networks[name] == {"default"}
    assert networks["store"] & networks["prometheus"] == {"default"}


def test_the_service_waits_for_the_store_and_needs_none() -> None:
    """It starts after the store, where a new champion may be, and also without one."""
    assert SERVICES["scandid"]["depends_on"] == {
        "store": {"condition": "service_healthy", "required": False}
    }


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


def test_what_is_built_is_what_runs() -> None:
    """Builds go to the images that run where no others are named, and keep a tag of their own."""
    file = DEPLOY / "compose.build.yaml"
    built = yaml.safe_load(file.read_text(encoding="utf-8"))["services"]
    assert built.keys() == OURS
    for name, service in built.items():
        image = service["image"]
        assert re.fullmatch(r"\$\{[A-Z]+_IMAGE:-" + image + r"\}", SERVICES[name]["image"])
        assert "build" not in SERVICES[name]
        assert (ROOT / service["build"]["dockerfile"]).exists()
        assert service["build"]["tags"] == [image + ":${TAG:?make sets it}"]


@pytest.mark.parametrize(
    ("target", "line", "variables", "builds"),
    [
        ("up", "", {}, ["scandid"]),
        ("up", "SERVE_IMAGE=", {}, ["scandid"]),
        ("up", "SERVE_IMAGE=registry.example.com/scandid-serve:1", {}, []),
        ("up", "SERVE_IMAGE=scandid-serve:1", {"SERVE_IMAGE": ""}, ["scandid"]),
        ("up", "TRAIN_IMAGE=scandid-train:1", {}, ["scandid"]),
        ("up", "", {"SERVE_IMAGE": "scandid-serve:1"}, []),
        ("train-in-docker", "SERVE_IMAGE=scandid-serve:1", {}, ["train"]),
        ("train-in-docker", "TRAIN_IMAGE=scandid-train:1", {}, []),
    ],
)
def test_an_image_that_is_named_is_not_built(
    tmp_path: Path, target: str, line: str, variables: dict[str, str], builds: list[str]
) -> None:
    """What SERVE_IMAGE or TRAIN_IMAGE names, in .env or around it, is run and never overwritten."""
    (tmp_path / ".env").write_text(f"GRAFANA_PASSWORD=a b&c\n{line}\n")
    clean = {name: value for name, value in os.environ.items() if not name.endswith("_IMAGE")}
    command = ["make", "--dry-run", "--file", str(ROOT / "Makefile"), target, "TAG=now"]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean | variables, capture_output=True, text=True, check=True
    )
    found = re.findall(r"^TAG=now .* deploy/compose\.build\.yaml build (\w+)$", done.stdout, re.M)
    assert found == builds
    assert " --build" not in done.stdout


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
