"""The package as a newcomer installs it: the README's commands, away from the checkout."""

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runs import ROOT, SAMPLE, clean_environment

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("## As a library")[2].partition("\n## ")[0]
OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, shipped_model: Path) -> Path:
    """A folder with an environment, which the README's first command installs into.

    What builds the package, and what it depends on, is that of the tests.
    """
    assert shipped_model.is_relative_to(ROOT)
    folder = tmp_path_factory.mktemp("installed")
    command = next(shell_lines()).split()
    assert command == ["pip", "install", "."]
    environment = folder / "env"
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", str(environment)])
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), *command[1:], *OFFLINE]
    subprocess.check_call([*install, "--quiet"], cwd=ROOT)
    (folder / "lines.txt").write_text("Hvad hedder du?\nVad heter du?\n", encoding="utf-8")
    (folder / "labelled.parquet").write_bytes(SAMPLE.read_bytes())
    return folder


def shell_lines() -> Iterator[str]:
    """The commands of the README's section, without what it says beside them."""
    for block in re.findall(r"```sh\n(.*?)```", SECTION, re.DOTALL):
        for line in block.splitlines():
            yield line.partition("  #")[0].strip()


def run(home: Path, *words: str) -> str:
    """What a command prints in the folder, with the environment's programs first."""
    path = f"{home / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    variables = clean_environment(PATH=path)
    del variables["PYTHONPATH"]
    return subprocess.check_output(words, cwd=home, env=variables, text=True, timeout=60)


def test_the_commands_run(home: Path) -> None:
    """Every command after the installation runs as it stands, and answers what it must."""
    _, *commands = shell_lines()
    assert len(commands) == 3
    printed = [run(home, "sh", "-c", command) for command in commands]
    assert '"label": "dan"' in printed[0]
    answers = (home / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert ['"dan"' in answers[0], '"swe"' in answers[1]] == [True, True]
    assert "macro F1" in printed[2]


def test_the_library_answers_what_the_page_shows(home: Path) -> None:
    """Each line with a value behind it has that value, from the installed package."""
    (code,) = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
    shown = re.compile(r"^(\S.*?)  # ('[^']+'|\([^)]*\)|True|False).*$", re.MULTILINE)
    checked, count = shown.subn(r"assert \1 == \2, \1", code)
    assert count >= 2
    place = "import scandid; assert '/env/' in scandid.__file__, scandid.__file__"
    run(home, "python", "-c", f"{checked}\n{place}")


def test_its_types_are_seen(home: Path) -> None:
    """A type checker reads the installed package's annotations, and refuses what they refuse."""
    code = "from scandid import Identifier\nfound: int = Identifier.load().identify('x').label\n"
    python, cache = home / "env" / "bin" / "python", home / "cache"
    words = ["mypy", "--python-executable", str(python), "--cache-dir", str(cache), "-c", code]
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert 'expression has type "str", variable has type "int"' in done.stdout, done.stdout
    assert "Found 1 error" in done.stdout, done.stdout
