"""The service over HTTP, in process: each shape of request, and every error code."""

import asyncio
import json
from collections.abc import Mapping

import falcon
import pytest
from falcon.asgi import App, Request, Response
from falcon.testing import Result, TestClient, create_scope

from scandid import LANGUAGES
from server import errors
from server.app import create_app
from server.batching import Batcher, BatchLimits
from server.bodies import Bodies
from server.readiness import Readiness
from server.resources import Identification
from server.settings import Settings
from tests.fake_model import METADATA, FakeModel, fake_answer

Service = App[Request, Response]

JSON = "application/json"
SETTINGS = Settings(workers=1, max_texts=3, max_body_bytes=200)


@pytest.fixture
def service() -> Service:
    """The application with small limits and a model that works."""
    return create_app(SETTINGS, FakeModel(poison="poison"))


@pytest.fixture
def client(service: Service) -> TestClient:
    """A client of the service."""
    return TestClient(service)


def post(client: TestClient, body: bytes | str, content_type: str | None = JSON) -> Result:
    """POST a body to /identify as it is."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    return client.simulate_post("/identify", body=body, headers=headers)


def assert_problem(result: Result, code: str, **members: str | int) -> None:
    """The result is the problem document of a code, with exactly these further members."""
    status, title = errors.CODES[code]
    assert result.status_code == status, result.text
    assert result.headers["content-type"] == "application/problem+json"
    detail = result.json["detail"]
    assert isinstance(detail, str)
    assert detail
    assert result.json == {
        "type": f"urn:scandid:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **members,
    }


def test_one_text(client: TestClient) -> None:
    """An object with text gets that text's answer."""
    result = client.simulate_post("/identify", json={"text": "Hvad nu?"})
    assert result.status_code == 200
    assert result.headers["content-type"] == JSON
    assert result.json == fake_answer("Hvad nu?").as_dict()


@pytest.mark.parametrize("texts", [[], ["a"], ["b", "", "a"]])
def test_several_texts(client: TestClient, texts: list[str]) -> None:
    """An object with texts gets their answers in order, none for none."""
    result = client.simulate_post("/identify", json={"texts": texts})
    assert result.json == {"answers": [fake_answer(text).as_dict() for text in texts]}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", *(f"Text/Plain; charset={name}" for name in ("UTF-8", "utf8", "US-ASCII"))],
)
def test_plain_text(client: TestClient, content_type: str) -> None:
    """A plain text body is one text, line breaks included."""
    result = post(client, "blå\nbær".encode(), content_type)
    assert result.json == fake_answer("blå\nbær").as_dict()


@pytest.mark.parametrize("content_type", [None, JSON, "Application/JSON; charset=utf-8"])
def test_json_media_types(client: TestClient, content_type: str | None) -> None:
    """JSON is taken with or without a charset, and where no media type is given."""
    assert post(client, '{"text": "a"}', content_type).status_code == 200


def test_odd_characters_are_text(client: TestClient) -> None:
    """NUL, emoji and an empty text are answered like any other."""
    for text in ("", "\0", "🇩🇰", "\ufeff", "\u2028"):
        result = client.simulate_post("/identify", json={"text": text})
        assert result.json == fake_answer(text).as_dict()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_body"),
        (b"\xff", "invalid_utf8"),
        (b'{"text": "\xe6"}', "invalid_utf8"),
        (b"{", "invalid_json"),
        (b" ", "invalid_json"),
        (b'{"text": NaN}', "invalid_json"),
        (b'{"text": "\\ud800"}', "invalid_json"),
        (b"[" * 150, "invalid_json"),
        (b"{}", "text_or_texts"),
        (b'{"text": "a", "texts": ["a"]}', "text_or_texts"),
        (b'{"text": "' + b"a" * 200 + b'"}', "body_too_large"),
    ],
)
def test_unusable_bodies(client: TestClient, body: bytes, code: str) -> None:
    """Each kind of unusable body has its own code."""
    members = {"limit": SETTINGS.max_body_bytes} if code == "body_too_large" else {}
    assert_problem(post(client, body), code, **members)


@pytest.mark.parametrize(
    ("body", "field", "found"),
    [
        ("[]", "the body", "an array"),
        ('"a"', "the body", "a string"),
        ("null", "the body", "null"),
        ('{"text": null}', "text", "null"),
        ('{"text": true}', "text", "true"),
        ('{"text": 1}', "text", "a number"),
        ('{"text": ["a"]}', "text", "an array"),
        ('{"texts": "a"}', "texts", "a string"),
        ('{"texts": {}}', "texts", "an object"),
        ('{"texts": ["a", 0.5]}', "texts[1]", "a number"),
    ],
)
def test_wrong_types_name_the_place(client: TestClient, body: str, field: str, found: str) -> None:
    """The error names the field, down to the index, and what was found there."""
    result = post(client, body)
    assert_problem(result, "wrong_type", field=field)
    assert result.json["detail"].endswith(f"not {found}.")


def test_an_unknown_field_is_named(client: TestClient) -> None:
    """A mistyped option is an error and not silently ignored."""
    assert_problem(post(client, '{"text": "a", "lang": "da"}'), "unknown_field", field="lang")


def test_too_many_texts(client: TestClient) -> None:
    """The error names the limit."""
    result = client.simulate_post("/identify", json={"texts": ["a"] * 4})
    assert_problem(result, "too_many_texts", field="texts", limit=3)


