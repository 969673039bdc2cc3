"""docs/tracking.md and .env.example name the variables that are read, and no others."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "tracking.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
STORES = (ROOT / "training" / "stores.py").read_text(encoding="utf-8")

SET_BY_PROGRAMS = {"MLFLOW_PARENT_RUN_ID", "MLFLOW_RUN_ID"}
"""Variables that a sweep or ``mlflow run`` gives to a training."""


def test_the_page_explains_the_example() -> None:
    """Every variable of .env.example has its place in the page's table."""
    variables = set(re.findall(r"^(?:# )?([A-Z]\w+)=", EXAMPLE, re.MULTILINE))
    rows = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `"))
    assert variables == set(re.findall(r"`([A-Z][A-Z0-9_]+)`", rows))


def test_every_variable_is_in_the_example() -> None:
    """What training reads from the environment stands in .env.example."""
    read = set(re.findall(r'environ\.get\("(\w+)"', STORES))
    assert read - SET_BY_PROGRAMS <= set(re.findall(r"^(?:# )?([A-Z]\w+)=", EXAMPLE, re.MULTILINE))


def test_the_example_holds_no_secret() -> None:
    """Keys are empty there, and git ignores the copy that has them."""
    assert re.findall(r"^AWS_(?:ACCESS|SECRET)\w+=(.*)$", EXAMPLE, re.MULTILINE) == ["", ""]
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
