"""Texts that are right in a second language get it, through Apertium where it is installed."""

from pathlib import Path

import pytest

from scandid.errors import InputError
from scandid.model import shipped_path
from tests.apertium import needs_apertium
from training.acceptability import ADDED_SHARE, main, unchanged
from training.corpora import load_corpora
from training.targets import labels_of

NORWEGIAN = ["--language", "nob", "--language", "nno"]
BOTH = "Han er redd for avtalen."
BOKMAL = "Hun kommer ikke hjem."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Bokmål that is Nynorsk too and Bokmål that is not, and a text of both."""
    path = tmp_path / "letters.tsv"
    rows = ["text\tlanguages", f"{BOTH}\tnob", f"{BOKMAL}\tnob", "Takk!\tnob nno"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@needs_apertium
def test_a_text_that_translation_leaves_as_it_is_gets_the_language(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second language holds for a part of the first, all other texts stay what they were."""
    main([str(corpus), *NORWEGIAN, "--out", str(tmp_path / "wider")])
    wider = load_corpora([str(tmp_path / "wider" / "letters.parquet")])
    found = {text: labels_of(row) for text, row in zip(wider.texts, wider.targets, strict=True)}
    assert found == {BOTH: ["nob", "nno"], BOKMAL: ["nob"], "Takk!": ["nob", "nno"]}
    assert sorted(wider.targets[0])[-2:] == pytest.approx([ADDED_SHARE, 1.0])
    told = capsys.readouterr().out
    assert "1 of         3  nob also nno 1" in told
    assert "1 of 3 texts got a language" in told


@needs_apertium
def test_models_say_what_is_worth_asking(corpus: Path, tmp_path: Path) -> None:
    """With a model the answer is the same for a text that it finds plausible in both."""
    flags = [*NORWEGIAN, "--model", str(shipped_path()), "--out", str(tmp_path / "wider")]
    main([str(corpus), *flags])
    wider = load_corpora([str(tmp_path / "wider" / "letters.parquet")])
    assert [labels_of(row) for row in wider.targets[:2]] == [["nob", "nno"], ["nob"]]


def test_a_source_that_is_kept_is_not_asked_about(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists of words have all their languages; for --keep no program is needed."""
    monkeypatch.setenv("PATH", "")
    main([str(corpus), "--keep", "letters", "--out", str(tmp_path / "wider")])
    wider = load_corpora([str(tmp_path / "wider" / "letters.parquet")])
    assert [labels_of(row) for row in wider.targets] == [["nob"], ["nob"], ["nob", "nno"]]
    with pytest.raises(InputError, match="no source 'leters'; there are letters"):
        main([str(corpus), "--keep", "leters", "--out", str(tmp_path / "wider")])


@needs_apertium
def test_what_apertium_cannot_read_is_not_right() -> None:
    """An unknown word, one that only the first language has, and Apertium's own marks: False."""
    texts = ["Han er redd.", "Han er en xyzzyfrobniker.", "Hun er redd.", "Han er ^redd$.", "  "]
    assert unchanged(texts, "nob", "nno").tolist() == [True, False, False, False, False]
