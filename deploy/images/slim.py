"""Takes out of an environment what its program never loads; a step of both Dockerfiles.

    python slim.py /opt/venv protobuf numpy/f2py 'onnxruntime/capi/libonnxruntime.so.*'

A name with a slash is a path or pattern in site-packages, any other a distribution. Tests, sources
of compiled modules and stubs go as well. A name that is not there is an error: the list then names
something that a release has moved.
"""

import shutil
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

SOURCES: Final = ("*.a", "*.c", "*.cpp", "*.h", "*.pxd", "*.pxi", "*.pyi", "*.pyx")
TESTS: Final = ("tests", "test", "testdata")


def slim(packages: Path, names: list[str]) -> None:
    """Remove what is named, then tests and sources.

    Args:
        packages: The folder ``site-packages``.
        names: Distributions, and paths in the folder.

    Raises:
        SystemExit: a name is not there.
    """
    known = {each.metadata["Name"].lower(): each for each in distributions(path=[str(packages)])}
    for name in names:
        if "/" not in name and name in known:
            _remove_distribution(known[name])
            continue
        found = list(packages.glob(name))
        if not found:
            sys.exit(f"{name}: is not in {packages}")
        for path in found:
            _remove(path)
    for folder in [path for path in packages.rglob("*") if path.name in TESTS and path.is_dir()]:
        _remove(folder)
    for pattern in SOURCES:
        for path in list(packages.rglob(pattern)):
            _remove(path)


def _remove_distribution(distribution: Distribution) -> None:
    for file in distribution.files or ():
        path = Path(str(distribution.locate_file(file)))
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder.name == "site-packages" or (folder.is_dir() and any(folder.iterdir())):
                break
            if folder.is_dir():
                folder.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    (site_packages,) = Path(sys.argv[1]).glob("lib/python3*/site-packages")
    slim(site_packages, sys.argv[2:])
