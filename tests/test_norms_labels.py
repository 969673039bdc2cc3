"""Norwegian under the label of its other norm is turned or goes; everything else stays."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.labelled import write_table
from training.norms import main

BOKMAAL = [
    "Jeg kasta boka på golvet",
    "Hun fikk ikke lønna si",
    "Elevene fikk ikke snakke samisk på internatet",
    "De gikk hjem fra skolen på internatet",
]
NYNORSK = [
    "Eg kasta ikkje boka på golvet",
    "Ho fekk ikkje løna si heime",
    "Elevane fekk ikkje snakke samisk",
    "Dei gjekk heim frå skulen",
]
QUIET = "Elevene på internatet"
BOTH = "Vi kasta snø"
QUOTED = "Ho sa «jeg veit ikke» og gjekk heim"


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """A corpus that labels by document, with one document under the wrong label, and another."""
    folder = tmp_path / "corpora"
    folder.mkdir()
    right = [(text, "nob") for text in BOKMAAL * 3] + [(text, "nno") for text in NYNORSK * 3]
    wrong = [("Mor fikk ikke snakke", "nno"), (QUIET, "nno"), (BOTH, "nno"), (QUOTED, "nno")]
    both = [("Hun sov ikke", "nob nno"), ("Hun fikk det ikke", "dan")]
    write_table(folder / "pages.tsv", *right, *wrong, *both)
    write_table(folder / "subtitles.tsv", ("Jeg vet ikke", "nno"))
    return folder


def labels(corpora: Path, tmp_path: Path) -> dict[str, dict[str, set[str]]]:
    """The labels of the texts of each source that are written."""
    main([str(corpora), "--judge", "pages", "--out", str(tmp_path / "normed")])
    files = sorted((tmp_path / "normed").iterdir())
    return {file.stem: {row.text: set(row.gold) for row in read_table(file)} for file in files}


def test_a_text_with_words_of_the_other_norm_alone_is_turned(corpora: Path, tmp_path: Path) -> None:
    """*Ikke* is no Nynorsk; where *heim* stands beside it, the text quotes somebody and stays."""
    pages = labels(corpora, tmp_path)["pages"]
    assert pages["Mor fikk ikke snakke"] == {"nob"}
    assert pages[QUOTED] == {"nno"}
    assert all(pages[text] == {"nob"} for text in BOKMAAL)
    assert all(pages[text] == {"nno"} for text in NYNORSK)


def test_a_text_without_such_words_goes_by_those_beside_them(corpora: Path, tmp_path: Path) -> None:
    """Words that stand in the other norm's texts alone make a text go, words of both do not."""
    pages = labels(corpora, tmp_path)["pages"]
    assert QUIET not in pages
    assert pages[BOTH] == {"nno"}


def test_nothing_else_is_judged(corpora: Path, tmp_path: Path) -> None:
    """Texts of both norms, of other languages and of other sources keep their labels."""
    found = labels(corpora, tmp_path)
    assert found["pages"]["Hun sov ikke"] == {"nob", "nno"}
    assert found["pages"]["Hun fikk det ikke"] == {"dan"}
    assert found["subtitles"] == {"Jeg vet ikke": {"nno"}}


def test_what_is_turned_and_what_goes_is_told(
    corpora: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Count and examples are printed by the label that the texts had."""
    labels(corpora, tmp_path)
    out = capsys.readouterr().out
    assert "nno        1 are the other norm  'Mor fikk ikke snakke'" in out
    assert f"nno        1 go  {QUIET!r}" in out
    assert "1 turned, 1 left out" in out


def test_a_source_that_is_not_there_is_named(corpora: Path, tmp_path: Path) -> None:
    """A mistyped source is an error and no judgement of nothing."""
    with pytest.raises(InputError, match="--judge"):
        main([str(corpora), "--judge", "page", "--out", str(tmp_path / "normed")])
