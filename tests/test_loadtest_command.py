"""Commands of the benchmark that name files: they explain themselves, and say what is missing."""

import importlib
from pathlib import Path

import pytest

from loadtest.command import files

COMMANDS = ("curve", "flame", "pages", "plots", "record", "sessions", "sizes")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_given(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` ends well with what the module is for, and nothing is measured or written."""
    module = importlib.import_module(f"loadtest.{name}")
    monkeypatch.setattr("sys.argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        module.main()
    assert ended.value.code == 0
    assert str(module.__doc__).splitlines()[0] in capsys.readouterr().out


def test_a_missing_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without what it needs a command ends with the name of that, and with the given it goes on."""
    monkeypatch.setattr("sys.argv", ["record", "results"])
    with pytest.raises(SystemExit):
        files("Records.", "results", "json")
    assert "required: json" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["record", "results", "out.json"])
    assert files("Records.", "results", "json") == [Path("results"), Path("out.json")]
