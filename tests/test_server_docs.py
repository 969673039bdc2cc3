"""docs/api.md and docs/openapi.json say what the service does, no more and no less."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import openapi_schema_validator
import openapi_spec_validator
import pytest
from falcon.inspect import inspect_routes
from falcon.testing import TestClient

from scandid import Identifier
from server import errors
from server.app import create_app
from server.settings import LIMITS, Settings, variable
from tests.fake_model import FakeModel, fake_answer

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (DOCS / "api.md").read_text(encoding="utf-8")
OPENAPI: dict[str, Any] = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
APP = create_app(Settings(), FakeModel())

ROUTES = {
    (method.method, route.path)
    for route in inspect_routes(APP)
    for method in route.methods
    if not method.internal and method.method != "HEAD"
}


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the first table after a heading of the page, by the code in their first cell."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    return {row[0].strip("`"): row[1:] for row in cells[1:]}


def test_the_page_lists_the_routes() -> None:
    """Exactly the routes of the application are in the table."""
    listed = {tuple(match.split()) for match in re.findall(r"^\| `(\w+ /\S*)` \|", PAGE, re.M)}
    assert listed == ROUTES


def test_openapi_lists_the_routes() -> None:
    """Exactly the routes of the application are in the description for tools."""
    paths = OPENAPI["paths"]
    assert {(method.upper(), path) for path in paths for method in paths[path]} == ROUTES


def test_the_index_lists_the_routes() -> None:
    """The service itself names every other route."""
    listed = TestClient(APP).simulate_get("/").json["routes"]
    assert {(text.split()[0], path) for path, text in listed.items()} == ROUTES - {("GET", "/")}


def test_the_page_lists_the_errors() -> None:
    """Exactly the codes there are, with their status."""
    listed = {code: int(cells[0]) for code, cells in rows("Errors").items()}
    assert listed == {code: status for code, (status, _) in errors.CODES.items()}


def test_openapi_lists_the_errors() -> None:
    """Exactly the codes there are."""
    assert OPENAPI["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] == list(
        errors.CODES
    )


def test_the_error_module_opens_with_the_errors() -> None:
    """The table that a reader of the code sees first is complete."""
    docstring = errors.__doc__ or ""
    listed = dict(re.findall(r"^(\w+) +(\d{3}) ", docstring, re.M))
    assert listed == {code: str(status) for code, (status, _) in errors.CODES.items()}


def test_the_page_lists_the_settings() -> None:
    """Exactly the variables that are read, each with its default and its limits."""
    listed = rows("Settings")
    assert set(listed) == {variable(field.name) for field in fields(Settings)}
    for name, (least, greatest) in LIMITS.items():
        default, limits, _ = listed[variable(name)]
        assert limits.startswith(f"{least} to {greatest}")
        if name != "workers":
            assert default == f"`{getattr(Settings(), name)}`"


def test_openapi_describes_the_answers() -> None:
    """Exactly the members of an answer, and of the model's description, are described."""
    schemas = OPENAPI["components"]["schemas"]
    assert list(schemas["Answer"]["properties"]) == list(fake_answer("").as_dict())
    assert set(schemas["Answer"]["required"]) == set(schemas["Answer"]["properties"])
    model = TestClient(APP).simulate_get("/model").json
    assert set(schemas["Model"]["properties"]) == set(model)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        *(("GET", path, None, 200) for method, path in sorted(ROUTES) if method == "GET"),
        ("POST", "/identify", {"text": "Hvad hedder du?"}, 200),
        ("POST", "/identify", {"texts": ["Det er lang tid siden.", "?", "Hello there"]}, 200),
        ("POST", "/identify", {"texts": []}, 200),
        ("POST", "/identify", {"texts": [1]}, 422),
        ("POST", "/identify", {"texts": ["a"] * 2000}, 422),
        ("POST", "/identify", {"txet": "a"}, 422),
        ("POST", "/identify", {}, 422),
    ],
)
def test_answers_are_as_openapi_describes_them(
    method: str, path: str, body: object, status: int
) -> None:
    """What the shipped model's service answers keeps to the schema that clients are made from."""
    app = create_app(Settings(), Identifier.load())
    answer = TestClient(app).simulate_request(method, path, json=body)
    assert answer.status_code == status
    described = OPENAPI["paths"][path][method.lower()]["responses"][str(status)]["content"]
    schema = described[answer.headers["content-type"]]["schema"]
    openapi_schema_validator.validate(
        answer.json,
        schema | {"components": OPENAPI["components"]},
        cls=openapi_schema_validator.OAS31Validator,
    )


def test_the_page_describes_the_answers() -> None:
    """Every member of an answer is explained."""
    assert all(f"`{name}`" in PAGE for name in fake_answer("").as_dict())


@pytest.mark.parametrize("page", [README, PAGE], ids=["README", "api"])
def test_the_example_is_what_the_shipped_model_answers(page: str) -> None:
    """Each number and word that a page shows as the answer to its first request is the answer."""
    posted, shown = next(
        re.finditer(r"/identify.*?-d '(.*?)'\n```\n\n```json\n(.*?)\n```", page, re.DOTALL)
    ).groups()
    answer = Identifier.load().identify(json.loads(posted)["text"]).as_dict()
    expected = json.loads(shown)
    if expected.pop("...", None) is None:
        assert expected.keys() == answer.keys()
    for name, value in expected.items():
        exact = isinstance(value, str | list | bool)
        assert answer[name] == (value if exact else pytest.approx(value, abs=1e-3)), name


@pytest.mark.parametrize("name", ["one", "many"])
def test_openapi_examples_are_answered(name: str) -> None:
    """What the description shows as a request is one."""
    content = OPENAPI["paths"]["/identify"]["post"]["requestBody"]["content"]
    example = content["application/json"]["examples"][name]["value"]
    assert TestClient(APP).simulate_post("/identify", json=example).status_code == 200


def test_openapi_is_valid() -> None:
    """The description keeps to the OpenAPI 3.1 schema."""
    openapi_spec_validator.validate(OPENAPI)