def post_pieces(app: Service, pieces: list[bytes], headers: dict[str, str]) -> dict[str, object]:
    """POST a body piece by piece with exactly these headers; the JSON that comes back."""
    events = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    events.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[bytes] = []

    async def receive() -> dict[str, object]:
        return events.pop(0)

    async def send(event: Mapping[str, object]) -> None:
        body = event.get("body", b"")
        assert isinstance(body, bytes)
        sent.append(body)

    TestClient(app).simulate_get("/health/ready")  # runs the worker's start
    scope = create_scope(path="/identify", method="POST", headers=headers)
    asyncio.run(app(scope, receive, send))
    document = json.loads(b"".join(sent))
    assert isinstance(document, dict)
    return document


def test_a_body_without_a_length_is_bounded(service: Service) -> None:
    """A chunked body of exactly the limit is read, one byte more is refused."""
    headers = {"Content-Type": "text/plain", "Transfer-Encoding": "chunked"}
    fits = post_pieces(service, [b"a" * 100, b"a" * 100], headers)
    assert fits == fake_answer("a" * 200).as_dict()
    refused = post_pieces(service, [b"a" * 100, b"a" * 101], headers)
    assert (refused["code"], refused["limit"]) == ("body_too_large", 200)


def test_a_body_that_ends_early(service: Service) -> None:
    """Part of a text is never answered as if it were the whole."""
    headers = {"Content-Type": "text/plain", "Content-Length": "20"}
    assert post_pieces(service, [b"half of it"], headers)["code"] == "incomplete_body"


def test_a_malformed_request(service: Service) -> None:
    """What the framework itself refuses is a problem document too."""
    headers = {"Content-Type": JSON, "Content-Length": "many"}
    assert post_pieces(service, [b"{}"], headers)["code"] == "bad_request"


@pytest.mark.parametrize(
    "content_type",
    ["application/x-www-form-urlencoded", "text/html", "text/plain; charset=latin-1", "nonsense"],
)
def test_unsupported_media_types(client: TestClient, content_type: str) -> None:
    """Other media types, and text that is not UTF-8, are refused."""
    assert_problem(post(client, b"text=a", content_type), "unsupported_media_type")


@pytest.mark.parametrize("path", ["/identify", "/model", "/health/live", "/"])
def test_wrong_method(client: TestClient, path: str) -> None:
    """The answer says which methods there are."""
    result = client.simulate_delete(path)
    assert_problem(result, "method_not_allowed")
    assert set(result.headers["allow"].split(", ")) & {"GET", "POST"}


@pytest.mark.parametrize("method", ["GET", "PURGE", "QUERY", "SUBSCRIBE"])
def test_any_other_method_is_wrong(client: TestClient, method: str) -> None:
    """It is told so whether or not the framework has heard of it."""
    result = client.simulate_request(method, "/identify")
    assert_problem(result, "method_not_allowed")
    assert set(result.headers["allow"].split(", ")) == {"POST", "OPTIONS"}
    assert_problem(client.simulate_request(method, "/nothing"), "not_found")


@pytest.mark.parametrize("path", ["/nothing", "/identify/", "/health"])
def test_unknown_path(client: TestClient, path: str) -> None:
    """Any other path is a problem document as well."""
    assert_problem(client.simulate_get(path), "not_found")


def test_a_failure_tells_nothing(client: TestClient) -> None:
    """An unforeseen exception is answered without a word of its message."""
    result = client.simulate_post("/identify", json={"text": "poison"})
    assert_problem(result, "internal_error")
    assert "secret" not in result.text


def test_overload_is_decided_before_the_body_is_read() -> None:
    """A full queue answers overloaded even to a body that is no JSON, and says when to retry."""
    model = FakeModel()
    readiness = Readiness(model)
    full = Batcher(model, BatchLimits(max_batch_texts=1, max_batch_chars=1, max_queue_texts=0))
    app = App(middleware=[readiness])
    errors.install(app)
    bodies = Bodies(max_bytes=9, max_queue_bytes=9)
    app.add_route("/identify", Identification(full, readiness, bodies, max_texts=1))
    result = post(TestClient(app), b"{")
    assert_problem(result, "overloaded")
    assert result.headers["retry-after"] == "1"


def test_health(client: TestClient) -> None:
    """A service whose model works is live and ready, for balancers that ask with HEAD as well."""
    assert client.simulate_get("/health/live").json == {"status": "live"}
    assert client.simulate_get("/health/ready").json == {"status": "ready"}
    assert client.simulate_head("/health/ready").status == falcon.HTTP_200


def test_model(client: TestClient) -> None:
    """The model describes itself with version, labels, digests and scores."""
    found = client.simulate_get("/model").json
    assert found["version"] == METADATA.version
    assert found["labels"] == list(METADATA.labels)
    assert found["sha256"] == METADATA.sha256
    assert found["scores"] == {"macro_f1": 0.75}


def test_languages(client: TestClient) -> None:
    """Every label an answer may carry is listed with its names."""
    found = client.simulate_get("/languages").json["languages"]
    assert [entry["label"] for entry in found if entry["identified"]] == list(LANGUAGES)
    assert {entry["label"]: entry["language"] for entry in found}["nno"] == "Norwegian"


def test_answers_carry_few_headers(client: TestClient) -> None:
    """The application adds nothing beyond the body's type and length."""
    result = client.simulate_post("/identify", json={"text": "a"})
    assert set(result.headers) == {"content-type", "content-length"}
