"""The model card and the README against the scores they quote."""

import json
import shutil
from pathlib import Path

from scandid.model import shipped_path
from training.card import main, put_scores

ROOT = Path(__file__).parents[1]
SAMPLE = Path(__file__).parent / "data" / "flores_sample.parquet"


def test_the_readme_quotes_the_scores_that_were_measured() -> None:
    """Every figure in the README's table is the one in models/scores.json."""
    scores = json.loads((ROOT / "models" / "scores.json").read_text(encoding="utf-8"))
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "| flores200 |" in page
    assert put_scores(page, scores) == page


def test_a_card_is_made_by_a_command(tmp_path: Path) -> None:
    """Card, scores and picture land beside the model, and the table in the README above it."""
    model = tmp_path / "models" / "scandid.onnx"
    model.parent.mkdir()
    shutil.copy(shipped_path(), model)
    readme = tmp_path / "README.md"
    readme.write_text("before\n<!-- scores -->\nold\n<!-- /scores -->\nafter\n", encoding="utf-8")
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
