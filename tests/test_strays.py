"""Foreign lines under a label of the four go; everything else stays as it is."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.labelled import write_table
from training.strays import main

WORDS = [("merci", "fra"), ("thanks", "eng"), ("hotel", "dan eng"), ("tak", "dan")]
LINES = [
    ("Merci!", "dan"),
    ("Thanks, Merci", "swe"),
    ("Merci, thanks, Pierre", "nob"),
    ("Tak, merci", "dan"),
    ("Hotel", "dan"),
    ("Ukendt", "dan"),
    ("Ukendt merci", "dan"),
    ("MERCI", "fra"),
]


KEPT = ["Tak, merci", "Hotel", "Ukendt", "Ukendt merci", "MERCI"]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Lines of subtitles and a list of words."""
    folder = tmp_path / "corpora"
    folder.mkdir()
    write_table(folder / "words.tsv", *WORDS)
    write_table(folder / "subtitles.tsv", *LINES)
    return folder


def left(corpora: Path, tmp_path: Path) -> dict[str, list[str]]:
    """The texts of each source that are written."""
    main([str(corpora), "--words", "words", "--out", str(tmp_path / "own")])
    files = sorted((tmp_path / "own").iterdir())
    return {file.stem: [row.text for row in read_table(file)] for file in files}


def test_lines_of_foreign_words_go(corpora: Path, tmp_path: Path) -> None:
    """A name does not save a line, a word of the four or as many unknown ones do."""
    assert left(corpora, tmp_path)["subtitles"] == KEPT


def test_the_words_themselves_stay(corpora: Path, tmp_path: Path) -> None:
    """The list is what lines are judged by, not what is judged."""
    assert left(corpora, tmp_path)["words"] == [word for word, _ in WORDS]


def test_what_goes_is_told(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Count and examples are printed by source."""
    left(corpora, tmp_path)
    out = capsys.readouterr().out
    assert "subtitles                      3  'Merci!'" in out
    assert "left out 3 of 12 texts" in out


def test_a_list_that_is_not_there_is_named(corpora: Path, tmp_path: Path) -> None:
    """A misspelt --words is one line that lists the sources."""
    with pytest.raises(InputError, match="--words: no source 'word'; there are subtitles, words"):
        main([str(corpora), "--words", "word", "--out", str(tmp_path / "own")])
