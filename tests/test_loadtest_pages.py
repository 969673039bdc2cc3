"""docs/performance.md holds what the benchmark measured, and the layers it was measured in."""

import json
import re
from pathlib import Path

import pytest

from loadtest.flame import LAYERS, OTHER, by_layer, titled
from loadtest.monitoring import MAX_SHARE
from loadtest.pages import TABLES, fill, read

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "performance.md").read_text(encoding="utf-8")


def test_the_page_holds_every_table() -> None:
    """Each table there is stands in the page, once."""
    assert sorted(re.findall(r"<!-- table: (\w+) -->", PAGE)) == sorted(TABLES)


def test_the_page_is_what_was_measured() -> None:
    """No number of a table was written by hand, or left from an earlier measurement."""
    assert fill(PAGE, read(DOCS / "performance.json")) == PAGE


def test_operators_are_told_what_was_measured() -> None:
    """What monitoring costs, as the page for operators says it, is the benchmark's last result."""
    page = (DOCS / "operations.md").read_text(encoding="utf-8")
    told = re.search(
        r"add (\d+) %\s+to the processor time of a request that comes alone and (\d+) % under load,"
        r" with (\d+)\s+connections.*?fails above (\d+) %",
        page,
        re.DOTALL,
    )
    assert told
    alone, load = json.loads((DOCS / "performance.json").read_text(encoding="utf-8"))["monitoring"]
    shares = [round(100 * share) for share in (alone["share"], load["share"])]
    assert [int(word) for word in told.groups()] == [
        *shares,
        load["connections"],
        round(100 * MAX_SHARE),
    ]


def test_the_pictures_are_there() -> None:
    """Every picture the page shows exists."""
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", PAGE)
    assert len(pictures) == 4
    assert all((DOCS / picture).is_file() for picture in pictures)


def test_an_unknown_table_is_refused() -> None:
    """A page that asks for a table that nobody writes is a mistake."""
    with pytest.raises(KeyError, match="speed"):
        fill("<!-- table: speed -->\n<!-- end -->", {})


def test_a_sample_belongs_to_its_innermost_layer() -> None:
    """Library code counts for the layer that called it; what no layer called is the event loop."""
    run = "serve (server/worker.py:96);run (asyncio/runners.py:86)"
    stacks = [
        f"{run};data_received (server/connection.py:75);send (uvicorn/protocols/x.py:1) 2",
        f"{run};send (uvicorn/protocols/http/httptools_impl.py:243);find (re.py:1) 3",
        f"{run};call (falcon/asgi/app.py:1);post (server/a.py:2) 4",
        f"{run} 5",
    ]
    counts = by_layer(stacks)
    assert counts == {LAYERS["uvicorn/protocols/"]: 5, LAYERS["server/"]: 4, OTHER: 5}


def test_a_flame_graph_names_no_machine() -> None:
    """The title is ours: py-spy writes its command there, with paths and a process id."""
    drawn = '<text id="title" x="50%">/home/me/py-spy --pid 7</text><text>work (a.py:1)</text>'
    assert re.search(r'<text id="title" x="50%">[^</]+</text><text>work \(a.py:1\)', titled(drawn))
    assert "--pid" not in (DOCS / "images" / "flame.svg").read_text(encoding="utf-8")
