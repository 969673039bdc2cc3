"""Bills of materials of the images, CycloneDX: ``make sbom``.

    python -m deploy.images.sbom --folder build/sbom

Takes the environment out of each image and has cyclonedx-py describe it: what was installed, less
what was taken out. Debian's packages in the base are not told; the workflow scans them, too.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.images.engine import Engine, EngineError
from deploy.images.proof import SERVE, TRAIN

_PACKAGES: Final = "/opt/venv/lib/python3.11/site-packages/."


def write_bill(engine: Engine, tag: str, file: Path) -> int:
    """Describe the environment of an image; the number of components.

    Args:
        engine: What has the image.
        tag: Its name.
        file: The bill to write.

    Raises:
        EngineError: there is no such image.
        subprocess.CalledProcessError: cyclonedx-py failed.
    """
    with tempfile.TemporaryDirectory() as name:
        environment = Path(name)
        venv.create(environment, with_pip=False, symlinks=True)
        (packages,) = environment.glob("lib/python3*/site-packages")
        container = engine.call("create", tag)
        try:
            engine.call("cp", f"{container}:{_PACKAGES}", str(packages))
        finally:
            engine.call("rm", container)
        return describe(environment / "bin" / "python", tag, file)


def describe(python: Path, name: str, file: Path) -> int:
    """Describe an environment by its interpreter; the number of components.

    Raises:
        subprocess.CalledProcessError: cyclonedx-py failed.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
    command += ["--output-reproducible"]
    done = subprocess.run(command, check=True, capture_output=True)
    bill = json.loads(done.stdout)
    bill["metadata"]["component"] = {"type": "container", "name": name, "bom-ref": name}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    return len(bill["components"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    flags = argparse.ArgumentParser(prog="deploy.images.sbom", description="CycloneDX bills.")
    flags.add_argument("--folder", type=Path, default=Path("build/sbom"), help="where they go")
    flags.add_argument("tags", nargs="*", help="images; else those of make images")
    options = flags.parse_args(arguments)
    try:
        engine = Engine.find()
        for tag in options.tags or (SERVE.tag, TRAIN.tag):
            file = options.folder / f"{tag.rpartition('/')[2].partition(':')[0]}.cdx.json"
            count = write_bill(engine, tag, file)
            sys.stdout.write(f"{file}: {count} components\n")
    except EngineError as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
