"""The workflows: who may publish, what has to be true before, and that what they run is pinned."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scandid import __version__

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ON_A_TAG = "startsWith(github.ref, 'refs/tags/v')"


def workflow(name: str) -> dict[str, Any]:
    """A workflow of the tree."""
    text = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def jobs() -> dict[str, dict[str, Any]]:
    """The jobs about images."""
    found: dict[str, dict[str, Any]] = workflow("images.yml")["jobs"]
    return found


def script(job: str, step: str) -> str:
    """What a step of a job about images runs."""
    (found,) = [each["run"] for each in jobs()[job]["steps"] if each.get("name") == step]
    return str(found)


def bash(text: str, folder: Path, **variables: str) -> int:
    """Run a step's script as the workflow does; the exit code."""
    command = ["bash", "-eo", "pipefail", "-c", text]
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, check=False)
    return done.returncode


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_actions_are_pinned(file: Path) -> None:
    """What is run of others is named by its commit, with the version beside it."""
    used = re.findall(r"uses: (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    for each in used:
        own = each == "./.github/workflows/ci.yml"
        assert own or re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


def test_only_a_release_may_write() -> None:
    """No workflow writes or signs but for the job that publishes, which only a tag starts."""
    for file in FILES:
        assert workflow(file.name)["permissions"] == {"contents": "read"}
    may = {name: job["permissions"] for name, job in jobs().items() if "permissions" in job}
    assert may == {"publish": {"packages": "write", "id-token": "write"}}
    assert jobs()["publish"]["if"] == ON_A_TAG


def test_a_release_is_proven_and_tested() -> None:
    """What is published was proven and scanned before, in a tree that passed its tests."""
    assert jobs()["publish"]["needs"] == ["images", "tests"]
    tests = jobs()["tests"]
    assert (tests["uses"], tests["if"]) == ("./.github/workflows/ci.yml", ON_A_TAG)
    # yaml reads the key `on` as true
    assert "workflow_call" in workflow("ci.yml")[True]  # type: ignore[index]
    groups = {workflow(file.name)["concurrency"]["group"] for file in FILES}
    assert groups == {"ci-${{ github.ref }}", "images-${{ github.ref }}"}
    steps = [str(step) for step in jobs()["images"]["steps"]]
    order = ["make images", "scandid-serve:latest", "scandid-train:latest", "docker save"]
    found = [next(n for n, step in enumerate(steps) if word in step) for word in order]
    assert found == sorted(found)


@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), ("v9.9.9", 1), ("v0", 1)])
def test_the_tag_is_the_version(tag: str, code: int) -> None:
    """A tag that is not the version of scandid stops before anything is built."""
    assert bash(script("images", "The tag is the version"), ROOT, GITHUB_REF_NAME=tag) == code


def test_every_lock_of_the_images_is_audited(tmp_path: Path) -> None:
    """What either image may be built from is looked up, torch by the name that is known of it."""
    (tmp_path / "requirements").symlink_to(ROOT / "requirements")
    audit = tmp_path / ".venv" / "bin" / "pip-audit"
    audit.parent.mkdir(parents=True)
    audit.write_text('#!/bin/sh\nfor file; do :; done\necho "$file" >> audited\n')
    audit.chmod(0o755)
    assert bash(script("images", "Known vulnerabilities of Python packages"), tmp_path) == 0
    audited = {Path(line).name for line in (tmp_path / "audited").read_text().split()}
    copied = "\n".join(path.read_text() for path in sorted(ROOT.glob("Dockerfile.*")))
    shipped = set(re.findall(r"requirements/(\w+\.txt)", copied))
    assert audited == shipped | {"torch.txt", "torch-cuda.txt"}
    assert "+cpu" not in (tmp_path / "build" / "torch.txt").read_text().partition("--hash")[0]


def test_the_library_is_installed_with_the_oldest_that_it_allows() -> None:
    """What pyproject.toml says is enough is tried: the Pythons it names and the lowest releases."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tried = workflow("ci.yml")["jobs"]["library"]["strategy"]["matrix"]["include"]
    named = [each.rpartition(" ")[2] for each in project["classifiers"] if ":: Python :: " in each]
    assert [each["python"] for each in tried] == named
    assert project["requires-python"] == f">={named[0]}"
    lowest = [each.replace(">=", "==") for each in project["dependencies"]]
    assert tried[0]["dependencies"].split() == lowest
