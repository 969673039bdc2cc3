"""What is measured beside the benchmark: sizes of the network, sessions, shapes of load."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path

import onnxruntime
import pytest

from loadtest import course, record
from loadtest.curve import SCORES, draw
from loadtest.record import row
from loadtest.sessions import SHIPPED, VARIANTS, identifier_with, varied_texts
from loadtest.sizes import config_of
from training.network import NetworkConfig

DOCS = Path(__file__).resolve().parent.parent / "docs"
ROWS = json.loads((DOCS / "performance-sizes.json").read_text(encoding="utf-8"))["rows"]


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """A CSV file with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_every_size_of_the_page_is_a_network() -> None:
    """Each row names sizes there can be, and one of them is what ships as the first stage."""
    configs = {entry["name"]: config_of(entry["sizes"]) for entry in ROWS}
    name = "order 4, hidden 24, one direction (shipped, without its second stage)"
    assert configs[name] == NetworkConfig()
    assert len(set(configs.values())) == len(ROWS)


def test_the_curve_shows_what_was_trained() -> None:
    """A point in each panel for each network of known accuracy, at its cost."""
    known = [entry for entry in ROWS if "flores" in entry]
    figure = draw(ROWS)
    assert len(figure.axes) == len(SCORES)
    for axis in figure.axes:
        places = [points.get_offsets()[0][0] for points in axis.collections]
        assert places == pytest.approx([entry["ratio"] for entry in known])


@pytest.mark.parametrize("name", VARIANTS)
def test_a_session_setting_changes_no_answer(name: str) -> None:
    """Every variant is the same identifier but for its cost, and leaves onnxruntime as it was."""
    original = onnxruntime.SessionOptions
    shipped, other = identifier_with(SHIPPED), identifier_with(name)
    assert onnxruntime.SessionOptions is original
    for texts in islice(varied_texts(), 3):
        assert other.identify_batch(texts) == shipped.identify_batch(texts)


def test_a_load_test_is_kept_as_one_row(tmp_path: Path) -> None:
    """It has the totals of all requests, mean busy cores, and memory half-way and at the end."""
    folder = tmp_path / "spike"
    folder.mkdir()
    waits = {"50%": 6, "95%": 20, "99%": 26}
    counts = {"Request Count": 300, "Failure Count": 1, "Requests/s": 99.96}
    one = {"Type": "POST", "Name": "one text"} | counts | waits
    write_csv(folder / "locust_stats.csv", [one, one | {"Type": "", "Name": "Aggregated"}])
    few: dict[str, float] = {
        "users": 6,
        "server_cores": 1.0,
        "client_cores": 0.5,
        "server_rss_mb": 200.0,
    }
    many: dict[str, float] = {
        "users": 64,
        "server_cores": 1.5,
        "client_cores": 0.7,
        "server_rss_mb": 210.5,
    }
    last = many | {"server_rss_mb": 211.0}
    moments = zip((1, 2, 4), (few, many, last), strict=True)
    write_csv(folder / "watch.csv", [{**rest, "second": second} for second, rest in moments])
    assert row(folder) == {
        "shape": "spike",
        "seconds": 4,
        "users": 64,
        "requests": 300,
        "failures": 1,
        "rps": 100.0,
        "p50_ms": 6,
        "p95_ms": 20,
        "p99_ms": 26,
        "server_cores": 1.33,
        "client_cores": 0.63,
        "middle_mb": 210.5,
        "end_mb": 211.0,
    }


def test_nothing_measured_overwrites_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without results is named, and the file of the last ones stays as it is."""
    file = tmp_path / "shapes.json"
    file.write_text("kept")
    monkeypatch.setattr("sys.argv", ["record", str(tmp_path / "elsewhere"), str(file)])
    assert record.main() == 1
    assert "elsewhere" in capsys.readouterr().err
    assert file.read_text() == "kept"


def test_seconds_without_an_answer_are_a_gap(tmp_path: Path) -> None:
    """What Locust calls N/A, later 0, is drawn as nothing: no answer is no wait of no time."""
    file = tmp_path / "history.csv"
    waits = [dict.fromkeys(("50%", "95%", "99%"), wait) for wait in ("N/A", "12", "0")]
    write_csv(file, [{"Name": "Aggregated", **wait} for wait in [*waits, waits[1] | {"50%": "0"}]])
    found = course.waits_by_second(course.columns(file, {"Name": "Aggregated"}))
    assert [math.isnan(wait) for wait in found["50%"]] == [True, False, True, False]
    assert found["99%"][1::2] == [12, 12]
