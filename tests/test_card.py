"""The model card and the README against the scores they quote."""

import json
import shutil
from pathlib import Path

import pytest

from scandid import Identifier, InputError
from scandid.model import shipped_path
from training.card import main, put_scores
from training.card_page import page

ROOT = Path(__file__).parents[1]
SAMPLE = Path(__file__).parent / "data" / "flores_sample.parquet"


def test_the_readme_quotes_the_scores_that_were_measured() -> None:
    """Every figure in the README's table is the one in models/scores.json."""
    scores = json.loads((ROOT / "models" / "scores.json").read_text(encoding="utf-8"))
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| flores200 |" in page
    assert put_scores(page, scores) == page


def test_the_shipped_card_tells_of_the_shipped_model(shipped_model: Path) -> None:
    """The committed card is made from the committed file, scores and list of sources."""
    scores = json.loads((ROOT / "models" / "scores.json").read_text(encoding="utf-8"))
    card = page(Identifier.load(shipped_model).metadata, shipped_model, scores)
    assert (ROOT / "models" / "README.md").read_text(encoding="utf-8") == card


def test_a_card_of_an_own_model_claims_nothing_of_the_shipped_one(tiny_model: Path) -> None:
    """Without its run at hand the card names it, and lists neither sources nor licences."""
    card = page(Identifier.load(tiny_model).metadata, tiny_model, {})
    assert card.startswith("# A model\n")
    assert "`tiny.onnx`" in card
    assert "The run.json of run `" in card
    assert "never trained on" not in card
    assert "licence" not in card


def test_a_card_names_the_sources_that_were_trained_on(tiny_model: Path) -> None:
    """One that was left out of the run has no texts in it, and no line in the card."""
    tables = [{"name": name, "texts": n, "digest": "0"} for name, n in (("used", 7), ("left", 0))]
    run = {"corpora": {"tables": tables}}
    card = page(Identifier.load(tiny_model).metadata, tiny_model, {}, run)
    assert "| used | 7 | `0` |" in card
    assert "| left |" not in card


def test_a_page_that_is_no_card_is_not_overwritten(tmp_path: Path) -> None:
    """A model beside a README of somebody's own is refused before anything is measured."""
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"README\.md: is no card and would be overwritten"):
        main(["absent.tsv", "--model", str(tmp_path / "big.onnx")])
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "# Mine\n"
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_card_is_made_by_a_command(tmp_path: Path) -> None:
    """Card, scores and picture land beside the model, and the table in the README above it."""
    model = tmp_path / "models" / "scandid.onnx"
    model.parent.mkdir()
    shutil.copy(shipped_path(), model)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- scores -->\nold\n<!-- /scores -->\nafter\n", encoding="utf-8")
    other = str(shutil.copy(SAMPLE, tmp_path))
    main([str(SAMPLE), other, "--model", str(model)])
    both = json.loads((model.parent / "scores.json").read_text(encoding="utf-8"))
    assert len(both) == 2, "files of one name are told apart by their folders"
    main([str(SAMPLE), "--model", str(model)])
    scores = json.loads((model.parent / "scores.json").read_text(encoding="utf-8"))
    assert scores["flores_sample"]["n"] == 500
    card = (model.parent / "README.md").read_text(encoding="utf-8")
    assert "### flores_sample" in card
    assert "kodeklubben" in card
    assert (model.parent / "confusion.png").read_bytes().startswith(b"\x89PNG")
    page = readme.read_text(encoding="utf-8")
    assert page.startswith("before\n<!-- scores -->\n| benchmark |")
    assert page.endswith("<!-- /scores -->\nafter\n")
    assert "old" not in page
