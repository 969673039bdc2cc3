"""The accuracy report: its pages are its figures, and one command makes both."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from scandid import Identifier
from scandid.model import Model
from scandid.reliability import PRECISION
from scandid.tables import read_table
from tests.fake_model import Rows
from training.report.__main__ import main
from training.report.comparison import put_headline
from training.report.goal import MOST_ECE, goal_table
from training.report.markdown import percent
from training.report.page import pages
from training.report.several import score_several, several_table
from training.report.trust import trust, trust_table
from training.report.uncalibrated import uncalibrated

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "models" / "report"
SAMPLE = Path(__file__).parent / "data" / "ud_sample.parquet"


@pytest.fixture
def report() -> dict[str, Any]:
    """The committed figures."""
    return dict(json.loads((REPORT / "report.json").read_text(encoding="utf-8")))


def test_committed_pages_are_made_from_the_committed_figures(report: dict[str, Any]) -> None:
    """Every page of models/report/ is exactly what report.json gives, and none is left over."""
    found = {path.name: path.read_text(encoding="utf-8") for path in REPORT.glob("*.md")}
    assert found == pages(report), "run `python -m training.report --pages`"


def test_committed_pages_show_pictures_that_are_there() -> None:
    """Every picture a page shows lies beside it, and every picture is shown."""
    text = "".join(path.read_text(encoding="utf-8") for path in REPORT.glob("*.md"))
    shown = set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text))
    assert shown == {path.name for path in REPORT.glob("*.png")}


def test_the_readme_compares_with_the_figures_that_were_measured(report: dict[str, Any]) -> None:
    """The README's table of peers is the one that report.json gives."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| **scandid** |" in page
    assert put_headline(page, report) == page


def test_goals_are_judged_by_the_figures(report: dict[str, Any]) -> None:
    """A goal is reached when the figure is at least, or for errors at most, what was wanted."""
    page = goal_table(report)
    good = page.replace("| no |", "| yes |")
    for scores in report["benchmarks"].values():
        scores.update(dict.fromkeys(("macro_f1", "macro_f1_folded", "accuracy"), 1.0))
        for changed in scores["variants"].values():
            changed["accuracy"] = 1.0
    for bucket in report["calibration"].values():
        bucket["ece"] = 0.0
    assert "| no |" not in goal_table(report)
    assert good.count("| yes |") == goal_table(report).count("| yes |")


def test_the_report_is_about_the_shipped_model(report: dict[str, Any], shipped_model: Path) -> None:
    """The figures were measured with the model file that is shipped, not with one before it."""
    assert report["model"]["sha256"] == Model.load(shipped_model).metadata.sha256, "make report"


def test_the_shipped_model_means_what_it_claims(report: dict[str, Any]) -> None:
    """At every length confidence is as good as set out for, and what is reliable is right."""
    for name, bucket in report["calibration"].items():
        assert bucket["ece"] <= MOST_ECE, name
        assert bucket["reliable_right"] >= PRECISION, name


def test_a_report_is_made_by_a_command(
    tmp_path: Path, shipped_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures, pages and pictures land in the folder; pages can be made again from figures."""
    out = tmp_path / "report"
    flags = ["--model", str(shipped_model), "--out", str(out)]
    main([str(SAMPLE), "--limit", "60", *flags])
    assert capsys.readouterr().out == f"{out / 'README.md'}\n"
    figures = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert list(figures["benchmarks"]) == ["ud_sample", "words", "words_any", "pairs"]
    assert figures["benchmarks"]["ud_sample"]["n"] == 60
    assert (out / "reliability.png").read_bytes().startswith(b"\x89PNG")
    overview = (out / "README.md").read_text(encoding="utf-8")
    (out / "README.md").unlink()
    main(["--pages", *flags])
    assert (out / "README.md").read_text(encoding="utf-8") == overview
    assert "[ud_sample](ud_sample.md) | 60 |" in overview
    short = figures["benchmarks"]["pairs"]["by_length"]["word"]
    page = (out / "pairs.md").read_text(encoding="utf-8")
    assert f" Reliable {percent(short['reliable'])}, right of these " in page
    assert "| benchmark | 1 to 12 | 13 to 24 | 25 to 60 |" in overview
    assert figures["calibration_before"].keys() == figures["calibration"].keys()
    assert all("reliable_right" in bucket for bucket in figures["calibration"].values())


def test_sets_are_judged_by_all_their_languages(tmp_path: Path) -> None:
    """What is right in several languages, and what in one, is counted apart."""
    path = tmp_path / "sets.tsv"
    both, one = "Han er redd for avtalen.", "Eg veit ikkje kva dei skal gjera."
    path.write_text(f"text\tlanguages\n{both}\tnob nno\n{one}\tnno\n{one}\tnob nno\n", "utf-8")
    found = score_several(Identifier(Rows(0.0, 0.0, 0.9, 0.8, 0.0)), path, seed=1)
    assert found["exact"] == found["several"] == pytest.approx(2 / 3)
    assert (found["several_exact"], found["several_found"], found["one_exact"]) == (1, 1, 0)
    found = score_several(Identifier(Rows(0.0, 0.0, 0.1, 0.8, 0.0)), path, seed=1)
    assert (found["several_exact"], found["several_found"], found["one_exact"]) == (0, 0, 1)
    assert found["named"] == 0
    assert "| sets | 3 | 66.67 | 0.00 | 33.33 | 0.00 | 0.00 | 100.00 |" in several_table(
        {"sets": found}
    )


def test_a_model_without_its_calibration_answers_otherwise(shipped_model: Path) -> None:
    """Only confidence moves by much: nearly all labels are the same, and the file is untouched."""
    before = shipped_model.read_bytes()
    texts = [row.text for row in read_table(SAMPLE)]
    bare = uncalibrated(shipped_model).identify_batch(texts)
    whole = Identifier.load(shipped_model).identify_batch(texts)
    pairs = list(zip(bare, whole, strict=True))
    assert sum(a.label == b.label for a, b in pairs) >= 0.95 * len(pairs)
    assert any(a.confidence != b.confidence for a, b in pairs)
    assert shipped_model.read_bytes() == before


def test_reliable_answers_are_judged_file_by_file() -> None:
    """Each file and length has its own figure, unless no answer claims it or it was never kept."""
    lengths = {
        "word": {"reliable": 0.4, "reliable_right": 0.762},
        "pair": {"reliable": 0.0, "reliable_right": 0.0},
    }
    _, rows = trust_table({"a": {"by_length": lengths}, "b": {"by_length": {"word": {}}}})
    assert rows.splitlines()[2:] == ["| a | 76.20 |  |  |  |  |", "| b |  |  |  |  |  |"]
    assert trust(lengths["word"]) == " Reliable 40.00, right of these 76.20."
    assert trust({}) == ""
    assert trust_table({"b": {"by_length": {"word": {}}}}) == []
