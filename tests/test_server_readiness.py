"""A model that does not repeat its golden examples answers no texts, and the service says why."""

import pytest
from falcon.testing import TestClient

from server.app import create_app
from tests.fake_model import FakeModel
from tests.test_server_app import SETTINGS, assert_problem


@pytest.fixture
def unready() -> TestClient:
    """The service with a model whose golden examples do not match."""
    return TestClient(create_app(SETTINGS, FakeModel(golden=False)))


@pytest.mark.parametrize("path", ["/health/ready", "/model"])
def test_not_ready_says_why(unready: TestClient, path: str) -> None:
    """A model that answers its golden examples wrongly is not used, and the reason is told."""
    result = unready.simulate_get(path)
    assert_problem(result, "not_ready")
    assert result.json["detail"] == "golden example 3 differs by 0.2"
    assert_problem(unready.simulate_post("/identify", json={"text": "a"}), "not_ready")
    assert unready.simulate_get("/health/live").status_code == 200


class Unable(FakeModel):
    """A model whose graph fails on its golden examples."""

    def verify(self) -> None:
        """Fail in the middle."""
        raise RuntimeError("shapes differ")


def test_a_model_that_fails_is_not_ready() -> None:
    """Whatever the golden examples raise, the worker starts and says why it is not ready."""
    result = TestClient(create_app(SETTINGS, Unable())).simulate_get("/health/ready")
    assert_problem(result, "not_ready")
    assert "shapes differ" in result.json["detail"]
