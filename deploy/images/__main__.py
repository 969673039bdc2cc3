"""Build both images and prove them: ``make images``.

python -m deploy.images --base docker.io/library/python:3.11-slim
python -m deploy.images --build-option=--volume=/etc/pip.conf:/etc/pip.conf:ro   # podman
python -m deploy.images --only serve
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import httpx

from deploy.images.engine import Engine, EngineError
from deploy.images.proof import SERVE, TRAIN, ProofError, check_image
from deploy.images.serving import ROOT, prove_service
from deploy.images.training import prove_training

DOCKERFILES: Final = {"serve": "Dockerfile.serve", "train": "Dockerfile.train"}
HADOLINT: Final = str(Path(sys.executable).with_name("hadolint"))
LINT: Final = (HADOLINT, "--failure-threshold", "style", *DOCKERFILES.values())


def parser() -> argparse.ArgumentParser:
    """Every flag."""
    flags = argparse.ArgumentParser(prog="deploy.images", description="Build and prove the images.")
    flags.add_argument("--base", default="", help="base image; else the one each Dockerfile names")
    flags.add_argument(
        "--build-option",
        action="append",
        default=[],
        help="passed on to the build; may be repeated",
    )
    flags.add_argument("--only", choices=["serve"], help="leave the training image out")
    return flags


def prove(engine: Engine, options: argparse.Namespace) -> Iterator[str]:
    """Lint, build, look, run.

    Yields:
        What was found, a line at a time.

    Raises:
        ProofError: something is not as it must be.
        EngineError: a build or a run failed.
    """
    subprocess.run(LINT, cwd=ROOT, check=True)
    yield "hadolint: nothing to say"
    build = [
        *(["--build-arg", f"BASE={options.base}"] if options.base else []),
        *options.build_option,
    ]
    for name, rules in (("serve", SERVE), ("train", TRAIN)):
        if name == (options.only or name):
            engine.build(DOCKERFILES[name], rules.tag, build)
            base = engine.config(rules.tag)["Labels"]["org.opencontainers.image.base.name"]
            yield f"{rules.tag}: {check_image(engine, rules, base)}"
    yield from prove_service(engine)
    if not options.only:
        yield from prove_training(engine)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = parser().parse_args(arguments)
    begin = time.monotonic()
    try:
        engine = Engine.find()
        sys.stdout.write(f"engine: {engine.program}\n")
        for line in prove(engine, options):
            sys.stdout.write(f"[{time.monotonic() - begin:5.0f} s] {line}\n")
            sys.stdout.flush()
    except (EngineError, ProofError, httpx.HTTPError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"images: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
