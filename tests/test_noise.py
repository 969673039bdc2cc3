"""Texts under a wrong label are found and left out; all others stay."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.model import shipped_path
from scandid.tables import read_table
from training.noise import main

RIGHT = "Eg veit ikkje kva dei skal gjera i morgon, men dei kjem nok heim."
WRONG = "Jeg vet ikke hva de skal gjøre i morgen, men de kommer nok hjem."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A corpus of Nynorsk with one text in Bokmål."""
    path = tmp_path / "letters.tsv"
    path.write_text(f"text\tlanguages\n{RIGHT}\tnno\n{WRONG}\tnno\n", encoding="utf-8")
    return path


def test_a_wrong_label_is_left_out_and_told(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bokmål among Nynorsk goes, Nynorsk stays with its label, and the count is printed."""
    main([str(corpus), "--model", str(shipped_path()), "--out", str(tmp_path / "cleaned")])
    rows = list(read_table(tmp_path / "cleaned" / "letters.parquet"))
    assert [(row.text, set(row.gold)) for row in rows] == [(RIGHT, {"nno"})]
    assert "left out 1 of 2 texts" in capsys.readouterr().out


def test_a_source_that_is_not_to_be_judged_stays_whole(corpus: Path, tmp_path: Path) -> None:
    """Lists of words are true by rule; --keep leaves them as they are."""
    flags = ["--model", str(shipped_path()), "--keep", "letters", "--out", str(tmp_path / "out")]
    main([str(corpus), *flags])
    assert len(list(read_table(tmp_path / "out" / "letters.parquet"))) == 2


def test_a_source_that_is_not_there_is_named(corpus: Path, tmp_path: Path) -> None:
    """A misspelt --keep is one line that lists the sources."""
    flags = ["--model", str(shipped_path()), "--keep", "leters", "--out", str(tmp_path / "out")]
    with pytest.raises(InputError, match="no source 'leters'; there are letters"):
        main([str(corpus), *flags])
