"""English originals of catalogues and lines of code as training texts."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.debian_packages import EVENING, FOREST, catalogue, write_catalogue
from training.originals import main


def written(folder: Path, *flags: str) -> dict[str, list[str]]:
    """Texts of each table that the command writes, all of which are in another language."""
    packages, code = folder / "packages", folder / "programs"
    main(["--packages", str(packages), "--code", str(code), "--out", str(folder / "out"), *flags])
    tables = {path.stem: list(read_table(path)) for path in (folder / "out").iterdir()}
    assert all(row.gold == {"other"} for rows in tables.values() for row in rows)
    return {name: sorted(row.text for row in rows) for name, rows in tables.items()}


def write_program(folder: Path, name: str, content: str) -> None:
    """A file of code."""
    (folder / "programs").mkdir(parents=True, exist_ok=True)
    (folder / "programs" / name).write_text(content, encoding="utf-8")


def test_originals_and_lines_of_code_are_other(tmp_path: Path) -> None:
    """Originals lose placeholders, code its remarks; short ones and other files are left out."""
    saved = ("The file %s was saved", "Filen %s er gemt")
    write_catalogue(catalogue(tmp_path / "packages", "da"), EVENING, FOREST, saved)
    lines = "# a remark (here)\n    total = sum(items)\n}\nx = 1\n// another = one\n"
    write_program(tmp_path, "a.py", lines)
    write_program(tmp_path, "b.txt", "prose = text(here)\n")
    write_program(tmp_path, "c.js", "const long = [1];\n" * 20_000)
    assert written(tmp_path) == {
        "originals": ["The file was saved"],
        "code": ["total = sum(items)"],
    }


def test_a_sample_is_the_same_every_time(tmp_path: Path) -> None:
    """Of more texts than asked for, the same ones are taken."""
    write_catalogue(catalogue(tmp_path / "packages", "da"), ("Save all files", "Gem alle filer"))
    write_program(
        tmp_path, "a.py", "".join(f"value = {name}()\n" for name in ("abc", "bcd", "cde"))
    )
    once, again = (written(tmp_path, "--limit", "2")["code"] for _ in range(2))
    assert len(once) == 2
    assert once == again


def test_folders_without_texts_are_refused(tmp_path: Path) -> None:
    """Nothing to read in one of the tables is one clear line."""
    (tmp_path / "packages").mkdir()
    write_program(tmp_path, "a.py", "total = sum(items)\n")
    with pytest.raises(InputError, match="originals: no such text below the folders given"):
        written(tmp_path)
