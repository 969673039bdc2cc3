"""A server with two workers and the shipped model, shared by the tests that only ask it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.object_store import ObjectStore, object_store
from tests.integration.running_server import ROOT, RunningServer, running_server
from tests.integration.served_models import URI

MODEL = ROOT / "models" / "scandid.onnx"


@pytest.fixture(scope="session")
def shipped_model() -> Path:
    """The model in the tree; skips where there is none yet."""
    if not MODEL.exists():
        pytest.skip(f"{MODEL.relative_to(ROOT)} is not there")
    return MODEL


@pytest.fixture(scope="session")
def shared_server(
    tmp_path_factory: pytest.TempPathFactory, shipped_model: Path
) -> Iterator[RunningServer]:
    """The server, started once."""
    settings = {"workers": "2", "model": str(shipped_model)}
    with running_server(tmp_path_factory.mktemp("server"), settings) as server:
        server.wait_for("/health/ready", 200)
        yield server


@pytest.fixture
def server(shared_server: RunningServer) -> Iterator[RunningServer]:
    """The shared server; what it logs during a test is shown where the test fails."""
    before = len(shared_server.log)
    yield shared_server
    sys.stdout.write(shared_server.log[before:])


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of the shared server that keeps its connection open."""
    with server.client() as connected:
        yield connected


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """A real S3 store, started once."""
    with object_store(tmp_path_factory.mktemp("ceph")) as running:
        yield running


@pytest.fixture
def store(shared_store: ObjectStore) -> Iterator[ObjectStore]:
    """The store; open again where a test has closed it."""
    yield shared_store
    shared_store.reopen()


@pytest.fixture
def settings(store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings of a server whose model is in the store."""
    for name, value in store.variables().items():
        monkeypatch.setenv(name, value)
    return {"workers": "2", "model": URI, "model_cache": str(tmp_path / "cache")}
