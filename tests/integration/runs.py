"""Small trainings in processes of their own, as a user starts them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SAMPLE: Final = ROOT / "tests" / "data" / "sample.parquet"
SMALL: Final = ("--dim", "4", "--hidden", "4", "--batch", "16")
LEARNING: Final = (
    *("--dim", "16", "--hidden", "8", "--batch", "32", "--steps", "500", "--evaluate-every", "100"),
    *("--orders", "2", "3", "--rows", "4096", "16384", "--directions", "2"),
    *("--learning-rate", "0.01", "--gram-dropout", "0.1", "--word-dropout", "0.1"),
    *("--no-diacritics", "0.1"),
)
"""Enough to know the sample's texts by heart, as a registered model is asked to."""

SHORT: Final = (*SMALL, "--steps", "6", "--evaluate-every", "3")

_PREFIXES: Final = ("MLFLOW_", "AWS_", "SCANDID_", "ARTIFACT_STORE", "LOCAL_MODEL_STORAGE")


def clean_environment(**variables: str) -> dict[str, str]:
    """This process's environment without what a developer set for stores, and with these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_PREFIXES)}
    return kept | {"PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"} | variables


def run_python(
    *arguments: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``python ARGUMENTS`` of this checkout in another folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=clean_environment(**(variables or {})),
        capture_output=True,
        text=True,
        check=False,
    )


def train(
    *flags: str, cwd: Path, data: Path = SAMPLE, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Train a small network, for a few steps unless the flags say otherwise."""
    words = (str(ROOT / "train.py"), "--data", str(data), *SHORT, *flags)
    return run_python(*words, cwd=cwd, variables=variables)


def export(
    *flags: str, cwd: Path, variables: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Export a run."""
    return run_python(str(ROOT / "export.py"), *flags, cwd=cwd, variables=variables)
