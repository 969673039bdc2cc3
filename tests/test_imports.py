"""The direction of imports: read from the source, and seen in running processes."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

OURS = frozenset({"scandid", "server", "training", "train", "export", "loadtest", "tests"})
HEAVY = frozenset({"torch", "datasets", "mlflow", "pandas", "pyarrow", "tqdm", "matplotlib"})

CORE_MAY_IMPORT = sys.stdlib_module_names | {"scandid", "numpy", "onnxruntime"}
CORE_MAY_IMPORT_LATE = frozenset({"pyarrow", "tqdm"})
"""Only inside functions: the library and the service never load them, the command line does."""

MAY_IMPORT_OF_OURS = {
    "scandid": {"scandid"},
    "server": {"scandid", "server"},
    "training": {"scandid", "training"},
    "train.py": {"scandid", "training"},
    "export.py": {"scandid", "training"},
}


def sources(part: str) -> list[Path]:
    """The Python files of a package or script, none where it does not exist."""
    path = ROOT / part
    return sorted(path.rglob("*.py")) if path.is_dir() else sorted(ROOT.glob(part))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and top-level name of every absolute import below a node."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module.partition(".")[0]


def test_the_page_names_what_the_server_imports() -> None:
    """Architecture's table lists exactly the packages that server/ asks for, whenever it does."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in sources("server")]
    asked = {name for tree in trees for _, name in imported(tree)}
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `server/` \|.*\| (.+) \|$", page, re.MULTILINE)
    listed = set(re.findall(r"\w+", row)) - {"where", "traces", "are", "sent"}
    assert asked - sys.stdlib_module_names - {"server"} == listed


def late_lines(tree: ast.AST) -> set[int]:
    """Lines of the imports that stand inside a function."""
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return {line for function in functions for line, _ in imported(function)}


def breaches(part: str) -> list[str]:
    """Imports of one part of the tree that point the wrong way, as ``file:line name``."""
    found = []
    for path in sources(part):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        for line, name in imported(tree):
            if name in OURS and name not in MAY_IMPORT_OF_OURS[part]:
                found.append(f"{path.relative_to(ROOT)}:{line} {name}")
    return found


@pytest.mark.parametrize("part", MAY_IMPORT_OF_OURS)
def test_imports_point_one_way(part: str) -> None:
    """Server and training both stand on the core and never meet."""
    assert breaches(part) == []


def test_core_needs_only_numpy_and_onnxruntime() -> None:
    """The core imports the standard library, numpy and onnxruntime; pyarrow and tqdm late."""
    found = []
    for path in sources("scandid"):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        late = late_lines(tree)
        for line, name in imported(tree):
            allowed = CORE_MAY_IMPORT | (CORE_MAY_IMPORT_LATE if line in late else frozenset())
            if name not in allowed:
                found.append(f"{path.relative_to(ROOT)}:{line} {name}")
    assert found == []


def test_server_source_names_no_training_library() -> None:
    """No file of the server imports a training library, not even late."""
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in sources("server")
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")))
        if name in HEAVY
    ]
    assert found == []


def loaded_by(module: str) -> set[str]:
    """Top-level names in ``sys.modules`` of a new interpreter that imported a module."""
    command = f"import sys, {module}; print(*sys.modules)"
    listing = subprocess.check_output([sys.executable, "-c", command], cwd=ROOT, text=True)
    return {name.partition(".")[0] for name in listing.split()}


def test_library_loads_nothing_heavy() -> None:
    """Importing the library loads no training library and no web framework."""
    loaded = loaded_by("scandid")
    assert "scandid" in loaded
    assert not loaded & (HEAVY | {"falcon", "gunicorn", "server", "training"})


def test_service_loads_nothing_heavy() -> None:
    """Importing the service's application loads no training library."""
    loaded = loaded_by("server.app")
    assert {"falcon", "scandid", "server"} <= loaded
    assert not loaded & (HEAVY | {"training"})


def test_training_loads_no_web_framework() -> None:
    """Importing the network's module, as training does, loads no part of the service."""
    loaded = loaded_by("training.network")
    assert {"torch", "training"} <= loaded
    assert not loaded & {"falcon", "gunicorn", "server"}


def test_tracing_costs_nothing_when_off() -> None:
    """A service that sends no traces has not even loaded what it would send them with."""
    assert "opentelemetry" not in loaded_by("server.app")


def test_the_library_reports_to_nobody(tmp_path: Path) -> None:
    """Loading and asking a model leaves no device id and no queue of events in the home folder."""
    code = "from scandid import Identifier; Identifier.load().verify()"
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    environ = {**kept, "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, check=True)
    assert list(tmp_path.rglob("*")) == []
