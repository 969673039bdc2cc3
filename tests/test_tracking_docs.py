"""The pages and .env.example name the variables that are read, and no others."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [(ROOT / "docs" / name).read_text("utf-8") for name in ("tracking.md", "operations.md")]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
STORES = (ROOT / "training" / "stores.py").read_text(encoding="utf-8")

SET_BY_PROGRAMS = {"MLFLOW_PARENT_RUN_ID", "MLFLOW_RUN_ID"}
"""Variables that a sweep or ``mlflow run`` gives to a training."""


def test_the_pages_explain_the_example() -> None:
    """Every variable of .env.example has its row on one of the pages."""
    variables = set(re.findall(r"^(?:# )?([A-Z]\w+)=", EXAMPLE, re.MULTILINE))
    lines = [line for page in PAGES for line in page.splitlines() if line.startswith("| `")]
    explained = {name for line in lines for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", line)}
    assert variables == explained


def test_every_variable_is_in_the_example() -> None:
    """What training reads from the environment stands in .env.example."""
    read = set(re.findall(r'environ\.get\("(\w+)"', STORES))
    assert read - SET_BY_PROGRAMS <= set(re.findall(r"^(?:# )?([A-Z]\w+)=", EXAMPLE, re.MULTILINE))


def test_the_example_holds_no_secret() -> None:
    """Keys are empty there, and git ignores the copy that has them."""
    assert re.findall(r"^AWS_(?:ACCESS|SECRET)\w+=(.*)$", EXAMPLE, re.MULTILINE) == ["", ""]
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
