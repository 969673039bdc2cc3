"""What is read of a request body, and how much of it an error repeats."""

import gzip
from collections.abc import Mapping

import pytest
from falcon.testing import Result, TestClient

from server.app import create_app
from server.settings import Settings
from tests.fake_model import FakeModel, fake_answer

BODY = b'{"text": "Hvad nu?"}'


@pytest.fixture
def client() -> TestClient:
    """A client of the application with the usual limits."""
    return TestClient(create_app(Settings(workers=1), FakeModel()))


def post(client: TestClient, body: bytes, **headers: str) -> Result:
    """POST a body to /identify with these headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.simulate_post("/identify", body=body, headers=named)


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP"])
@pytest.mark.parametrize("body", [gzip.compress(BODY), BODY])
def test_a_compressed_body_is_refused(client: TestClient, body: bytes, coding: str) -> None:
    """What is said to be compressed is not read, and the error says how to send it."""
    result = post(client, body, content_encoding=coding)
    assert (result.status_code, result.json["code"]) == (415, "unsupported_media_type")
    assert f"Content-Encoding is {coding}; send" in result.json["detail"]
    assert result.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_a_body_as_it_is_is_read(client: TestClient, coding: str) -> None:
    """A client may say that it did not compress."""
    result = post(client, BODY, content_encoding=coding)
    assert result.json == fake_answer("Hvad nu?").as_dict()


def test_an_empty_media_type_is_none(client: TestClient) -> None:
    """An empty Content-Type is taken for JSON, as a missing one is."""
    assert post(client, BODY, content_type="").json == fake_answer("Hvad nu?").as_dict()


def test_a_media_type_that_is_none_is_shown(client: TestClient) -> None:
    """The error names what stands where the media type should."""
    detail = post(client, BODY, content_type=";charset=utf-8").json["detail"]
    assert detail.startswith("Content-Type is ;charset=utf-8; send application/json")


LONG = "å" * 50_000


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/identify", f'{{"{LONG}": 1}}', {}),
        ("/identify", "{}", {"Content-Type": f"text/{'a' * 50_000}"}),
        ("/identify", "{}", {"Content-Type": f"text/plain; charset={'a' * 50_000}"}),
        ("/identify", "{}", {"Content-Encoding": "a" * 50_000}),
        (f"/{LONG}", "{}", {}),
    ],
)
def test_an_error_repeats_little(
    client: TestClient, path: str, body: str, headers: Mapping[str, str]
) -> None:
    """However long what was wrong is, an error shows 100 characters and that there are more."""
    result = client.simulate_post(path, body=body, headers=headers)
    assert result.status_code >= 400
    shown, _ = result.json["detail"].split("…")
    assert len(shown.split()[-1].strip("'")) == 100
    assert len(result.content) < 1_000
