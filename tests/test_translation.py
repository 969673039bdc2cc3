"""Translations as training texts, through Apertium itself where it is installed."""

from pathlib import Path

import psutil
import pytest

from scandid.errors import InputError
from scandid.tables import read_table
from tests.apertium import needs_apertium
from training.translation import main, translate, translations


@needs_apertium
def test_a_corpus_becomes_one_in_the_other_language(tmp_path: Path) -> None:
    """Texts of the source language alone are translated sentence by sentence and labelled anew."""
    corpus = tmp_path / "corpus.tsv"
    rows = [
        "text\tlanguages",
        "Hun kommer ikke i morgen. Jeg vet ikke hvorfor hun er hjemme.\tnob",
        "Jag vet inte.\tswe",
    ]
    corpus.write_text("\n".join(rows) + "\n", encoding="utf-8")
    out = tmp_path / "translated.parquet"
    main([str(corpus), "--pair", "nob-nno", "--out", str(out)])
    found = {row.text: set(row.gold) for row in read_table(out)}
    assert found == {
        "Ho kjem ikkje i morgon.": {"nno"},
        "Eg veit ikkje kvifor ho er heime.": {"nno"},
    }


@needs_apertium
def test_what_was_not_understood_is_left_out() -> None:
    """A sentence with a word that no dictionary holds is dropped, one with a strange name stays."""
    lines = ["Han er en xyzzyfrobniker.", "Hun heter Xyzzyfrob og bor her."]
    assert list(translate(lines, "nob-nno")) == ["Ho heiter Xyzzyfrob og bur her."]


@needs_apertium
def test_a_line_that_apertium_loses_takes_no_other_with_it() -> None:
    """An empty line runs into its neighbours; the others are translated all the same."""
    lines = ["Hun er hjemme.", "", "Hun bor her.", "", "Jeg vet ikke."]
    expected = ["Ho er heime.", None, "Ho bur her.", None, "Eg veit ikkje."]
    assert list(translations(lines, "nob-nno")) == expected


def test_a_line_without_end_costs_no_other_its_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that takes too long is halved down to the line at fault, and its processes end.

    Apertium is replaced by a script: which lines it takes minutes for differs by its version.
    """
    program = tmp_path / "apertium"
    program.write_text(
        "#!/bin/sh\nlines=$(/bin/cat)\n"
        'case "$lines" in *endless*) /bin/sleep 61.25 | /bin/cat;; esac\necho "$lines"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("training.translation._START_S", 0.5)
    lines = ["one", "two", "endless", "four", "five"]
    assert list(translations(lines, "nob-nno")) == ["one", "two", None, "four", "five"]
    assert ["/bin/sleep", "61.25"] not in [
        p.info["cmdline"] for p in psutil.process_iter(["cmdline"])
    ]


@pytest.mark.parametrize("pair", ["nob", "nob-eng", "no-nn", "nob-nno-dan"])
def test_a_pair_that_is_none_is_one_clear_line(tmp_path: Path, pair: str) -> None:
    """A direction outside the four languages is refused with its name before anything is read."""
    with pytest.raises(InputError, match=f"--pair: '{pair}' is no pair of dan, swe, nob, nno"):
        main(["missing.tsv", "--pair", pair, "--out", str(tmp_path / "out.parquet")])


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Apertium the error names the package."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="apt install apertium"):
        list(translate(["Hei der."], "nob-nno"))
