"""What both images must keep: who runs, how large they are, what is not in them."""

import json
from dataclasses import dataclass
from typing import Final

from deploy.images.engine import Engine

MB: Final = 1_000_000
LABELS: Final = ("title", "description", "licenses", "version", "revision", "source", "base.name")

LOOK_INSIDE: Final = """
import importlib.util, json, os, shutil, sys
names = "pip setuptools ensurepip torch onnx datasets mlflow pytest"
programs = "pip gcc cc g++ ld make curl wget git"
tests = [
    os.path.join(folder, name)
    for folder, names_, _ in os.walk("/opt/venv") for name in names_ if name in ("tests", "test")
]
writable = [
    folder for folder, _, _ in os.walk("/app") if os.access(folder, os.W_OK)
]
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "tests": tests, "writable": writable,
    "modules": [name for name in names.split() if importlib.util.find_spec(name)],
    "programs": [name for name in programs.split() if shutil.which(name)],
}))
"""
"""Asks an image from inside; the setuptools that training needs is in its lock."""


class ProofError(AssertionError):
    """An image is not what it must be; the text says in what."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What one image must keep.

    Attributes:
        tag: Its name.
        budget_mb: Most megabytes above the base, unpacked.
        modules: Of the modules that are looked for, those that belong in it.
        writable: Folders of the program that may be written.
    """

    tag: str
    budget_mb: int
    modules: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()


SERVE: Final = Rules("scandid-serve", budget_mb=180)
TRAIN: Final = Rules(
    "scandid-train",
    budget_mb=1_300,
    modules=("setuptools", "torch", "onnx", "datasets", "mlflow"),
    writable=("/app/runs",),
)


def check(holds: bool, trouble: object) -> None:
    """Go on only if it holds.

    Raises:
        ProofError: it does not.
    """
    if not holds:
        raise ProofError(str(trouble))


def check_image(engine: Engine, rules: Rules, base: str) -> str:
    """Look at an image from outside and from inside; what was found, in one line.

    Args:
        engine: What has the image.
        rules: What it must keep.
        base: The image it was built on.

    Raises:
        ProofError: it does not keep a rule.
    """
    config = engine.config(rules.tag)
    user, _, group = config["User"].partition(":")
    check(user.isdigit() and group.isdigit() and int(user) > 0, f"User is {config['User']!r}")
    start = config["Cmd"] if rules is SERVE else config["Entrypoint"]
    check(start[0] == "python", f"it is started by {start}")
    missing = [
        name for name in LABELS if f"org.opencontainers.image.{name}" not in config["Labels"]
    ]
    check(not missing, f"labels are missing: {missing}")
    engine.fetch(base)  # BuildKit keeps what it builds on to itself
    above = (engine.unpacked_bytes(rules.tag) - engine.unpacked_bytes(base)) / MB
    check(above <= rules.budget_mb, f"{above:.1f} MB above the base, at most {rules.budget_mb}")
    _check_inside(engine, rules, int(user))
    return f"user {config['User']}, {above:.1f} MB above the base of at most {rules.budget_mb}"


def _check_inside(engine: Engine, rules: Rules, user: int) -> None:
    words = ["run", "--rm", "--network", "none", "--entrypoint", "python"]
    inside = json.loads(engine.call(*words, rules.tag, "-c", LOOK_INSIDE))
    check(inside["uid"] == user, inside)
    check(sorted(inside["modules"]) == sorted(rules.modules), inside["modules"])
    check(inside["programs"] == [], inside["programs"])
    check(inside["tests"] == [], inside["tests"])
    check(inside["writable"] == list(rules.writable), inside["writable"])
