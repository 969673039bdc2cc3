"""The tree keeps its own rules: sizes, docstrings, locks, commands that pages name, packaging."""

import ast
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import scandid

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
MODEL = ROOT / "models" / "scandid.onnx"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

MAX_FILE_LINES = 300
MAX_SCRIPT_LINES = 200
MAX_FUNCTION_LINES = 40


def tracked(pattern: str) -> list[Path]:
    """Files of the tree that match a pattern, without environments and build artefacts."""
    hidden = (".", "build", "dist")
    return [
        path
        for path in sorted(ROOT.rglob(pattern))
        if not any(part.startswith(hidden) for part in path.relative_to(ROOT).parts[:-1])
    ]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file, nested ones too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def pins(name: str) -> dict[str, str]:
    """Package to pinned version in one lock; a package may be pinned once per environment."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    """Normalised package names of requirement lines, without versions and markers."""
    found = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in requirements)
    return {match[0].lower().replace("_", "-") for match in found if match}


def asked(name: str) -> set[str]:
    """Packages that a file of requirements names."""
    return names((REQUIREMENTS / name).read_text(encoding="utf-8").splitlines())


def test_files_are_short() -> None:
    """No file of Python is longer than a reader keeps in mind."""
    limits = {"train.py": MAX_SCRIPT_LINES, "export.py": MAX_SCRIPT_LINES}
    long = {
        str(path.relative_to(ROOT)): lines
        for path in tracked("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines()))
        > limits.get(str(path.relative_to(ROOT)), MAX_FILE_LINES)
    }
    assert long == {}


def test_functions_are_short() -> None:
    """No function is longer than one screen."""
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": lines
        for path in tracked("*.py")
        for node in functions(path)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_tests_say_what_they_prove() -> None:
    """Every test has a docstring that ends as a sentence does."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in tracked("test_*.py")
        for node in functions(path)
        if node.name.startswith("test_") and not (ast.get_docstring(node) or "").endswith(".")
    ]
    assert silent == []


@pytest.mark.parametrize(
    "name",
    [
        "serve.txt",
        "tracing.txt",
        "train.txt",
        "loadtest.txt",
        "peers.txt",
        "dev.txt",
        "torch.txt",
        "torch-cuda.txt",
    ],
)
def test_locks_pin_and_hash_everything(name: str) -> None:
    """A lock pins each package with hashes and names no host, index, path or option."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    logical = [
        line
        for line in text.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]
    assert logical
    for line in logical:
        assert re.match(r"[\w.-]+==\S+ ", line), line
        assert "--hash=sha256:" in line, line
    assert not re.search(r"https?:|file:|/|@|--(?!hash=)", " ".join(logical))


def test_locks_agree() -> None:
    """Serving and training are tested with the versions they are shipped with."""
    dev = pins("dev.txt")
    for name in ("serve.txt", "tracing.txt", "train.txt", "loadtest.txt"):
        assert pins(name).items() <= dev.items()


def test_serving_lock_is_lean() -> None:
    """The service's environment has no training library."""
    heavy = {"torch", "datasets", "pandas", "pyarrow", "mlflow", "onnx", "sympy", "matplotlib"}
    assert not heavy & pins("serve.txt").keys()


def test_tracing_is_beside_serving() -> None:
    """What sends spans is in a lock of its own, which the service's environment takes as it is."""
    serve, tracing = pins("serve.txt"), pins("tracing.txt")
    assert not any(name.startswith("opentelemetry") for name in serve)
    assert all(serve[name] == tracing[name] for name in serve.keys() & tracing.keys())


def test_the_metadata_asks_for_what_is_locked() -> None:
    """The package needs what serving needs of it, and its one extra what training pins too."""
    dependencies, extras = PROJECT["dependencies"], PROJECT["optional-dependencies"]
    assert extras.keys() == {"cli"}
    assert names(dependencies) <= asked("serve.in")
    assert names(dependencies + extras["cli"]) <= asked("train.in")


def test_nothing_tells_to_install_what_is_on_no_index() -> None:
    """No page or message names the package to an installer: anybody could publish that name."""
    told = [
        str(path.relative_to(ROOT))
        for pattern in ("*.md", "*.py", "*.in")
        for path in tracked(pattern)
        if re.search(r"(install|needs) '?scandid\b", path.read_text(encoding="utf-8"))
    ]
    assert told == []


def test_the_version_is_the_same_everywhere() -> None:
    """Package, changelog, description of the service, images and overlay name one version."""
    version = PROJECT["version"]
    assert scandid.__version__ == version
    openapi = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert openapi["info"]["version"] == version
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d\S+)\] - \d{4}-\d\d-\d\d$", changes, re.MULTILINE)[0] == version
    files = ("Dockerfile.serve", "Dockerfile.train", ".env.example", "docs/operations.md")
    overlay = "deploy/kubernetes/overlays/production/kustomization.yaml"
    named = re.compile(r"(?:VERSION=|newTag: |scandid-(?:serve|train):)(\d[\w.]*)")
    for name in (*files, overlay):
        assert set(named.findall((ROOT / name).read_text(encoding="utf-8"))) == {version}, name


def commands(page: Path) -> str:
    """The lines of a page that a reader would type: code blocks, and code within a sentence."""
    text = page.read_text(encoding="utf-8")
    if page.suffix != ".md":
        return text
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def test_pages_name_existing_commands() -> None:
    """Every `make` command in a page, the workflow or `.ci/run` is a target with a description."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## \S", makefile, re.MULTILINE))
    pages = [*tracked("*.md"), ROOT / ".ci" / "run", *(ROOT / ".github").rglob("*.yml")]
    make = re.compile(r"^(?:\$ |\s*- run: )?make ([a-z-]+(?: [a-z-]+)*)", re.MULTILINE)
    for page in pages:
        named = {target for found in make.findall(commands(page)) for target in found.split()}
        assert named <= targets, page


@pytest.mark.skipif(not MODEL.exists(), reason="the model is not trained yet")
def test_wheel_carries_the_model(tmp_path: Path) -> None:
    """The built wheel holds the core and its model, and nothing of server or training."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.check_call(command, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = archive.namelist()
        assert archive.read("scandid/models/scandid.onnx") == MODEL.read_bytes()
    assert "scandid/py.typed" in files
    metadata = f"scandid-{PROJECT['version']}.dist-info"
    assert {name.partition("/")[0] for name in files} == {"scandid", metadata}
