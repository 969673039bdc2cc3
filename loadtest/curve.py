"""What accuracy costs, as a picture: ``python -m loadtest.curve docs/performance-sizes.json``."""

import json
import sys
from typing import Any, Final

import matplotlib as mpl

from loadtest.command import files

mpl.use("Agg")
from matplotlib import pyplot as plt

SCORES: Final = {
    "flores": "FLORES-200: sentences",
    "slide": "SLIDE dev: sentences",
    "pairs": "pairs of words",
}
_SHIPPED: Final = "shipped"


def main() -> int:
    """Draw the picture into ``images`` beside the file."""
    (source,) = files(__doc__, "json")
    rows = json.loads(source.read_text(encoding="utf-8"))["rows"]
    picture = source.parent / "images" / f"{source.stem}.png"
    figure = draw(rows)
    figure.savefig(picture, dpi=100)
    plt.close(figure)
    print(picture)
    return 0


def draw(rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401  # matplotlib's figure
    """Accuracy by cost, a panel for each benchmark; sizes of unknown accuracy are left out."""
    figure, axes = plt.subplots(1, len(SCORES), figsize=(13, 4.2), layout="constrained")
    known = [row for row in rows if row.keys() >= SCORES.keys()]
    for axis, (score, title) in zip(axes, SCORES.items(), strict=True):
        for row in known:
            shipped = _SHIPPED in row["name"]
            point = (row["ratio"], row[score])
            axis.scatter(*point, color="tab:red" if shipped else "tab:blue")
            # Below where the others' names stand above: some of them lie close.
            offset = (4, -12 if shipped else 5)
            axis.annotate(row["name"], point, offset, textcoords="offset points", fontsize=8)
        axis.set(title=f"{title}, accuracy in %", xlabel="CPU of a call, times the shipped one's")
        axis.grid(alpha=0.3)
        axis.margins(x=0.35, y=0.2)
    return figure


if __name__ == "__main__":
    sys.exit(main())
